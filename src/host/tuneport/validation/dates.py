"""Text columns that hold nothing but dates: loaders take those for timestamps, and give something else back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from tuneport.lines import FIRST_BLOCK
from tuneport.validation.kinds import Fields, Items, Kind
from tuneport.validation.report import Findings

_DATE = re.compile(
    r"\d{4}-\d\d-\d\d"
    r"([ T]([01]\d|2[0-3])(:[0-5]\d(:[0-5]\d)?)?"
    r"(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?)?",
    re.ASCII,
)


def is_date(text: str) -> bool:
    """Whether pyarrow's JSON reader takes a text for a timestamp. Fractions of seconds keep it a text."""
    if text[4:5] != "-" or _DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


class Dates:
    """Watches the text columns of a file, block by block, as loaders settle types.

    Args:
        findings: what is wrong is added here.

    Attributes:
        unsettled: text columns of this block that have shown nothing but dates and nulls so far.
    """

    def __init__(self, findings: Findings) -> None:
        self.unsettled: set[str] = set()
        self._findings = findings
        self._texts: set[str] = set()
        self._dated: set[str] = set()
        self._block_start = 0
        self._first = 1

    def learn(self, columns: Mapping[str, Kind]) -> None:
        """The columns are these from now on."""
        texts = {path for name, kind in columns.items() for path in _text_paths(kind, name)}
        self.unsettled |= texts - self._texts
        self._texts = texts

    def passed(self, size: int, number: int) -> None:
        """A line was looked at: the file up to its end has `size` bytes."""
        if size > self._block_start + FIRST_BLOCK:
            self._end_block()
            self._block_start, self._first = size, number + 1

    def see(self, row: Mapping[str, Any]) -> None:
        """Look at a row."""
        for path, text in _texts(row, ""):
            if path in self.unsettled:
                if is_date(text):
                    self._dated.add(path)
                else:
                    self.unsettled.discard(path)
                    self._dated.discard(path)

    def end(self) -> None:
        """The file ends."""
        self._end_block()
        self._block_start, self._first = 0, 1

    def _end_block(self) -> None:
        for path in sorted(self._dated & self.unsettled):
            where = f" from line {self._first:,} on" if self._first > 1 else ""
            message = f"{path} holds nothing but dates{where}: loaders take them for timestamps"
            hint = "write them with milliseconds, 2024-11-21T08:30:00.000Z, or read the file as plain JSON"
            self._findings.add("dates", message, hint, path=path, severity="warning")
        self._dated = set()
        self.unsettled = set(self._texts)


def _text_paths(kind: Kind, path: str) -> Iterator[str]:
    if kind == "text":
        yield path
    elif isinstance(kind, Items):
        yield from _text_paths(kind.item, f"{path}[]")
    elif isinstance(kind, Fields):
        for name, inner in kind.fields.items():
            yield from _text_paths(inner, f"{path}.{name}")


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, f"{path}[]")
