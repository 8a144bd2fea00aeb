"""Finding plugins without importing any of them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tuneport.errors import PluginError
from tuneport.plugin_manager.manifest import Manifest, parse

GROUP = "tuneport.plugins"


@dataclass(frozen=True)
class Found:
    """Something that says it is a plugin, and what could be read of it.

    Attributes:
        name: its name, or the file's where the manifest could not be read.
        target: `module` or `module:attribute` to import.
        origin: where it comes from, for a person: `installed (tuneport-acme)`, a path, `registered`.
        installed: whether it was installed, by a distribution of the name `origin` holds.
        manifest: what it says of itself; None where it has no manifest.
        error: why it cannot be used at all; "" where it can be tried.
    """

    name: str
    target: str
    origin: str
    installed: bool = False
    manifest: Manifest | None = None
    error: str = ""

    @property
    def module(self) -> str:
        """The module, without the attribute."""
        return self.target.partition(":")[0]


def installed() -> Iterator[Found]:
    """Plugins that distributions announce as entry points in the group `tuneport.plugins`."""
    for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda entry: entry.name):
        distribution = entry.dist.name if entry.dist is not None else "unknown"
        origin = f"installed ({distribution})"
        try:
            manifest = package_manifest(entry.module)
        except (ValueError, OSError) as error:
            yield Found(entry.name, entry.value, origin, installed=True, error=str(error))
            continue
        yield Found(entry.name, entry.value, origin, installed=True, manifest=manifest)


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
    origin = str(path)
    try:
        pointer = parse(path.read_bytes())
        module = pointer.module.partition(":")[0]
        if not module:
            raise ValueError("its manifest names no module")
        if _spec(module) is None:
            raise ValueError(f"its module {module} is not installed")
        manifest = package_manifest(module)
    except (ValueError, OSError) as error:
        return Found(path.stem, "", origin, error=str(error))
    if manifest is None:
        return Found(pointer.name, pointer.module, origin, manifest=pointer)
    if manifest.name != pointer.name:
        error_text = f"it says its name is {pointer.name}; the plugin it points to says {manifest.name}"
        return Found(pointer.name, pointer.module, origin, error=error_text)
    return Found(pointer.name, pointer.module, origin, manifest=manifest)


def package_manifest(module: str) -> Manifest | None:
    """The `plugin.json` in a module's top-level package; None where it has none.

    Raises:
        ValueError: there is one, and it cannot be read.
    """
    spec = _spec(module)
    for location in (spec.submodule_search_locations or []) if spec is not None else []:
        path = Path(location, "plugin.json")
        if path.is_file():
            return parse(path.read_bytes())
    return None


def _spec(module: str) -> importlib.machinery.ModuleSpec | None:
    # Only the top-level name: finding "a.b" would import "a".
    return importlib.util.find_spec(module.partition(".")[0])
