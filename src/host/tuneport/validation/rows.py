"""Files of rows, line by line: strict JSON, all alike where their reader wants that, and as its rules are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec.json

from tuneport.lines import FIRST_BLOCK, DamagedError, Lines
from tuneport.nesting import is_deep_text, is_roomy
from tuneport.traits import NO_TRAITS
from tuneport.validation.columns import Columns
from tuneport.validation.constant import Constant
from tuneport.validation.dates import Dates
from tuneport.validation.judges import Judge, all_of
from tuneport.validation.kinds import Kind, kind_of
from tuneport.validation.limits import Limits
from tuneport.validation.quick import strict_row
from tuneport.validation.report import Findings
from tuneport.validation.strict import BOM, FaultError, parsed, too_deep
from tuneport.validation.targets import Target
from tuneport.validation.turns import check_turns


@dataclass(frozen=True)
class Counted:
    """Lines of a file, and its bytes before compression."""

    rows: int
    size: int


class RowChecker:
    """Checks the files of one format.

    Args:
        findings: what is wrong is added here.
        judge: looks at every row as well.
        target: the format, with its own rules; None for rows of whatever a loader of tables reads.
        declared: a dataset card declares the columns' types.
        untyped: what stands within columns has no one type.
    """

    def __init__(
        self,
        findings: Findings,
        judge: Judge | None = None,
        target: Target | None = None,
        *,
        declared: bool = False,
        untyped: bool = False,
    ) -> None:
        traits = target.traits if target is not None else NO_TRAITS
        rules = target.judge if target is not None else None
        self._findings = findings
        self._judge = all_of(judge, rules)
        self._limits = Limits(target, findings) if target is not None else None
        self._talks = rules is None
        columns = Columns(findings, declared=declared, untyped=untyped, talks=self._talks)
        self._columns = columns if traits.uniform else None
        # Where rows are alike, no column stands in some of them only.
        self._constant = Constant(() if traits.uniform else traits.constant, findings)
        self._dates = Dates(findings)
        self._seen = 0  # rows of the files before
        self._roomy = is_roomy()

    @property
    def columns(self) -> Mapping[str, Kind]:
        """What the columns are, where rows are alike; as far as rows were looked at."""
        return self._columns.kinds if self._columns is not None else {}

    def check(self, path: Path) -> Counted:
        """Check one file; how much it holds."""
        lines = Lines(path)
        number = 0
        self._constant.begin()
        try:
            for number, line in enumerate(lines, 1):
                if self._columns is not None and lines.size > FIRST_BLOCK:
                    self._columns.late = True
                self._line(line, number)
                self._dates.passed(lines.size, number)
        except DamagedError as error:
            self._findings.add("damaged", str(error), "write or fetch the file again", line=number + 1)
        else:
            if not lines.size:
                self._findings.add("no_rows", "holds no rows", "leave the file out: loaders fail on an empty one")
        self._end(path, lines, number)
        return Counted(number, lines.size)

    def _end(self, path: Path, lines: Lines, rows: int) -> None:
        self._dates.end()
        if self._limits is not None:
            self._limits.file(path, lines.compression)
        if self._columns is not None:
            self._columns.late = True
        self._seen += rows

    def _line(self, line: bytes, number: int) -> None:
        row: dict[str, Any] | None = None
        if not self._roomy and is_deep_text(line):
            self._exact(line, number)
            return
        if self._columns is None:
            row = strict_row(line)
            self._turns(row, number)
        elif self._columns.matches is not None and self._columns.matches(line):
            if self._judge is None and not self._dates.unsettled:
                return
            row = msgspec.json.decode(line)
        if row is None:
            row = self._exact(line, number)
        if row is not None:
            self._look(row, number)

    def _look(self, row: dict[str, Any], number: int) -> None:
        """Look at what a line holds."""
        self._constant.see(row, number)
        if self._dates.unsettled:
            self._dates.see(row)
        if self._judge is not None:
            self._judged(self._judge, row, number)

    def _exact(self, line: bytes, number: int) -> dict[str, Any] | None:
        """Find out what is wrong with a line, if anything; what it holds, where it can be read."""
        if number == 1 and line.startswith(BOM):
            self._findings.add("bom", "begins with a byte order mark", "write UTF-8 without it", line=1)
            line = line.removeprefix(BOM)
        try:
            row = parsed(line)
            kinds = {name: _kind(name, value) for name, value in row.items()}
        except FaultError as fault:
            self._findings.add(fault.code, fault.message, fault.hint, path=fault.path, line=number)
            return None
        if not line.endswith(b"\n"):
            hint = "end it with one: the file may have been cut off"
            self._findings.add("no_newline", "the last line does not end with a newline", hint, line=number)
        if self._columns is not None and self._columns.learn(kinds, number, self._seen + number):
            self._dates.learn(self._columns.kinds)
        self._turns(row, number)
        return row

    def _turns(self, row: dict[str, Any] | None, number: int) -> None:
        if self._talks and row is not None and "messages" in row:
            check_turns(row["messages"], number, self._findings)

    def _judged(self, judge: Judge, row: dict[str, Any], number: int) -> None:
        left = {"error": _MOST, "warning": _MOST}
        for problem in judge(row):
            if not left[problem.severity]:
                continue
            left[problem.severity] -= 1
            self._findings.add(
                problem.code or "schema",
                f"{problem.path}: {problem.message}" if problem.path else problem.message,
                problem.hint,
                # The third turn of one row and the fifth of another are wrong in the same way.
                path=_INDEX("/*", problem.path),
                line=number,
                severity=problem.severity,
                rule=problem.message,
            )


_MOST = 100
"""Problems of one row that are looked at, of each severity: one without end says nothing more."""

_INDEX = re.compile(r"/\d+(?=/|$)").sub


def _kind(name: str, value: Any) -> Kind:
    try:
        return kind_of(value)
    except FaultError as fault:
        raise FaultError(fault.code, f"{name}: {fault.message}", fault.hint, name) from None
    except RecursionError:
        raise too_deep(name) from None
