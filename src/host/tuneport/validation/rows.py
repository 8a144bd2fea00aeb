"""Files of rows, line by line: each is strict JSON, and all of them have the same keys and types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec.json

from tuneport.model import Problem
from tuneport.validation.compiled import Matches, matcher
from tuneport.validation.kinds import Kind, kind_of, mixed, reconciled
from tuneport.validation.lines import DamagedError, Lines
from tuneport.validation.report import Findings
from tuneport.validation.strict import BOM, FaultError, parsed

FIRST_BLOCK = 10 << 20
"""Bytes from which loaders take a column's type; what comes later has to fit it."""

_ENOUGH = 16
"""Rows without news after which a type is compiled."""

_COVERED = {"float_after_integers", "integer_among_floats", "object_after_null", "late_type", "keys_differ"}
"""What loads all the same where a dataset card declares the columns."""

Judge = Callable[[dict[str, Any]], Iterable[Problem]]


@dataclass(frozen=True)
class Counted:
    """Lines of a file, and its bytes before compression."""

    rows: int
    size: int


class RowChecker:
    """Checks the files of one format, whose rows are all alike.

    Args:
        findings: what is wrong is added here.
        judge: looks at every row as well.
        declared: a dataset card declares the columns' types.
    """

    def __init__(self, findings: Findings, judge: Judge | None = None, *, declared: bool = False) -> None:
        self._findings = findings
        self._judge = judge
        self._declared = declared
        self._columns: dict[str, Kind] = {}
        self._seen = 0  # rows of the files before
        self._late = False
        self._matches: Matches | None = None
        self._without_news = 0
        self._compiled_at = 0
        self._missed = 0

    def check(self, path: Path) -> Counted:
        """Check one file; how much it holds."""
        lines = Lines(path)
        number = 0
        try:
            for number, line in enumerate(lines, 1):
                if self._matches is None or not self._matches(line):
                    self._late = self._late or lines.size > FIRST_BLOCK
                    self._look(line, number)
                elif self._judge is not None:
                    self._judged(msgspec.json.decode(line), number)
        except DamagedError as error:
            self._findings.add("damaged", str(error), "write or fetch the file again", line=number + 1)
        else:
            if not lines.size:
                self._findings.add("no_rows", "holds no rows", "leave the file out: loaders fail on an empty one")
        self._seen += number
        self._late = True
        return Counted(number, lines.size)

    def _look(self, line: bytes, number: int) -> None:
        """Find out what is wrong with a line, if anything."""
        if number == 1 and line.startswith(BOM):
            self._findings.add("bom", "begins with a byte order mark", "write UTF-8 without it", line=1)
            line = line.removeprefix(BOM)
        try:
            row = parsed(line)
            kinds = {name: self._kind(name, value) for name, value in row.items()}
        except FaultError as fault:
            self._findings.add(fault.code, fault.message, fault.hint, path=fault.path, line=number)
            return
        if not line.endswith(b"\n"):
            hint = "end it with one: the file may have been cut off"
            self._findings.add("no_newline", "the last line does not end with a newline", hint, line=number)
        self._learn(kinds, number)
        if "messages" in row:
            self._conversation(row["messages"], number)
        if self._judge is not None:
            self._judged(row, number)

    def _kind(self, name: str, value: Any) -> Kind:
        try:
            return kind_of(value)
        except FaultError as fault:
            raise FaultError(fault.code, f"{name}: {fault.message}", fault.hint, name) from None
        except RecursionError:
            raise FaultError("too_deep", "nested too deeply to be read", path=name) from None

    def _learn(self, kinds: dict[str, Kind], number: int) -> None:
        columns = self._columns or dict(kinds)
        if kinds.keys() != columns.keys():
            self._other_keys(kinds, columns, number)
        elif list(kinds) != list(columns):
            hint = f"write them as {', '.join(columns)}"
            self._tell("key_order", "", "the keys stand in another order than in the first row", hint, number)

        def tell(code: str, path: str, message: str, hint: str) -> None:
            self._tell(code, path, message, hint, number)

        learned = dict(columns)
        for name in (name for name in columns if name in kinds):
            learned[name] = reconciled(columns[name], kinds[name], name, late=self._late, tell=tell)
            if mixed(kinds[name]):
                self._mixed(name, number)
        self._compile(learned, self._seen + number)

    def _mixed(self, name: str, number: int) -> None:
        message, hint = f"{name} holds a list of several types", "write one type in each list: older loaders fail here"
        self._findings.add("mixed_list", message, hint, path=name, line=number, severity="warning")

    def _other_keys(self, kinds: dict[str, Kind], columns: dict[str, Kind], number: int) -> None:
        hint = "write the same keys in every row, as null where there is nothing"
        for name in columns:
            if name not in kinds:
                self._tell("missing_key", name, f"{name} is missing, which the first row has", hint, number)
        for name in kinds:
            if name not in columns:
                self._tell("extra_key", name, f"{name} is not in the first row", hint, number)

    def _tell(self, code: str, path: str, message: str, hint: str, number: int) -> None:
        covered = self._declared and code in _COVERED
        self._findings.add(code, message, hint, path=path, line=number, severity="warning" if covered else "error")

    def _compile(self, learned: dict[str, Kind], row: int) -> None:
        """Keep what was learned; after enough rows without news, compile it, unless that has not helped."""
        if learned != self._columns:
            self._columns, self._matches, self._without_news = learned, None, 0
            return
        self._without_news += 1
        if self._matches is not None:
            self._missed += 1
            if self._missed > _ENOUGH and self._missed * 2 > row - self._compiled_at:
                self._matches = None
        elif self._without_news == _ENOUGH:
            self._matches = matcher(learned, "messages" if "messages" in learned else "")
            self._compiled_at, self._missed = row, 0

    def _conversation(self, turns: Any, number: int) -> None:
        if not isinstance(turns, list) or not turns:
            text = "messages holds no turns, a list of objects with role and content is wanted"
            self._findings.add("no_turns", text, "leave the row out", path="messages", line=number)
            return
        if not all(isinstance(turn, dict) and turn.get("role") and "content" in turn for turn in turns):
            text = "a turn of messages lacks its role or content"
            self._findings.add("bad_turn", text, "write both in every turn", path="messages", line=number)
        elif turns[-1]["role"] != "assistant":
            text = "the last turn of messages is not the assistant's: there is nothing to train"
            hint = "end each conversation with an answer"
            self._findings.add("last_turn", text, hint, path="messages", line=number, severity="warning")

    def _judged(self, row: dict[str, Any], number: int) -> None:
        for problem in self._judge(row) if self._judge is not None else ():
            self._findings.add(
                problem.code or "schema",
                f"{problem.path}: {problem.message}" if problem.path else problem.message,
                problem.hint,
                path=problem.path,
                line=number,
                severity=problem.severity,
            )
