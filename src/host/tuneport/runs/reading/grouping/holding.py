"""Groups whose rows stand anywhere: held in memory, in little space."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence

from tuneport.errors import DataError
from tuneport.model import Entity, Malformed
from tuneport.runs.reading.grouping.rows import Row, alone

Packed = tuple[int, str, bytes]
"""Where a row stands, its group's name, and the row as bytes."""

PackedGroup = tuple[int, list[bytes]]
"""Where a group's first row stands, and its rows as bytes."""

_ROW, _GROUP = 80, 320
"""About how many bytes Python needs beside the bytes of a row, and for a group beside its name and rows."""

Large = Callable[[str], DataError]
"""The error for a group, by its name, that has too many rows."""


def packed(rows: Iterable[Row]) -> Iterator[Packed]:
    """Rows as bytes; whatever a source gives comes back as it was, which no other format promises."""
    for position, name, row in rows:
        try:
            data = pickle.dumps(row, pickle.HIGHEST_PROTOCOL)
        except Exception:  # noqa: BLE001  -- one row, one error: the run goes on
            name, data = alone(position), pickle.dumps(_STRANGE, pickle.HIGHEST_PROTOCOL)
        yield position, name, data


_STRANGE = Malformed(0, "bad_type", "A value is nested too deeply, or of a kind that cannot wait for others")


def unpacked(rows: Sequence[bytes]) -> list[Entity] | Malformed:
    """The rows of a group again."""
    again = [pickle.loads(row) for row in rows]  # noqa: S301  -- this process wrote it, to where no other can write
    return again[0] if isinstance(again[0], Malformed) else again


def size_of(name: str, row: bytes) -> int:
    """About how many bytes a row takes while it is held."""
    return len(name) + len(row) + _ROW


class Held:
    """Rows by group.

    Args:
        most: rows that a group may have.
        large: see Large.

    Attributes:
        size: about how many bytes of memory they take.
    """

    def __init__(self, most: int, large: Large) -> None:
        self.size = 0
        self._most = most
        self._large = large
        self._groups: dict[str, PackedGroup] = {}

    def add(self, position: int, name: str, row: bytes) -> None:
        """Add the next row.

        Raises:
            DataError: its group has too many.
        """
        group = self._groups.get(name)
        if group is None:
            self._groups[name] = (position, [row])
            self.size += _GROUP + size_of(name, row)
            return
        group[1].append(row)
        self.size += size_of("", row)
        if len(group[1]) > self._most:
            raise self._large(name)

    def groups(self) -> Iterator[PackedGroup]:
        """The groups in the order of their first rows."""
        return iter(self._groups.values())

    def taken(self) -> Iterator[Packed]:
        """The rows, group by group; a group is let go of as it is taken."""
        for name in list(self._groups):
            position, rows = self._groups.pop(name)
            for row in rows:
                yield position, name, row
