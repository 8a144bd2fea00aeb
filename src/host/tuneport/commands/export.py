"""`tuneport export`: a recipe, or flags on a source."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tuneport.commands.asked import source_flags
from tuneport.commands.split_flag import split_of
from tuneport.commands.targets import mapping_of, must_go_together, style_of
from tuneport.commands.terminal import Terminal, with_terminal

if TYPE_CHECKING:
    from tuneport.recipes import Recipe

_SECTIONS = {"source", "params", "export", "output", "run"}
_FIRST_SECTION = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:source|params|export|output|run)"')
_GLANCE = 4096


@click.command()
@source_flags
@click.option("--where", metavar="EXPR", help="Leave out records for which this does not hold, as rating >= 4.")
@click.option("--to", metavar="PATH", help="A folder, one .jsonl[.gz|.zst] file, or - for stdout.")
@click.option("--on-exists", type=click.Choice(["fail", "replace", "version"]), help="What to do where PATH exists.")
@click.option(
    "--split",
    metavar="KEY=VALUE,...",
    help="Keep a share apart, as validation=0.1,by=thread_id; also test, mode, stratify, against, exclude.",
)
@click.option("--workers", type=int, metavar="N", help="Work in so many processes; one for each core if not given.")
@click.option("--fresh", is_flag=True, help="Throw away what a stopped run left to go on with, and begin anew.")
@click.option("--dry-run", is_flag=True, help="Print the plan and stop.")
@with_terminal
def export(
    terminal: Terminal, sources: tuple[str, ...], to: str | None, fresh: bool, dry_run: bool, **flags: Any
) -> None:
    """Run a recipe, or export a source directly.

    SOURCE is a .jsonl, .json or .csv file (or .gz, .zst of one), several of them, a pattern in quotes, a folder of
    them, or a SQLite database. Relative paths in a recipe start from the recipe's folder.

    \b
    Examples
      tuneport export faq.toml
      tuneport export support.db --table faq --map instruction=question,output=answer --to out.jsonl
      tuneport export support.db --to - | head -1
    """  # noqa: D301  -- the backspace tells click to leave the lines as they are
    from tuneport.commands.document import document_of
    from tuneport.commands.planned import plan_lines
    from tuneport.commands.signals import STOP
    from tuneport.commands.summary import result_lines
    from tuneport.errors import Interrupted, StoppedError, StorageError
    from tuneport.runs import execute, plan_export
    from tuneport.runs.executors.cores import usable

    terminal.listen()
    recipe = recipe_of(sources, to, **flags)
    with terminal.plugins_aside():
        plan = plan_export(recipe, manager=terminal.manager(), to_run=not dry_run, fresh=fresh)
    if dry_run:
        terminal.answer(plan.shown(), lambda: plan_lines(plan))
        return
    if terminal.json and plan.target.kind == "stdout":
        raise click.UsageError("--json and rows both want stdout; leave --json out, or name a file")
    result = None
    try:
        # Rows on stdout keep plugins away from it themselves.
        aside = nullcontext() if plan.target.kind == "stdout" else terminal.plugins_aside()
        with aside, terminal.progress() as on_progress:
            result = execute(plan, on_progress=on_progress, cancel=STOP, workers=usable())
    except Interrupted as error:
        if result is None:
            if plan.target.kind != "stdout":
                raise
            what = f"stopped by {error.signal}; the rows on stdout are not all there are"
            raise StoppedError(what, "use none of them: the same command starts again") from None
    # All is done: a signal came too late, or will.
    STOP.over, STOP.signal = True, None
    text = result_lines(result)
    if result.status == "streamed":
        terminal.say(text)
    else:
        try:
            terminal.answer(document_of(result), lambda: text)
        except BrokenPipeError:
            raise
        except OSError as error:
            text = f"{result.path} is {result.status}, which cannot be said on stdout: {error.strerror}"
            raise StorageError(text) from None


def recipe_of(
    sources: Sequence[str],
    to: str | None = None,
    *,
    table: str | None = None,
    query: str | None = None,
    key: str | None = None,
    params: tuple[str, ...] = (),
    limit: int | None = None,
    style: str | None = None,
    mapping: tuple[str, ...] = (),
    formats: tuple[str, ...] = (),
    now: str | None = None,
    settings: tuple[str, ...] = (),
    where: str | None = None,
    on_exists: str | None = None,
    split: str | None = None,
    workers: int | None = None,
) -> Recipe:
    """The recipe that a command line asks for. `where` holds beside the recipe's own, and so do keys of `split`.

    Raises:
        RecipeError: it is wrong.
        UsageError: a flag cannot be understood.
    """
    from tuneport.recipes import load_recipe

    path = _recipe_among(sources)
    fields = mapping_of(",".join(mapping)) if mapping else {}
    given = {
        "source.table": ("--table", table),
        "source.query": ("--query", query),
        "source.key": ("--key", key.split(",") if key else None),
        "source.limit": ("--limit", limit),
        "export.style": ("--style", style or style_of(fields, known=path is not None)),
        "export.formats": ("--format", list(formats) or None),
        "output.filter_expression": ("--where", where),
        "output.on_exists": ("--on-exists", on_exists),
        "run.now": ("--now", now),
        "run.workers": ("--workers", workers),
        **{f"export.field_mapping.{target}_field": ("--map", column) for target, column in fields.items()},
    }
    extra = {name: value for name, (_, value) in given.items() if value is not None}
    options = {name: option for name, (option, _) in given.items() if name in extra} | {"output.path": "--to"}
    bound = [_param(text) for text in params]
    options |= {setting.partition("=")[0].strip(): "--param" for setting in bound}
    settings = (*settings, *bound)
    if split is not None:
        apart = split_of(split, absolute=path is not None and path.parent != Path())
        extra |= apart
        options |= dict.fromkeys(apart, "--split")
    if path is None:
        must_go_together(fields, style)
        return _of_sources(sources, to, settings, extra, options)
    if to is not None:
        # Paths in a recipe start from its folder, paths on the command line from the working directory.
        extra["output.path"] = to if to == "-" or path.parent == Path() else str(Path.cwd() / to)
    return load_recipe(path, settings, extra, options)


def _of_sources(
    sources: Sequence[str],
    to: str | None,
    settings: tuple[str, ...],
    extra: Mapping[str, Any],
    options: Mapping[str, str],
) -> Recipe:
    """The recipe that flags make of sources where none is named."""
    from tuneport.recipes import parse_recipe
    from tuneport.recipes.overriding import override
    from tuneport.recipes.written import Written

    files = sources[0] if len(sources) == 1 else [*sources]
    data: dict[str, Any] = {"source": {"path": files}, "output": {"path": to} if to else {}}
    outside = {"output.path": "--to", **override(data, settings, extra, options)}
    origin = " ".join(sources[:2]) + (" ..." if len(sources) > 2 else "")
    return parse_recipe(data, Path(), origin, Written(outside=outside))


def _recipe_among(sources: Sequence[str]) -> Path | None:
    """The recipe that is named; None where sources are.

    Raises:
        UsageError: a recipe is named beside something else.
    """
    from tuneport.errors import UsageError

    recipe = next((path for path in map(Path, sources) if _is_recipe(path)), None)
    if recipe is not None and len(sources) > 1:
        raise UsageError(f"{recipe} is a recipe: name it alone", "it names its own sources; one recipe runs at a time")
    return recipe


def _param(text: str) -> str:
    """`since=2024-01-01` as the setting that says so.

    Raises:
        UsageError: there is no `=`.
    """
    from tuneport.errors import UsageError

    name, equals, _ = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"--param {text}: expected name=value", "such as --param since=2024-01-01")
    return f"params.{text.strip()}"


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
