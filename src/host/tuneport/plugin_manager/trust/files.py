"""Reading files that others may have prepared: regular ones, of bounded size, by no link, once."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.trust.ownership import guard

MAX_FILE = 16 << 20
MAX_TREE = 64 << 20
MAX_FILES = 5000
MAX_NAME = 1024
MAX_DEPTH = 50

NEVER_READ = frozenset({"__pycache__", ".git"})
"""Folders that are no part of a plugin: nothing in them is read, so nothing in them can run."""

COMPILED = (".pyc", ".pyo", ".pth", ".so", ".pyd", ".dll", ".dylib")
"""What cannot be run from checked bytes, or runs without being imported."""


@dataclass
class Contents:
    """Files by path, within the bounds.

    Attributes:
        files: path from the root to bytes.
        loose: the first file or folder that its group may write to; "" where there is none.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    loose: str = ""
    _size: int = 0

    def add(self, name: str, data: bytes) -> None:
        """Add one file.

        Raises:
            RefusedError: its name or kind is not allowed, or the whole is too large.
        """
        clean(name)
        if name.lower().endswith(COMPILED):
            raise RefusedError(
                "unsafe", f"{name} is compiled, or runs unasked: only sources are run", "install it with pip instead"
            )
        self.files[name] = data
        self._size += len(data)
        if self._size > MAX_TREE or len(self.files) > MAX_FILES:
            bounds = f"{MAX_TREE >> 20} MiB or {MAX_FILES:,} files"
            raise RefusedError("unsafe", f"it is larger than {bounds}", "install it with pip instead")


def clean(name: str) -> str:
    """A path that stays below its root, as it is.

    Raises:
        RefusedError: it is absolute, leads upwards, or has characters that no path of a plugin needs.
    """
    steps = name.split("/")
    strange = any(ord(char) < 32 or char == "\\" or 0xD800 <= ord(char) < 0xE000 for char in name)
    if strange or len(name) > MAX_NAME or any(step in {"", ".", ".."} for step in steps):
        raise RefusedError(
            "unsafe", f"{name!r} is no path below the plugin's folder", "name it plainly: acme/data.json"
        )
    return name


def absolute(path: str | Path) -> Path:
    """A path from the root on, without steps back; links in it stay."""
    return Path(os.path.normpath(Path.cwd() / path))


def read_file(path: Path) -> tuple[bytes, str]:
    """A file's bytes, and its path where its group may write to it.

    Raises:
        RefusedError: it is a link, no regular file, too large, or somebody else could change it.
        OSError: it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise link(path) from None
        raise
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError("unsafe", f"{path} is no regular file", "take it away")
        loose = guard(path, status)
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise RefusedError("unsafe", f"{path} is larger than {MAX_FILE >> 20} MiB", "install it with pip instead")
    return data, loose


def read_parts(root: Path, parts: Sequence[str]) -> Contents:
    """The files that are, or stand below, these paths of a folder.

    Raises:
        RefusedError: one of them is a link, or not allowed; or the whole is too large.
        OSError: one cannot be read.
    """
    contents = Contents()
    for part in parts:
        for path in _below(root / part, contents):
            data, loose = read_file(path)
            contents.loose = contents.loose or loose
            contents.add(path.relative_to(root).as_posix(), data)
    return contents


def _below(path: Path, contents: Contents, depth: int = 0) -> Iterator[Path]:
    if depth > MAX_DEPTH:
        raise RefusedError("unsafe", f"{path} stands more than {MAX_DEPTH} folders deep", "take it away")
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise link(path)
    if not stat.S_ISDIR(status.st_mode):
        yield path
        return
    loose = guard(path, status)
    contents.loose = contents.loose or loose
    with os.scandir(path) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        if name not in NEVER_READ:
            yield from _below(path / name, contents, depth + 1)


def link(path: Path) -> RefusedError:
    """The refusal of a symbolic link."""
    return RefusedError("unsafe", f"{path} is a symbolic link", "put what it points to there")
