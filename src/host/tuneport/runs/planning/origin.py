"""Where records come from: the sources opened, and the fields that name their records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from logging import getLogger
from pathlib import Path

import msgspec

from tuneport.config import closest
from tuneport.errors import TuneportError
from tuneport.files import Resources
from tuneport.model import Entity, Problem
from tuneport.recipes import Recipe, SourceSection
from tuneport.references import reference_in
from tuneport.runs.planning.grouping import grouped
from tuneport.runs.planning.identity import now_of
from tuneport.runs.planning.importers import Reader
from tuneport.runs.planning.target import Target
from tuneport.runs.reading.sources import IterableSource, information, open_source
from tuneport.runs.reading.streams import Inlet, Stream, together
from tuneport.source import Source, SourceInfo

log = getLogger("tuneport")

Opened = tuple[list[Inlet], list[Stream]]


def given(entities: Iterable[Entity]) -> Opened:
    """The one inlet of entities that a host application hands over."""
    source = IterableSource(entities)
    info = information(source)
    return [Inlet("entities", "source", None, None, info, info.key or None, None)], [Stream(0, "", source, info)]


def opened(
    recipe: Recipe, readers: Iterable[Reader], target: Target, resources: Resources, problems: list[Problem]
) -> Opened:
    """The recipe's sources; what is wrong is added to `problems`.

    Raises:
        RecipeError: one cannot be opened, and the recipe has other problems as well.
        SourceNotFoundError, SourceError: one cannot be opened.
    """
    inlets: list[Inlet] = []
    streams: list[Stream] = []
    for number, reader in enumerate(readers):
        try:
            own = _streams(recipe, number, reader, target, resources, problems)
        except TuneportError as error:
            _conceal(error, reader)
            if not problems:
                raise
            # Without the keys that are wrong it may be another source that could not be opened.
            unsure = any(problem.path.startswith(f"{reader.place}.") for problem in problems)
            told = [] if unsure else [Problem(reader.place, error.message, error.hint)]
            raise recipe.refused([*problems, *told]) from error
        info = together([stream.info for stream in own])
        key = _key_of(reader.section, reader.place, info, problems)
        subject = _subject_of(reader.section, reader.place, info, problems)
        inlets.append(Inlet(reader.name, reader.place, reader.section, reader.importer.ref, info, key, subject))
        streams += own
    return inlets, streams


def _conceal(error: TuneportError, reader: Reader) -> None:
    """Let an error about a query that stands in the environment quote nothing of it."""
    reference = reference_in(reader.section.settings.get("query"))
    if reference is not None and reference.kind == "env":
        error.message, error.hint = f"{reader.place}.query = {reference}: what it stands for cannot be read", ""


def _streams(
    recipe: Recipe, number: int, reader: Reader, target: Target, resources: Resources, problems: list[Problem]
) -> list[Stream]:
    """One stream for each file of a source, or its only one; one of all together where rows are grouped."""
    config = reader.importer.config
    paths = {name: recipe.resolve(value) for name, value in config if isinstance(value, Path)}
    many = [{**paths, "path": recipe.resolve(Path(file))} for file in reader.files] or [paths]
    now, streams = now_of(recipe), list[Stream]()
    for name, places in zip(reader.files or ("",), many, strict=True):
        problems.extend(problem for path in places.values() if (problem := target.would_lose(path)) is not None)
        source = _open(reader, config.model_copy(update=places), now, recipe.run.seed, resources)
        info = information(source)
        title = recipe.references.masked(info.title)
        streams.append(
            Stream(number, recipe.references.masked(name), source, msgspec.structs.replace(info, title=title))
        )
    group = reader.section.group
    if group is None:
        return streams
    return [grouped(streams, group, reader.place, recipe.output.exclude_fields, problems)]


def _open(reader: Reader, config: object, now: datetime, seed: int, resources: Resources) -> Source:
    return open_source(reader.importer.contribution, config, now, seed, resources)


def _key_of(section: SourceSection, place: str, info: SourceInfo, problems: list[Problem]) -> tuple[str, ...] | None:
    """The fields that name a record: those the recipe names, else the source's own; None for `pk`, else `id`."""
    if info.closed and info.fields is not None:
        unknown = [name for name in section.key if name not in info.fields]
        problems.extend(_no_field(f"{place}.key", name, info.fields) for name in unknown)
    return tuple(section.key) or info.key or None


def _subject_of(section: SourceSection, place: str, info: SourceInfo, problems: list[Problem]) -> str | None:
    """The field that says whose data a record is; None where the recipe names none."""
    subject = section.subject
    if subject is not None and info.closed and info.fields is not None and subject not in info.fields:
        problems.append(_no_field(f"{place}.subject", subject, info.fields))
    return subject


def _no_field(path: str, name: str, fields: Iterable[str]) -> Problem:
    near = closest(name, fields)
    listed = f"{near} It has" if near else "it has"
    return Problem(f'{path} = "{name}"', "the source has no such field", f"{listed} {', '.join(fields)}")


def warn_of_unseen(inlet: Inlet, fields: Mapping[str, str]) -> None:
    """Warn of a key or subject that none of the first records has."""
    section = inlet.section
    if section is None or inlet.info.closed or not fields:
        return
    for name in (*section.key, *([section.subject] if section.subject is not None else [])):
        if name not in fields:
            near = closest(name, fields) or f"they have {', '.join(list(fields)[:12])}"
            log.warning('none of the first records has a field "%s"; %s', name, near)
