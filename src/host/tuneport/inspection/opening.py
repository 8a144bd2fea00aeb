"""A source found by its path, opened as an export would open it, and its first records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tuneport.config import suggest, validate
from tuneport.errors import RecipeError, SourceError, TuneportError, UnknownNameError, UsageError
from tuneport.inspection.columns import Column
from tuneport.model import Problem
from tuneport.plugin_manager import Contribution, PluginManager
from tuneport.runs.planning.paths import files_of, suffixes
from tuneport.runs.reading.sources import SAMPLED, SAMPLED_BYTES, open_source, readable, size_of
from tuneport.source import Source, SourceInfo, Table

MOST_FIELDS = 1000


def found(path: Path, manager: PluginManager) -> tuple[Contribution, Path]:
    """The file at a path, or the first that a pattern or folder means, and who reads it.

    Raises:
        UsageError: nobody does.
        SourceNotFoundError: a pattern matches nothing.
        RecipeError: a folder holds nothing that can be read.
    """
    problems: list[Problem] = []
    files = files_of(str(path), "path", Path(), lambda name: _importer_of(Path(name), manager), problems)
    if problems:
        raise RecipeError(problems, str(path))
    first = Path(files[0])
    importer = _importer_of(first, manager)
    if importer is not None:
        return importer, first
    if first.suffix.lower() == ".toml":
        raise UsageError(f"{path} is a recipe, no source", f"tuneport preview {path}")
    raise UsageError(f'cannot tell from the name "{first}" how to read it', suggest("", manager.names("importers")))


def _importer_of(path: Path, manager: PluginManager) -> Contribution | None:
    for suffix in suffixes(path.name):
        try:
            return manager.resolve("importers", suffix)
        except UnknownNameError:
            continue
    return None


def has_tables(importer: Contribution) -> bool:
    """Whether its sources are asked for by table."""
    return "table" in (getattr(importer.config, "model_fields", None) or {})


def opened(importer: Contribution, path: Path, table: str | None) -> Source:
    """The source at a path.

    Raises:
        UsageError: a table is named, and this importer knows none.
        SourceNotFoundError: there is nothing to read.
    """
    settings: dict[str, Any] = {"path": path}
    if table is not None:
        if not has_tables(importer):
            raise UsageError(f"--table {table}: {path} has no tables", "leave it out")
        settings["table"] = table
    problems: list[Problem] = []
    config = validate(importer.config, settings, "", problems)
    if problems or config is None:
        raise RecipeError(problems, str(path))
    return open_source(importer, config, datetime.now(UTC))


def tables_of(source: Source) -> list[Table]:
    """What there is to choose from, where nothing was named.

    Raises:
        SourceError: the source fails at that.
    """
    try:
        return list(source.tables())
    except TuneportError:
        raise
    except Exception as error:
        raise SourceError(f"{type(source).__name__}.tables: {type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class Looked:
    """The first records of a source.

    Attributes:
        columns: what they hold, field by field.
        read: how many were looked at.
        unreadable: how many of them could not be read.
        whole: whether there are no others.
    """

    columns: list[Column]
    read: int
    unreadable: int
    whole: bool


def look(source: Source, info: SourceInfo) -> Looked:
    """Look at the first 10,000 records, or at fewer where they are large.

    Raises:
        SourceError: the source fails meanwhile.
    """
    columns = {name: Column(name, kind) for name, kind in (info.fields or {}).items() if _sound(name)}
    read = unreadable = held = 0
    for batch in readable(source, None, None):
        for entity in batch.entities[: SAMPLED - read]:
            _add(columns, read, entity)
            held += size_of(entity)
            read += 1
        unreadable += len(batch.malformed)
        read += len(batch.malformed)
        if read >= SAMPLED or held > SAMPLED_BYTES:
            return Looked(list(columns.values()), read, unreadable, whole=False)
    return Looked(list(columns.values()), read, unreadable, whole=True)


def _add(columns: dict[str, Column], position: int, entity: object) -> None:
    for name, value in entity.items() if isinstance(entity, Mapping) else ():
        column = columns.get(name)
        if column is None:
            if len(columns) >= MOST_FIELDS or not _sound(name):
                continue
            column = columns[name] = Column(name, "")
        if value is not None:
            column.add(position, value)


def _sound(name: object) -> bool:
    """Whether a recipe and a row can hold such a name."""
    if not isinstance(name, str) or not name or "\0" in name:
        return False
    return name.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in name)
