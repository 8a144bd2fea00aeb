"""The lock file: which files of a plugin directory may run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import msgspec.json

from tuneport.errors import PluginError
from tuneport.plugin_manager.finding.directory import LOCK_SUFFIX, in_directory
from tuneport.plugin_manager.finding.found import Found, legible
from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.trust.bundle import Bundle, differing
from tuneport.plugin_manager.trust.doubles import distinct
from tuneport.plugin_manager.trust.files import absolute, read_file
from tuneport.plugin_manager.trust.ownership import guard_place, leads_through

Change = Literal["added", "changed", "unchanged", "removed"]

VERSION = 1


class Pinned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one plugin's files have to be.

    Attributes:
        name: the plugin's.
        version: what it said then.
        path: its manifest, wheel or dist-info folder, from the lock file's folder on.
        digest: of all its files.
        files: path to SHA-256.
    """

    name: str
    version: str
    path: str
    digest: str
    files: dict[str, str]


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lock file."""

    version: int
    plugins: tuple[Pinned, ...]

    def complaint(self, name: str, path: str, bundle: Bundle) -> RefusedError | None:
        """Why a plugin may not run; None where its files are what they were when they were locked."""
        mine = [one for one in self.plugins if one.name == name]
        if any(one.digest == bundle.digest and one.files == bundle.hashes for one in mine):
            return None
        before = next((one for one in mine if one.path == path), None)
        if before is None:
            return RefusedError("untrusted", "not in the lock file")
        if how := differing(before.files, bundle.hashes):
            return RefusedError("changed", f"{how} since it was locked")
        return RefusedError("changed", "the lock file contradicts itself: its digest is not that of its files")


@dataclass(frozen=True)
class LockedPlugin:
    """What locking did to one plugin.

    Attributes:
        name: the plugin's.
        version: its version.
        path: its manifest, wheel or dist-info folder, from the lock file's folder on.
        digest: of all its files; "" where it is gone.
        change: against what was locked before.
        files: the paths that were changed, added or taken away since.
    """

    name: str
    version: str
    path: str
    digest: str
    change: Change
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Locked:
    """What `lock_directory` did.

    Attributes:
        path: the lock file.
        plugins: every plugin that is pinned now, or was, by name.
        left_out: plugins that cannot be pinned: name, origin, and why.
    """

    path: Path
    plugins: tuple[LockedPlugin, ...]
    left_out: tuple[tuple[str, str, str], ...]

    @property
    def changed(self) -> bool:
        """Whether the lock file says something else now."""
        return any(one.change != "unchanged" for one in self.plugins)


def lock_of(directory: Path) -> Path:
    """The lock file of a directory where none is named: `DIR.lock.json` beside it.

    Where a folder above it has one, it is that: whoever may write to a directory that is pinned could put a lock
    file beside any folder in it.
    """
    directory = absolute(directory)
    beside = [Path(f"{one}{LOCK_SUFFIX}") for one in (directory, *directory.parents)]
    return next((one for one in reversed(beside) if os.path.lexists(one)), beside[0])


def read_lock(path: Path) -> Lock | None:
    """A lock file; None where there is none.

    Raises:
        RefusedError: it cannot be read, or somebody else could change it.
    """
    try:
        loose = guard_place(path, private=True)
        data, loose_file = read_file(path.resolve(strict=True), private=True)
        if loose := loose or loose_file:
            text = f"its group may write to {loose}, and so say what the lock file {path} pins"
            raise RefusedError("unsafe", text, f"chmod g-w {loose}")
        lock = msgspec.json.decode(data, type=Lock)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        text = f"the lock file {path} cannot be read: {error}"
        raise RefusedError("untrusted", text, "mend it, or take it away and lock again") from None
    if lock.version != VERSION:
        text = f"the lock file {path} has version {lock.version}; this host knows {VERSION}"
        raise RefusedError("untrusted", text, "take it away and lock again")
    return lock


def place_of(origin: Path, lock: Path) -> str:
    """What a lock file calls a manifest, wheel or dist-info folder: its path from the lock file's folder on."""
    return legible(Path(os.path.relpath(origin, absolute(lock).parent)).as_posix())


def lock_directory(directory: str | Path, lock: str | Path | None = None) -> Locked:
    """Pin the plugins of a directory to what their files are now: what differs from that is not run.

    A lock file may pin several directories; what it says of others stays.

    Args:
        directory: the plugin directory.
        lock: the lock file; where it is not given `DIR.lock.json` beside the directory, or what pins a folder
            above it already.

    Raises:
        PluginError: there is no such directory, the lock file would stand in it, or what stands there is none.
        TuneportError: the lock file cannot be written.
    """
    directory = absolute(directory)
    path = absolute(lock) if lock is not None else lock_of(directory)
    if leads_through(path, directory):
        raise PluginError(f"the lock file {path} would stand in {directory}", "keep it where plugins cannot change it")
    found = distinct(in_directory(directory))
    try:
        before = read_lock(path) or Lock(VERSION, ())
    except RefusedError as error:
        raise PluginError(error.reason, error.hint) from None
    here = legible(str(directory))
    old = [one for one in before.plugins if absolute(legible(str(path.parent / one.path))).is_relative_to(here)]
    new = [_pinned(one, one.bundle, path) for one in found if one.bundle is not None and not one.error]
    others = [one for one in before.plugins if one not in old]
    _write(path, Lock(VERSION, tuple(sorted([*others, *new], key=_order))), before)
    left_out = tuple((legible(one.name), legible(one.origin), one.error) for one in found if one.error)
    return Locked(path, tuple(sorted(_changes(old, new), key=lambda one: (one.name, one.path))), left_out)


def _pinned(found: Found, bundle: Bundle, lock: Path) -> Pinned:
    version = (found.manifest.version if found.manifest is not None else "") or found.version
    files = dict(sorted(bundle.hashes.items()))
    return Pinned(found.name, version, place_of(bundle.origin, lock), bundle.digest, files)


def _order(one: Pinned) -> tuple[str, str]:
    return one.name, one.path


def _changes(old: list[Pinned], new: list[Pinned]) -> Iterator[LockedPlugin]:
    before = {_order(one): one for one in old}
    for one in new:
        past = before.pop(_order(one), None)
        files = past.files if past is not None else {}
        changed = tuple(sorted(name for name in {*files, *one.files} if files.get(name) != one.files.get(name)))
        change: Change = "added" if past is None else "changed" if past != one else "unchanged"
        yield LockedPlugin(one.name, one.version, one.path, one.digest, change, changed if past is not None else ())
    for one in before.values():
        yield LockedPlugin(one.name, one.version, one.path, "", "removed")


def _write(path: Path, lock: Lock, before: Lock) -> None:
    from tuneport.storage import Storage

    if lock != before or not path.exists():
        # Whatever the umask is: what a group may write to pins nothing.
        Storage().put(path, msgspec.json.format(msgspec.json.encode(lock), indent=2) + b"\n", 0o644)
