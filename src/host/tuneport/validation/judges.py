"""Judges: functions that tell what is wrong with a row, or that their plugin failed on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tuneport.errors import told
from tuneport.model import Problem
from tuneport.problems import problems_of

Judge = Callable[[dict[str, Any]], Iterable[Problem]]


def guarded(judge: Callable[[Any], Iterable[Problem]], called: str, plugin: str) -> Judge:
    """A judge that never fails: where the plugin does, that is a problem of the row, and the next one is judged.

    Args:
        judge: what a plugin gave.
        called: what it is, for the problem.
        plugin: who gave it.
    """

    def judged(row: dict[str, Any]) -> Iterable[Problem]:
        try:
            return problems_of(judge, row)
        except (Exception, SystemExit) as error:  # noqa: BLE001  -- one line, one finding: the file goes on
            return [Problem("", f"{called} failed: {told(error)}", "tell the plugin's author", f"hook:{plugin}")]

    return judged


def all_of(*judges: Judge | None) -> Judge | None:
    """One judge that says what all of them say; None where there is none."""
    given = [judge for judge in judges if judge is not None]
    if len(given) < 2:
        return given[0] if given else None
    return lambda row: [problem for judge in given for problem in judge(row)]
