"""`tuneport schema`: JSON Schemas, for editors and for whoever reads our JSON."""

from __future__ import annotations

import click

from tuneport.commands.terminal import Terminal, with_terminal


@click.command()
@click.argument("what", type=click.Choice(["recipe", "manifest", "result"]), default="recipe")
@with_terminal
def schema(terminal: Terminal, what: str) -> None:
    """Print the JSON Schema of recipe, manifest (a dataset's) or result (what export --json prints)."""
    from tuneport.recipes.schema import schema_of

    document = schema_of(what, terminal.manager())
    terminal.json, terminal.quiet = True, False
    terminal.answer(document, str)
