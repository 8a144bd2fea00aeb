"""Plugins in wheels, and in folders that `pip install --target` filled."""

from __future__ import annotations

import contextlib
import csv
import importlib.metadata
import platform
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tuneport.plugin_manager.finding.found import GROUP, Found, checked, innermost, intact, reader, top_of
from tuneport.plugin_manager.finding.installed import target_of
from tuneport.plugin_manager.finding.requirements import required
from tuneport.plugin_manager.manifest import NAME, Manifest, parse
from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.trust.bundle import Bundle, Reader
from tuneport.plugin_manager.trust.files import read_file

_READ = ("METADATA", "RECORD", "entry_points.txt")


class Unpacked(importlib.metadata.Distribution):
    """A distribution over bytes that were read already."""

    def __init__(self, files: Mapping[str, bytes], info: str) -> None:
        self._bytes = files
        self.info = info

    def read_text(self, filename: str) -> str | None:
        """A file of the dist-info folder."""
        data = self._bytes.get(f"{self.info}/{filename}")
        return None if data is None else data.decode()

    def locate_file(self, path: Any) -> Any:
        """Where a file of the distribution stands, from the root on."""
        return PurePosixPath(path)

    def plugins(self) -> list[importlib.metadata.EntryPoint]:
        """The plugins it announces, by name."""
        return sorted(self.entry_points.select(group=GROUP), key=lambda entry: entry.name)

    def needs(self) -> list[str]:
        """The distributions it requires here, as PEP 508 writes them."""
        wanted = [required(line) for line in self.requires or ()]
        return [str(one) for one in wanted if one is not None]

    def tops(self) -> set[str]:
        """Its files and folders at the root.

        Raises:
            ValueError: nothing says which files are its own.
        """
        record = self.read_text("RECORD")
        if record is None:
            raise ValueError(f"{self.info} has no RECORD, so nothing says which files are its own")
        # Python's own reading of it differs between versions, and takes a line of four fields for a fault.
        tops = {row[0].partition("/")[0] for row in csv.reader(record.splitlines()) if row}
        return (tops | {self.info}) - {"..", "bin", "__pycache__", ""}


def from_wheel(path: Path, reader: Reader) -> Iterator[Found]:
    """The plugins of a wheel; one that is broken where nothing can be read of it."""
    whole = Found(path.name.partition("-")[0], "", str(path))
    try:
        bundle, files = reader.bundle(path, path, ())
        infos = sorted({name.partition("/")[0] for name in files if ".dist-info/" in name})
        if len(infos) != 1:
            raise ValueError(f"{path.name} is no wheel: it has {len(infos)} dist-info folders, not one")
        yield from _plugins(Unpacked(files, infos[0]), files, bundle, str(path))
    except Exception as problem:  # noqa: BLE001  -- whatever is wrong with one plugin is its own affair
        yield whole.failing(problem)


def _plugins(distribution: Unpacked, files: Mapping[str, bytes], bundle: Bundle, origin: str) -> Iterator[Found]:
    """One plugin per entry point of our group; of a distribution that has none, one per `plugin.json`."""
    entries = distribution.plugins()
    described = [] if entries else [name for name in sorted(files) if name.endswith("/plugin.json")]
    if not entries and not described:
        raise ValueError(f"it announces no plugin in the group {GROUP}, and holds no plugin.json")
    needs = tuple(distribution.needs())
    for entry in entries:
        found = Found(entry.name, "", origin, version=distribution.version or "", bundle=bundle, requires=needs)
        yield _from_entry(found, entry, distribution, files)
    for name in described:
        found = Found(PurePosixPath(name).parent.name, "", origin, version=distribution.version or "")
        yield _from_manifest(replace(found, bundle=bundle, requires=needs), name, distribution, files)


def _from_entry(
    found: Found, entry: importlib.metadata.EntryPoint, distribution: Unpacked, files: Mapping[str, bytes]
) -> Found:
    try:
        if not NAME.fullmatch(entry.name):
            raise ValueError(f"{entry.name!r} is no name for a plugin")
        target = target_of(entry)
        found = replace(found, target=target, manifest=_manifest(target, files))
        if found.manifest is not None and found.manifest.name != entry.name:
            said = found.manifest.name
            raise ValueError(f"its entry point says its name is {entry.name}; its plugin.json says {said}")
        return _fitting(found, distribution)
    except Exception as problem:  # noqa: BLE001  -- as above
        return found.failing(problem)


def _from_manifest(found: Found, path: str, distribution: Unpacked, files: Mapping[str, bytes]) -> Found:
    try:
        manifest = _read(path, files)
        found = replace(found, name=manifest.name, target=checked(manifest.module), manifest=manifest)
        return _fitting(found, distribution)
    except Exception as problem:  # noqa: BLE001  -- as above
        return found.failing(problem)


def _fitting(found: Found, distribution: Unpacked) -> Found:
    if found.bundle is None or top_of(found.target) not in found.bundle.tops:
        raise ValueError(f"its module {found.target} is not in it")
    said = distribution.metadata
    wanted = said["Requires-Python"] or "" if "Requires-Python" in said else ""
    if wanted and not SpecifierSet(wanted).contains(platform.python_version(), prereleases=True):
        text = f"needs Python {wanted}, this is {platform.python_version()}"
        raise RefusedError("incompatible", text, "install a version of the plugin made for this Python")
    return found


def _manifest(target: str, files: Mapping[str, bytes]) -> Manifest | None:
    names = [f"{top_of(target)}/{name}" for name in innermost(target)]
    return next((_read(name, files) for name in names if name in files), None)


def _read(path: str, files: Mapping[str, bytes]) -> Manifest:
    manifest = parse(files[path])
    folder, _, name = path.rpartition("/")
    intact(name, files[path], manifest, reader(files, folder))
    return manifest


class Target:
    """The distributions that `pip install --target` put into a folder."""

    def __init__(self, folder: Path, reader: Reader) -> None:
        self._folder = folder
        self._reader = reader
        self._unpacked: dict[str, Unpacked] = {}
        self._named: dict[str, Unpacked] = {}
        self.broken: list[Found] = []
        for info in sorted(folder.glob("*.dist-info")):
            try:
                one = Unpacked(_info(info), info.name)
                if "Name" not in one.metadata or canonicalize_name(one.name) != _stem(info):
                    raise ValueError(f"{info} has no METADATA that names it")
                self._named[_stem(info)] = self._unpacked[info.name] = one
            except Exception as problem:  # noqa: BLE001  -- as above
                self.broken.append(Found(info.name.partition("-")[0], "", str(info)).failing(problem))

    def tops(self) -> set[str]:
        """The files and folders that belong to a distribution."""
        found = {"bin"} if self._unpacked else set()
        for one in self._unpacked.values():
            # Where it has no RECORD that can be read, nothing is its own.
            with contextlib.suppress(Exception):
                found |= one.tops()
        return found

    def found(self) -> Iterator[Found]:
        """The plugins that these distributions announce, but for the host's own: this host runs already."""
        yield from self.broken
        for info, one in self._unpacked.items():
            try:
                if not one.plugins() or canonicalize_name(one.name) == "tuneport":
                    continue
                kept, needs = self._closure(one)
                parts = sorted({top for each in kept for top in each.tops()})
                bundle, files = self._reader.bundle(self._folder / info, self._folder, parts)
                for found in _plugins(Unpacked(files, info), files, bundle, str(self._folder / info)):
                    yield replace(found, requires=tuple(needs))
            except Exception as problem:  # noqa: BLE001  -- as above
                name = info.partition("-")[0]
                yield Found(name, "", str(self._folder / info)).failing(problem)

    def _closure(self, one: Unpacked) -> tuple[list[Unpacked], list[str]]:
        """A distribution with those of this folder that it needs, and what it needs beside these.

        What is installed and fits comes from there: a plugin has to share the host's own libraries.
        """
        kept, needs, waiting = [one], list[str](), one.needs()
        while waiting:
            need = required(waiting.pop(0))
            if need is None:
                continue
            private = self._named.get(canonicalize_name(need.name))
            if private is None or _installed(need):
                needs.append(str(need))
            elif private not in kept:
                kept.append(private)
                waiting.extend(private.needs())
        return kept, list(dict.fromkeys(needs))


def _stem(info: Path) -> str:
    return canonicalize_name(info.name.partition("-")[0])


def _installed(need: Requirement) -> bool:
    try:
        return need.specifier.contains(importlib.metadata.version(need.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False


def _info(folder: Path) -> dict[str, bytes]:
    paths = [folder / name for name in _READ if (folder / name).exists()]
    return {f"{folder.name}/{path.name}": read_file(path)[0] for path in paths}
