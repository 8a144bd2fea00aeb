"""What errors of the disk mean."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from tuneport.errors import NotPermittedError, StorageError, TryAgainError, TuneportError

_TRANSIENT = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TOO_LARGE = "raise the limit on file sizes (ulimit -f), or name a place on another file system"
_WORDS = {
    "link": "make the link",
    "mkdir": "make the folder",
    "permit": "set the permissions of",
    "scratch": "make a folder in",
    "sync": "make durable",
    "unnamed": "make a file in",
}
"""Operations, where one word does not say it."""


@contextlib.contextmanager
def told(operation: str, path: Path) -> Iterator[None]:
    """Let errors of the system be errors of ours for the length of a block."""
    try:
        yield
    except OSError as error:
        raise failure(error, operation, path) from error


def damaged(path: Path) -> StorageError:
    """The error of a file that does not hold what was written to it."""
    text = f"{path} is not what was written: the disk or its cable may be failing"
    return StorageError(text, "run it again, it writes the file anew; nothing has to be removed")


def failure(error: OSError, operation: str, path: Path | str) -> TuneportError:
    """What an error of the system means to whoever asked for the run."""
    if error.errno in _TRANSIENT:
        hint = _TOO_LARGE if error.errno == errno.EFBIG else "free some space and run it again"
        return TryAgainError(f"{path}: {error.strerror}", hint)
    text = f"cannot {_WORDS.get(operation, operation)} {path}: {error.strerror or error}"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return NotPermittedError(text, "check owner and permissions, or name another place")
    return StorageError(text)
