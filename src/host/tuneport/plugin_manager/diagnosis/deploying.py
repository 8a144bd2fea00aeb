"""Whether a plugin's folder, manifest or wheel can be deployed as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tuneport.plugin_manager.diagnosis.findings import Finding
from tuneport.plugin_manager.diagnosis.probe import probed
from tuneport.plugin_manager.diagnosis.reviewing import reviewed
from tuneport.plugin_manager.finding.directory import in_path
from tuneport.plugin_manager.finding.found import Found, innermost, legible, top_of
from tuneport.plugin_manager.manifest import MAX_SIZE, parse
from tuneport.plugin_manager.records import PluginRecord
from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.trust.doubles import distinct


def validate_plugin(path: str | Path, imports: bool = False) -> list[Finding]:
    """Everything that is wrong with the plugins of a folder, a manifest or a wheel, errors first.

    Who trusts them is not asked: that is settled where they are deployed.

    Args:
        path: the folder, manifest or wheel.
        imports: import them too, each in a process of its own.

    Raises:
        PluginError: there is no such thing.
    """
    path = Path(path)
    plugins = distinct(in_path(path))
    if not plugins:
        hint = 'write a plugin.json into its package: {"name": "acme", "module": "acme"}'
        return [Finding(plugin=legible(path.name), where=legible(str(path)), message="no plugin is there", hint=hint)]
    found = [finding for one in plugins for finding in _of_plugin(one)]
    if imports:
        found += [finding for one in plugins for finding in _imported(path, one)]
    return sorted(found, key=lambda finding: finding.severity)


def _of_plugin(one: Found) -> Iterator[Finding]:
    """What is wrong with one plugin, as far as its files tell."""
    told: list[Finding] = []
    try:
        for place, data in _manifests(one).items():
            found = reviewed(data, legible(one.name), place)
            told += found if _speaks(data, one) else (finding for finding in found if finding.severity == "error")
    except RefusedError as error:
        one = one.failing(error)
    yield from told
    record = PluginRecord.of(one)
    known = [finding.message for finding in told if finding.severity == "error"]
    exact = known and (one.manifest is None or any(message in record.reason for message in known))
    if not record.usable and not exact:
        yield Finding(plugin=legible(one.name), where=legible(one.origin), message=record.reason, hint=record.hint)
    if not told and record.usable and one.manifest is None:
        message, hint = "it has no manifest: what it provides is unknown until it is imported", "write a plugin.json"
        yield Finding(severity="note", plugin=legible(one.name), where=legible(one.origin), message=message, hint=hint)


def _speaks(data: bytes, one: Found) -> bool:
    """Whether this manifest counts: one that points to a plugin with a manifest of its own need not say much."""
    try:
        return one.manifest is None or parse(data) == one.manifest
    except ValueError:
        return True


def _manifests(one: Found) -> Mapping[str, bytes]:
    """The texts of a plugin's manifests, by where they stand: the one that was found, and that in its package."""
    origin = Path(one.origin)
    found: dict[str, bytes] = {}
    if origin.suffix == ".json" and origin.is_file():
        with origin.open("rb") as file:
            found[legible(str(origin))] = file.read(MAX_SIZE + 1)
    if one.bundle is not None:
        files = one.bundle.read()
        wanted = [f"{top_of(one.target)}/{name}" for name in innermost(one.target)] if one.target else []
        inner = next((name for name in wanted if name in files), "")
        if inner and files[inner] not in found.values():
            found[f"{legible(one.origin)}: {inner}"] = files[inner]
    return found


def _imported(path: Path, one: Found) -> Iterator[Finding]:
    if PluginRecord.of(one).usable:
        name, where = legible(one.name), legible(one.origin)
        reason, hint = probed(name, where, path=path)
        if reason:
            yield Finding(plugin=name, where=where, message=f"it cannot be imported: {reason}", hint=hint)
