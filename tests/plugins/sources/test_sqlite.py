"""SQLite databases: which relation is read, in which order and ranges, and with what values."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tuneport import Entity, Malformed, Partition
from tuneport.errors import SourceNotFoundError
from tuneport_sources._catalogue import field_type
from tuneport_sources.sqlite import SqliteConfig, SqliteSource


def database(folder: Path, *statements: str, name: str = "support.db") -> Path:
    """A database after these statements."""
    path = folder / name
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


def rows(source: SqliteSource, fields: frozenset[str] | None = None) -> list[Entity]:
    """Every row of a source."""
    return [entity for batch in source.read(None, fields) for entity in batch.entities]


def in_parts(source: SqliteSource, parts: Sequence[Partition]) -> list[Entity]:
    """Every row of these parts, one after the other."""
    return [entity for part in parts for batch in source.read(part, None) for entity in batch.entities]


FAQ = ("CREATE TABLE faq (id INTEGER PRIMARY KEY, question TEXT, votes)",
       "INSERT INTO faq VALUES (3, 'c', 1), (1, 'a', '12'), (2, 'b', NULL)")  # fmt: skip


def test_the_only_table_is_read_in_order(tmp_path: Path) -> None:
    """Without a table named, the only one is read, in the order of its rowid, with values as SQLite holds them."""
    source = SqliteSource(database(tmp_path, *FAQ, "CREATE VIEW v AS SELECT 1 a"))
    assert rows(source) == [
        {"id": 1, "question": "a", "votes": "12"},
        {"id": 2, "question": "b", "votes": None},
        {"id": 3, "question": "c", "votes": 1},
    ]
    assert source.locate(16) == "faq row 17"


def test_info_says_what_the_catalogue_says(tmp_path: Path) -> None:
    """Title, fields, key and an estimate of rows come from the catalogue."""
    info = SqliteSource(database(tmp_path, *FAQ)).info()
    assert info.title == "support.db, table faq"
    assert info.fields == {"id": "integer", "question": "string", "votes": ""}
    assert (info.closed, info.key, info.rows) == (True, ("id",), 3)


def test_the_revision_follows_each_change(tmp_path: Path) -> None:
    """A committed change gives another revision, in WAL mode too, where the database itself stays as it was."""
    for mode in ("DELETE", "WAL"):
        path = database(tmp_path, *FAQ, name=f"{mode}.db")
        with closing(sqlite3.connect(path)) as writer:
            writer.execute(f"PRAGMA journal_mode = {mode}")
            before = SqliteSource(path).info().revision
            writer.execute("UPDATE faq SET votes = 9 WHERE id = 1")
            writer.commit()
            assert SqliteSource(path).info().revision != before


def test_several_tables_must_be_chosen_from(tmp_path: Path) -> None:
    """Where there is a choice, the error lists it as recipe lines."""
    path = database(tmp_path, *FAQ, "CREATE TABLE users (id)")
    with pytest.raises(SourceNotFoundError, match=r"support\.db holds several tables") as caught:
        SqliteSource(path).info()
    assert 'source.table = "faq"' in caught.value.hint
    assert 'source.table = "users"' in caught.value.hint


@pytest.mark.parametrize("statements", [(), ("CREATE VIEW v AS SELECT 1", "DROP VIEW v")])
def test_a_database_without_tables_has_nothing_to_read(tmp_path: Path, statements: Sequence[str]) -> None:
    """An empty database, even one of no bytes, is said to hold no table."""
    with pytest.raises(SourceNotFoundError, match="holds no table"):
        SqliteSource(database(tmp_path, *statements)).info()


def test_an_unknown_table_is_answered_with_the_nearest(tmp_path: Path) -> None:
    """A misspelt table is an error that names the nearest and all the others."""
    path = database(tmp_path, *FAQ, "CREATE TABLE users (id)")
    with pytest.raises(SourceNotFoundError, match=r'support\.db has no table "fqa"') as caught:
        SqliteSource(path, "fqa").info()
    assert caught.value.hint == 'did you mean "faq"? It has faq, users'


def test_a_table_is_found_whatever_its_case(tmp_path: Path) -> None:
    """Table names do not mind case, as in SQLite itself, and the declared name is shown."""
    assert SqliteSource(database(tmp_path, *FAQ), "FAQ").info().title == "support.db, table faq"


def test_table_and_query_exclude_each_other() -> None:
    """A configuration with both, or with an empty query, is refused."""
    with pytest.raises(ValidationError, match="both given"):
        SqliteConfig.model_validate({"path": "a.db", "table": "t", "query": "SELECT 1"})
    with pytest.raises(ValidationError, match="query is empty"):
        SqliteConfig.model_validate({"path": "a.db", "query": "  "})


def test_only_the_fields_asked_for_are_read(tmp_path: Path) -> None:
    """Projection gives those columns alone, and an empty dict a row where none of them exists."""
    path = database(tmp_path, *FAQ)
    for source in (SqliteSource(path), SqliteSource(path, query="SELECT * FROM faq ORDER BY id")):
        assert rows(source, frozenset({"question", "no"})) == [{"question": "a"}, {"question": "b"}, {"question": "c"}]
        assert rows(source, frozenset({"no"})) == [{}, {}, {}]


def test_a_covering_index_does_not_change_the_order(tmp_path: Path) -> None:
    """Rows come in the same order whichever columns are asked for, though an index would be quicker."""
    table = "CREATE TABLE t (rowid, oid, _rowid_, word TEXT)"
    values = "INSERT INTO t (word) VALUES ('c'), ('a'), ('b')"
    shadowed = SqliteSource(database(tmp_path, table, values, "CREATE INDEX i ON t (word)"))
    assert [row["word"] for row in rows(shadowed, frozenset({"word"}))] == ["c", "a", "b"]
    assert shadowed.partitions(1) == []


def test_odd_identifiers_are_quoted(tmp_path: Path) -> None:
    """Names with quotes, blanks, semicolons and other scripts are read as they are."""
    path = database(
        tmp_path,
        'CREATE TABLE "we""ird; DROP" ("a""b" TEXT, "列" TEXT, "select" TEXT, [x y] TEXT, "Größe" INT)',
        "INSERT INTO \"we\"\"ird; DROP\" VALUES ('1', '2', '3', '4', 5)",
        name="odd name?#%41 ü.db",
    )
    source = SqliteSource(path)
    expected = {'a"b': "1", "列": "2", "select": "3", "x y": "4", "Größe": 5}
    assert rows(source) == [expected]
    assert in_parts(source, source.partitions(1)) == [expected]


def test_a_column_named_rowid_is_a_column(tmp_path: Path) -> None:
    """A user's own column named rowid is read as data, and ranges go by another name of the true rowid."""
    source = SqliteSource(
        database(tmp_path, "CREATE TABLE t (ROWID TEXT)", "INSERT INTO t VALUES ('9'), ('8'), ('7'), ('6')")
    )
    parts = source.partitions(1024)
    assert len(parts) > 1
    found = [row["ROWID"] for row in in_parts(source, parts)]
    assert found == ["9", "8", "7", "6"] == [row["ROWID"] for row in rows(source)]


def test_a_table_without_rowid_is_read_by_its_key(tmp_path: Path) -> None:
    """A table WITHOUT ROWID comes in the order of its primary key and in one piece."""
    source = SqliteSource(
        database(
            tmp_path,
            "CREATE TABLE t (b TEXT, a TEXT, c INT, PRIMARY KEY (a, b)) WITHOUT ROWID",
            "CREATE INDEX i ON t (c)",
            "INSERT INTO t VALUES ('x', '2', 1), ('y', '1', 2), ('x', '1', 3)",
        )
    )
    assert [row["c"] for row in rows(source, frozenset({"c"}))] == [3, 2, 1]
    assert source.partitions(1) == []
    assert source.info().key == ("a", "b")
    assert source.info().rows is None


def test_a_view_is_read_as_it_comes(tmp_path: Path) -> None:
    """A view is a relation like others, in one piece, in its own order."""
    path = database(tmp_path, *FAQ, "CREATE VIEW best AS SELECT question, id FROM faq ORDER BY id DESC")
    source = SqliteSource(path, "best")
    assert [row["question"] for row in rows(source, frozenset({"question"}))] == ["c", "b", "a"]
    assert source.partitions(1) == []
    assert source.info().title == "support.db, view best"


def test_a_query_is_described_and_read(tmp_path: Path) -> None:
    """A query's columns are known before it runs; it keeps its order, and loses its semicolon and comment."""
    query = "SELECT id AS n, upper(question) AS q, 1, 1 FROM faq ORDER BY id DESC -- newest first\n; "
    source = SqliteSource(database(tmp_path, *FAQ), query=query)
    info = source.info()
    assert (info.title, info.closed, info.rows) == ("support.db, query", True, None)
    assert list(info.fields or {}) == ["n", "q", "1", "1:1"]
    assert rows(source, frozenset({"n", "q"})) == [{"n": 3, "q": "C"}, {"n": 2, "q": "B"}, {"n": 1, "q": "A"}]
    assert source.locate(0) == "query row 1"


def test_queries_may_use_json_and_full_text_search(tmp_path: Path) -> None:
    """What is refused is writing; JSON tables and full-text search work."""
    path = database(
        tmp_path, "CREATE VIRTUAL TABLE posts USING fts5(text)", "INSERT INTO posts VALUES ('red fox'), ('blue')"
    )
    assert rows(SqliteSource(path)) == [{"text": "red fox"}, {"text": "blue"}]
    assert rows(SqliteSource(path, query="SELECT text FROM posts WHERE posts MATCH 'fox'")) == [{"text": "red fox"}]
    found = rows(SqliteSource(path, query="SELECT value FROM json_each('[1, 2]')"))
    assert found == [{"value": 1}, {"value": 2}]


def test_text_that_is_not_utf8_is_one_malformed_row(tmp_path: Path) -> None:
    """A row with broken text is listed with its ordinal and column; BLOBs stay bytes, and reading goes on."""
    path = database(
        tmp_path,
        "CREATE TABLE t (a TEXT, b)",
        "INSERT INTO t VALUES ('1', x'ff'), (CAST(x'61ff' AS TEXT), '2'), ('nul' || char(0) || 'é', 3)",
    )
    for source in (SqliteSource(path), SqliteSource(path, query="SELECT * FROM t")):
        [batch] = source.read(None, None)
        assert batch.entities == [{"a": "1", "b": b"\xff"}, {"a": "nul\0é", "b": 3}]
        assert (list(batch.ordinals), batch.end) == ([0, 2], 3)
        assert batch.malformed == [Malformed(1, "bad_utf8", "Field 'a' is not UTF-8")]
        assert len(rows(source, frozenset({"b"}))) == 3


def test_batches_are_bounded_and_ordinals_run_on(tmp_path: Path) -> None:
    """A long table comes in batches of 512 rows, numbered through."""
    path = database(tmp_path, "CREATE TABLE t (a)",
                    "INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1100) "
                    "SELECT x FROM c")  # fmt: skip
    batches = list(SqliteSource(path).read(None, None))
    assert [len(batch.entities) for batch in batches] == [512, 512, 76]
    assert [ordinal for batch in batches for ordinal in batch.ordinals] == list(range(1100))


ROWIDS = st.lists(
    st.one_of(st.integers(-50, 50), st.integers(-(2**63), 2**63 - 1), st.integers(10**12, 10**12 + 300)),
    unique=True,
    max_size=60,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rowids=ROWIDS, target=st.integers(1, 20_000))
def test_partitions_tile_a_table(tmp_path: Path, rowids: list[int], target: int) -> None:
    """Ranges of any size hold every row once and in order, wherever its rowids lie, and are not too many."""
    path = tmp_path / "t.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO t VALUES (?)", [(rowid,) for rowid in rowids])
        connection.commit()
    source = SqliteSource(path)
    parts = source.partitions(target)
    assert [row["id"] for row in in_parts(source, parts)] == sorted(rowids)
    assert len(parts) <= min(len(rowids), path.stat().st_size / target * 4 + 1)


def test_sparse_rowids_give_even_work(tmp_path: Path) -> None:
    """One far-off rowid neither makes empty ranges nor puts all other rows into one."""
    path = database(
        tmp_path,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)",
        "INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 20000) "
        "SELECT x, hex(zeroblob(20)) FROM c",
        "INSERT INTO t VALUES (9000000000000000000, 'far')",
    )
    source = SqliteSource(path)
    target = 64 * 1024
    parts = source.partitions(target)
    sizes = [sum(len(batch.entities) for batch in source.read(part, frozenset())) for part in parts]
    assert sum(sizes) == 20_001
    assert min(sizes) > 0
    assert max(sizes) <= target // 64
    assert len(parts) <= path.stat().st_size / target * 4 + 1
    assert source.info().rows is None


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("INTEGER", "integer"),
        ("bigint", "integer"),
        ("VARCHAR(20)", "string"),
        ("BOOLEAN", "bool"),
        ("DATETIME", "string"),
        ("timestamp with time zone", "string"),
        ("DOUBLE PRECISION", "number"),
        ("DECIMAL(10, 2)", "number"),
        ("BLOB", ""),
        ("", ""),
        ("JSON", ""),
        ("GEOMETRY", ""),
    ],
)
def test_declared_types(declared: str, expected: str) -> None:
    """A declared type means what SQLite's affinity says, with booleans and dates told apart."""
    assert field_type(declared) == expected


def test_generated_columns_are_fields(tmp_path: Path) -> None:
    """A generated column is read like any other."""
    path = database(tmp_path, "CREATE TABLE t (a INT, b INT AS (a * 2))", "INSERT INTO t (a) VALUES (2)")
    assert rows(SqliteSource(path)) == [{"a": 2, "b": 4}]


def test_values_keep_their_kinds(tmp_path: Path) -> None:
    """Infinity, integers of 64 bits and NULL arrive as Python has them."""
    path = database(
        tmp_path, "CREATE TABLE t (a)", "INSERT INTO t VALUES (9e999), (9223372036854775807), (NULL), (-1.5)"
    )
    found: list[Any] = [row["a"] for row in rows(SqliteSource(path))]
    assert found == [float("inf"), 2**63 - 1, None, -1.5]


@pytest.mark.parametrize(
    ("query", "known"),
    [
        ("SELECT * FROM t ORDER BY x", True),
        ("SELECT * FROM t ORDER BY random()", False),
        ("SELECT x FROM t WHERE x < datetime('now')", False),
        ("SELECT x, CURRENT_TIMESTAMP AS y FROM t", False),
    ],
)
def test_a_query_that_draws_lots_or_looks_at_the_clock_has_no_revision(query: str, known: bool, tmp_path: Path) -> None:
    """Rows that cannot be read a second time are never taken up after a crash; views are looked into."""
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute("CREATE TABLE t (x)")
        database.execute(f"CREATE VIEW v AS {query}")

    assert (SqliteSource(tmp_path / "a.db", query=query).info().revision is not None) is known
    assert (SqliteSource(tmp_path / "a.db", table="v").info().revision is not None) is known
