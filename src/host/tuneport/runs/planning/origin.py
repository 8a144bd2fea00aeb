"""Where records come from: the source opened, and the fields that name its records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from logging import getLogger
from pathlib import Path

from tuneport.config import closest
from tuneport.errors import RecipeError, TuneportError
from tuneport.files import Resources
from tuneport.model import Entity, Problem
from tuneport.recipes import Recipe
from tuneport.runs.planning.identity import now_of
from tuneport.runs.planning.pipeline import Stage
from tuneport.runs.planning.target import Target
from tuneport.runs.reading.sources import IterableSource, information, open_source
from tuneport.source import Source, SourceInfo

log = getLogger("tuneport")


def opened(
    recipe: Recipe,
    importer: Stage | None,
    entities: Iterable[Entity] | None,
    target: Target,
    resources: Resources,
    problems: list[Problem],
) -> Source:
    """The recipe's source, or a source of the entities given; what is wrong is added to `problems`.

    Raises:
        RecipeError: it cannot be opened, and the recipe has other problems as well.
        SourceNotFoundError, SourceError: it cannot be opened.
    """
    if importer is None:
        return IterableSource(entities or ())
    paths = {name: recipe.resolve(value) for name, value in importer.config if isinstance(value, Path)}
    problems.extend(problem for path in paths.values() if (problem := target.would_lose(path)) is not None)
    config = importer.config.model_copy(update=paths)
    now = now_of(recipe)
    try:
        source = open_source(importer.contribution, config, now, recipe.run.seed, resources)
        information(source)
    except TuneportError as error:
        if not problems:
            raise
        raise RecipeError([*problems, Problem("source", error.message, error.hint)], recipe.origin) from error
    return source


def key_of(recipe: Recipe, info: SourceInfo, problems: list[Problem]) -> tuple[str, ...] | None:
    """The fields that name a record: those the recipe names, else the source's own; None for `pk`, else `id`."""
    named = tuple(recipe.source.key) if recipe.source is not None else ()
    if info.closed and info.fields is not None:
        hint = f"it has {', '.join(info.fields)}"
        unknown = [name for name in named if name not in info.fields]
        problems.extend(Problem(f'source.key = "{name}"', "the source has no such field", hint) for name in unknown)
    return named or info.key or None


def subject_of(recipe: Recipe, info: SourceInfo, problems: list[Problem]) -> str | None:
    """The field that says whose data a record is; None where the recipe names none."""
    subject = recipe.source.subject if recipe.source is not None else None
    if subject is not None and info.closed and info.fields is not None and subject not in info.fields:
        hint = f"it has {', '.join(info.fields)}"
        problems.append(Problem(f'source.subject = "{subject}"', "the source has no such field", hint))
    return subject


def warn_of_unseen(recipe: Recipe, info: SourceInfo, fields: Mapping[str, str]) -> None:
    """Warn of a key or subject that none of the first records has."""
    source = recipe.source
    if source is None or info.closed or not fields:
        return
    for name in (*source.key, *([source.subject] if source.subject is not None else [])):
        if name not in fields:
            near = closest(name, fields) or f"they have {', '.join(list(fields)[:12])}"
            log.warning('none of the first records has a field "%s"; %s', name, near)
