"""Every call that changes a folder, as it is recorded; and what stands in one, before and after."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from tools import Around, Killed

SYNCS = {"sync", "sync_file"}


@dataclass(frozen=True)
class Event:
    """One call that was made: on which paths, relative to the place, and what it wrote, linked or set.

    `site` tells calls apart that make something durable: by who asked for it, and for what kind of path.
    """

    call: str
    paths: tuple[str, ...]
    data: bytes = b""
    mode: int = 0
    site: str = ""


@dataclass(frozen=True)
class Entry:
    """What a path is: a folder, a file with these bytes, or a link to them."""

    kind: str
    data: bytes = b""
    mode: int = 0o755


Tree = dict[str, Entry]
"""A folder, by paths relative to it; it itself is `.`."""


class Recorder(Around):
    """The real disk; what is done below `place` is recorded. The process dies before the call after the last one."""

    def __init__(self, place: Path, events: list[Event], last: int | None = None) -> None:
        super().__init__()
        self._place = place
        self._events = events
        self._last = last

    def around(self, name: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """Do it, and note it."""
        if self._last is not None and len(self._events) >= self._last:
            raise Killed
        result = call(*arguments)
        self._events.append(self._event(name, arguments, result))
        return result

    def _event(self, name: str, arguments: tuple[Any, ...], result: Any) -> Event:
        full = self.paths(arguments)
        paths = tuple(os.path.relpath(path, self._place) for path in full)
        data = b""
        if name == "write":
            data = bytes(arguments[2][:result])
        elif name == "symlink":
            data = os.fsencode(arguments[1])
        elif name == "rename" and full[1].is_file():
            data = full[1].read_bytes()
        mode = stat.S_IMODE(full[0].lstat().st_mode) if name in {"create", "lock_file", "mkdir", "chmod"} else 0
        return Event(name, paths, data, mode, _site(name, paths[-1]) if name in SYNCS else "")


def _site(call: str, path: str) -> str:
    """Who asked for a call: the first function of ours outside the storage, and its line."""
    frame: FrameType | None = sys._getframe(3)
    asked = ""
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module == "tuneport.runs.storage":
            asked = frame.f_code.co_name
        elif module.startswith("tuneport."):
            break
        frame = frame.f_back
    who = f"{frame.f_code.co_qualname}:{frame.f_lineno} " if frame is not None else ""
    kind = re.sub(r"[0-9]+", "0", re.sub(r"^.*\.staging", "staging", path))
    return f"{who}{asked} {call} {kind}"


def tree_of(place: Path) -> Tree:
    """What stands in a folder."""
    found: Tree = {}
    for path in (place, *place.rglob("*")):
        kind = "link" if path.is_symlink() else "folder" if path.is_dir() else "file"
        data = path.read_bytes() if kind == "file" else os.fsencode(path.readlink()) if kind == "link" else b""
        found[os.path.relpath(path, place)] = Entry(kind, data, stat.S_IMODE(path.lstat().st_mode))
    return found


def lay(tree: Tree, place: Path) -> None:
    """Let a folder be this one."""
    shutil.rmtree(place, ignore_errors=True)
    for name, entry in sorted(tree.items()):
        path = place / name
        if entry.kind == "folder":
            path.mkdir()
        elif entry.kind == "link":
            path.symlink_to(os.fsdecode(entry.data))
            continue
        else:
            path.write_bytes(entry.data)
        path.chmod(entry.mode)
