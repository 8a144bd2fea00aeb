"""validate: is this file, or this dataset, what a trainer's loader reads, and what was written?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuneport.errors import SourceError, SourceNotFoundError, UsageError
from tuneport.lines import compression_of
from tuneport.validation.files import check_files, files_in
from tuneport.validation.folder import MANIFEST, check_folder
from tuneport.validation.judges import Judge
from tuneport.validation.report import Finding, Findings, Loads, Report
from tuneport.validation.targets import target_of

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager

__all__ = ["Finding", "Loads", "Report", "validate"]


def validate(
    path: str | Path,
    *,
    schema: str | Path | None = None,
    format: str | None = None,  # noqa: A002  -- what it is called everywhere
    manager: PluginManager | None = None,
    most: int = 100,
    load: bool = False,
) -> Report:
    """Check a file of rows line by line, or a dataset folder whole. Nothing is written.

    A file's lines have to be strict JSON objects; with the same keys in the same order and one type in each column,
    unless the format's reader takes rows one by one; and follow the format's own rules, where one is named. A dataset
    folder has to be what was published: every file with its digest, nothing beside them, numbers that add up, nothing
    on both sides of a split, and rows as their formats want them.

    Args:
        path: a `.jsonl[.gz|.zst]` file, a dataset folder, or a folder of versions, whose latest is meant; where a
            format is named, also a folder of such files.
        schema: a JSON Schema that every row is judged by as well.
        format: the format whose rules hold for the rows; a dataset knows its own.
        manager: where formats come from, and the plugin that judges by a schema; default `default_manager()`.
        most: kinds of problem that the report lists; all are counted.
        load: load a dataset with `datasets` as well, where that is installed, in a process of its own.

    Raises:
        SourceNotFoundError: there is no file or dataset at `path`.
        SourceError: it cannot be read.
        UsageError: its name is not that of a file of rows, or a format is named for a dataset.
        RecipeError: the schema is wrong.
        UnknownNameError: nobody provides the format.
        PluginError: no plugin judges by a schema, or a plugin is broken.
    """
    path = Path(path)
    if most < 0:
        raise UsageError(f"most = {most}: expected 0 or more")
    findings = Findings(most)
    try:
        dataset = _dataset(path)
        if dataset is not None and format is None:
            manager = _manager(manager)
            judge = _judge(schema, manager)
            return findings.finish(check_folder(dataset, findings, judge, manager, load=load))
        files = _files(path, dataset, format)
        target = target_of(format, _manager(manager)) if format is not None else None
        judge = _judge(schema, manager)
        return findings.finish(check_files(path, files, findings, judge, target))
    except OSError as error:
        raise SourceError(f"cannot read {error.filename or path}: {error.strerror or error}") from error


def _manager(manager: PluginManager | None) -> PluginManager:
    from tuneport.plugin_manager import default_manager

    return manager or default_manager()


def _judge(schema: str | Path | None, manager: PluginManager | None) -> Judge | None:
    if schema is None:
        return None
    from tuneport.validation.schema import row_judge

    return row_judge(Path(schema), _manager(manager))


def _dataset(path: Path) -> Path | None:
    """The dataset folder that a path means; None where it means none."""
    return next((folder for folder in (path, path / "latest") if (folder / MANIFEST).is_file()), None)


def _files(path: Path, dataset: Path | None, called: str | None) -> list[Path]:
    """The files that a path means, of a folder only where a format is named.

    Raises:
        SourceNotFoundError: there is none.
        UsageError: it is something else.
    """
    if dataset is not None:
        hint = "leave --format out, or name a folder of one format's files, as in data/FORMAT/train"
        raise UsageError(f"{dataset} is a dataset: it knows its formats", hint)
    if path.is_dir() and called is None:
        looked = f"no {MANIFEST}, and no latest/{MANIFEST}"
        raise SourceNotFoundError(f"{path} holds no dataset: {looked}", "name a dataset folder, or a .jsonl file")
    if path.is_dir():
        return files_in(path)
    if not path.exists():
        raise SourceNotFoundError(f"{path} does not exist")
    if not path.is_file():
        raise UsageError(f"{path} is neither a file nor a folder")
    compression_of(path)
    return [path]
