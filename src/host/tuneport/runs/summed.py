"""What a run reads again of the work of one before it: records that carry a sum of their own, and files of a known sum.

A file that is not there, or does not hold what was written, is done again. Whatever else keeps it from being read may
have passed by the next time, and is an error: no work is thrown away for it.
"""

from __future__ import annotations

import errno
from logging import getLogger
from pathlib import Path
from typing import TypeVar

import msgspec
import msgspec.json
from xxhash import xxh3_128_hexdigest

from tuneport.files import shown
from tuneport.runs.failures import failure

log = getLogger("tuneport")

_Record = TypeVar("_Record")

_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}
"""Nothing is there, nor can be. What stands in the way of the staging folder is told by whoever makes it."""
_BAD = {errno.EIO, errno.EISDIR, getattr(errno, "EUCLEAN", errno.EIO), errno.EBADMSG}
"""What was there is damaged."""


def summed(data: bytes) -> bytes:
    """A record as it is written: its sum, and below it the data."""
    return b"%b\n%b" % (xxh3_128_hexdigest(data).encode(), data)


def read_summed(path: Path, kind: type[_Record], *, quiet: bool = False) -> _Record | None:
    """The record that a file holds; None where there is none, or it is damaged.

    Args:
        path: the file.
        kind: what it is decoded to.
        quiet: do not warn of damage.

    Raises:
        TuneportError: it cannot be read now.
    """
    data = _read(path, quiet=quiet)
    if data is None:
        return None
    digest, _, body = data.partition(b"\n")
    if digest != xxh3_128_hexdigest(body).encode():
        _damaged(path, "is not what was written", quiet=quiet)
        return None
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:  # it is whole, and was written by another version
        return None


def read_whole(path: Path, digest: str) -> bytes | None:
    """All of a file whose xxh3-128 is known; None where it is not there, or damaged.

    Raises:
        TuneportError: it cannot be read now.
    """
    data = _read(path, quiet=False)
    if data is None or xxh3_128_hexdigest(data) == digest:
        return data
    _damaged(path, "is not what was written", quiet=False)
    return None


def _read(path: Path, *, quiet: bool) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError as error:
        if error.errno in _GONE:
            return None
        if error.errno in _BAD:
            _damaged(path, f"cannot be read ({error.strerror})", quiet=quiet)
            return None
        raise failure(error, "read", path) from error


def _damaged(path: Path, what: str, *, quiet: bool) -> None:
    if not quiet:
        log.warning("%s %s: what it stood for is done again", shown(path), what)
