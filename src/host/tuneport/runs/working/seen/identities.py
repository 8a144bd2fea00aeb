"""Which identities of a part are new: those that memory has no room for are on disk."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import compress
from pathlib import Path

from tuneport.runs.messages import DUPLICATE, KEY_BYTES
from tuneport.runs.storage import Storage
from tuneport.runs.working.seen.buckets import Buckets
from tuneport.runs.working.seen.keys import pieces
from tuneport.runs.working.seen.pages import Pages

_BYTES = 32
"""Memory that a key takes at most, with all that is around it; it is 18 to 26 on average."""
_AT_ONCE = 4096
"""Keys between two looks at how many there are."""


class Identities:
    """A set of identities, exact on every bit, that answers for a whole part at once.

    Keys stay in memory until that is full; all that come later are on disk, in a file that has no name and is gone
    with the process. Nothing of it is durable: it is made again of the savepoints.

    Args:
        memory: bytes that keys may take in memory.
        storage: makes the file.
        folder: where; None for the system's temporary space.
    """

    def __init__(self, memory: int, storage: Storage, folder: Path | None = None) -> None:
        self._most = memory // _BYTES
        self._storage = storage
        self._folder = folder
        self._files = ExitStack()
        self._buckets = Buckets()
        self._pages: Pages | None = None

    def add(self, keys: bytes) -> bytes:
        """Add a column of keys, KEY_BYTES each.

        Returns:
            A byte for each: TRAIN for one that is new, DUPLICATE for one that was there, or stands here before.

        Raises:
            StorageError, TryAgainError: the disk fails, or is full.
        """
        size = _AT_ONCE * KEY_BYTES
        return b"".join([self._added(keys[start : start + size]) for start in range(0, len(keys), size)])

    def close(self) -> None:
        """Let go of what is on disk."""
        self._files.close()

    def _added(self, keys: bytes) -> bytes:
        if len(self._buckets) < self._most:
            return self._buckets.add(keys)
        if self._pages is None:
            self._pages = Pages(self._files.enter_context(self._storage.unnamed(self._folder)), self._folder)
        verdict = self._buckets.add(keys, keep=False)
        others = iter(self._pages.add(b"".join(compress(pieces(keys), verdict))))
        return bytes(next(others) if one else DUPLICATE for one in verdict)
