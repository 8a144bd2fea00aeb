"""Lock files: each has one holder, and lets go of it when that process dies, whatever it has forked."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

from tuneport.errors import TryAgainError
from tuneport.runs.disk import Disk
from tuneport.runs.failures import translated

_descriptors: set[int] = set()
"""Of the locks that this process holds, or is about to."""
_guard = threading.RLock()


def _leave_to_parent() -> None:
    """In a forked child: let go of what the parent holds, which would stay locked as long as the child lives."""
    for descriptor in _descriptors:
        os.close(descriptor)
    _descriptors.clear()
    _guard.release()


# Held while it forks: otherwise another thread could open a file that the child never hears of.
os.register_at_fork(before=_guard.acquire, after_in_parent=_guard.release, after_in_child=_leave_to_parent)


class Held:
    """A lock file that this process holds."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def ours(self) -> bool:
        """Whether the file at its path is the one that is locked: once that is gone, others can lock a new one."""
        if self._descriptor not in _descriptors:
            return False  # this is a forked child
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._descriptor))
        except OSError:
            return False

    def check(self) -> None:
        """Go on only as long as nobody else can be writing here.

        Raises:
            TryAgainError: somebody can.
        """
        if not self.ours():
            raise self.lost()

    def lost(self) -> TryAgainError:
        """The error of a run whose lock is gone."""
        text = f"{self._path} was removed while this run held it, and another may be writing here; nothing published"
        return TryAgainError(text, "run it again, and leave that file to it")

    def unused(self) -> bool:
        """Whether it is ours and empty: a file that somebody wrote to was not made by us."""
        return self.ours() and os.fstat(self._descriptor).st_size == 0

    def close(self) -> None:
        """Let go of it."""
        _close(self._descriptor)


def take(path: Path, disk: Disk) -> Held:
    """Make a lock file, or open the one that is there, and lock it.

    Raises:
        TryAgainError: another run holds it.
    """
    while True:
        with translated("lock", path), _guard:
            descriptor = disk.lock_file(path)
            _descriptors.add(descriptor)
        held = Held(path, descriptor)
        alone = False
        try:
            # The last holder may have removed the file between our opening and locking it.
            _lock(path, descriptor)
            alone = held.ours()
        finally:
            if not alone:
                held.close()
        if alone:
            return held


def _lock(path: Path, descriptor: int) -> None:
    with translated("lock", path):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TryAgainError(f"another run is writing here (it holds {path})") from None


def _close(descriptor: int) -> None:
    with _guard:
        if descriptor in _descriptors:
            _descriptors.remove(descriptor)
            os.close(descriptor)
