"""Disks that say no: at one call or from one on, after some bytes, or a few bytes at a time."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tools import Around

from tuneport.runs.disk import Disk

KINDS = {
    errno.ENOSPC: 75,
    errno.EDQUOT: 75,
    errno.EFBIG: 75,
    errno.EIO: 74,
    errno.EACCES: 77,
    errno.EPERM: 77,
    errno.EROFS: 77,
}
"""Errors of the system, and the exit codes of ours that stand for them."""

Fails = Callable[[int, str, Path], bool]
"""Whether a call fails: its number, from 1 on, its name and its path."""


class Failing(Around):
    """A disk some of whose calls fail, with an error of the system.

    Attributes:
        calls: the name and the path of each call, those that failed among them.
        raised: the errors, the first one first.
    """

    def __init__(self, number: int, fails: Fails) -> None:
        super().__init__()
        self._number = number
        self._fails = fails
        self.calls: list[tuple[str, Path]] = []
        self.raised: list[OSError] = []

    def around(self, name: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """Do it, or fail."""
        path = self.paths(arguments)[-1]
        self.calls.append((name, path))
        error = OSError(self._number, os.strerror(self._number)) if self._fails(len(self.calls), name, path) else None
        # A file is closed even where closing it fails.
        result = call(*arguments) if error is None or name == "close" else None
        if error is not None:
            self.raised.append(error)
            raise error
        return result


class Morsels(Disk):
    """A disk that takes a few bytes at a time, as many as chance wants."""

    def __init__(self, most: int) -> None:
        self._random = Random(most)  # noqa: S311  -- the same each time
        self._most = most

    def write(self, path: Path, descriptor: int, data: memoryview) -> int:
        """Write some of it."""
        return super().write(path, descriptor, data[: self._random.randint(1, self._most)])


class Small(Disk):
    """A disk with room for so many bytes: it takes what fits, and then nothing more. What is removed is not counted."""

    def __init__(self, room: int) -> None:
        self._room = room

    def write(self, path: Path, descriptor: int, data: memoryview) -> int:
        """Write what fits.

        Raises:
            OSError: nothing does.
        """
        if not self._room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = super().write(path, descriptor, data[: self._room])
        self._room -= taken
        return taken
