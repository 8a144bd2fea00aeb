"""SQLite connections that can do nothing but read.

`mode=ro` alone is not enough: a query may still ATTACH another database, create it and write to it, and
`PRAGMA query_only` can be switched off by the query itself. So what a query may do is listed, and SQLite's
authorizer refuses the rest.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from tuneport.errors import SourceError
from tuneport_sources._files import regular_file, unreadable

PATIENCE_SECONDS = 60.0
"""How long a query may work without giving a row."""

LOCK_SECONDS = 5.0
"""How long to wait for a writer to finish."""

MAX_VALUE = 64 * 1024 * 1024

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_STEPS_BETWEEN_LOOKS = 20_000
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}


class Damaged(sqlite3.DatabaseError):
    """Damage that SQLite reads over: told as what it finds itself."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


class Patience:
    """Ends a query that gives no row for PATIENCE_SECONDS. Whoever takes a row sets `fed`."""

    def __init__(self) -> None:
        self.fed = True
        self._since = 0.0

    def lost(self) -> bool:
        """Say whether to stop; SQLite asks every few thousand steps."""
        now = time.monotonic()
        if self.fed:
            self.fed, self._since = False, now
        return now - self._since > PATIENCE_SECONDS


def read_header(path: Path) -> bytes:
    """Return the database's first 100 bytes; empty for a database that nothing was ever written to.

    Raises:
        SourceNotFoundError: there is no such file.
        SourceError: it cannot be read, or is no database.
    """
    regular_file(path)
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except OSError as error:
        raise unreadable(path, error) from error
    if header and not header.startswith(_MAGIC):
        raise SourceError(f"{path.name} is not a SQLite database, or it is encrypted")
    return header


def wal_of(path: Path) -> Path:
    """Where SQLite keeps the changes of a database in WAL mode."""
    return path.with_name(f"{path.name}-wal")


@contextmanager
def opened(path: Path, title: str) -> Iterator[sqlite3.Connection]:
    """Open the database for reading; what SQLite says against it becomes a SourceError about `title`."""
    # Opening a database in WAL mode leaves -wal and -shm beside it, and fails in a folder that cannot be
    # written. Where nobody has it open, its file alone is the whole truth, as long as it stays as it is.
    alone = read_header(path)[18:20] == b"\2\2" and not wal_of(path).exists()
    before = _stamp(path)
    uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        with closing(connection):
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
            yield connection
    except sqlite3.Error as error:
        raise explain(error, path, title) from error
    except UnicodeDecodeError as error:
        # what SQLite says of a damaged catalogue may quote it
        raise _damaged(path.name) from error
    if alone and _stamp(path) != before:
        raise SourceError(f"{path.name} was changed while it was read", "run it again")


def confine(connection: sqlite3.Connection) -> Patience:
    """Forbid everything but reading, from here on, and end what gives no row."""
    _wake_virtual_tables(connection)
    connection.set_authorizer(_authorize)
    patience = Patience()
    connection.set_progress_handler(patience.lost, _STEPS_BETWEEN_LOOKS)
    return patience


def _wake_virtual_tables(connection: sqlite3.Connection) -> None:
    """Use each once: the first use counts as making a table, which the authorizer would refuse."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")
    for name in ["json_each", "json_tree", *(row[0] for row in found.fetchall())]:
        # one whose module is not there is refused once more when it is read, in words
        with suppress(sqlite3.Error):
            connection.execute(f"SELECT 1 FROM {quoted(name)} LIMIT 0")  # noqa: S608  -- quoted


def _authorize(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    if action in _ALLOWED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() != "load_extension":
        return sqlite3.SQLITE_OK
    # full-text search asks for this before every search
    if action == sqlite3.SQLITE_PRAGMA and first == "data_version" and second is None:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def gives_other_rows_next_time(connection: sqlite3.Connection, sql: str, params: Mapping[str, object]) -> bool:
    """Whether a query draws lots or looks at the clock, so that its rows cannot be read twice.

    Date functions count whatever they are given: what they are given may be `now`.
    """
    called: set[str] = set()

    def note(action: int, _first: str | None, second: str | None, *_where: str | None) -> int:
        if action == sqlite3.SQLITE_FUNCTION and second is not None:
            called.add(second.lower())
        return sqlite3.SQLITE_OK

    connection.set_authorizer(note)
    connection.execute(f"SELECT * FROM (\n{sql}\n) LIMIT 0", params)  # noqa: S608  -- only to look at what it calls
    connection.set_authorizer(None)
    return bool(called & _FICKLE)


_FICKLE = {
    *("random", "randomblob", "current_date", "current_time", "current_timestamp"),
    *("date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff"),
}


def quoted(name: str) -> str:
    """Write a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def must_be_sound(connection: sqlite3.Connection, table: str) -> None:
    """Read the whole table, to be sure of a doubt.

    Raises:
        Damaged: it is not sound.
    """
    if connection.execute(f"PRAGMA quick_check({quoted(table)})").fetchone() != ("ok",):
        raise Damaged


def explain(error: sqlite3.Error, path: Path, title: str) -> SourceError:
    """Say in plain words what SQLite found wrong."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _REASONS:
        text, hint = _REASONS[code]
        return SourceError(text(title if code in _OF_QUERY else path.name), hint)
    if str(error).startswith("Could not decode"):
        return _damaged(path.name)
    return SourceError(f"{title}: {error}")


def _damaged(name: str) -> SourceError:
    return SourceError(f"{name} is damaged", "sqlite3 FILE .recover saves what is left")


_OF_QUERY = {sqlite3.SQLITE_AUTH, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_TOOBIG}

_REASONS: dict[int, tuple[Callable[[str], str], str]] = {
    sqlite3.SQLITE_AUTH: (lambda name: f"{name}: the query may only read", "make it one SELECT"),
    sqlite3.SQLITE_INTERRUPT: (
        lambda name: f"{name}: no row came for {PATIENCE_SECONDS:g} seconds",
        "the query may never end, or it sorts without an index",
    ),
    sqlite3.SQLITE_TOOBIG: (lambda name: f"{name}: a value is larger than {MAX_VALUE // 1024**2} MiB", ""),
    sqlite3.SQLITE_NOTADB: (lambda name: f"{name} is not a SQLite database, or it is encrypted", ""),
    sqlite3.SQLITE_CORRUPT: (lambda name: f"{name} is damaged", "sqlite3 FILE .recover saves what is left"),
    sqlite3.SQLITE_BUSY: (
        lambda name: f"{name} is locked by another program",
        "run it again when that is done",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        lambda name: f"{name} cannot be opened",
        "a database that another program left open needs a folder that can be written: read a copy",
    ),
}


def _stamp(path: Path) -> tuple[Any, ...]:
    found: os.stat_result = regular_file(path)
    return found.st_size, found.st_mtime_ns, found.st_ino
