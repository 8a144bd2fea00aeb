"""Loading a plugin by the path of its folder, manifest or wheel."""

from __future__ import annotations

from pathlib import Path

from tuneport.errors import PluginError
from tuneport.plugin_manager.finding.directory import in_directory, in_path
from tuneport.plugin_manager.finding.found import Found, legible
from tuneport.plugin_manager.records import PluginRecord
from tuneport.plugin_manager.registry import Registry
from tuneport.plugin_manager.settings import Scan
from tuneport.plugin_manager.trust.policy import trusted, unvouched

LOADED_BY_NAME = ("exporters", "importers")


def found_at(scan: Scan) -> list[Found]:
    """The plugins of a place, those refused whose code may not run.

    A manifest or wheel is pinned by the lock file of its directory.

    Raises:
        PluginError: nothing of the kind stands there.
    """
    path = scan.path
    found = in_path(path) if scan.alone else in_directory(path)
    if scan.borrowed and scan.lock is None:
        return unvouched(found, path, scan.expected)
    return trusted(found, path if path.is_dir() else path.parent, scan.trust, scan.lock)


def recorded(registry: Registry, found: Found) -> PluginRecord:
    """The record of something that was added now or before.

    Raises:
        PluginError: its files are not what they were then.
    """
    name, origin = legible(found.name), legible(found.origin)
    record = next((one for one in registry.named(name) if one.origin == origin), None) or registry.plugin(name)
    if record.bundle is not None and found.bundle is not None and record.bundle.digest != found.bundle.digest:
        raise PluginError(f"plugin {record.name} ({record.origin}) changed since it was found", "make a new manager")
    return record


def loaded_name(record: PluginRecord) -> str:
    """The qualified name of the one exporter of a loaded plugin; of its one importer where it has no exporter.

    Raises:
        PluginError: it has none, or several and none of the plugin's own name.
    """
    provides = record.provides or {}
    for kind in LOADED_BY_NAME:
        names = provides.get(kind, ())
        if record.name in names or len(names) == 1:
            return f"{record.name}:{record.name if record.name in names else names[0]}"
        if names:
            choices = ", ".join(f"{record.name}:{name}" for name in names)
            raise PluginError(f"plugin {record.name} has several {kind}", f"load one of them by name: {choices}")
    offered = ", ".join(f"{kind} {name}" for kind, names in provides.items() for name in names) or "nothing"
    raise PluginError(f"plugin {record.name} has neither an exporter nor an importer", f"it provides {offered}")


def only(records: list[PluginRecord], path: Path) -> PluginRecord:
    """The one plugin that a path stands for: the one that has an exporter or importer, where there are several.

    Raises:
        PluginError: there is none, or several.
    """
    able = [one for one in records if one.provides is None or any(one.provides.get(kind) for kind in LOADED_BY_NAME)]
    chosen = able if len(records) > 1 else records
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(one.name for one in records)
    hint = f"scan it as a directory, then load one by name: {names}" if records else "name the folder of one plugin"
    raise PluginError(f"{path} holds {len(records)} plugins, not one", hint)
