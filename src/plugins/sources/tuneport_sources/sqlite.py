"""SQLite databases: a table, a view, or what a query gives."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import model_validator

from tuneport import Batch, Config, Entity, Malformed, Partition, Source, SourceInfo, Table
from tuneport_sources._catalogue import Relation, query_relation, relations, table_relation
from tuneport_sources._files import one_line, regular_file
from tuneport_sources._params import Param, check_values
from tuneport_sources._ranges import EDGE, Edges, rowid_ranges, rowid_span
from tuneport_sources._readonly import confine, gives_other_rows_next_time, must_be_sound, opened, read_header, wal_of

_BATCH_RECORDS = 512
_BATCH_CHARACTERS = 1 << 20
_NOT_UTF8 = object()


class SqliteConfig(Config):
    """What to read."""

    path: Path
    """The database."""
    table: str | None = None
    """The table or view; not needed where the database holds one table."""
    query: str | None = None
    """One SELECT, instead of a table."""
    params: dict[str, Param] = {}
    """Values for the query's `:name`: text, integer, number, boolean or null, and a date as text."""

    @model_validator(mode="after")
    def _one_of_both(self) -> SqliteConfig:
        if self.table is not None and self.query is not None:
            raise ValueError("table and query are both given: keep one of them")
        if self.query is not None and not self.query.strip():
            raise ValueError("query is empty")
        if self.params and self.query is None:
            raise ValueError(f"params are for a query, and there is none that asks for {', '.join(self.params)}")
        check_values(self.params)
        return self


class SqliteSource(Source):
    """One relation of a SQLite database, opened for reading only.

    Tables are read in the order of their rowid, in ranges of it; a table WITHOUT ROWID in the order of its
    primary key, a view or a query as it comes, both in one piece.
    """

    shallow = True

    def __init__(
        self,
        path: Path,
        table: str | None = None,
        query: str | None = None,
        params: Mapping[str, Param] | None = None,
    ) -> None:
        self._path = path
        self._table = table
        self._query = query
        self._params = dict(params or {})

    @cached_property
    def _relation(self) -> Relation:
        title = f"{self._path.name}, query"
        with opened(self._path, title if self._query is not None else self._path.name) as connection:
            if self._query is not None:
                return query_relation(connection, self._query, self._params, title)
            return table_relation(connection, self._table, self._path.name)

    @cached_property
    def _fickle(self) -> bool:
        relation = self._relation
        if relation.kind == "table":
            return False
        with opened(self._path, self._title) as connection:
            sql = relation.query if relation.query is not None else relation.select(list(relation.columns))
            return gives_other_rows_next_time(connection, sql, self._params)

    @property
    def _title(self) -> str:
        relation = self._relation
        named = "" if relation.kind == "query" else f" {relation.name}"
        return one_line(f"{self._path.name}, {relation.kind}{named}")

    def info(self) -> SourceInfo:
        """Say what the catalogue knows; no row is read."""
        relation = self._relation
        revision = self._revision()
        return SourceInfo(
            title=self._title,
            fields=dict(relation.columns),
            closed=True,
            key=relation.key,
            revision=None if self._fickle else revision,
            rows=self._rows(relation),
        )

    def _revision(self) -> dict[str, int | str]:
        header = read_header(self._path)
        found = regular_file(self._path)
        facts: dict[str, int | str] = {
            "size": found.st_size,
            "mtime_ns": found.st_mtime_ns,
            "changes": int.from_bytes(header[24:28], "big"),
        }
        wal = wal_of(self._path)
        if wal.exists():
            found = regular_file(wal)
            facts |= {"wal_size": found.st_size, "wal_mtime_ns": found.st_mtime_ns}
        return facts

    def _rows(self, relation: Relation) -> int | None:
        with opened(self._path, self._title) as connection:
            return _rows(connection, relation)

    def partitions(self, target_bytes: int) -> list[Partition]:
        """Cut the table into ranges of rowid of about `target_bytes`; none where there is no rowid."""
        relation = self._relation
        if relation.rowid is None:
            return []
        with opened(self._path, self._title) as connection:
            ranges = rowid_ranges(connection, relation, target_bytes)
            return [Partition({"low": low, "high": high}) for low, high in ranges]

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:
        """Read the rows of a range; one whose text is not UTF-8 is listed as malformed."""
        relation = self._relation
        names = [name for name in relation.columns if fields is None or name in fields]
        with opened(self._path, self._title) as connection:
            patience = confine(connection)
            spoiled = _decode_texts(connection)
            edges = self._edges(connection, partition)
            start = size = 0
            rows: list[Sequence[Any]] = []
            for row in self._execute(connection, names, edges):
                patience.fed = True
                rows.append(row)
                size += sum(len(value) for value in row if isinstance(value, str | bytes))
                if len(rows) == _BATCH_RECORDS or size >= _BATCH_CHARACTERS:
                    yield _batch(rows, start, relation, names, spoiled)
                    start, size, rows = start + len(rows), 0, []
            if rows:
                yield _batch(rows, start, relation, names, spoiled)
        if edges is not None and not edges.met:
            with opened(self._path, self._title) as connection:
                must_be_sound(connection, relation.name)

    def _edges(self, connection: sqlite3.Connection, partition: Partition | None) -> Edges | None:
        if partition is None:
            return None
        return Edges(connection, self._relation, partition.token["low"], partition.token["high"])

    def _execute(self, connection: sqlite3.Connection, names: Sequence[str], edges: Edges | None) -> sqlite3.Cursor:
        relation = self._relation
        if relation.query is not None:
            return connection.execute(relation.query, self._params)
        if edges is None:
            return connection.execute(relation.select(names))
        return connection.execute(relation.select_range(names, EDGE), edges.asked)

    def locate(self, ordinal: int) -> str:
        """`faq row 17`."""
        return f"{self._relation.name} row {ordinal + 1}"

    def tables(self) -> list[Table]:
        """List tables and views, by name, with what the catalogue says of each; no row is read."""
        with opened(self._path, self._path.name) as connection:
            return [
                Table(name=one.name, fields=one.columns, key=one.key, rows=_rows(connection, one))
                for one in relations(connection)
            ]


def _rows(connection: sqlite3.Connection, relation: Relation) -> int | None:
    """About how many rows a table has; None for what has no rowid, or none in sequence."""
    if relation.rowid is None:
        return None
    span = rowid_span(connection, relation)
    return span.rows if span is not None else 0


def _decode_texts(connection: sqlite3.Connection) -> list[bool]:
    """Decode texts here rather than in sqlite3, where one that is not UTF-8 ends the query.

    Returns:
        A list that grows with each such text, so that rows need no looking at while it is empty.
    """
    spoiled: list[bool] = []

    def decode(data: bytes) -> object:
        try:
            return data.decode()
        except UnicodeDecodeError:
            spoiled.append(True)
            return _NOT_UTF8

    connection.text_factory = decode
    return spoiled


def _batch(
    rows: list[Sequence[Any]], start: int, relation: Relation, names: Sequence[str], spoiled: list[bool]
) -> Batch:
    entity = _entity_maker(relation, names)
    end = start + len(rows)
    if not spoiled:
        return Batch([entity(row) for row in rows], range(start, end), end)
    spoiled.clear()
    batch = Batch([], [], end)
    ordinals: list[int] = []
    for ordinal, row in enumerate(rows, start):
        record = entity(row)
        bad = next((name for name, value in record.items() if value is _NOT_UTF8), None)
        if bad is None:
            batch.entities.append(record)
            ordinals.append(ordinal)
        else:
            batch.malformed.append(Malformed(ordinal, "bad_utf8", f"Field '{bad}' is not UTF-8"))
    batch.ordinals = ordinals
    return batch


def _entity_maker(relation: Relation, names: Sequence[str]) -> Callable[[Sequence[Any]], Entity]:
    if relation.query is None or len(names) == len(relation.columns):
        return lambda row: dict(zip(names, row, strict=False))
    # A query is run as it stands, so its rows hold more than was asked for.
    at = [(name, position) for position, name in enumerate(relation.columns) if name in names]
    return lambda row: {name: row[position] for name, position in at}
