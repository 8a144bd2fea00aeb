"""What a run reads: a stream for each file, table or query, and an inlet for each `[[source]]` they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuneport.recipes import SourceSection
from tuneport.runs.messages import StageRef
from tuneport.source import Source, SourceInfo


@dataclass(frozen=True)
class Stream:
    """One thing that is read from its beginning to its end.

    Attributes:
        inlet: the number of the inlet it belongs to.
        name: what it is called in the plan's identity: the file as the recipe names it, "" where there is none.
        source: what reads it.
        info: what that said of itself.
    """

    inlet: int
    name: str
    source: Source
    info: SourceInfo


@dataclass(frozen=True)
class Inlet:
    """One source of a recipe: streams that are read alike.

    Attributes:
        name: what counts and messages call it.
        place: where it stands in the recipe: `source`, or `source[1]`.
        section: what the recipe says of it; None where the entities were given.
        importer: who reads it; None where the entities were given.
        info: what is known of all its streams together.
        key: the fields that name a record; None for `pk`, else `id`.
        subject: the field that says whose data a record is.
    """

    name: str
    place: str
    section: SourceSection | None
    importer: StageRef | None
    info: SourceInfo
    key: tuple[str, ...] | None
    subject: str | None

    @property
    def limit(self) -> int | None:
        """How many records are read of it; None for all."""
        return self.section.limit if self.section is not None else None


def together(infos: Sequence[SourceInfo]) -> SourceInfo:
    """What is known of several streams that are read as one source."""
    first = infos[0]
    if len(infos) == 1:
        return first
    fields: dict[str, str] = {}
    for info in infos:
        for name, kind in (info.fields or {}).items():
            # A type that files do not agree about is looked for in the records.
            fields[name] = kind if fields.get(name, kind) == kind else ""
    rows = [info.rows for info in infos]
    same = all(info.fields is not None and info.fields.keys() == fields.keys() for info in infos)
    return SourceInfo(
        title=f"{first.title} and {len(infos) - 1:,} more",
        fields=fields if same else None,
        closed=same and all(info.closed for info in infos),
        key=first.key if all(info.key == first.key for info in infos) else (),
        rows=sum(row for row in rows if row is not None) if None not in rows else None,
    )


def revisions(streams: Sequence[Stream]) -> Mapping[str, Mapping[str, int | str] | None]:
    """Name of a stream to the facts that change with its content."""
    return {stream.name: dict(stream.info.revision) if stream.info.revision else None for stream in streams}
