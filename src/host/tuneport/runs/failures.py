"""What errors of the disk mean."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from tuneport.errors import NotPermittedError, StorageError, TargetExistsError, TryAgainError, TuneportError

_SPACE = "free some space and run it again"
_TRANSIENT = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EFBIG: "raise the limit on file sizes (ulimit -f), or name a place on another file system",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.ENFILE: "run it again when other programs have closed some files",
    errno.ENOMEM: "give it more memory",
}
"""Errors that may have passed by the next time, and what helps."""
_WORDS = {
    "link": "make the link",
    "mkdir": "make the folder",
    "permit": "set the permissions of",
    "scratch": "make a folder in",
    "sync": "make durable",
    "unnamed": "make a file in",
}
"""Operations, where one word does not say it."""
_IN_THE_WAY: dict[tuple[str, int | None], str] = {
    ("create", errno.ELOOP): "it is a link, and none is followed",
    ("link", errno.EEXIST): "it is no link",
}
"""What stands where we make something, and is somebody's."""


@contextlib.contextmanager
def translated(operation: str, path: Path) -> Iterator[None]:
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
        return TryAgainError(f"{path}: {error.strerror}", _TRANSIENT[error.errno])
    if (what := _IN_THE_WAY.get((operation, error.errno))) is not None:
        return TargetExistsError(f"{path} is in the way: {what}", "move it away")
    text = f"cannot {_WORDS.get(operation, operation)} {path}: {error.strerror or error}"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return NotPermittedError(text, "check owner and permissions, or name another place")
    return StorageError(text)
