"""Plugins that are installed, found without importing any of them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterator
from logging import getLogger
from pathlib import Path

from tuneport.errors import told
from tuneport.plugin_manager.finding.found import GROUP, Found, checked, innermost, intact, top_of
from tuneport.plugin_manager.manifest import NAME, Manifest, parse

log = getLogger("tuneport")


def installed() -> Iterator[Found]:
    """Plugins that distributions announce as entry points in the group `tuneport.plugins`, by name."""
    found = [_from_entry(entry) for entry in entry_points()]
    # Not in the order of sys.path, so that the same environment tells the same story everywhere.
    yield from sorted(found, key=lambda one: (one.name, one.origin, one.target))


def entry_points() -> list[importlib.metadata.EntryPoint]:
    """The entry points of our group, of every distribution that can be read."""
    try:
        return list(importlib.metadata.entry_points(group=GROUP))
    except Exception:  # noqa: BLE001  -- one unreadable entry_points.txt, anyone's, fails them all
        return list(_one_by_one())


def _one_by_one() -> Iterator[importlib.metadata.EntryPoint]:
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions():
        name = "unknown"
        try:
            name = distribution.name
            entries = distribution.entry_points.select(group=GROUP)
        except Exception as error:  # noqa: BLE001  -- as above: this one is left out, the others are not
            log.warning("the entry points of %s cannot be read: %s", name, told(error))
            continue
        if name not in seen:
            seen.add(name)
            yield from entries


def _from_entry(entry: importlib.metadata.EntryPoint) -> Found:
    distribution = entry.dist.name if entry.dist is not None else "unknown"
    version = (entry.dist.version or "") if entry.dist is not None else ""
    found = Found(entry.name, "", f"installed ({distribution})", True, version)
    try:
        if not NAME.fullmatch(entry.name):
            raise ValueError(f"{entry.name!r} is no name for a plugin")
        target = target_of(entry)
        found = Found(entry.name, target, found.origin, True, version)
        manifest = package_manifest(target)
        if manifest is not None and manifest.name != entry.name:
            raise ValueError(f"its entry point says its name is {entry.name}; its plugin.json says {manifest.name}")
    except Exception as problem:  # noqa: BLE001  -- whatever is wrong with one plugin is its own affair
        return found.failing(problem)
    return Found(entry.name, target, found.origin, True, version, manifest)


def target_of(entry: importlib.metadata.EntryPoint) -> str:
    """What an entry point names, without its extras.

    Raises:
        ValueError: that is neither `module` nor `module:attribute`.
    """
    return checked(_without_extras(entry.value))


def _without_extras(value: str) -> str:
    return "".join(value.partition("[")[0].split())


def package_manifest(target: str) -> Manifest | None:
    """The `plugin.json` of the package that holds a target, the innermost that has one; None where none has.

    Raises:
        ValueError: there is one, and it cannot be read.
        RefusedError: it, or a file that it lists, is not what it is said to be.
    """
    path = manifest_path(target)
    if path is None:
        return None
    data = path.read_bytes()
    manifest = parse(data)
    intact(path.name, data, manifest, folder_reader(path.parent))
    return manifest


def manifest_path(target: str) -> Path | None:
    """Where the `plugin.json` of an installed target stands."""
    # Only the top-level name: finding "a.b" would import "a".
    spec = importlib.util.find_spec(top_of(target))
    for location in (spec.submodule_search_locations or []) if spec is not None else []:
        for inner in innermost(target):
            path = Path(location, inner)
            if path.is_file():
                return path
    return None


def folder_reader(folder: Path) -> Callable[[str], bytes | None]:
    """Reads files by their path from a folder on; None where there is no such file."""
    return lambda name: (folder / name).read_bytes() if (folder / name).is_file() else None


def is_installed(target: str) -> bool:
    """Whether the top-level module of a target can be imported."""
    return importlib.util.find_spec(top_of(target)) is not None


def announced(name: str, target: str) -> bool:
    """Whether an installed module says itself that it is the plugin of this name.

    That is so where a distribution announces it, or the `plugin.json` in its package names it.
    """
    if any(entry.name == name and _without_extras(entry.value) == target for entry in entry_points()):
        return True
    path = manifest_path(target)
    if path is None:
        return False
    manifest = parse(path.read_bytes())
    # A manifest that names no module speaks for the package it stands in.
    own = manifest.module or target.partition(":")[0]
    return manifest.name == name and own == target and (bool(manifest.module) or _is_package(target, path))


def _is_package(target: str, manifest: Path) -> bool:
    return ":" not in target and tuple(target.split(".")) == manifest.parent.parts[-len(target.split(".")) :]
