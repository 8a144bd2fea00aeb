"""Identities on disk: those that begin alike stand on one page of a file, one after the other."""

from __future__ import annotations

import os
import tempfile
from array import array
from pathlib import Path
from typing import IO

from tuneport.runs.failures import damaged, failure
from tuneport.runs.messages import DUPLICATE, KEY_BYTES, TRAIN
from tuneport.runs.working.seen.keys import HEAD_BITS, found, halves, heads, pieces

_PAGE = 4096
_MOST = _PAGE // KEY_BYTES
"""Keys that a page has room for."""
_FULL = 160
"""Keys that a page holds on average before there are twice as many pages; by chance hardly one ever has _MOST then."""
_FIRST_BITS = 8
_AT_ONCE = 64
"""Pages that are read together where each becomes two."""


class Pages:
    """A set of keys in a file. Memory holds two bytes for each page.

    Keys for which their page has no room are held in memory, too. It takes an attack on the hash to have many of them.

    Args:
        file: an empty file to write and read.
        folder: where it is, for errors; None for the system's temporary space.
    """

    def __init__(self, file: IO[bytes], folder: Path | None) -> None:
        self._file = file.fileno()
        self._place = folder or Path(tempfile.gettempdir())
        self._counts = array("H", [0]) * (1 << _FIRST_BITS)
        self._shift = HEAD_BITS - _FIRST_BITS
        self._count = 0
        self._over: set[bytes] = set()

    def add(self, keys: bytes) -> bytes:
        """Add the keys of a column.

        Returns:
            A byte for each: TRAIN for one that is new, DUPLICATE for one that was there.

        Raises:
            StorageError, TryAgainError: the disk fails, or is full. The set is of no use any more then.
        """
        while self._count > _FULL * len(self._counts) and self._shift:
            self._spread()
        verdict = bytearray([TRAIN]) * (len(keys) // KEY_BYTES)
        for index, (head, key) in enumerate(zip(heads(keys), pieces(keys), strict=True)):
            if self._has(head >> self._shift, key):
                verdict[index] = DUPLICATE
            else:
                self._put(head >> self._shift, key)
        self._count += verdict.count(TRAIN)
        return bytes(verdict)

    def _has(self, page: int, key: bytes) -> bool:
        return key in self._over or found(self._read(page, self._counts[page] * KEY_BYTES), key) >= 0

    def _put(self, page: int, key: bytes) -> None:
        count = self._counts[page]
        if count == _MOST:
            self._over.add(key)
        else:
            self._write(page * _PAGE + count * KEY_BYTES, key)
            self._counts[page] += 1

    def _spread(self) -> None:
        """Make two pages of each, in place: from the last one on, so that none is written over before it was read."""
        self._shift -= 1
        counts, self._counts = self._counts, self._counts * 2
        together = min(_AT_ONCE, len(counts))
        for first in reversed(range(0, len(counts), together)):
            block = self._read(first, together * _PAGE, to_the_end=True)
            spread = bytearray()
            for page in range(first, first + together):
                start, size = (page - first) * _PAGE, counts[page] * KEY_BYTES
                keys = block[start : start + size]
                if len(keys) < size:
                    raise damaged(self._place)
                for twin, half in enumerate(halves(keys, self._shift)):
                    self._counts[2 * page + twin] = len(half) // KEY_BYTES
                    spread += half.ljust(_PAGE, b"\0")
            self._write(2 * first * _PAGE, bytes(spread))

    def _read(self, page: int, size: int, *, to_the_end: bool = False) -> bytes:
        """So many bytes from where a page begins, or as many as there are until the file ends."""
        if not size:
            return b""
        try:
            data = os.pread(self._file, size, page * _PAGE)
        except OSError as error:
            raise failure(error, "read", self._place) from error
        if len(data) < size and not to_the_end:
            raise damaged(self._place)
        return data

    def _write(self, at: int, data: bytes) -> None:
        try:
            while data:
                done = os.pwrite(self._file, data, at)
                data, at = data[done:], at + done
        except OSError as error:
            raise failure(error, "write", self._place) from error
