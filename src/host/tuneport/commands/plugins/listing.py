"""`plugins list` and `plugins show`: what is there, without importing any of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from tuneport.commands.plugins.fields import lines
from tuneport.commands.terminal import Terminal, with_terminal

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager, PluginRecord


@click.command("list")
@click.option("--kind", metavar="KIND", help="Only what provides this: formats, styles, importers, ...")
@with_terminal
def list_command(terminal: Terminal, kind: str | None) -> None:
    """List plugins, their state, where they come from and what they provide."""
    from tuneport.commands.plugins.table import table

    kind = kind_of(kind) if kind is not None else None
    rows = plugin_rows(terminal.manager(auto_load=False), kind)
    terminal.answer({"plugins": rows}, lambda: table(lines(rows), kind, terminal.plugins.dirs))


@click.command("show")
@click.argument("name")
@with_terminal
def show_command(terminal: Terminal, name: str) -> None:
    """Show one plugin: its manifest, state, trust and files."""
    details = plugin_details(terminal.manager(auto_load=False).get(name))
    terminal.answer(details, lambda: _details(lines(details)))


def kind_of(name: str) -> str:
    """A kind of contribution, in the plural.

    Raises:
        UnknownNameError: there is no such kind.
    """
    from tuneport.config import suggest
    from tuneport.errors import UnknownNameError
    from tuneport.plugin_manager import KINDS

    for one in (name, f"{name}s"):
        if one in KINDS:
            return one
    raise UnknownNameError(f"no kind {name!r}", suggest(name, KINDS))


def plugin_rows(manager: PluginManager, kind: str | None = None) -> list[dict[str, Any]]:
    """One row per plugin, whatever its state; of those that provide a kind where one is given."""
    return [_row(record) for record in manager.list(kind)]


def _row(record: PluginRecord) -> dict[str, Any]:
    provides = record.provides
    return {
        "name": record.name,
        "version": record.version,
        "state": record.state,
        "reason": record.reason,
        "hint": record.hint,
        "origin": record.origin,
        "provides": {kind: list(names) for kind, names in provides.items()} if provides is not None else None,
    }


def plugin_details(record: PluginRecord) -> dict[str, Any]:
    """Everything known of a plugin without importing it."""
    manifest = record.manifest
    return {
        **_row(record),
        "module": record.target,
        "type": manifest.type if manifest else "",
        "description": manifest.description if manifest else "",
        "api": manifest.api if manifest else "",
        "requires": list(record.requires),
        "aliases": dict(manifest.aliases) if manifest else {},
        "config_schema": manifest.config_schema if manifest else {},
        "codes": dict(manifest.codes) if manifest else {},
        "trust": _trust(record),
        "digest": record.digest,
    }


def _trust(record: PluginRecord) -> str:
    """Why its code may run: it is installed, pinned, or any code may; "" where it may not."""
    if not record.usable:
        return ""
    if record.bundle is None:
        return "installed"
    return "any" if record.unpinned else "pinned"


def _details(details: dict[str, Any]) -> str:
    said = []
    for key, value in details.items():
        if key == "codes":
            shown = "\n".join(f"{'':<14}{code}: {text}" for code, text in value.items()).lstrip()
        elif key == "config_schema":
            shown = json.dumps(value) if value else ""
        elif isinstance(value, dict):
            shown = ", ".join(f"{k}: {' '.join(v) if isinstance(v, list) else v}" for k, v in value.items())
        else:
            shown = ", ".join(value) if isinstance(value, list) else value
        if shown:
            said.append(f"{key:<14}{shown}")
    return "\n".join(said)
