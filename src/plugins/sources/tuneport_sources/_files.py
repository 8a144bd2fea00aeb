"""What importers ask of a file before they read it."""

from __future__ import annotations

import difflib
import os
import stat
from pathlib import Path

import xxhash

from tuneport.errors import SourceError, SourceNotFoundError

_SAMPLED = 64 * 1024


def regular_file(path: Path) -> os.stat_result:
    """Return the file's facts.

    Raises:
        SourceNotFoundError: nothing is there.
        SourceError: it is a folder or a device, or its facts cannot be read.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path) from None
    except OSError as error:
        raise unreadable(path, error) from error
    if stat.S_ISDIR(found.st_mode):
        raise SourceError(f"{path} is a folder", "name a file in it")
    if not stat.S_ISREG(found.st_mode):
        raise SourceError(f"{path} is not a regular file", "copy its content into a file first")
    return found


def revision(path: Path) -> dict[str, int | str]:
    """Facts that change with the file's content.

    Raises:
        SourceNotFoundError: nothing is there.
        SourceError: it is no file, or cannot be read.
    """
    found = regular_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(_SAMPLED)
            file.seek(max(0, found.st_size - _SAMPLED))
            tail = file.read(_SAMPLED)
    except OSError as error:
        raise unreadable(path, error) from error
    return {
        "size": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "head": xxhash.xxh3_64_hexdigest(head),
        "tail": xxhash.xxh3_64_hexdigest(tail),
    }


def unreadable(path: Path, error: OSError) -> SourceError:
    """Make the error for a file that is there and cannot be read."""
    return SourceError(f"{path} cannot be read: {error.strerror or error}")


def one_line(name: str) -> str:
    """A name as a title shows it: what would break the line, or cannot be seen, stands there escaped."""
    return name if name.isprintable() else repr(name)[1:-1]


def _missing(path: Path) -> SourceNotFoundError:
    if path.is_symlink():
        return SourceNotFoundError(f"{path} is a link to nothing", "what it points to was moved or removed")
    return SourceNotFoundError(f"{path} does not exist", _nearby(path))


def _nearby(path: Path) -> str:
    """Find a file of almost that name, for a typing error."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"the folder {path.parent} does not exist or cannot be read"
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f'did you mean "{path.with_name(near[0])}"?' if near else "check the path"
