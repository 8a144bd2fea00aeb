"""A source of conversations: the rows of other sources, grouped."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec.json
from msgspec.structs import replace

from tuneport.errors import DataError
from tuneport.model import Batch, Entity, Malformed, Partition
from tuneport.recipes.grouping import MESSAGES, GroupSection
from tuneport.runs.reading.grouping.conversation import conversation_of
from tuneport.runs.reading.grouping.following import following
from tuneport.runs.reading.grouping.holding import Held, PackedGroup, packed, unpacked
from tuneport.runs.reading.grouping.limits import HELD, too_large
from tuneport.runs.reading.grouping.rows import Group, Row, group_of, place_of, rows_of, title_of
from tuneport.runs.reading.grouping.spilling import Spilled
from tuneport.runs.reading.peekable import Peekable
from tuneport.runs.reading.sources import first_records, information, size_of
from tuneport.runs.reading.streams import Stream, together
from tuneport.runs.storage import Storage
from tuneport.source import SourceInfo

_BATCH, _BATCH_BYTES = 512, 1 << 20


class GroupedSource(Peekable):
    """Conversations, in the order in which the first row of each stands, and unreadable rows between them.

    It cannot seek; it can be read again as far as its streams can.

    Args:
        streams: what is read, one after the other; a conversation may stand in several.
        group: which rows are one.
        fields: field of the rows to type; None where they are not known.
        memory: bytes of rows that are held in memory.
        storage: makes files for what is more than that.
    """

    def __init__(
        self,
        streams: Sequence[Stream],
        group: GroupSection,
        fields: Mapping[str, str] | None = None,
        memory: int = HELD,
        storage: Storage | None = None,
    ) -> None:
        self._streams = streams
        self._group = group
        self._fields = fields
        self._memory = memory
        self._storage = storage or Storage()
        self._conversation = conversation_of(group)
        # Position of the first row of each record, in order; twice it, and one more for a conversation.
        self._places = array("Q")

    def info(self) -> SourceInfo:
        """What is known of the rows' sources together, said of conversations."""
        infos = [replace(information(stream.source), title=stream.info.title) for stream in self._streams]
        inner, by = together(infos), self._group.by
        fields = None
        if self._fields is not None:
            gone = {*by, *self._group.turn_fields()}
            kept = {name: kind for name, kind in self._fields.items() if name not in gone}
            fields = {**{name: self._fields.get(name, "") for name in by}, MESSAGES: "json", **kept}
        return SourceInfo(
            title=f"{inner.title}, by {', '.join(by)}",
            fields=fields,
            closed=inner.closed,
            key=tuple(by),
            revision=self._revision(infos),
        )

    def _revision(self, infos: Sequence[SourceInfo]) -> dict[str, int | str] | None:
        facts: dict[str, int | str] = {"group": msgspec.json.encode(self._group.model_dump()).decode()}
        for number, (stream, info) in enumerate(zip(self._streams, infos, strict=True)):
            if info.revision is None:
                return None
            facts |= {f"{stream.name or number}: {name}": value for name, value in info.revision.items()}
        return facts

    def peek(self, count: int) -> Iterator[Entity]:
        """The conversations in the first `count` rows, some of which go on after these."""
        held: dict[str, list[Entity]] = {}
        for row in islice(first_records(self._streams), count):
            name = group_of(row, self._group.by)
            if isinstance(name, str):
                held.setdefault(name, []).append(row)
        return map(self._conversation, held.values())

    def partitions(self, target_bytes: int) -> Iterable[Partition]:  # noqa: ARG002  -- a conversation may stand anywhere
        """None."""
        return ()

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:  # noqa: ARG002
        """Every conversation, and every row that cannot be read or belongs to none.

        Raises:
            DataError: a conversation has too many rows, or comes back where rows are said to be sorted.
            SourceError: a source of rows fails.
        """
        wanted = None
        if fields is not None:
            named = [name for names in self._group.named().values() for name in names]
            wanted = (fields - {MESSAGES}) | frozenset(named)
        rows = rows_of(self._streams, self._group.by, wanted)
        if self._group.sorted:
            yield from self._batches(following(rows, self._group.by, self._group.max_rows, self._place))
        else:
            yield from self._batches(self._gathered(rows))

    def _gathered(self, rows: Iterable[Row]) -> Iterator[Group]:
        by, most = self._group.by, self._group.max_rows

        def large(name: str) -> DataError:
            return too_large(title_of(name, by), by, most)

        held = Held(most, large)
        waiting = packed(rows)
        for row in waiting:
            held.add(*row)
            if held.size > self._memory:
                break
        groups: Iterator[PackedGroup] = held.groups()
        if held.size > self._memory:
            groups = Spilled(self._memory, most, large, self._storage).grouped(held, waiting)
        for position, group in groups:
            yield position, unpacked(group)

    def _batches(self, groups: Iterable[Group]) -> Iterator[Batch]:
        batch, ordinals, size, end = Batch([], [], 0), list[int](), 0, 0
        for ordinal, (position, rows) in enumerate(groups):
            self._note(ordinal, position, conversation=not isinstance(rows, Malformed))
            if isinstance(rows, Malformed):
                batch.malformed.append(Malformed(ordinal, rows.code, rows.reason))
            else:
                batch.entities.append(self._conversation(rows))
                ordinals.append(ordinal)
                size += size_of(batch.entities[-1])
            end = ordinal + 1
            if len(batch.entities) + len(batch.malformed) == _BATCH or size > _BATCH_BYTES:
                batch.ordinals, batch.end = ordinals, end
                yield batch
                batch, ordinals, size = Batch([], [], 0), [], 0
        if batch.entities or batch.malformed:
            batch.ordinals, batch.end = ordinals, end
            yield batch

    def _note(self, ordinal: int, position: int, *, conversation: bool) -> None:
        """Keep where a record's first row stands; a source that is read again has the same records."""
        if ordinal == len(self._places):
            self._places.append(2 * position + conversation)

    def locate(self, ordinal: int) -> str:
        """`chats.jsonl:17 (first of its conversation)`: where the first row of a conversation stands."""
        if ordinal >= len(self._places):
            # A run that is taken up may have nothing left to read, and places to name all the same.
            any(batch.end > ordinal for batch in self.read(None, frozenset()))
        position, conversation = divmod(self._places[ordinal], 2)
        return f"{self._place(position)} (first of its conversation)" if conversation else self._place(position)

    def _place(self, position: int) -> str:
        number, ordinal = place_of(position)
        stream = self._streams[number]
        place, file = stream.source.locate(ordinal), Path(stream.name).name
        if file and place.startswith(file) and len(self._streams) > 1:
            # Of several files, two may have the same name in different folders.
            place = f"{stream.name}{place.removeprefix(file)}"
        return place
