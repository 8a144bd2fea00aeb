"""Groups of rows that follow each other: one is held at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from xxhash import xxh3_128_digest

from tuneport.errors import DataError
from tuneport.model import Entity, Malformed
from tuneport.runs.reading.grouping.limits import too_large
from tuneport.runs.reading.grouping.rows import Group, Row, title_of


def following(rows: Iterable[Row], by: Sequence[str], most: int, place: Callable[[int], str]) -> Iterator[Group]:
    """The groups of sorted rows, in the order of their first rows.

    Args:
        rows: every row.
        by: the fields that name a group.
        most: rows that a group may have.
        place: says where a row stands, given its position.

    Raises:
        DataError: a group comes back after others, or has too many rows.
    """
    begun: set[bytes] = set()
    name, first, held = "", 0, list[Entity]()
    unreadable: list[Group] = []
    for position, group, row in rows:
        if isinstance(row, Malformed):
            # Its place is behind that of the group it stands in, which goes on.
            unreadable.append((position, row))
            continue
        if group != name:
            yield from _ended(first, held, unreadable)
            unreadable = []
            digest = xxh3_128_digest(group.encode(errors="surrogatepass"))
            if digest in begun:
                hint = f'leave "sorted" out, or let the source be sorted: ORDER BY {", ".join(by)}'
                back = f"{title_of(group, by)} comes back after rows of another group"
                raise DataError(f"{place(position)}: {back}", hint)
            begun.add(digest)
            name, first, held = group, position, []
        held.append(row)
        if len(held) > most:
            raise too_large(title_of(group, by), by, most)
    yield from _ended(first, held, unreadable)


def _ended(first: int, held: list[Entity], unreadable: Sequence[Group]) -> Iterator[Group]:
    if held:
        yield first, held
    yield from unreadable
