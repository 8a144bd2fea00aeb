"""`plugins doctor` and `plugins validate`: what is wrong, where, and the fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tuneport.commands.plugins.fields import line
from tuneport.commands.terminal import Terminal, with_terminal

if TYPE_CHECKING:
    from tuneport.plugin_manager.diagnosis import Finding


@click.command("doctor")
@click.option("--imports", is_flag=True, help="Import every plugin too, each in a process of its own.")
@with_terminal
def doctor_command(terminal: Terminal, imports: bool) -> int:
    """Find everything that is wrong with the plugins here. Exit code 1: something is."""
    from tuneport.plugin_manager.diagnosis import diagnose

    manager = terminal.manager(auto_load=False)
    plugins = len(manager.list())
    looked = f"{plugins:,} plugin{'' if plugins == 1 else 's'}"
    unless = "" if imports else "; not imported: --imports does that"
    return _answer(terminal, diagnose(manager, imports), f"{looked}: ", f"nothing is wrong{unless}")


@click.command("validate")
@click.argument("path")
@click.option("--imports", is_flag=True, help="Import it too, in a process of its own: do its code and manifest agree?")
@with_terminal
def validate_command(terminal: Terminal, path: str, imports: bool) -> int:
    """Check a plugin before it is deployed: PATH is its folder, manifest or wheel. Exit code 1: it is not right."""
    from tuneport.plugin_manager.diagnosis import validate_plugin

    unless = "" if imports else "; not imported: --imports does that"
    return _answer(terminal, validate_plugin(path, imports), f"{path}: ", f"can be deployed{unless}")


def _answer(terminal: Terminal, findings: Sequence[Finding], title: str, fine: str) -> int:
    from tuneport.plugin_manager.diagnosis import sound

    ok = sound(findings)
    lines = [title + _verdict(findings, fine), *_lines(findings)]
    terminal.answer({"ok": ok, "findings": findings}, lambda: "\n".join(lines))
    return 0 if ok else 1


def _verdict(findings: Sequence[Finding], fine: str) -> str:
    errors = sum(finding.severity == "error" for finding in findings)
    notes = len(findings) - errors
    wrong = f"{errors:,} thing{'' if errors == 1 else 's'} to mend" if errors else fine
    return wrong + (f", {notes:,} note{'' if notes == 1 else 's'}" if notes else "")


def _lines(findings: Sequence[Finding]) -> list[str]:
    lines: list[str] = []
    for finding in findings:
        note = "note: " if finding.severity == "note" else ""
        lines += [
            "",
            f"  {line(finding.plugin)}   {line(finding.where)}".rstrip(),
            f"    {note}{line(finding.message)}",
        ]
        lines += [f"    {line(finding.hint)}"] if finding.hint else []
    return lines
