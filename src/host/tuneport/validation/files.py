"""A file of rows, or the files of one split, whoever wrote them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tuneport.errors import SourceNotFoundError, UsageError
from tuneport.lines import compression_of
from tuneport.validation.judges import Judge
from tuneport.validation.limits import Limits
from tuneport.validation.report import Findings, Report
from tuneport.validation.rows import RowChecker
from tuneport.validation.targets import Target


def files_in(folder: Path) -> list[Path]:
    """The files of rows in a folder, or, where it has none of its own, in the folders below it, one for each split.

    Raises:
        SourceNotFoundError: there is none.
    """
    found = sorted(filter(_holds_rows, folder.iterdir()))
    found = found or sorted(filter(_holds_rows, folder.glob("*/*")))
    if not found:
        raise SourceNotFoundError(f"{folder} holds no .jsonl[.gz|.zst] file", "name a folder that does, or a file")
    return found


def _holds_rows(path: Path) -> bool:
    try:
        compression_of(path)
    except UsageError:
        return False
    return path.is_file()


def check_files(
    path: Path, files: Sequence[Path], findings: Findings, judge: Judge | None, target: Target | None
) -> Report:
    """Check files as one set.

    Args:
        path: what was named: one file, or the folder of all of them.
        files: the files.
        findings: what is wrong is added here.
        judge: looks at every row as well.
        target: the format whose rules hold; None for rows of whatever a loader of tables reads.
    """
    checker = RowChecker(findings, judge, target)
    rows: defaultdict[str, int] = defaultdict(int)
    for file in files:
        name = "" if file == path else file.relative_to(path).as_posix()
        findings.file = name
        rows[name.rpartition("/")[0]] += checker.check(file).rows
    findings.file = ""
    if target is not None:
        for split, count in rows.items():
            Limits(target, findings).rows(count, split, trained=split in {"", "train"})
    alone = files[0] == path
    report = Report(path=str(path), kind="file" if alone else "folder", rows=sum(rows.values()), files=len(files))
    if target is not None:
        report.format, report.notes = target.name, target.notes()
    return report
