"""What is wrong with the plugins of a host. Nothing is imported here: where it is asked for, a child process does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tuneport.plugin_manager.diagnosis.deploying import validate_plugin
from tuneport.plugin_manager.diagnosis.findings import Finding, sound
from tuneport.plugin_manager.diagnosis.probe import probed
from tuneport.plugin_manager.manifest import KINDS

if TYPE_CHECKING:
    from tuneport.plugin_manager.manager import PluginManager
    from tuneport.plugin_manager.records import PluginRecord

__all__ = ["Finding", "diagnose", "sound", "validate_plugin"]

_MEANT = frozenset({"blocked", "shadowed"})
"""Refusals that somebody chose, or that cost nobody anything."""


def diagnose(manager: PluginManager, imports: bool = False) -> list[Finding]:
    """Everything that is wrong with a manager's plugins, errors first.

    Args:
        manager: whose plugins are looked at.
        imports: import every usable plugin, each in a process of its own.
    """
    records = manager.list()
    found = [*_states(records), *_ambiguous(records), *_silent(records)]
    if imports:
        found += _imported(manager, records)
    return sorted(found, key=lambda finding: finding.severity)


def _states(records: Sequence[PluginRecord]) -> Iterator[Finding]:
    """Plugins that cannot be used."""
    for record in records:
        if not record.usable:
            yield Finding(
                severity="note" if record.refusal in _MEANT else "error",
                plugin=record.name,
                where=record.origin,
                message=f"{record.state}: {record.reason}",
                hint=record.hint,
            )


def _ambiguous(records: Sequence[PluginRecord]) -> Iterator[Finding]:
    """Bare names, and aliases, that several plugins provide."""
    usable = [record for record in records if record.usable]
    for kind in KINDS:
        if kind == "traits":  # several may change the same format, each another field
            continue
        names = {name for record in usable for name in ((record.provides or {}).get(kind, ()))}
        names |= {alias for record in usable for alias in record.aliases if record.called(kind, alias)}
        for name in sorted(names):
            providers = [(record, record.called(kind, name)) for record in usable if record.called(kind, name)]
            if len(providers) > 1:
                choices = ", ".join(f"{record.name}:{called}" for record, called in providers)
                yield Finding(
                    plugin=", ".join(record.name for record, _ in providers),
                    where=", ".join(record.origin for record, _ in providers),
                    message=f"{kind.removesuffix('s')} {name!r} is ambiguous: several plugins provide it",
                    hint=f"name one of them: {choices}; or deny the others",
                )


def _silent(records: Sequence[PluginRecord]) -> Iterator[Finding]:
    """Plugins that have to be imported before anybody knows what they offer."""
    for record in records:
        if record.usable and record.provides is None:
            yield Finding(
                severity="note",
                plugin=record.name,
                where=record.origin,
                message="does not say what it provides: every look-up of a name imports it",
                hint='add "provides" to its plugin.json',
            )


def _imported(manager: PluginManager, records: Sequence[PluginRecord]) -> Iterator[Finding]:
    """Plugins that break when they are imported; one that is loaded did not."""
    for record in records:
        if record.state == "ready":
            reason, hint = probed(record.name, record.origin, manager.settings)
            if reason:
                message = f"cannot be imported: {reason}"
                yield Finding(plugin=record.name, where=record.origin, message=message, hint=hint)
