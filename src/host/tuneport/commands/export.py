"""`tuneport export`: a recipe, or flags on a source."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tuneport.commands.asked import source_flags
from tuneport.commands.terminal import Terminal, with_terminal

if TYPE_CHECKING:
    from tuneport.recipes import Recipe

_TARGETS = ("instruction", "input", "output", "text", "system", "user", "assistant")
_SECTIONS = {"source", "params", "export", "output", "run"}
_FIRST_SECTION = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:source|params|export|output|run)"')
_GLANCE = 4096


@click.command()
@source_flags
@click.option("--where", metavar="EXPR", help="Leave out records for which this does not hold, as rating >= 4.")
@click.option("--to", metavar="PATH", help="A folder, one .jsonl[.gz|.zst] file, or - for stdout.")
@click.option("--on-exists", type=click.Choice(["fail", "replace", "version"]), help="What to do where PATH exists.")
@click.option("--dry-run", is_flag=True, help="Print the plan and stop.")
@with_terminal
def export(terminal: Terminal, source: str, to: str | None, dry_run: bool, **flags: Any) -> None:
    """Run a recipe, or export a source directly.

    SOURCE is a .json or .jsonl file or a SQLite database. Relative paths in a recipe start from the recipe's folder.

    \b
    Examples
      tuneport export faq.toml
      tuneport export support.db --table faq --map instruction=question,output=answer --to out.jsonl
      tuneport export faq.jsonl --to - | head -1
    """  # noqa: D301  -- the backspace tells click to leave the lines as they are
    from tuneport.commands.summary import plan_lines, result_lines
    from tuneport.runs import execute, plan_export

    if to == "-" and terminal.json and not dry_run:
        raise click.UsageError("--json and --to - both want stdout; leave one out")
    terminal.listen()
    recipe = recipe_of(source, to, **flags)
    plan = plan_export(recipe, manager=terminal.manager(), to_run=not dry_run)
    if dry_run:
        terminal.answer(plan.document(), lambda: plan_lines(plan))
        return
    with terminal.progress() as on_progress:
        result = execute(plan, on_progress=on_progress)
    text = result_lines(result)
    if result.status == "streamed":
        terminal.say(text)
    else:
        terminal.answer(_document(result), lambda: text)


def recipe_of(
    source: str,
    to: str | None = None,
    *,
    table: str | None = None,
    query: str | None = None,
    key: str | None = None,
    limit: int | None = None,
    style: str | None = None,
    mapping: tuple[str, ...] = (),
    formats: tuple[str, ...] = (),
    now: str | None = None,
    settings: tuple[str, ...] = (),
    where: str | None = None,
    on_exists: str | None = None,
) -> Recipe:
    """The recipe that a command line asks for. `where` holds beside the recipe's own.

    Raises:
        RecipeError: it is wrong.
        UsageError: a flag cannot be understood.
    """
    from tuneport.recipes import load_recipe, parse_recipe
    from tuneport.recipes.loading import override

    fields = mapping_of(",".join(mapping)) if mapping else {}
    given = {
        "source.table": table,
        "source.query": query,
        "source.key": key.split(",") if key else None,
        "source.limit": limit,
        "export.style": style or _style(fields),
        "export.formats": list(formats) or None,
        "output.filter_expression": where,
        "output.on_exists": on_exists,
        "run.now": now,
        **{f"export.field_mapping.{target}_field": column for target, column in fields.items()},
    }
    extra = {name: value for name, value in given.items() if value is not None}
    path = Path(source)
    if not _is_recipe(path):
        data: dict[str, Any] = {"source": {"path": source}, "output": {"path": to} if to else {}}
        override(data, settings, extra)
        return parse_recipe(data, Path(), source)
    if to is not None:
        # Paths in a recipe start from its folder, paths on the command line from the working directory.
        extra["output.path"] = to if to == "-" or path.parent == Path() else str(Path.cwd() / to)
    return load_recipe(path, settings, extra)


def _is_recipe(path: Path) -> bool:
    """Whether a file is a recipe rather than a source; for `.json` its content says so."""
    suffix = path.suffix.lower()
    if suffix != ".json":
        return suffix == ".toml"
    from tuneport.recipes.loading import MAX_BYTES

    if path.exists() and not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            if file.read(_GLANCE).removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"[":
                return False
            file.seek(0)
            text = file.read(MAX_BYTES + 1)
    except OSError:
        return True  # the recipe's loader says what is wrong with the path
    return len(text) <= MAX_BYTES and _has_sections(text)


def _has_sections(text: bytes) -> bool:
    import json

    try:
        data = json.loads(text.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        # a slip in a recipe is reported as one; two objects are JSON lines
        return error.msg != "Extra data" and _FIRST_SECTION.match(text) is not None
    except (ValueError, RecursionError):
        return False
    if not isinstance(data, dict):
        return False
    # with both it is a recipe that may have a mistyped key, which has its own error; records are a list
    others = data.keys() - _SECTIONS
    needed = {"source", "output"} & data.keys()
    return len(needed) > bool(others) and not any(isinstance(data[key], list) for key in others)


def mapping_of(text: str) -> dict[str, str]:
    """`instruction=question,output=answer` as a mapping.

    Raises:
        UsageError: a pair has no `=`, or its target is unknown.
    """
    from tuneport.config import suggest
    from tuneport.errors import UsageError

    fields: dict[str, str] = {}
    for pair in re.split(r",(?=\s*\w+=)", text):
        target, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column:
            raise UsageError(f"--map {pair}: expected target=column", "such as instruction=question,output=answer")
        if target not in _TARGETS:
            raise UsageError(f"--map {pair}: no target {target!r}", suggest(target, _TARGETS))
        if target in fields:
            raise UsageError(f"--map {pair}: {target} is mapped twice", f"already to {fields[target]}")
        fields[target] = column
    return fields


def _style(fields: dict[str, str]) -> str | None:
    """The style that has the mapped targets; None leaves it to the exporter."""
    if fields.keys() & {"user", "assistant", "system"}:
        return "chat_completion"
    return "text_completion" if "text" in fields else None


def _document(result: Any) -> dict[str, Any]:
    import msgspec

    stats: dict[str, Any] = msgspec.to_builtins(result.stats)
    return {"status": result.status, "path": result.path, "digest": result.digest, **stats}
