"""What plugins require: other plugins, which are loaded first, and installed distributions."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tuneport.plugin_manager.records import PluginRecord
from tuneport.plugin_manager.refusals import RefusedError


def settle(records: Iterable[PluginRecord]) -> None:
    """Refuse each plugin that lacks something it requires, and readmit those that lack nothing any more."""
    everyone = list(records)
    for record in everyone:
        if record.refusal == "requires":
            record.readmit()
    _refuse_circles(everyone)
    changed = True
    while changed:
        # A plugin that is refused is missing to those that require it.
        changed = False
        for record in everyone:
            if record.state != "ready" or not record.requires:
                continue
            try:
                needed(record, everyone)
            except RefusedError as error:
                record.refuse(error.refusal, error.reason, error.hint)
                changed = True


def needed(record: PluginRecord, records: Iterable[PluginRecord]) -> list[PluginRecord]:
    """The plugins that have to be loaded before this one.

    Raises:
        RefusedError: something it requires is neither a plugin here nor installed, or has another version.
    """
    everyone = list(records)
    found = []
    for line in record.requires:
        need = _requirement(line)
        if need is None:
            continue
        plugin = _plugin(need, record, everyone)
        if plugin is not None and plugin.usable and _fits(need, plugin.version):
            found.append(plugin)
        elif not _installed(need):
            raise _missing(need, plugin)
    return found


def _requirement(line: str) -> Requirement | None:
    """What a line requires here; None where its marker is about other systems."""
    try:
        need = Requirement(line)
    except InvalidRequirement:
        raise RefusedError("requires", f"{line!r} is no requirement such as acme>=1.2", "mend its manifest") from None
    return need if need.marker is None or need.marker.evaluate({"extra": ""}) else None


def _plugin(need: Requirement, record: PluginRecord, records: list[PluginRecord]) -> PluginRecord | None:
    """The other plugin of the name that is required: one that can be used, where there is one."""
    name = canonicalize_name(need.name)
    called = [one for one in records if canonicalize_name(one.name) == name and one.name != record.name]
    believed = [one for one in called if one.contends]
    return next((one for one in believed if one.usable), believed[0] if believed else None)


def _fits(need: Requirement, version: str) -> bool:
    try:
        return not need.specifier or need.specifier.contains(version, prereleases=True)
    except ValueError:
        return False


def _version(need: Requirement) -> str | None:
    try:
        return importlib.metadata.version(need.name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _installed(need: Requirement) -> bool:
    version = _version(need)
    return version is not None and _fits(need, version)


def _missing(need: Requirement, plugin: PluginRecord | None) -> RefusedError:
    wanted, version = f"{need.name}{need.specifier}", _version(need)
    hint = f"pip install '{wanted}'"
    if plugin is not None and not plugin.usable:
        text = f"needs plugin {plugin.name}, which is {plugin.state}: {plugin.reason}"
        return RefusedError("requires", text, plugin.hint)
    if plugin is not None:
        return RefusedError("requires", f"needs {wanted}, and plugin {plugin.name} has version {plugin.version}", hint)
    if version is not None:
        return RefusedError("requires", f"needs {wanted}, and the installed {need.name} has version {version}", hint)
    return RefusedError("requires", f"needs {wanted}, which is neither a plugin here nor installed", hint)


def _refuse_circles(records: list[PluginRecord]) -> None:
    after = {record.name: _names_after(record, records) for record in records if record.state == "ready"}
    for record in records:
        if record.state == "ready" and (path := _circle(record.name, after)):
            hint = "one of them has to do without the next"
            record.refuse("requires", f"plugins that require each other in a circle: {' -> '.join(path)}", hint)


def _names_after(record: PluginRecord, records: list[PluginRecord]) -> list[str]:
    names = []
    for line in record.requires:
        try:
            need = _requirement(line)
        except RefusedError:
            continue
        plugin = _plugin(need, record, records) if need is not None else None
        if plugin is not None and plugin.state == "ready":
            names.append(plugin.name)
    return names


def _circle(start: str, after: dict[str, list[str]]) -> list[str]:
    """The shortest way from a plugin back to itself, through what it requires; [] where there is none."""
    ways, seen = [[start]], set[str]()
    for way in ways:
        for name in after.get(way[-1], ()):
            if name == start:
                return [*way, start]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []
