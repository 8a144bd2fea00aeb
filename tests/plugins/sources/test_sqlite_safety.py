"""SQLite databases: nothing is ever written, nothing runs for ever, and errors are in words."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tuneport.errors import SourceError, SourceNotFoundError
from tuneport_sources import _readonly
from tuneport_sources.sqlite import SqliteSource


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small database, alone in its folder."""
    found = tmp_path / "support.db"
    with closing(sqlite3.connect(found)) as connection:
        connection.execute("CREATE TABLE faq (id INTEGER PRIMARY KEY, question TEXT)")
        connection.executemany("INSERT INTO faq VALUES (?, ?)", [(1, "a"), (2, "b")])
        connection.commit()
    return found


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return [path.name for path in folder.iterdir()]


def read(source: SqliteSource) -> list[object]:
    """Every row of a source."""
    return [entity for batch in source.read(None, None) for entity in batch.entities]


def run_confined(path: Path, statement: str) -> None:
    """Run a statement on a connection as `read` uses it, without looking at it first."""
    with _readonly.opened(path, "support.db, query") as connection:
        _readonly.confine(connection)
        connection.execute(statement).fetchall()


WRITES = [
    "ATTACH '{folder}/other.db' AS other",
    "INSERT INTO faq VALUES (3, 'c')",
    "INSERT INTO faq VALUES (3, 'c') RETURNING *",
    "UPDATE faq SET question = 'x'",
    "DELETE FROM faq",
    "DROP TABLE faq",
    "CREATE TABLE t (a)",
    "VACUUM INTO '{folder}/other.db'",
    "PRAGMA writable_schema = 1",
    "PRAGMA query_only = off",
    "SELECT * FROM pragma_database_list",
    "SELECT load_extension('{folder}/other.db')",
    "BEGIN IMMEDIATE",
    "SELECT 1; SELECT 2",
    "SELECT 1; ATTACH '{folder}/other.db' AS other",
    "SELECT 1) LIMIT 1 --",
    "SELEC 1",
]


@pytest.mark.parametrize("query", WRITES)
def test_a_query_may_only_read(path: Path, query: str) -> None:
    """Whatever is not one SELECT is refused in words, and neither the database nor its folder changes."""
    before = path.read_bytes()
    source = SqliteSource(path, query=query.format(folder=path.parent))
    with pytest.raises(SourceError) as caught:
        read(source)
    assert "may only read" in str(caught.value) or "SELECT" in str(caught.value)
    assert path.read_bytes() == before
    assert names(path.parent) == ["support.db"]


@pytest.mark.parametrize("query", [query for query in WRITES if not query.startswith("SELE")])
def test_the_connection_itself_refuses(path: Path, query: str) -> None:
    """The same statements are refused by the connection, so that nothing hangs on how a query is looked at."""
    with pytest.raises(SourceError, match="may only read"):
        run_confined(path, query.format(folder=path.parent))
    assert names(path.parent) == ["support.db"]


def test_a_view_cannot_do_what_a_query_cannot(path: Path) -> None:
    """A view that calls what is forbidden is refused like a query that does."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIEW v AS SELECT name FROM pragma_database_list")
    with pytest.raises(SourceError, match="may only read"):
        read(SqliteSource(path, "v"))


ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c WHERE x < 0"


def test_a_query_that_gives_no_row_is_ended(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that works for ever without a row is ended after the time allowed."""
    monkeypatch.setattr(_readonly, "PATIENCE_SECONDS", 0.2)
    started = time.monotonic()
    with pytest.raises(SourceError, match=r"no row came for 0\.2 seconds"):
        read(SqliteSource(path, query=ENDLESS))
    assert time.monotonic() - started < 5


def test_a_slow_query_that_gives_rows_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time counts from the last row, and not while nobody asks for the next."""
    monkeypatch.setattr(_readonly, "PATIENCE_SECONDS", 0.3)
    numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 200000) SELECT x FROM c"
    batches = SqliteSource(path, query=numbers).read(None, None)
    total = len(next(batches).entities)
    time.sleep(0.5)
    assert total + sum(len(batch.entities) for batch in batches) == 200_000


def test_a_giant_value_is_refused(path: Path) -> None:
    """A value beyond 64 MiB is an error, not a gigabyte of memory."""
    with pytest.raises(SourceError, match="larger than 64 MiB"):
        read(SqliteSource(path, query="SELECT zeroblob(1000000000)"))


def test_no_file_appears_beside_a_database_in_wal_mode(path: Path) -> None:
    """A database in WAL mode that nobody has open is read without -wal and -shm being made."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert len(read(SqliteSource(path))) == 2
    assert names(path.parent) == ["support.db"]


def test_the_wal_is_read(path: Path) -> None:
    """What a writer has committed to the -wal file and not yet moved is seen."""
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("INSERT INTO faq VALUES (3, 'c')")
        writer.commit()
        assert len(read(SqliteSource(path))) == 3


def test_a_change_under_a_lone_wal_database_is_noticed(path: Path) -> None:
    """Where the file is read without locks, a change while it is read is an error."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    batches = SqliteSource(path).read(None, None)
    next(batches)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO faq VALUES (3, 'c')")
        connection.commit()
    with pytest.raises(SourceError, match="was changed while it was read"):
        list(batches)


def test_a_file_and_folder_that_cannot_be_written_are_read(path: Path) -> None:
    """Neither the file nor its folder needs to be writable."""
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        assert len(read(SqliteSource(path))) == 2
    finally:
        path.parent.chmod(0o755)


def test_a_missing_database_is_not_made(tmp_path: Path) -> None:
    """A name that is not there is an error, and stays not there."""
    with pytest.raises(SourceNotFoundError, match=r"none\.db does not exist"):
        SqliteSource(tmp_path / "none.db").info()
    assert names(tmp_path) == []


@pytest.mark.parametrize("data", [b"id,question\n1,a\n", os.urandom(8192), b"x"])
def test_what_is_no_database_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    """Another file, or an encrypted database, is an error in words."""
    path = tmp_path / "support.db"
    path.write_bytes(data)
    with pytest.raises(SourceError, match="is not a SQLite database, or it is encrypted"):
        SqliteSource(path).info()


def test_a_damaged_database_is_an_error(path: Path) -> None:
    """Pages that make no sense end the run with the file's name."""
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xee" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"support\.db is damaged"):
        read(SqliteSource(path))


def test_a_locked_database_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that another program holds for itself is said to be locked."""
    monkeypatch.setattr(_readonly, "LOCK_SECONDS", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceError, match=r"support\.db is locked by another program"):
            SqliteSource(path).info()


def test_an_abandoned_read_closes_its_connection(path: Path) -> None:
    """A reader that stops half-way leaves the database free for writers."""
    batches = SqliteSource(path).read(None, None)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    with closing(sqlite3.connect(path, timeout=0)) as writer:
        writer.execute("DELETE FROM faq")
        writer.commit()
        assert writer.execute("SELECT count(*) FROM faq").fetchone() == (0,)
