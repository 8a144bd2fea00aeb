"""`plugins lock`: pin the plugins of a directory to what their files are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from tuneport.commands.plugins.fields import line
from tuneport.commands.terminal import Terminal, with_terminal
from tuneport.files import shown

if TYPE_CHECKING:
    from tuneport.plugin_manager.trust.lock import Locked, LockedPlugin

_SHOWN = 3
"""Changed files that are named."""


@click.command("lock")
@click.argument("directory", metavar="DIR")
@with_terminal
def lock_command(terminal: Terminal, directory: str) -> int:
    """Pin the plugins of a directory: their code may run as long as no file of theirs changes.

    The lock file is DIR.lock.json beside the directory, or the one that --plugin-lock names. Whoever locks says that
    he trusts what is there: look at the plugins first. The exit code is 1 where something there will not be used.
    """
    from tuneport.plugin_manager import lock_directory

    locked = lock_directory(directory, terminal.plugins.lock)
    terminal.answer(_document(locked), lambda: "\n".join(_lines(locked, directory)))
    return 1 if locked.left_out or _twice(locked) else 0


def _twice(locked: Locked) -> list[str]:
    """Names that several plugins have, so that none of them will be used: an upgrade beside the old file."""
    names = Counter(one.name for one in locked.plugins if one.change != "removed")
    return sorted(name for name, count in names.items() if count > 1)


def _document(locked: Locked) -> dict[str, Any]:
    from tuneport.plugin_manager.finding.found import legible

    return {
        "lock": legible(str(locked.path)),
        "changed": locked.changed,
        "plugins": locked.plugins,
        "left_out": [{"name": name, "origin": origin, "reason": why} for name, origin, why in locked.left_out],
    }


def _lines(locked: Locked, directory: str) -> Iterator[str]:
    pinned = sum(one.change != "removed" for one in locked.plugins)
    same = "" if locked.changed else ", the same as before"
    yield f"{shown(locked.path)} pins {pinned:,} plugin{'' if pinned == 1 else 's'} of {directory}{same}"
    if locked.plugins or locked.left_out:
        yield ""
    for one in locked.plugins:
        yield f"  {one.change:<9}  {line(f'{one.name} {one.version}')}{_files(one)}"
    for name in _twice(locked):
        yield f"  twice      {line(name)}   of several plugins of one name none is used: take the old one away"
    for name, origin, why in locked.left_out:
        yield f"  left out   {line(name)}   {line(origin)}: {line(why)}"


def _files(one: LockedPlugin) -> str:
    more = f" and {len(one.files) - _SHOWN} more" if len(one.files) > _SHOWN else ""
    return f"   {line(', '.join(one.files[:_SHOWN]))}{more}" if one.files else ""
