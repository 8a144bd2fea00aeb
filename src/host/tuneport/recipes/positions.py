"""Where in a recipe's text each key and value stands, which neither tomllib nor json keeps.

Only ever run over text that one of them has taken, so it looks for no mistakes. A JSON document is read as one
inline table of TOML: what differs, white space aside, is the sign between key and value and how keys are quoted.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from typing import NamedTuple

from tuneport.phrases import Location

_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t\r\n]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*\'""")
_PLAIN = re.compile(
    r'''"""(?:\\.|(?!""")[^\\])*"{3,5}'''
    r"""|'''(?:(?!''').)*'{3,5}"""
    r'''|"(?:\\.|[^"\\\n])*"'''
    r"""|'[^'\n]*'"""
    r"""|[^,\]}#\n]+""",
    re.DOTALL,
)


class Spot(NamedTuple):
    """Offsets into a text: of a key, and of its value. An item of a list has no key: both are the value's."""

    key: int
    value: int


def toml_spots(text: str) -> dict[Location, Spot]:
    """Where each key and value of a TOML document stands; line ends may be of either kind."""
    return _Scanner(text, lambda raw: next(iter(tomllib.loads(f"{raw} = 0")))).document()


def json_spots(text: str) -> dict[Location, Spot]:
    """Where each key and value of a JSON document stands."""
    return _Scanner(text, json.loads).json_document()


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The place of an offset, both counted from 1, the column in characters."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


class _Scanner:
    def __init__(self, text: str, unquoted: Callable[[str], str]) -> None:
        self.text = text
        self.at = 0
        self.unquoted = unquoted
        self.spots: dict[Location, Spot] = {}
        self.tables: dict[Location, int] = {}

    def document(self) -> dict[Location, Spot]:
        table: Location = ()
        while (sign := self._next()) != "":
            if sign == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.spots

    def json_document(self) -> dict[Location, Spot]:
        self._next()
        self._value(())
        return self.spots

    def _next(self) -> str:
        """The next sign that is neither white space nor comment; "" at the end."""
        self.at = self._end(_GAP)
        return self.text[self.at : self.at + 1]

    def _end(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        return found.end() if found else self.at

    def _header(self) -> Location:
        """`[a.b]` or `[[a.b]]`: the location of what follows it."""
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        *above, (last, offset) = self._keys()
        self.at += brackets
        place: Location = ()
        for name, spot in above:
            place = self._inside((*place, name), spot)
        place = (*place, last)
        if brackets == 2:
            self.tables[place] = self.tables.get(place, -1) + 1
            place = self._inside(place, offset)
        self.spots[place] = Spot(offset, offset)
        return place

    def _inside(self, place: Location, offset: int) -> Location:
        """A table above others, or the newest of an array of tables."""
        self.spots.setdefault(place, Spot(offset, offset))
        return (*place, self.tables[place]) if place in self.tables else place

    def _keys(self) -> list[tuple[str, int]]:
        """A dotted key in its parts, each with its offset."""
        keys = []
        while True:
            self.at = self._end(_BLANK)
            start, self.at = self.at, self._end(_KEY)
            raw = self.text[start : self.at]
            keys.append((self.unquoted(raw) if raw[:1] in {'"', "'"} else raw, start))
            self.at = self._end(_BLANK)
            if self.text[self.at : self.at + 1] != ".":
                return keys
            self.at += 1

    def _pair(self, place: Location) -> None:
        keys = self._keys()
        self.at += 1
        self.at = self._end(_BLANK)
        for name, offset in keys:
            place = (*place, name)
            self.spots.setdefault(place, Spot(offset, offset))
        self.spots[place] = Spot(keys[-1][1], self.at)
        self._value(place)

    def _value(self, place: Location) -> None:
        sign = self.text[self.at : self.at + 1]
        if sign == "[":
            self._list(place)
        elif sign == "{":
            self._table(place)
        else:
            self.at = self._end(_PLAIN)

    def _list(self, place: Location) -> None:
        self.at += 1
        number = 0
        while (sign := self._next()) != "]":
            if sign == ",":
                self.at += 1
                continue
            self.spots[*place, number] = Spot(self.at, self.at)
            self._value((*place, number))
            number += 1
        self.at += 1

    def _table(self, place: Location) -> None:
        self.at += 1
        while (sign := self._next()) != "}":
            if sign == ",":
                self.at += 1
            else:
                self._pair(place)
        self.at += 1
