"""Ranges of a table's rowid that are each worth one piece of work."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from tuneport_sources._catalogue import Relation
from tuneport_sources._readonly import Damaged, must_be_sound, quoted

_SMALLEST_ROW = 4
_SMALL_ROW = 64
EDGE = "tuneport_edge"
"""The SQL function that hears of a range's edges."""


@dataclass(frozen=True)
class Span:
    """The rowids in use: the first, the last, and the bytes of the database they share."""

    first: int
    last: int
    size: int

    @property
    def width(self) -> int:
        """How many rowids lie between first and last, both included."""
        return self.last - self.first + 1

    @property
    def rows(self) -> int | None:
        """About how many rows there are; None where the rowids are plainly not in sequence."""
        return self.width if self.width <= self.size // _SMALLEST_ROW else None


def rowid_span(connection: sqlite3.Connection, relation: Relation) -> Span | None:
    """Look up the span of rowids; None for a table without rows."""
    rowid, table = relation.rowid, quoted(relation.name)
    # One min and max together would read the whole table, each alone is one step down the tree.
    first, last = connection.execute(
        f"SELECT (SELECT min({rowid}) FROM {table}), (SELECT max({rowid}) FROM {table})"  # noqa: S608  -- quoted
    ).fetchone()
    if first is None:
        return None
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    return Span(first, last, pages * page_size)


def rowid_ranges(connection: sqlite3.Connection, relation: Relation, target_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield ranges, both ends included, that cover every row once and hold about `target_bytes` each.

    The rowids are cut evenly, gaps are jumped over, and where rowids are so sparse that a range says nothing
    about its rows, a range also ends after as many rows as small ones would need.

    Raises:
        Damaged: rowids are not in order, so that ranges would leave rows out.
    """
    span = rowid_span(connection, relation)
    if span is None:
        return
    _must_hold_all(connection, relation)
    target = max(1, target_bytes)
    step = -(-span.width // max(1, span.size // target))
    most = max(1, target // _SMALL_ROW)
    low: int | None = span.first
    while low is not None:
        high = min(low + step - 1, span.last)
        if step > most:
            high = _after(connection, relation, low, high, most) or high
        yield low, high
        low = _next(connection, relation, high, span.last)


class Edges:
    """Sees that a range is read from its first row to its last: a rowid out of order ends it before."""

    def __init__(self, connection: sqlite3.Connection, relation: Relation, low: int | str, high: int | str) -> None:
        (end,) = connection.execute(
            f"SELECT max({relation.rowid}) FROM {quoted(relation.name)} WHERE {relation.rowid} <= ?",  # noqa: S608
            (high,),
        ).fetchone()
        self.asked = {"low": low, "high": high, "end": end}
        self._expected = [low, end] if end != low else [low]
        self._found: list[int | str] = []
        connection.create_function(EDGE, 1, self._note)

    def _note(self, rowid: int) -> bool:
        self._found.append(rowid)
        return True

    @property
    def met(self) -> bool:
        """Whether both were, and nothing beyond them; not where somebody changed the table meanwhile, either."""
        return self._found == self._expected


def _must_hold_all(connection: sqlite3.Connection, relation: Relation) -> None:
    """Check that no row lies before the first or after the last, where a rowid out of order puts them."""
    rowid, table = relation.rowid, quoted(relation.name)
    outside = connection.execute(
        f"SELECT (SELECT max({rowid}) FROM {table} WHERE {rowid} < (SELECT min({rowid}) FROM {table})), "  # noqa: S608
        f"(SELECT min({rowid}) FROM {table} WHERE {rowid} > (SELECT max({rowid}) FROM {table}))"
    ).fetchone()
    if outside != (None, None):
        raise Damaged


def _after(connection: sqlite3.Connection, relation: Relation, low: int, high: int, count: int) -> int | None:
    """Find the last rowid of the first `count` rows from `low`; None where `high` comes first."""
    found = connection.execute(
        f"SELECT {relation.rowid} FROM {quoted(relation.name)} WHERE {relation.rowid} BETWEEN ? AND ? "  # noqa: S608
        f"ORDER BY {relation.rowid} LIMIT 1 OFFSET ?",
        (low, high, count - 1),
    ).fetchone()
    if found and not low <= found[0] <= high:
        raise Damaged
    return found[0] if found else None


def _next(connection: sqlite3.Connection, relation: Relation, high: int, last: int) -> int | None:
    """Find the first rowid of the next range; between it and `high` there must be none."""
    if high >= last:
        return None
    rowid, table = relation.rowid, quoted(relation.name)
    low, before, end = connection.execute(
        f"SELECT low, (SELECT max({rowid}) FROM {table} WHERE {rowid} < low), "  # noqa: S608  -- quoted
        f"(SELECT max({rowid}) FROM {table} WHERE {rowid} <= :high) "
        f"FROM (SELECT min({rowid}) AS low FROM {table} WHERE {rowid} > :high)",
        {"high": high},
    ).fetchone()
    if low is None:
        must_be_sound(connection, relation.name)  # or the rows at the end were deleted just now
        return None
    if low <= high or before != end:
        raise Damaged
    return int(low)
