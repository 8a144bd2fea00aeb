"""Columns that a target wants in all rows of a file, or in none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tuneport.validation.report import Findings


class Constant:
    """Tells rows that lack such a column where the first row has it, or the other way round.

    Args:
        columns: the columns that are looked at.
        findings: what is wrong is added here.
    """

    def __init__(self, columns: Iterable[str], findings: Findings) -> None:
        self._columns = sorted(columns)
        self._findings = findings
        self._first: dict[str, bool] = {}

    def begin(self) -> None:
        """A file begins: its first row counts."""
        self._first = {}

    def see(self, row: Mapping[str, Any], number: int) -> None:
        """Look at a row."""
        for column in self._columns:
            has = column in row
            if has == self._first.setdefault(column, has):
                continue
            first = "the first row has none" if has else "the first row has it"
            message = f"{column} {'stands here' if has else 'is missing'}, and {first}"
            hint = f"write {column} in every row of a file, or in none"
            self._findings.add("not_in_all", message, hint, path=column, line=number)
