"""Reading files that others may have prepared: regular ones, of bounded size, by no link, once."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.trust.links import followed
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
    _folders: int = 0
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

    def enter(self, loose: str) -> None:
        """Note one more folder, and what its group may write to.

        Raises:
            RefusedError: there are too many.
        """
        self.loose = self.loose or loose
        self._folders += 1
        if self._folders > MAX_FILES:
            raise RefusedError("unsafe", f"it has more than {MAX_FILES:,} folders", "install it with pip instead")


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


def read_file(path: Path, *, private: bool = False) -> tuple[bytes, str]:
    """A file's bytes, and its path where its group may write to it.

    Args:
        path: the file.
        private: a group that has its owner's number is the owner's alone.

    Raises:
        RefusedError: it is a link, no regular file, too large, or somebody else could change it.
        OSError: it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RefusedError("unsafe", f"{path} is a symbolic link", "put what it points to there") from None
        raise
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError("unsafe", f"{path} is no regular file", "take it away")
        loose = guard(path, status, private=private)
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise RefusedError("unsafe", f"{path} is larger than {MAX_FILE >> 20} MiB", "install it with pip instead")
    return data, loose


def read_parts(root: Path, parts: Sequence[str], within: Path) -> Contents:
    """The files that are, or stand below, these paths of a folder.

    Args:
        root: the folder.
        parts: paths in it.
        within: the folder that links may lead to places of.

    Raises:
        RefusedError: one of them leads elsewhere, or is not allowed; or the whole is too large.
        OSError: one cannot be read.
    """
    contents = Contents()
    for part in parts:
        for name, path in _below(part, root / part, contents, within):
            data, loose = read_file(path)
            contents.loose = contents.loose or loose
            contents.add(name, data)
    return contents


def _below(name: str, path: Path, contents: Contents, within: Path, depth: int = 0) -> Iterator[tuple[str, Path]]:
    """The name and the real path of every file."""
    if depth > MAX_DEPTH:
        raise RefusedError("unsafe", f"{path} stands more than {MAX_DEPTH} folders deep", "take it away")
    if path.is_symlink():
        path, loose = followed(path, within)
        contents.loose = contents.loose or loose
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        yield name, path
        return
    contents.enter(guard(path, status))
    with os.scandir(path) as entries:
        inner = sorted(entry.name for entry in entries)
    for one in inner:
        if one not in NEVER_READ:
            yield from _below(f"{name}/{one}", path / one, contents, within, depth + 1)
