"""What a check found: equal problems folded into one, so that a million of them are told in a line or two."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["error", "warning"]

FIRST = 3
"""Lines that a folded problem names."""

_LONGEST = 300
"""Characters of a text that comes from the data; a key may have millions."""


class Finding(msgspec.Struct, kw_only=True):
    """Something wrong with a file or its lines, as often as it was found.

    Attributes:
        code: a stable name, snake_case; a validator's own codes are kept.
        severity: an `error` makes the answer no, a `warning` does not.
        file: which file of a dataset, relative to its folder; "" for the folder itself and for a single file.
        path: the column, `messages[].role` for one inside it; "" where no column is meant.
        message: what is wrong, as it was found first.
        hint: how to mend it; "" where nothing helps.
        count: on how many lines it was found; how often, where whole files are meant.
        lines: the first lines it was found on, from 1; empty where the whole file is meant.
        others: what else the same rule said of other rows, the first few of it: another role that is unknown.
    """

    code: str
    severity: Severity = "error"
    file: str = ""
    path: str = ""
    message: str
    hint: str = ""
    count: int = 0
    lines: list[int] = msgspec.field(default_factory=list)
    others: list[str] = msgspec.field(default_factory=list)


class Loads(msgspec.Struct, kw_only=True):
    """What `load_dataset` said of a dataset.

    Attributes:
        version: of `datasets`; "" where it is not installed.
        configs: config to split to the rows that were loaded.
        equal: whether all that was loaded is what the files hold.
        note: why nothing was loaded, or not all; "" where all was.
    """

    version: str = ""
    configs: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    equal: bool = True
    note: str = ""


class Report(msgspec.Struct, kw_only=True):
    """The answer of a check.

    Attributes:
        path: what was checked.
        kind: one file of rows, a folder of such files, or a dataset folder.
        ok: whether all is right; warnings do not count.
        rows: lines in the files of rows.
        files: files that were read; a dataset's side files among them.
        formats: formats in a dataset; 1 for a file.
        digest: of a dataset's rows, as its manifest has it; "" for a file.
        problems: what is wrong, folded; as many as were asked for.
        problems_total: errors, each counted once for a line.
        warnings_total: warnings, each counted once for a line.
        format: the format that a file's rows were held against; "" for none.
        notes: what one should know, whatever was found.
        load: what `load_dataset` said of a dataset; None where it was not to be asked.
    """

    path: str
    kind: Literal["file", "folder", "dataset"]
    ok: bool = True
    rows: int = 0
    files: int = 1
    formats: int = 1
    digest: str = ""
    problems: list[Finding] = msgspec.field(default_factory=list)
    problems_total: int = 0
    warnings_total: int = 0
    format: str = ""
    notes: list[str] = msgspec.field(default_factory=list)
    load: Loads | None = None


class _Kept:
    """A finding while it is counted.

    Args:
        finding: what was found, of which nothing is counted yet.
        rule: its message without its place.
    """

    def __init__(self, finding: Finding, rule: str) -> None:
        self.finding = finding
        self._rule = rule
        self._last: int | None = None

    def counts(self, line: int | None, rule: str) -> bool:
        """Add what was found on a line; whether that is the first of its kind there."""
        found = self.finding
        if rule != self._rule and len(found.others) < FIRST:
            other = _sound(rule)
            if other not in found.others:
                found.others.append(other)
        if line is not None and line == self._last:
            return False
        self._last = line
        found.count += 1
        if line is not None and len(found.lines) < FIRST:
            found.lines.append(line)
        return True


class Findings:
    """Collects what is wrong. Memory is bounded: only the first `most` kinds of problem are kept.

    Attributes:
        file: the file that is looked at; stands in every finding that names no other.
        errors: errors so far.
        warnings: warnings so far.
    """

    def __init__(self, most: int) -> None:
        self.file = ""
        self.errors = 0
        self.warnings = 0
        self._most = most
        self._kept: dict[tuple[str, str, str, str], _Kept] = {}

    def add(
        self,
        code: str,
        message: str,
        hint: str = "",
        *,
        path: str = "",
        line: int | None = None,
        file: str | None = None,
        severity: Severity = "error",
        rule: str | None = None,
    ) -> None:
        """Count one problem; the same code in the same column of the same file is the same problem, once on a line.

        Args:
            code: see Finding.
            message: see Finding.
            hint: see Finding.
            path: see Finding.
            line: where it was found; None where the whole file is meant.
            file: where it was found; None for the file that is looked at.
            severity: see Finding.
            rule: the message without its place, where rows may break the same rule in other ways.
        """
        file, path = _sound(self.file if file is None else file), _sound(path)
        key = (severity, file, code, path)
        kept = self._kept.get(key)
        if kept is None and self._room(severity):
            finding = Finding(
                code=code, severity=severity, file=file, path=path, message=_sound(message), hint=_sound(hint)
            )
            kept = self._kept[key] = _Kept(finding, rule or "")
        if kept is None or kept.counts(line, rule or ""):
            self._count(severity)

    def _count(self, severity: Severity) -> None:
        if severity == "error":
            self.errors += 1
        else:
            self.warnings += 1

    def _room(self, severity: str) -> bool:
        """Whether one more can be kept; an error takes the place of a warning where there is none left."""
        if len(self._kept) < self._most:
            return True
        warnings = [key for key in self._kept if key[0] == "warning"] if severity == "error" else []
        if warnings:
            del self._kept[warnings[-1]]
        return bool(warnings)

    def finish(self, report: Report) -> Report:
        """The report, with all that was found."""
        report.problems = [kept.finding for kept in self._kept.values()]
        report.problems_total, report.warnings_total = self.errors, self.warnings
        report.ok = self.errors == 0
        return report


def _sound(text: str) -> str:
    """A text that can be written and read: no lone surrogates, and of a length that a person reads."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
