"""What `export` and `preview` are asked alike: what to read, and what to make of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_FLAGS = (
    click.argument("sources", metavar="RECIPE.toml|SOURCE...", nargs=-1, required=True),
    click.option("--table", metavar="NAME", help="The table to read."),
    click.option("--query", metavar="SQL", help="Read what this query returns, instead of a table."),
    click.option("--key", metavar="FIELD[,FIELD]", help="The fields that name a record in errors and rejects."),
    click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A value for :NAME in the query."),
    click.option("--limit", type=int, metavar="N", help="Read only the first N records."),
    click.option(
        "--style",
        metavar="NAME",
        help="instruction_tuning, chat_completion, text_completion, prompt_completion, preference,"
        " unpaired_preference, or a plugin's.",
    ),
    click.option(
        "--map",
        "mapping",
        multiple=True,
        metavar="TARGET=COLUMN,...",
        help="Targets: instruction, input, output; messages, tools; system, user, assistant; text; prompt,"
        " completion, label; prompt, chosen, rejected; reasoning. A column may be a path (a.b) or a template"
        " ({title}: {body}).",
    ),
    click.option("--format", "formats", multiple=True, metavar="NAME", help="What to write; repeatable."),
    click.option("--now", metavar="TIME", help="The run's time, RFC 3339; for freshness and for equal bytes."),
    click.option(
        "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any key of a recipe, as output.min_rows=10."
    ),
)


def source_flags(command: F) -> F:
    """Give a command the source, and the flags that stand for a recipe's keys."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command
