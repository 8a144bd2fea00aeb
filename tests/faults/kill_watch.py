"""What others see at a target while a process writes there, looked at a thousand times a second."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

Seen = dict[str, str]
"""Names of what is visible, each with a digest of its bytes, or what is wrong with it; of a link, where it points."""

TICK = 0.001
"""Seconds from one look to the next."""


class SeenError(AssertionError):
    """Somebody saw what nobody may see."""


def dataset(folder: Path) -> str:
    """The digest of a dataset's sums, where what they list is there and no more; else what is wrong with it."""
    while True:
        there = _inode(folder)
        found = _summed(folder)
        if _inode(folder) == there:  # otherwise another took its place meanwhile, and half of each was read
            return found


def _inode(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except FileNotFoundError:
        return None


def _summed(folder: Path) -> str:
    try:
        sums = (folder / "SHA256SUMS").read_bytes()
        files = dict(_digests(folder))
    except FileNotFoundError as error:
        return f"partial: no {Path(error.filename).name}"
    for name in ("SHA256SUMS", "stats.json"):  # which the sums do not list
        if files.pop(name, None) is None:
            return f"partial: no {name}"
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in sums.decode().splitlines())}
    differ = sorted(name for name in {*listed, *files} if listed.get(name) != files.get(name))
    return f"partial: {', '.join(differ)}" if differ else sha256(sums).hexdigest()


def _digests(folder: str | Path, below: str = "") -> Iterator[tuple[str, str]]:
    """Names and digests of all files; what is looked at so often has to be cheap."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = below + entry.name
            if entry.is_dir():
                yield from _digests(entry.path, f"{name}/")
            else:
                with open(entry.path, "rb", buffering=0) as file:  # noqa: PTH123
                    yield name, sha256(file.read()).hexdigest()


def visible(target: Path, *, versions: bool) -> Seen:
    """What others see at a target: nothing, a file, a dataset, or versions and the link to the newest."""
    if versions:
        # The link first: what it points to has to be there by the time that the versions are listed.
        link = _link(target / "latest")
        return link | {path.name: dataset(path) for path in sorted(target.glob("v*"))}
    try:
        return {target.name: sha256(target.read_bytes()).hexdigest()}
    except FileNotFoundError:
        return {}
    except IsADirectoryError:
        return {target.name: dataset(target)}


def _link(path: Path) -> Seen:
    try:
        return {path.name: str(path.readlink())}
    except FileNotFoundError:
        return {}


def wrong(seen: Seen, old: Seen, new: Seen) -> str:
    """What nobody may see on the way from one state to another; "" where each name has one of both."""
    for name in sorted({*seen, *old, *new}):
        if seen.get(name) not in (old.get(name), new.get(name)):
            return f"{name}: {seen.get(name, 'gone')}"
    latest = seen.get("latest")
    return f"latest: nothing stands at {latest}" if latest is not None and latest not in seen else ""


class Watcher:
    """Somebody who reads a target while others write it.

    Attributes:
        polls: how many times it has looked.
    """

    def __init__(self, target: Path, *, versions: bool) -> None:
        self.polls = 0
        self._target = target
        self._versions = versions

    def look(self) -> Seen:
        """What is visible now."""
        self.polls += 1
        return visible(self._target, versions=self._versions)

    def over(self, process: int, old: Seen, new: Seen, until: float = float("inf")) -> int:
        """Look on until a process has ended, and once more; how it ended: an exit code, or less than 0 for a signal.

        Args:
            process: a child of this process.
            old: what was visible before.
            new: what it makes of it.
            until: seconds after which it is killed.

        Raises:
            SeenError: neither of both was visible.
        """
        start = due = time.monotonic()
        ended = False
        try:
            while True:
                ended, status = _ended(process)
                fault = wrong(self.look(), old, new)
                if fault:
                    raise SeenError(fault)
                if ended:
                    return os.waitstatus_to_exitcode(status)
                due = max(due + TICK, time.monotonic())
                time.sleep(max(0.0, min(due, start + until) - time.monotonic()))
                if time.monotonic() >= start + until:
                    os.kill(process, signal.SIGKILL)
        finally:
            if not ended:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)


def _ended(process: int) -> tuple[bool, int]:
    number, status = os.waitpid(process, os.WNOHANG)
    return number != 0, status
