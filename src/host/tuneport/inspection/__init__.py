"""What a source holds: its tables, the fields of one of them, and a recipe to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuneport.errors import DataError, SourceError, UsageError
from tuneport.inspection.extras import is_unique
from tuneport.inspection.facts import FieldFacts, Inspection
from tuneport.inspection.opening import Looked, found, has_tables, look, opened, tables_of
from tuneport.inspection.saving import must_be_free, save
from tuneport.inspection.suggestion import suggested
from tuneport.runs.reading.sources import information
from tuneport.source import Table

if TYPE_CHECKING:
    from tuneport.inspection.columns import Column
    from tuneport.plugin_manager import PluginManager

__all__ = ["FieldFacts", "Inspection", "inspect"]


def inspect(
    path: str | Path,
    *,
    table: str | None = None,
    write: str | Path | None = None,
    manager: PluginManager | None = None,
) -> Inspection:
    """Look at what a source holds: its catalogue, and its first 10,000 records. It is never counted.

    Args:
        path: a file, or a pattern or folder, of which the first file is looked at; who reads it is found from its name.
        table: which of its tables to look at; where it has several and none is named, they are listed.
        write: write the suggested recipe here, a `.toml` file that does not exist; its paths start from there.
        manager: where plugins come from; default `default_manager()`.

    Raises:
        TargetExistsError: something stands where the recipe should be written.
        DataError: there is no column to train on, so no recipe to write.
        TuneportError: see `tuneport.errors`.
    """
    from tuneport.plugin_manager import default_manager

    path, target = Path(path), None if write is None else Path(write)
    if target is not None:
        must_be_free(target)
    _must_be_text(path)
    importer, first = found(path, manager or default_manager())
    source = opened(importer, first, table)
    tables = tables_of(source) if table is None else []
    if len(tables) > 1:
        return _choices(path, tables, target)
    if tables and has_tables(importer):
        table = tables[0].name
        source = opened(importer, first, table)
    info = information(source)
    looked = look(source, info)
    recipe = suggested(path, table, info, looked, Path() if target is None else target.parent)
    if target is not None:
        if not recipe:
            raise DataError(f"{info.title}: nothing to train on, so no recipe was written")
        save(recipe, target)
    return Inspection(
        title=info.title,
        rows=looked.read if looked.whole else info.rows,
        looked_at=looked.read,
        unreadable=looked.unreadable,
        fields=[_facts(column, looked) for column in looked.columns],
        recipe=recipe,
    )


def _must_be_text(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise SourceError("the file's name is not UTF-8 text: no recipe could name it", "rename it") from None


def _choices(path: Path, tables: list[Table], target: Path | None) -> Inspection:
    if target is not None:
        named = ", ".join(table.name for table in tables)
        raise UsageError(f"{path.name} holds several tables", f"choose one with --table: {named}")
    return Inspection(title=path.name, tables=tables)


def _facts(column: Column, looked: Looked) -> FieldFacts:
    records = looked.read - looked.unreadable
    return FieldFacts(
        name=column.name,
        type=column.type,
        nulls=1 - column.seen / records if records else 0.0,
        median_length=column.median if column.texts else None,
        max_length=column.longest if column.texts else None,
        distinct=column.distinct,
        unique=is_unique(column, records),
        example="" if column.secret else column.example,
    )
