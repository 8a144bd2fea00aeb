"""validate: is this file, or this dataset, what a trainer's loader reads, and what was written?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuneport.errors import SourceError, SourceNotFoundError, UsageError
from tuneport.validation.folder import MANIFEST, check_folder
from tuneport.validation.lines import compression_of
from tuneport.validation.report import Finding, Findings, Report
from tuneport.validation.rows import Judge, RowChecker

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager

__all__ = ["Finding", "Report", "validate"]


def validate(
    path: str | Path, *, schema: str | Path | None = None, manager: PluginManager | None = None, most: int = 100
) -> Report:
    """Check a file of rows line by line, or a dataset folder whole. Nothing is written.

    A file's lines have to be strict JSON objects, with the same keys in the same order and one type in each
    column. A folder has to be what was published: every file with its digest, nothing beside them, numbers that
    add up, and rows as above.

    Args:
        path: a `.jsonl[.gz|.zst]` file, a dataset folder, or a folder of versions, whose latest is meant.
        schema: a JSON Schema that every row is judged by as well.
        manager: where the plugin comes from that judges by a schema; default `default_manager()`.
        most: kinds of problem that the report lists; all are counted.

    Raises:
        SourceNotFoundError: there is no file or dataset at `path`.
        SourceError: it cannot be read.
        UsageError: its name is not that of a file of rows.
        RecipeError: the schema is wrong.
        PluginError: no plugin judges by a schema, or it is broken.
    """
    path = Path(path)
    if most < 0:
        raise UsageError(f"most = {most}: expected 0 or more")
    try:
        target = _target(path)
        judge = _judge(schema, manager)
        findings = Findings(most)
        report = check_folder(target, findings, judge) if target.is_dir() else _file(target, findings, judge)
    except OSError as error:
        raise SourceError(f"cannot read {error.filename or path}: {error.strerror or error}") from error
    return findings.finish(report)


def _file(path: Path, findings: Findings, judge: Judge | None) -> Report:
    counted = RowChecker(findings, judge).check(path)
    return Report(path=str(path), kind="file", rows=counted.rows)


def _judge(schema: str | Path | None, manager: PluginManager | None) -> Judge | None:
    if schema is None:
        return None
    from tuneport.plugin_manager import default_manager
    from tuneport.validation.schema import row_judge

    return row_judge(Path(schema), manager or default_manager())


def _target(path: Path) -> Path:
    """The file or dataset folder that a path means.

    Raises:
        SourceNotFoundError: there is none.
        UsageError: it is something else.
    """
    if path.is_dir():
        for folder in (path, path / "latest"):
            if (folder / MANIFEST).is_file():
                return folder
        looked = f"no {MANIFEST}, and no latest/{MANIFEST}"
        raise SourceNotFoundError(f"{path} holds no dataset: {looked}", "name a dataset folder, or a .jsonl file")
    if not path.exists():
        raise SourceNotFoundError(f"{path} does not exist")
    if not path.is_file():
        raise UsageError(f"{path} is neither a file nor a folder")
    compression_of(path)
    return path
