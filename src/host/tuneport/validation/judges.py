"""Judges: functions that tell what is wrong with a row, and errors that say whose fault it is when they fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tuneport.errors import PluginError, TuneportError, told
from tuneport.model import Problem
from tuneport.problems import problems_of

Judge = Callable[[dict[str, Any]], Iterable[Problem]]


def guarded(judge: Callable[[Any], Iterable[Problem]], called: str) -> Judge:
    """A judge that fails with an error that names the plugin.

    Args:
        judge: what a plugin gave.
        called: what it is, for the error.
    """

    def judged(row: dict[str, Any]) -> Iterable[Problem]:
        try:
            return problems_of(judge, row)
        except TuneportError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(f"{called} failed: {told(error)}") from error

    return judged


def all_of(*judges: Judge | None) -> Judge | None:
    """One judge that says what all of them say; None where there is none."""
    given = [judge for judge in judges if judge is not None]
    if len(given) < 2:
        return given[0] if given else None
    return lambda row: [problem for judge in given for problem in judge(row)]
