"""Finding plugins without importing any of them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from logging import getLogger
from pathlib import Path

from tuneport.errors import PluginError
from tuneport.plugin_manager.manifest import NAME, Manifest, parse

GROUP = "tuneport.plugins"

_DOTTED = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
_TARGET = re.compile(rf"{_DOTTED}(:{_DOTTED})?")

log = getLogger("tuneport")


@dataclass(frozen=True)
class Found:
    """Something that says it is a plugin, and what could be read of it.

    Attributes:
        name: its name, or the file's where the manifest could not be read.
        target: `module` or `module:attribute` to import.
        origin: where it comes from, for a person: `installed (tuneport-acme)`, a path, `registered`.
        installed: whether a distribution brought it.
        version: that distribution's version.
        manifest: what it says of itself; None where it has no manifest.
        error: why it cannot be used at all; "" where it can be tried.
        hint: how to mend that.
    """

    name: str
    target: str
    origin: str
    installed: bool = False
    version: str = ""
    manifest: Manifest | None = None
    error: str = ""
    hint: str = ""


def installed() -> Iterator[Found]:
    """Plugins that distributions announce as entry points in the group `tuneport.plugins`, by name."""
    found = [_from_entry(entry) for entry in _entry_points()]
    # Not in the order of sys.path, so that the same environment tells the same story everywhere.
    yield from sorted(found, key=lambda one: (one.name, one.origin, one.target))


def _entry_points() -> list[importlib.metadata.EntryPoint]:
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
    origin, version = f"installed ({distribution})", (entry.dist.version or "") if entry.dist is not None else ""
    target, error = "", ""
    manifest = None
    try:
        if not NAME.fullmatch(entry.name):
            raise ValueError(f"{entry.name!r} is no name for a plugin")
        target = _checked(re.sub(r"\s+|\[.*\]\s*$", "", entry.value))
        manifest = package_manifest(target)
        if manifest is not None and manifest.name != entry.name:
            raise ValueError(f"its entry point says its name is {entry.name}; its plugin.json says {manifest.name}")
    except Exception as problem:  # noqa: BLE001  -- whatever is wrong with one plugin is its own affair
        error = told(problem)
    return Found(entry.name, target, origin, True, version, manifest, error)


def in_directory(directory: Path) -> Iterator[Found]:
    """Plugins that the manifests in a directory name: `*.json` in it and `plugin.json` below it.

    Raises:
        PluginError: there is no such directory.
    """
    if not directory.is_dir():
        raise PluginError(f"plugin directory {directory} does not exist", "name one that holds *.json manifests")
    for path in sorted({*directory.glob("*.json"), *directory.glob("**/plugin.json")}):
        yield _from_file(path)


def _from_file(path: Path) -> Found:
    name = path.parent.name if path.name == "plugin.json" else path.stem
    try:
        pointer = parse(path.read_bytes())
    except Exception as problem:  # noqa: BLE001  -- whatever is wrong with one plugin is its own affair
        return Found(name, "", str(path), error=told(problem))
    error = hint = ""
    manifest = None
    try:
        if _spec(_checked(pointer.module)) is None:
            hint = "install it, or put the folder that holds it on PYTHONPATH"
            raise ValueError(f"its module {pointer.module} is not installed")
        manifest = package_manifest(pointer.module)
        if manifest is not None and manifest.name != pointer.name:
            raise ValueError(f"it says its name is {pointer.name}; the plugin it points to says {manifest.name}")
    except Exception as problem:  # noqa: BLE001  -- as above
        error = told(problem)
    return Found(pointer.name, pointer.module, str(path), manifest=manifest or pointer, error=error, hint=hint)


def _checked(target: str) -> str:
    if not _TARGET.fullmatch(target):
        raise ValueError(f"{target!r} is neither module nor module:attribute")
    return target


def package_manifest(target: str) -> Manifest | None:
    """The `plugin.json` of the package that holds a target, the innermost that has one; None where none has.

    Raises:
        ValueError: there is one, and it cannot be read.
    """
    spec = _spec(target)
    inner = target.partition(":")[0].split(".")[1:]
    for location in (spec.submodule_search_locations or []) if spec is not None else []:
        for depth in range(len(inner), -1, -1):
            path = Path(location, *inner[:depth], "plugin.json")
            if path.is_file():
                return parse(path.read_bytes())
    return None


def _spec(target: str) -> ModuleSpec | None:
    # Only the top-level name: finding "a.b" would import "a".
    return importlib.util.find_spec(re.split("[.:]", target)[0])


def told(error: BaseException) -> str:
    """An exception in one line; one of ours, or a plain ValueError, without its type."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001  -- an exception of a plugin may fail at that too
        text = ""
    if type(error) is ValueError and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
