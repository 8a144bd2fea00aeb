"""What a SQLite database holds: which relation to read, its columns, and how to read it."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tuneport.errors import SourceError, SourceNotFoundError
from tuneport_sources._params import Param, execute_checked
from tuneport_sources._readonly import confine, quoted

_ROWID_NAMES = ("rowid", "_rowid_", "oid")
_HIDDEN = 1
_ONE_SELECT = "the query may only read, and must be one SELECT"


@dataclass(frozen=True)
class Relation:
    """A table, a view or a query.

    Attributes:
        name: the table's or view's name, or `query`.
        kind: `table`, `view` or `query`.
        columns: name to type, in order.
        key: the declared primary key.
        rowid: the name under which this table's rowid can be asked for; None where it has none, or where
            its columns took all the names.
        query: the whole relation as SQL; None for a table.
        order: the columns that a table without a rowid is ordered by.
    """

    name: str
    kind: str
    columns: dict[str, str]
    key: tuple[str, ...] = ()
    rowid: str | None = None
    query: str | None = None
    order: tuple[str, ...] = ()

    def select(self, columns: Sequence[str]) -> str:
        """Write SQL for these columns of a table, every row in its order."""
        wanted = ", ".join(map(quoted, columns)) or "NULL"
        # An index that covers the columns asked for would give another order for other columns.
        order = self.rowid or ", ".join(map(quoted, self.order))
        source = quoted(self.name) if order else f"{quoted(self.name)} NOT INDEXED"
        return f"SELECT {wanted} FROM {source}{f' ORDER BY {order}' if order else ''}"  # noqa: S608  -- quoted

    def select_range(self, columns: Sequence[str], edge: str) -> str:
        """Write SQL for these columns of the rows from `:low` to `:high`; `edge` hears of rowids at or past both."""
        wanted = ", ".join(map(quoted, columns)) or "NULL"
        # The plus keeps SQLite from looking the rowids up by this condition.
        return (
            f"SELECT {wanted} FROM {quoted(self.name)} WHERE {self.rowid} BETWEEN :low AND :high "  # noqa: S608
            f"AND ((+{self.rowid} > :low AND +{self.rowid} < :end) OR {edge}(+{self.rowid})) ORDER BY {self.rowid}"
        )


def query_relation(connection: sqlite3.Connection, query: str, params: Mapping[str, Param], title: str) -> Relation:
    """Look at a query without running it.

    Raises:
        SourceError: it is not one SELECT, or has other parameters than these.
    """
    confine(connection)
    text = query.strip().rstrip("; \t\r\n")
    try:
        sql = f"SELECT * FROM (\n{text}\n) LIMIT 0"  # noqa: S608  -- the authorizer judges it
        found = execute_checked(connection, sql, params, title)
    except (sqlite3.OperationalError, sqlite3.ProgrammingError) as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR:
            reads = "no such" in str(error) and text.upper().startswith(("SELECT", "WITH"))
            raise SourceError(f"{title}: {error}", "" if reads else _ONE_SELECT) from error
        raise
    return Relation("query", "query", {column[0]: "" for column in found.description}, query=text)


def table_relation(connection: sqlite3.Connection, table: str | None, file: str) -> Relation:
    """Look up the table, or the only one there is where none is named.

    Raises:
        SourceNotFoundError: there is no such table, or there are several to choose from.
    """
    held = _held(connection)
    name = _choose(held, file) if table is None else _find(held, table, file)
    return _relation(connection, name, *held[name])


def relations(connection: sqlite3.Connection) -> Iterator[Relation]:
    """Yield every table and view, by name; one that SQLite cannot read has no columns."""
    for name, (kind, virtual) in _held(connection).items():
        try:
            yield _relation(connection, name, kind, virtual)
        except sqlite3.OperationalError as error:
            # a view of what is gone, or a table of a module that is not here
            if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                raise
            yield Relation(name, kind, {})


def _relation(connection: sqlite3.Connection, name: str, kind: str, virtual: bool) -> Relation:
    rows = connection.execute(f"PRAGMA table_xinfo({quoted(name)})").fetchall()
    columns = {row[1]: field_type(row[2] or "") for row in rows if row[6] != _HIDDEN}
    if kind == "view" or virtual:
        query = f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(name)}"  # noqa: S608  -- quoted
        return Relation(name, kind, columns, query=query)
    key = tuple(row[1] for row in sorted((row for row in rows if row[5]), key=lambda row: int(row[5])))
    if _is_clustered(connection, name):
        return Relation(name, kind, columns, key=key, order=key)
    return Relation(name, kind, columns, key=key, rowid=_rowid_name(columns))


def _held(connection: sqlite3.Connection) -> dict[str, tuple[str, bool]]:
    """List name to kind, and whether it is virtual. What a virtual table stores itself in is left out."""
    found = connection.execute(
        "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view') "
        "AND lower(substr(name, 1, 7)) <> 'sqlite_' ORDER BY name"
    ).fetchall()
    virtual = {name for name, _, sql in found if (sql or "").upper().startswith("CREATE VIRTUAL")}
    return {
        name: (kind, name in virtual)
        for name, kind, _ in found
        if not any(name.startswith(f"{owner}_") for owner in virtual)
    }


def _choose(held: dict[str, tuple[str, bool]], file: str) -> str:
    tables = [name for name, (kind, _) in held.items() if kind == "table"] or list(held)
    if not tables:
        raise SourceNotFoundError(f"{file} holds no table")
    if len(tables) > 1:
        choices = " or ".join(f'source.table = "{name}"' for name in tables[:2])
        more = f"; it has {', '.join(held)}" if len(held) > 2 else ""
        raise SourceNotFoundError(f"{file} holds several tables", f"choose one: {choices}{more}")
    return tables[0]


def _find(held: dict[str, tuple[str, bool]], table: str, file: str) -> str:
    if table in held:
        return table
    # SQLite's own names do not mind case
    alike = [name for name in held if name.lower() == table.lower()]
    if alike:
        return alike[0]
    near = difflib.get_close_matches(table, held, n=1, cutoff=0.6)
    known = f"it has {', '.join(held)}" if held else "it has none"
    hint = f'did you mean "{near[0]}"? {known[0].upper()}{known[1:]}' if near else known
    raise SourceNotFoundError(f'{file} has no table "{table}"', hint)


def _is_clustered(connection: sqlite3.Connection, table: str) -> bool:
    """Say whether the table is WITHOUT ROWID: then its name is also that of an index, its primary key's."""
    return bool(connection.execute(f"PRAGMA index_info({quoted(table)})").fetchall())


def _rowid_name(columns: Iterable[str]) -> str | None:
    taken = {column.lower() for column in columns}
    return next((name for name in _ROWID_NAMES if name not in taken), None)


def field_type(declared: str) -> str:
    """Name the kind of value a column is declared to hold; "" where the declaration does not say."""
    kind = declared.partition("(")[0].strip().upper()
    for words, name in _TYPES:
        if any(word in kind for word in words):
            return name
    return ""


# SQLite's rules of affinity, in their order, after the types that SQLite does not know and people declare.
_TYPES = (
    (("JSON",), ""),
    (("BOOL",), "bool"),
    (("DATE", "TIME"), "string"),
    (("INT",), "integer"),
    (("CHAR", "CLOB", "TEXT"), "string"),
    (("BLOB",), ""),
    (("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"), "number"),
)
