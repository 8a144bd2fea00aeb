"""What a check found: equal problems folded into one, so that a million of them are told in one line."""

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
        count: how often it was found.
        lines: the first lines it was found on, from 1; empty where the whole file is meant.
    """

    code: str
    severity: Severity = "error"
    file: str = ""
    path: str = ""
    message: str
    hint: str = ""
    count: int = 0
    lines: list[int] = msgspec.field(default_factory=list)


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
        problems_total: errors, each counted as often as it was found.
        warnings_total: warnings, each counted as often as it was found.
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
        self._kept: dict[tuple[str, str, str, str], Finding] = {}

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
    ) -> None:
        """Count one problem; the same code in the same column of the same file is the same problem."""
        if severity == "error":
            self.errors += 1
        else:
            self.warnings += 1
        file, path = _sound(self.file if file is None else file), _sound(path)
        key = (severity, file, code, path)
        finding = self._kept.get(key)
        if finding is None:
            if not self._room(severity):
                return
            finding = Finding(
                code=code, severity=severity, file=file, path=path, message=_sound(message), hint=_sound(hint)
            )
            self._kept[key] = finding
        finding.count += 1
        if line is not None and len(finding.lines) < FIRST:
            finding.lines.append(line)

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
        report.problems = list(self._kept.values())
        report.problems_total, report.warnings_total = self.errors, self.warnings
        report.ok = self.errors == 0
        return report


def _sound(text: str) -> str:
    """A text that can be written and read: no lone surrogates, and of a length that a person reads."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
