"""Sources as the engine reads them: any iterable, the first entities, the fields that may be seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from logging import getLogger
from pathlib import Path
from typing import Any

from tuneport.context import Context
from tuneport.errors import PluginError, SourceError, SourceNotFoundError, TuneportError
from tuneport.files import Resources
from tuneport.model import Batch, Entity, Partition
from tuneport.nesting import held_by
from tuneport.plugin_manager import Contribution
from tuneport.runs.reading.bounds import bounded
from tuneport.runs.reading.field_types import seen_type, types_in
from tuneport.runs.reading.peekable import Peekable
from tuneport.runs.reading.streams import Stream
from tuneport.source import Source, SourceInfo

SAMPLED = 10_000
"""How many entities are looked at where a source has no schema."""
SAMPLED_BYTES = 32 << 20
"""How much of them may be held, where the source cannot be read again."""
BATCH = 512


class IterableSource(Source):
    """A one-shot iterable of dicts."""

    def __init__(self, entities: Iterable[Entity], title: str = "entities", batch: int = BATCH) -> None:
        self._title = title
        self._entities = iter(entities)
        self._batch = batch

    def info(self) -> SourceInfo:
        """No schema, and no way to come back to it."""
        return SourceInfo(title=self._title)

    def partitions(self, target_bytes: int) -> Iterable[Partition]:  # noqa: ARG002  -- an iterable cannot seek
        """None: an iterable cannot seek."""
        return ()

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:  # noqa: ARG002
        """Everything that is left, in order."""
        start = 0
        while batch := list(islice(self._entities, self._batch)):
            yield Batch(batch, range(start, start + len(batch)), start + len(batch))
            start += len(batch)


class PeekedSource(Peekable):
    """A source that cannot seek, and whose first records may be looked at: it is read once all the same."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._batches: Iterator[Batch] | None = None
        self._ahead: list[Batch] = []

    def peek(self, count: int) -> Iterator[Entity]:
        """The first records, fewer where they are large; all of them will still be read."""
        if self._batches is None:
            self._batches = readable(self._source, None, None)
        seen = sum(len(batch.entities) for batch in self._ahead)
        held = sum(size_of(entity) for batch in self._ahead for entity in batch.entities)
        while seen < count and held < SAMPLED_BYTES and (batch := next(self._batches, None)) is not None:
            self._ahead.append(batch)
            seen += len(batch.entities)
            held += sum(map(size_of, batch.entities))
        return islice(chain.from_iterable(batch.entities for batch in self._ahead), count)

    def info(self) -> SourceInfo:
        """What the source says of itself."""
        return self._source.info()

    def partitions(self, target_bytes: int) -> Iterable[Partition]:  # noqa: ARG002  -- it cannot seek
        """None."""
        return ()

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:  # noqa: ARG002
        """Everything, in order."""
        if self._batches is None:
            self._batches = readable(self._source, None, fields)
        while self._ahead:
            yield self._ahead.pop(0)
        yield from self._batches

    def locate(self, ordinal: int) -> str:
        """As the source says it."""
        return self._source.locate(ordinal)


def size_of(value: Any, depth: int = 4) -> int:
    """About what a record takes, the texts of its turns included, as far as that is cheap to say."""
    kind = type(value)
    if depth and issubclass(kind, dict | list):
        return sum(size_of(one, depth - 1) for one in held_by(value))
    # The base class's own length: that of a subclass may be anything.
    if issubclass(kind, str):
        return str.__len__(value)
    return bytes.__len__(value) if issubclass(kind, bytes) else 8


def open_source(
    contribution: Contribution, config: Any, now: datetime, seed: int = 0, resources: Resources | None = None
) -> Source:
    """The source an importer makes; the files it asks for are read through `resources`.

    Raises:
        SourceNotFoundError: there is nothing to read.
        PluginError: the importer raised, or returned something that cannot be read.
    """
    log = getLogger(f"tuneport.{contribution.plugin}")
    context = Context(now, seed, log, {}, read_resource=(resources or Resources(Path())).read)
    try:
        made = contribution.factory(config, context)
    except TuneportError:
        raise
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"{error.filename}: not found") from error
    except Exception as error:
        raise PluginError(f"importer {contribution.qualified}: {type(error).__name__}: {error}") from error
    if isinstance(made, Source):
        return made
    if isinstance(made, Iterable):
        return IterableSource(made, contribution.name)
    raise PluginError(f"importer {contribution.qualified} returned {type(made).__name__}, no source")


def with_field_types(streams: Sequence[Stream], info: SourceInfo) -> tuple[list[Stream], list[tuple[str, str]]]:
    """The streams to read, and field name and type from their schema, or from the first 10,000 entities.

    The type is "" for a field of which only nulls were seen.

    Args:
        streams: of one inlet; those that cannot seek and were looked at are replaced.
        info: what is known of them together.

    Raises:
        SourceError: a source fails while it is looked at.
    """
    if info.fields is not None and all(info.fields.values()):
        return [_kept(stream) for stream in streams], list(info.fields.items())
    looked: list[Stream] = []
    entities = islice(chain.from_iterable(_looked_at(stream, looked) for stream in streams), SAMPLED)
    seen = types_in(entities, dict.fromkeys(info.fields or (), ""))
    declared = {name: kind for name, kind in (info.fields or {}).items() if kind}
    known = {**seen, **declared}
    fields = [(name, seen_type(kind)) for name, kind in known.items()]
    return [*looked, *streams[len(looked) :]], fields


def _kept(stream: Stream) -> Stream:
    """The stream, so that its first records can be looked at, and are not lost where it gives them only once."""
    once = stream.info.revision is None and _first(stream.source, 0) is None
    return replace(stream, source=PeekedSource(stream.source)) if once else stream


def first_records(streams: Iterable[Stream]) -> Iterator[Entity]:
    """The first records of several streams that were typed together; all of them are still read by the run."""
    return islice(chain.from_iterable(_again(stream.source) for stream in streams), SAMPLED)


def _again(source: Source) -> Iterator[Entity]:
    entities = _first(source, SAMPLED)
    if entities is not None:
        return entities
    return chain.from_iterable(batch.entities for batch in readable(source, None, None))


def _looked_at(stream: Stream, looked: list[Stream]) -> Iterator[Entity]:
    """The first entities of a stream; the stream to read afterwards is added to `looked`."""
    entities = _first(stream.source, SAMPLED)
    if entities is not None:
        looked.append(stream)
        yield from entities
        return
    peeked = PeekedSource(stream.source)
    looked.append(replace(stream, source=peeked))
    yield from peeked.peek(SAMPLED)


def _first(source: Source, count: int) -> Iterator[Entity] | None:
    """The first entities of a source that can be read again, or shows them; None where it can do neither."""
    if isinstance(source, Peekable):
        return source.peek(count)
    partitions = partitions_of(source, 1 << 20)
    if not partitions:
        return None
    batches = chain.from_iterable(readable(source, partition, None) for partition in partitions)
    return islice(chain.from_iterable(batch.entities for batch in batches), count)


def information(source: Source) -> SourceInfo:
    """What a source says of itself.

    Raises:
        SourceError: it fails at that.
    """
    try:
        info: object = source.info()
    except (TuneportError, MemoryError):
        raise
    except Exception as error:
        raise SourceError(f"{type(source).__name__}.info: {type(error).__name__}: {error}") from error
    if not isinstance(info, SourceInfo):
        raise SourceError(f"{type(source).__name__}.info returned {type(info).__name__}, no SourceInfo")
    return info


def partitions_of(source: Source, target_bytes: int) -> list[Partition]:
    """A source's ranges.

    Raises:
        SourceError: it fails at that.
    """
    try:
        return list(source.partitions(target_bytes))
    except (TuneportError, MemoryError):
        raise
    except Exception as error:
        raise SourceError(f"{type(source).__name__}.partitions: {type(error).__name__}: {error}") from error


def readable(source: Source, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:
    """Read a range; whatever a third party's source raises becomes a SourceError.

    A record that is nested too deeply is listed as malformed: none goes on to what would end the process at it.

    Raises:
        SourceError: the source failed.
    """
    try:
        for batch in source.read(partition, fields):
            if len(batch.ordinals) != len(batch.entities):
                raise ValueError(f"a batch of {len(batch.entities)} entities with {len(batch.ordinals)} ordinals")
            yield batch if source.shallow else bounded(batch)
    except (TuneportError, GeneratorExit, MemoryError):
        raise
    except Exception as error:
        raise SourceError(f"{information(source).title}: {type(error).__name__}: {error}") from error
