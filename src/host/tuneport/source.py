"""What is read: the base class of every source, and the three methods that are the same for all."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

import msgspec

from tuneport.errors import TuneportError
from tuneport.model import Batch, Entity, Partition, Problem

FIELD_TYPES = ("string", "integer", "number", "bool", "list[string]", "list[integer]", "list[number]", "json")


class SourceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a source before it is read.

    Attributes:
        title: how it is called in messages: `support.db, table faq`.
        fields: field name to type, one of FIELD_TYPES or "" where the type is not known; None where the
            source has no schema, so that the host looks at its first 10,000 entities.
        closed: the schema is complete: a field that is not in `fields` does not exist.
        key: the fields that name an entity, where the source knows them.
        revision: facts that change whenever the content does; None means never taken up again after a crash.
        rows: about how many entities there are; None where that is not known cheaply.
    """

    title: str
    fields: Mapping[str, str] | None = None
    closed: bool = False
    key: tuple[str, ...] = ()
    revision: Mapping[str, int | str] | None = None
    rows: int | None = None


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One of several things that a source could read, as its catalogue has it.

    Attributes:
        name: what the importer's `table` would name.
        fields: column to type, as in SourceInfo.
        key: the columns that name a record, where the source knows them.
        rows: about how many records there are; None where that is not known cheaply.
    """

    name: str
    fields: Mapping[str, str]
    key: tuple[str, ...] = ()
    rows: int | None = None


class Source(abc.ABC):
    """Entities in a fixed order, in ranges that can each be read on their own.

    An importer's factory returns one of these, or any iterable of dicts.

    Attributes:
        shallow: none of its records is nested deeper than `tuneport.nesting.DEEPEST` levels, so that the host need not
            look at each. One that is deeper is listed as malformed: what reads it may end the process.
    """

    shallow: ClassVar[bool] = False

    @abc.abstractmethod
    def info(self) -> SourceInfo:
        """What is known before reading.

        Raises:
            SourceNotFoundError: there is nothing to read.
            SourceError: it is there and cannot be opened.
        """

    @abc.abstractmethod
    def partitions(self, target_bytes: int) -> Iterable[Partition]:
        """Disjoint ranges of about `target_bytes`, in order; none at all where the source cannot seek."""

    @abc.abstractmethod
    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:
        """The entities of one range, or of the whole source where `partition` is None.

        Args:
            partition: one that `partitions` returned.
            fields: the only fields anyone will look at (the rest may be left out), or None for all.
        """

    def locate(self, ordinal: int) -> str:
        """Where the record with this ordinal (from 0, over the whole source) stands, for a person."""
        return f"row {ordinal + 1}"

    def tables(self) -> list[Table]:
        """What could be read where nothing was named, by name; empty where there is no such choice.

        Raises:
            SourceNotFoundError: there is nothing to read.
            SourceError: it is there and cannot be opened.
        """
        return []

    def check(self) -> list[Problem]:
        """What is wrong with the source as it is configured; empty when it can be read."""
        try:
            self.info()
        except TuneportError as error:
            return [Problem("source", error.message, error.hint, error.code)]
        return []

    def validateSource(self, errors: list[str] | None = None) -> bool:
        """Say whether the source can be read; reasons are added to `errors`."""
        problems = self.check()
        if errors is not None:
            errors.extend(problem.message for problem in problems)
        return not problems

    def getSourceSchema(self) -> dict[str, str]:
        """Field name to type; empty where the source has no schema of its own."""
        return dict(self.info().fields or {})

    def importEntities(self) -> Iterator[Entity]:
        """Every readable entity, whole and in order. Malformed records are left out."""
        for batch in self.read(None, None):
            yield from batch.entities
