"""Sources as the engine reads them: any iterable, the first entities, the fields that may be seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from tuneport.errors import PluginError, SourceError, TuneportError
from tuneport.model import Batch, Entity, Partition
from tuneport.plugin_manager import Contribution
from tuneport.source import Source, SourceInfo

SAMPLED = 10_000
"""How many entities are looked at where a source has no schema."""
BATCH = 512


class IterableSource(Source):
    """A one-shot iterable of dicts. What has been looked at is kept until it is read."""

    def __init__(self, entities: Iterable[Entity], title: str = "entities") -> None:
        self._title = title
        self._ahead: list[Entity] = []
        self._rest = iter(entities)

    def info(self) -> SourceInfo:
        """No schema, and no way to come back to it."""
        return SourceInfo(title=self._title)

    def peek(self, count: int) -> list[Entity]:
        """The first entities, which will still be read."""
        self._ahead.extend(islice(self._rest, max(0, count - len(self._ahead))))
        return self._ahead

    def partitions(self, target_bytes: int) -> Iterable[Partition]:  # noqa: ARG002  -- an iterable cannot seek
        """None: an iterable cannot seek."""
        return ()

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:  # noqa: ARG002
        """Everything that is left, in order."""
        ahead, self._ahead = self._ahead, []
        entities = chain(ahead, self._rest)
        start = 0
        while batch := list(islice(entities, BATCH)):
            yield Batch(batch, range(start, start + len(batch)), start + len(batch))
            start += len(batch)


def open_source(contribution: Contribution, config: Any, context: Any = None) -> Source:
    """The source an importer makes.

    Raises:
        PluginError: the importer raised, or returned something that cannot be read.
    """
    try:
        made = contribution.factory(config, context)
    except TuneportError:
        raise
    except Exception as error:
        raise PluginError(f"importer {contribution.qualified}: {type(error).__name__}: {error}") from error
    if isinstance(made, Source):
        return made
    if isinstance(made, Iterable):
        return IterableSource(made, contribution.name)
    raise PluginError(f"importer {contribution.qualified} returned {type(made).__name__}, no source")


def field_types(source: Source, info: SourceInfo) -> dict[str, str]:
    """Field name to type, from the schema or, where that is silent, from the first 10,000 entities.

    The type is "" for a field of which only nulls were seen.

    Raises:
        SourceError: the source fails while it is looked at.
    """
    if info.fields is not None and all(info.fields.values()):
        return dict(info.fields)
    entities = source.peek(SAMPLED) if isinstance(source, IterableSource) else _first(source, SAMPLED)
    seen: dict[str, str] = dict.fromkeys(info.fields or (), "")
    for entity in entities:
        # Whoever passes something else than a dict is told by the run itself, record by record.
        for name, value in entity.items() if hasattr(entity, "items") else ():
            seen[name] = _merged(seen.get(name, ""), _type(value))
    declared = {name: kind for name, kind in (info.fields or {}).items() if kind}
    known = {**seen, **declared}
    return {name: "list[string]" if kind == "list[]" else kind for name, kind in known.items()}


def _first(source: Source, count: int) -> Iterator[Entity]:
    partitions = iter(source.partitions(1 << 20))
    first = next(partitions, None)
    ranges = [None] if first is None else chain([first], partitions)
    batches = chain.from_iterable(readable(source, partition, None) for partition in ranges)
    return islice(chain.from_iterable(batch.entities for batch in batches), count)


def _type(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        inner = ""
        for item in value:
            inner = _merged(inner, _type(item))
        return _list_of(inner)
    return _SCALARS.get(type(value), "json" if isinstance(value, Mapping) else "string")


_SCALARS = {str: "string", bool: "bool", int: "integer", float: "number"}


def _list_of(inner: str) -> str:
    return f"list[{inner}]" if inner in {"", "string", "integer", "number"} else "json"


def _merged(one: str, other: str) -> str:
    """The type that holds values of both."""
    if one == other or not other:
        return one
    if not one:
        return other
    if {one, other} == {"integer", "number"}:
        return "number"
    if one.startswith("list[") and other.startswith("list["):
        return _list_of(_merged(one[5:-1], other[5:-1]))
    return "json" if "json" in {one, other} or "[" in one + other else "string"


def readable(source: Source, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:
    """Read a range; whatever a third party's source raises becomes a SourceError.

    Raises:
        SourceError: the source failed.
    """
    try:
        yield from source.read(partition, fields)
    except (TuneportError, GeneratorExit):
        raise
    except Exception as error:
        raise SourceError(f"{source.info().title}: {type(error).__name__}: {error}") from error
