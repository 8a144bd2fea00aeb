"""`tuneport inspect`: what a source holds, and a recipe to start from."""

from __future__ import annotations

import click

from tuneport.commands.terminal import Terminal, with_terminal


@click.command()
@click.argument("source")
@click.option("--table", metavar="NAME", help="The table to look at.")
@click.option("--write", metavar="FILE", help="Write the suggested recipe to this .toml file, which must not exist.")
@with_terminal
def inspect(terminal: Terminal, source: str, table: str | None, write: str | None) -> None:
    """Show what a source holds: its tables, or the fields of one of them, and a recipe for it.

    At most its first 10,000 records are read. Nothing is written but the recipe, and that where it is asked for.

    \b
    Examples
      tuneport inspect support.db
      tuneport inspect support.db --table faq --write faq.toml
    """  # noqa: D301  -- the backspace tells click to leave the lines as they are
    from tuneport.commands.inspected import inspection_lines
    from tuneport.inspection import inspect as inspected

    terminal.listen()
    found = inspected(source, table=table, write=write, manager=terminal.manager())
    terminal.answer(found.to_json().encode(), lambda: inspection_lines(found, source, table, write))
