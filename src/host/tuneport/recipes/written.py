"""A recipe as it was written: what places its problems in the text, or says which option gave a wrong value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from tuneport.config import join
from tuneport.model import Problem
from tuneport.recipes.positions import Spot, json_spots, line_and_column, toml_spots

_ONLY_SOURCE = re.compile(r"^source\[0\](?=$|[.\[ ])")


@dataclass(frozen=True)
class Written:
    """The text of a recipe.

    Attributes:
        text: all of it; "" where there is none but what a command line says.
        is_json: whether it is JSON rather than TOML.
        outside: the paths that a command line gave, to the option that did.
    """

    text: str = ""
    is_json: bool = False
    outside: Mapping[str, str] = field(default_factory=dict)

    def placed(self, problems: Sequence[Problem]) -> list[Problem]:
        """The problems with line and column, in the order of the text; behind them those that have no place in it."""
        placed = [self._placed(problem) for problem in problems]
        return sorted(placed, key=lambda one: (one.line == 0, one.line, one.column))

    def _placed(self, problem: Problem) -> Problem:
        if problem.line or not problem.path:
            return problem
        option = _longest(self.outside, problem.path)
        if option is not None:
            return msgspec.structs.replace(problem, path=f"{self.outside[option]} {problem.path}")
        found = _longest(self._spots, problem.path)
        if found is None:
            # A section may be wrong for another reason than the key of it that was given.
            inside = [
                option
                for path, option in self.outside.items()
                if "." in problem.path and path.startswith(f"{problem.path}.")
            ]
            return msgspec.structs.replace(problem, path=f"{inside[0]} {problem.path}") if inside else problem
        spot = self._spots[found]
        # What is wrong with a value is told where the value is; all else, an unknown key above all, at the key.
        offset = spot.value if " = " in problem.path[len(found) :] else spot.key
        line, column = line_and_column(self.text, offset)
        return msgspec.structs.replace(problem, line=line, column=column)

    @cached_property
    def _spots(self) -> dict[str, Spot]:
        """Path, as problems spell it, to its place; a single source is `source`, however it is written."""
        try:
            spots = json_spots(self.text) if self.is_json else toml_spots(self.text)
        except RecursionError:
            # Only what is nested as deeply as its reader goes: the problem is told without its place then.
            return {}
        one = ("source", 1) not in spots
        named: dict[str, Spot] = {}
        for location, spot in spots.items():
            path = join("", location)
            named[only_source(path) if one else path] = spot
        return named


def only_source(path: str) -> str:
    """A path in a recipe with one source, without that source's number."""
    return _ONLY_SOURCE.sub("source", path)


def _longest(paths: Iterable[str], path: str) -> str | None:
    """The longest of some paths that leads to another, or is the same."""
    leading = (one for one in paths if path.startswith(one) and path[len(one) : len(one) + 1] in {"", ".", "[", " "})
    return max(leading, key=len, default=None)
