"""SQLite databases: what is in them, without anything being named or read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tuneport import Table
from tuneport.errors import SourceError, SourceNotFoundError
from tuneport_sources.jsonl import JsonlSource
from tuneport_sources.sqlite import SqliteSource


def tables(folder: Path, *statements: str) -> list[Table]:
    """The catalogue of a database after these statements."""
    path = folder / "support.db"
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return SqliteSource(path).tables()


def test_tables_and_views_are_listed_by_name(tmp_path: Path) -> None:
    """Each with its columns and their types, its key, and about how many rows it has where that is cheap."""
    assert tables(
        tmp_path,
        "CREATE TABLE faq (id INTEGER PRIMARY KEY, question TEXT NOT NULL, votes)",
        "INSERT INTO faq VALUES (1, 'a', 1), (2, 'b', 2)",
        "CREATE VIEW best AS SELECT question, votes + 1 AS more FROM faq",
        "CREATE TABLE customer (name VARCHAR(20), born DATE, active BOOLEAN)",
        "CREATE INDEX by_name ON customer (name)",
    ) == [
        Table(name="best", fields={"question": "string", "more": ""}),
        Table(name="customer", fields={"name": "string", "born": "string", "active": "bool"}, rows=0),
        Table(name="faq", fields={"id": "integer", "question": "string", "votes": ""}, key=("id",), rows=2),
    ]


def test_a_name_may_be_anything(tmp_path: Path) -> None:
    """Names with quotes, semicolons and other scripts are listed as they are, and can be read by them."""
    [found] = tables(
        tmp_path,
        'CREATE TABLE "we""ird; DROP" ("a""b" TEXT, "列" INT, "select" REAL, PRIMARY KEY ("列", "a""b"))',
        'INSERT INTO "we""ird; DROP" VALUES (\'1\', 2, 3)',
    )
    fields = {'a"b': "string", "列": "integer", "select": "number"}
    assert found == Table(name='we"ird; DROP', fields=fields, key=("列", 'a"b'), rows=1)
    info = SqliteSource(tmp_path / "support.db", found.name).info()
    assert (info.fields, info.key, info.rows) == (found.fields, found.key, found.rows)


def test_tables_without_rowid_and_with_sparse_ones(tmp_path: Path) -> None:
    """Where the rowids do not say how many rows there are, nothing is said and nothing is counted."""
    found = tables(
        tmp_path,
        "CREATE TABLE a (k TEXT PRIMARY KEY, v INT) WITHOUT ROWID",
        "INSERT INTO a VALUES ('x', 1)",
        "CREATE TABLE b (id INTEGER PRIMARY KEY)",
        "INSERT INTO b VALUES (1), (9000000000000000000)",
    )
    assert [(table.name, table.key, table.rows) for table in found] == [("a", ("k",), None), ("b", ("id",), None)]


def test_virtual_tables_are_one_each(tmp_path: Path) -> None:
    """What a full-text index stores itself in is left out, as are SQLite's own tables."""
    found = tables(
        tmp_path,
        "CREATE VIRTUAL TABLE posts USING fts5(text)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
    )
    assert [(table.name, list(table.fields)) for table in found] == [("posts", ["text"]), ("t", ["id"])]


def test_a_broken_view_hides_nothing(tmp_path: Path) -> None:
    """A view of a table that is gone is listed without columns, and the others with theirs."""
    found = tables(
        tmp_path,
        "CREATE TABLE gone (x)",
        "CREATE VIEW broken AS SELECT x FROM gone",
        "CREATE TABLE t (x INT)",
        "DROP TABLE gone",
    )
    assert [(table.name, table.fields) for table in found] == [("broken", {}), ("t", {"x": "integer"})]


def test_what_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    """A missing file, or one that is no database, is said to be that; one without tables has an empty list."""
    with pytest.raises(SourceNotFoundError, match="does not exist"):
        SqliteSource(tmp_path / "none.db").tables()
    (tmp_path / "text.db").write_text("id,question\n")
    with pytest.raises(SourceError, match="is not a SQLite database"):
        SqliteSource(tmp_path / "text.db").tables()
    assert tables(tmp_path) == []


def test_a_source_with_nothing_to_choose_from_has_no_tables(tmp_path: Path) -> None:
    """A file of records is one thing to read."""
    assert JsonlSource(tmp_path / "faq.jsonl").tables() == []
