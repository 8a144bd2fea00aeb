"""Groups whose rows stand anywhere, and are more than memory should hold: they wait on disk.

Rows are spread over files by their group's name, so that each file holds whole groups. Each is put in order on its own
in memory, a large one in files of its own again, and all are merged by where each group's first row stands.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from heapq import merge
from itertools import chain
from typing import IO, Any

from tuneport.runs.failures import failure
from tuneport.runs.reading.grouping.holding import Held, Large, Packed, PackedGroup, size_of
from tuneport.runs.storage import Storage

_BITS = 4
_FILES = 1 << _BITS
"""Files that rows are spread over."""

_DEEPEST = 6
"""How often a file is spread again: 16 ** 7 times what memory holds is more than there is."""


class Spilled:
    """Files of rows and of groups, gone when the block ends that it is used in.

    Args:
        memory: bytes of rows that are held.
        most: rows that a group may have.
        large: see Large.
        storage: makes the files.
    """

    def __init__(self, memory: int, most: int, large: Large, storage: Storage) -> None:
        self._memory = memory
        self._most = most
        self._large = large
        self._storage = storage

    def grouped(self, held: Held, rows: Iterable[Packed]) -> Iterator[PackedGroup]:
        """The groups of the rows that are held, and of those that follow, in the order of their first rows.

        Raises:
            DataError: a group has too many rows.
            StorageError, TryAgainError: the disk fails, or is full.
        """
        with ExitStack() as files:
            yield from self._merged(self._spread(chain(held.taken(), rows), 0, files), 0, files)

    def _spread(self, rows: Iterable[Packed], depth: int, files: ExitStack) -> list[_File]:
        made: dict[int, _File] = {}
        for row in rows:
            # Other bits of the same hash each time: a salt would leave most names of a file together.
            number = hash(row[1]) >> _BITS * depth & _FILES - 1
            file = made.get(number)
            if file is None:
                file = made[number] = self._file(files, row[1])
            file.several = file.several or row[1] != file.name
            file.put(row, size_of(row[1], row[2]))
        return list(made.values())

    def _merged(self, spread: Iterable[_File], depth: int, files: ExitStack) -> Iterator[PackedGroup]:
        # One file after the other: only what is in order already stays open.
        ordered = [self._ordered(file, depth, files) for file in spread]
        return merge(*(file.items() for file in ordered), key=lambda group: group[0])

    def _ordered(self, file: _File, depth: int, files: ExitStack) -> _File:
        """A file of the groups whose rows a file holds, in the order of their first rows; that one is closed."""
        made = self._file(files)
        with ExitStack() as within:
            within.callback(file.close)
            if file.size <= self._memory or not file.several or depth == _DEEPEST:
                groups = self._together(file.items())
            else:
                groups = self._merged(self._spread(file.items(), depth + 1, within), depth + 1, within)
            for group in groups:
                made.put(group)
        return made

    def _together(self, rows: Iterable[Packed]) -> Iterator[PackedGroup]:
        held = Held(self._most, self._large)
        for row in rows:
            held.add(*row)
        return held.groups()

    def _file(self, files: ExitStack, name: str = "") -> _File:
        return _File(files.enter_context(self._storage.unnamed()), name)


@dataclass
class _File:
    """Items in the order in which they were put there.

    Attributes:
        name: the group of the first row.
        several: whether there are rows of others.
        size: about how many bytes of memory the rows would take.
    """

    stream: IO[bytes]
    name: str
    several: bool = False
    size: int = 0

    def put(self, item: Packed | PackedGroup, size: int = 0) -> None:
        try:
            pickle.dump(item, self.stream, pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            raise failure(error, "write", "rows to group") from error
        self.size += size

    def items(self) -> Iterator[Any]:
        try:
            self.stream.seek(0)
        except OSError as error:
            raise failure(error, "write", "rows to group") from error
        while True:
            try:
                yield pickle.load(self.stream)  # noqa: S301  -- this process wrote it, to where no other can write
            except EOFError:
                return

    def close(self) -> None:
        with suppress(OSError):  # what could not be written was told when it was read
            self.stream.close()
