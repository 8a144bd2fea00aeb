"""`tuneport explain`: what a code means, and what to do about it."""

from __future__ import annotations

import textwrap
from itertools import groupby
from typing import TYPE_CHECKING

import click

from tuneport.commands.terminal import Terminal, with_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuneport.codes import Kind, Meaning

_WIDTH = 100
_WORDS: dict[Kind, str] = {
    "reject": "a reject",
    "error": "an error",
    "exit": "an exit code",
    "problem": "a problem of a recipe",
    "note": "counted by a run",
    "finding": "found by tuneport validate",
    "plugin": "a code",
}
_HEADS: dict[Kind, str] = {
    "reject": "Rejects: why a record became no row",
    "error": "Errors: why a command ended",
    "exit": "Exit codes",
    "problem": "Problems of a recipe",
    "note": "Counted: what a run noted",
    "finding": "Findings of tuneport validate",
    "plugin": "Codes of plugins",
}


@click.command()
@click.argument("code", required=False)
@with_terminal
def explain(terminal: Terminal, code: str | None) -> None:
    """Explain a reject, error, exit or problem code; without one, list them all.

    \b
    Examples
      tuneport explain text_too_short
      tuneport explain acme:internal_link
      tuneport explain exit
    """  # noqa: D301  -- the backspace tells click to leave the lines as they are
    from tuneport.codes import MEANINGS, shared
    from tuneport.codes import explain as explained

    if code is None:
        terminal.answer({"meanings": MEANINGS}, lambda: _all(MEANINGS))
        return
    meanings = shared(code) or explained(code, terminal.manager(auto_load=False))
    as_list = code == "exit"
    terminal.answer({"meanings": meanings}, lambda: _all(meanings) if as_list else "\n\n".join(map(_one, meanings)))


def _one(meaning: Meaning) -> str:
    """A meaning, whole: what it is, and a paragraph."""
    word = _WORDS[meaning.kind] + (f" of the plugin {meaning.plugin}" if meaning.plugin else "")
    outcome = f"; its record counts as {meaning.outcome}" if meaning.kind == "reject" else ""
    head = f"{meaning.code}: {word}{outcome}{f' ({meaning.outcome})' if meaning.kind == 'error' else ''}"
    lines = textwrap.wrap(f"{meaning.text} {meaning.fix}".strip(), _WIDTH - 2, break_on_hyphens=False)
    return "\n".join([head, *(f"  {line}" for line in lines)])


def _all(meanings: Iterable[Meaning]) -> str:
    """A list of meanings by kind, a line each."""
    blocks = []
    for kind, group in groupby(meanings, key=lambda meaning: meaning.kind):
        of_kind = list(group)
        width = max(len(meaning.code) for meaning in of_kind)
        outcomes = max(len(meaning.outcome) + 2 if meaning.outcome else 0 for meaning in of_kind)
        lines = [f"  {one.code:<{width}}  {one.outcome:<{outcomes}}{one.text}" for one in of_kind]
        blocks.append("\n".join([_HEADS[kind], *lines]))
    return "\n\n".join(blocks)
