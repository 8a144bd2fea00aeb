"""`tuneport preview`: the plan, and records beside the rows they become."""

from __future__ import annotations

import shlex
from typing import Any

import click

from tuneport.commands.asked import source_flags
from tuneport.commands.terminal import Terminal, with_terminal

_OWN = {"count", "where", "as_json", "quiet"}
"""Flags that `export` does not have, or that are about this answer alone."""


@click.command()
@source_flags
@click.option("--where", metavar="EXPR", default="", help="Only records for which this holds, as id == 90211.")
@click.option("--count", "-n", type=int, default=5, show_default=True, metavar="N", help="How many records to show.")
@with_terminal
def preview(terminal: Terminal, sources: tuple[str, ...], count: int, where: str, **flags: Any) -> None:
    """Show what a recipe, or an export of a source, makes of the first records. Nothing is written.

    No output has to be named, and one that exists is left as it is.

    \b
    Examples
      tuneport preview faq.toml
      tuneport preview faq.toml --where "upvotes >= 10" -n 20
      tuneport preview support.db --table faq --map instruction=question,output=answer
    """  # noqa: D301  -- the backspace tells click to leave the lines as they are
    from tuneport.commands.export import recipe_of
    from tuneport.commands.previewed import preview_lines
    from tuneport.commands.signals import STOP
    from tuneport.runs.preview import preview as previewed

    terminal.listen()
    recipe = recipe_of(sources, **flags)
    with terminal.plugins_aside():
        shown = previewed(recipe, count=count, where=where, manager=terminal.manager(), cancel=STOP)
    terminal.answer(shown.to_json().encode(), lambda: preview_lines(shown, _next(named=shown.plan.target is not None)))


def _next(*, named: bool) -> str:
    """The command that exports what was shown: this one's own flags, and an output where none was named."""
    context = click.get_current_context()
    words = ["tuneport", "export"]
    for parameter in context.command.params:
        given = context.params.get(str(parameter.name))
        if parameter.name in _OWN or given is None:
            continue
        for value in given if isinstance(given, tuple) else (given,):
            words += [str(value)] if isinstance(parameter, click.Argument) else [parameter.opts[0], str(value)]
    return shlex.join(words if named else [*words, "--to", "out"])
