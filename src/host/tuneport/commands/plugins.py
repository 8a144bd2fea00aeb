"""`tuneport plugins`: what is there, without importing any of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from tuneport.commands.terminal import Terminal, with_terminal

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager, PluginRecord


def _manager(terminal: Terminal) -> PluginManager:
    """A manager that imports nothing, not even the plugins that ask to be loaded at the start."""
    from tuneport.plugin_manager import PluginManager

    return PluginManager(terminal.plugin_dirs, auto_load=False)


@click.group(no_args_is_help=True)
def plugins() -> None:
    """List plugins, and show what one of them offers. Nothing is imported."""


@plugins.command("list")
@click.option("--kind", metavar="KIND", help="Only what provides this: formats, styles, importers, ...")
@with_terminal
def list_command(terminal: Terminal, kind: str | None) -> None:
    """List plugins, their state, where they come from and what they provide."""
    rows = plugin_rows(_manager(terminal), kind)
    terminal.answer({"plugins": rows}, lambda: _table(rows))


@plugins.command("show")
@click.argument("name")
@with_terminal
def show_command(terminal: Terminal, name: str) -> None:
    """Show one plugin: its manifest, state and files."""
    record = _manager(terminal).get(name)
    details = plugin_details(record)
    terminal.answer(details, lambda: _details(details))


def plugin_rows(manager: PluginManager, kind: str | None = None) -> list[dict[str, Any]]:
    """One row per plugin, whatever its state.

    Raises:
        UnknownNameError: there is no such kind.
    """
    from tuneport.config import suggest
    from tuneport.errors import UnknownNameError
    from tuneport.plugin_manager import KINDS

    if kind is not None and kind not in KINDS:
        plural = f"{kind}s"
        if plural not in KINDS:
            raise UnknownNameError(f"no kind {kind!r}", suggest(kind, KINDS))
        kind = plural
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
    from tuneport.plugin_manager.digest import code_digest

    manifest = record.manifest
    return {
        **_row(record),
        "module": record.target,
        "type": manifest.type if manifest else "",
        "description": manifest.description if manifest else "",
        "api": manifest.api if manifest else "",
        "requires": list(manifest.requires) if manifest else [],
        "aliases": dict(manifest.aliases) if manifest else {},
        "config_schema": manifest.config_schema if manifest else {},
        "digest": code_digest(record.module) if record.module else "",
    }


def _table(rows: list[dict[str, Any]]) -> str:
    cells = [("NAME", "VERSION", "STATE", "FROM", "PROVIDES")]
    cells += [(r["name"], r["version"], r["state"], r["origin"], _provided(r)) for r in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]).rstrip()
        for row in cells
    )


def _provided(row: dict[str, Any]) -> str:
    if row["reason"]:
        return f"{row['reason']}   {row['hint']}".rstrip()
    if row["provides"] is None:
        return "unknown until loaded"
    return ", ".join(f"{kind.removesuffix('s')} {name}" for kind, names in row["provides"].items() for name in names)


def _details(details: dict[str, Any]) -> str:
    lines = []
    for key, value in details.items():
        if key == "config_schema" and value:
            value = json.dumps(value)
        elif isinstance(value, dict):
            value = ", ".join(f"{k}: {' '.join(v) if isinstance(v, list) else v}" for k, v in value.items())
        elif isinstance(value, list):
            value = ", ".join(value)
        if value not in ("", None):
            lines.append(f"{key:<14}{value}")
    return "\n".join(lines)
