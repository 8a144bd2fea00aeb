"""Where files of rows end, and the frames inside a compressed one: by content alone, wherever a part ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

FRAME = 1 << 20
"""Bytes of rows in a frame: each is compressed by itself, so that several can be at once. It costs 1 % of the size."""


class Cut(NamedTuple):
    """After how many bytes of rows, and how many rows, a file ends: whichever comes first. None for any number."""

    size: int | None = None
    rows: int | None = None


class Chunk(NamedTuple):
    """Consecutive whole rows of one file.

    Attributes:
        shard: the file's number, from 0.
        rows: how many.
        size: their bytes.
        pieces: those bytes, in order.
    """

    shard: int
    rows: int
    size: int
    pieces: list[memoryview]

    @property
    def data(self) -> bytes | memoryview:
        """The bytes in one piece."""
        return self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)


def chunks(source: Iterator[bytes], cut: Cut, *, framed: bool) -> Iterator[Chunk]:
    """The rows of a source, file by file. Each file has as many as fit, and one at least.

    Args:
        source: blocks that end with a row.
        cut: where a file ends.
        framed: whether each chunk is a frame, of as many rows as fit, and one at least; else they are as they come.
    """
    rows = Rows(source)
    shard = 0
    while rows.left():
        room, most = cut
        first = True
        while (chunk := _next(rows, room, most, shard, first=first, framed=framed)).rows:
            yield chunk
            first = False
            room = None if room is None else room - chunk.size
            most = None if most is None else most - chunk.rows
        shard += 1


def _next(rows: Rows, room: int | None, most: int | None, shard: int, *, first: bool, framed: bool) -> Chunk:
    """The next chunk of a file; without rows where the file has no room for another."""
    size = FRAME if room is None else min(FRAME, room)
    chunk = rows.take(size, most, shard) if framed else rows.some(room, most, shard)
    if chunk.rows or most == 0:
        return chunk
    # A row that is larger than a frame has one for itself; one that is larger than a file has the file.
    return rows.some(None if first else room, 1, shard)


class Rows:
    """Whole rows, taken from blocks that end with one."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._block = b""
        self._at = 0

    def left(self) -> bool:
        """Whether there are more rows."""
        while self._at == len(self._block):
            block = next(self._source, None)
            if block is None:
                return False
            self._block, self._at = block, 0
        return True

    def some(self, size: int | None, most: int | None, shard: int) -> Chunk:
        """As many rows of one block as fit into `size` bytes, and no more than `most`."""
        if not self.left():
            return Chunk(shard, 0, 0, [])
        block, start = self._block, self._at
        stop = len(block) if size is None else min(start + max(0, size), len(block))
        if most is None:
            end = stop if stop == len(block) else max(block.rfind(b"\n", start, stop) + 1, start)
            count = block.count(b"\n", start, end)
        else:
            end, count = start, 0
            while count < most and (found := block.find(b"\n", end, stop)) >= 0:
                end, count = found + 1, count + 1
        self._at = end
        return Chunk(shard, count, end - start, [memoryview(block)[start:end]] if count else [])

    def take(self, size: int, most: int | None, shard: int) -> Chunk:
        """As many rows as fit into `size` bytes, and no more than `most`."""
        rows, room, pieces = 0, size, []
        while (more := self.some(room, None if most is None else most - rows, shard)).rows:
            rows += more.rows
            room -= more.size
            pieces += more.pieces
        return Chunk(shard, rows, size - room, pieces)
