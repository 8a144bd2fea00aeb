"""Reading whole files that somebody names: regular ones, of a size that fits."""

from __future__ import annotations

import errno
import os
import stat
from hashlib import sha256
from pathlib import Path

MAX_BYTES = 64 << 20


def read_regular(path: Path, most: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file.

    Args:
        path: the file.
        most: how many bytes it may have.

    Raises:
        OSError: it is not there, is no regular file (a pipe would never end), is larger, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:
        raise OSError(errno.EINVAL, "no name a file could have", str(path)) from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most:,} bytes", str(path))
    return data


def shown(path: Path) -> str:
    """A path as somebody in the working directory would write it."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100  -- links in it stay what they are
    return str(whole.relative_to(Path.cwd())) if whole.is_relative_to(Path.cwd()) else str(whole)


class Resources:
    """Files that stages ask for by the name in their configuration.

    Attributes:
        digests: name to SHA-256 of what was read.
    """

    def __init__(self, base: Path) -> None:
        self._base = base
        self.digests: dict[str, str] = {}

    def read(self, name: str) -> bytes:
        """The bytes of a file; its name starts from the recipe's folder.

        Raises:
            OSError: it cannot be read.
        """
        try:
            data = read_regular(self._base / name)
        except FileNotFoundError as error:
            raise FileNotFoundError(error.errno, "there is no such file", str((self._base / name).absolute())) from None
        self.digests[name] = sha256(data).hexdigest()
        return data
