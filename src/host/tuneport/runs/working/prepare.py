"""prepare(part): read, take each record to a sample, say what makes it a duplicate. What comes out are candidates."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import isfinite, nan

from xxhash import xxh3_128_digest

from tuneport.model import Batch, Entity, Reject
from tuneport.runs.messages import Candidates, Part, Prepared, Rejected
from tuneport.runs.planning.plan import Plan
from tuneport.runs.reading.sources import readable
from tuneport.runs.working.apart import NOWHERE, apartness
from tuneport.runs.working.blame import Whose, bad_weight, raised_by, rejected_by
from tuneport.runs.working.breaker import Chain, labels
from tuneport.runs.working.columns import Columns
from tuneport.runs.working.foreign import watched
from tuneport.runs.working.near.marks import Mark, Marker, Marks
from tuneport.runs.working.records import within
from tuneport.runs.working.spool import packed
from tuneport.runs.working.taking import Taker
from tuneport.sample import Sample


class Preparer:
    """Prepares the parts of one run."""

    def __init__(self, plan: Plan) -> None:
        self._preparers = [_InletPreparer(plan, number) for number in range(len(plan.inlets))]
        self._inlets = [stream.inlet for stream in plan.streams]

    def prepare(self, part: Part) -> tuple[Candidates, Prepared]:
        """One part's candidates, and what is needed to render them."""
        return self._preparers[self._inlets[part.stream]].prepare(part)


class _InletPreparer:
    """Prepares the parts of one source's streams."""

    def __init__(self, plan: Plan, number: int) -> None:
        stages = plan.compiled.preparations[number]
        self._taker = Taker(plan, number)
        self._streams, self._reads = plan.streams, plan.reads(number)
        self._deferred = [(ref, watched(measure)) for ref, measure in stages.deferred]
        self._style = stages.style[0]
        self._markers = [Marker(ref, fingerprint) for ref, fingerprint in stages.fingerprints]
        taken = (*stages.filters, *stages.weightings)
        later = [ref for ref, _ in (*stages.fingerprints, *stages.deferred)]
        refs = [self._style, *(ref for ref, _ in taken), *later]
        self._labels, self._positions = labels(refs), {id(ref): position for position, ref in enumerate(refs)}
        # A split rejects what the last stage before the later ones has answered.
        self._weighed = len(taken)
        self._spooled = plan.deferred
        self._take_counts, self._warned = plan.compiled.take_counts, plan.compiled.warned
        self._apart = apartness(plan.split) if plan.split is not None else None
        self._averages = plan.averages
        # The reducer is told of identities alone then.
        self._plain = not (self._apart or self._spooled or self._deferred or self._averages)

    def prepare(self, part: Part) -> tuple[Candidates, Prepared]:
        """One part's candidates, and what is needed to render them. A broken plugin ends it early."""
        prepared, chain = Prepared(), Chain(self._labels)
        columns = Columns([array("d") for _ in self._deferred], array("d") if self._averages else None)
        columns.marks = [Marks() for _ in self._markers]
        read = end = 0
        batches: Iterable[Batch] | None
        batches = part.batches
        if batches is None:
            batches = readable(self._streams[part.stream].source, part.partition, self._reads)
        for batch in within(batches, part.most):
            read += len(batch.entities) + len(batch.malformed)
            end = batch.end
            prepared.rejected.extend(
                Whose(bad.ordinal).reject("source", bad.code, bad.reason) for bad in batch.malformed
            )
            self._batch(batch, prepared, columns, chain)
            if chain.full:
                break
        prepared.notes = dict(self._take_counts())
        chain.passed = len(prepared.samples)
        return columns.candidates(part, read, end, chain), prepared

    def _batch(self, batch: Batch, prepared: Prepared, columns: Columns, chain: Chain) -> None:
        """Take a batch of records through all stages, or as many as it takes to know that one is broken."""
        taker, plain, style = self._taker, self._plain, self._style
        take, add_key = taker.take, columns.keys.append
        add, ordinals, keys = prepared.samples.append, prepared.ordinals.append, prepared.keys.append
        for ordinal, entity in zip(batch.ordinals, batch.entities, strict=True):
            try:
                taken = take(ordinal, entity)
                kept: Sample | bytes | Rejected = taken
                if not isinstance(taken, Rejected):
                    taker.at = style
                    identity = xxh3_128_digest(taken.content())
                    if plain:
                        add_key(identity)
                    else:
                        kept = self._offered(taken, identity, columns)
            except BaseException as error:  # noqa: BLE001  -- one record, one reject: the run goes on
                kept = raised_by(taker.at, taker.whose, error, self._warned)
            if not isinstance(kept, Rejected):
                add(kept)
                ordinals(ordinal)
                keys(taker.key)
                prepared.subjects.append(taker.subject)
                continue
            prepared.rejected.append(kept)
            position = self._weighed if kept.stage == "split" else self._positions.get(id(taker.at))
            if position is not None:
                chain.passed = len(prepared.samples)
                chain.ended(position, kept)
                if chain.full:
                    return

    def _offered(self, sample: Sample, identity: bytes, columns: Columns) -> Sample | bytes | Rejected:
        """Add what the reducer is told of a sample; what is kept of it, or its reject."""
        taker, place = self._taker, NOWHERE
        if self._apart is not None:
            where = self._apart(taker.entity, sample, identity)
            if isinstance(where, Reject):
                return taker.whose.reject("split", where.code, where.reason, identity)
            place = where
        kept = packed(sample) if self._spooled else sample
        marks = self._marked(sample) if self._markers else ()
        # Last of all: what grows the columns may not be followed by anything that fails.
        rejected = self._measure(taker.entity, sample, columns.raw) if self._deferred else None
        if rejected is not None:
            return rejected
        columns.add(identity, sample.weight, place, marks)
        return kept

    def _marked(self, sample: Sample) -> list[Mark]:
        """What fingerprints say of a sample."""
        marks = list[Mark]()
        for marker in self._markers:
            self._taker.at = marker.stage
            marks.append(marker.mark(sample))
        return marks

    def _measure(self, entity: Entity, sample: Sample, columns: list[array[float]]) -> Rejected | None:
        """Take the numbers that deferred weightings want of a sample; why it has none, or None."""
        taker, numbers = self._taker, list[float]()
        for stage, measure in self._deferred:
            taker.at = stage
            number = measure(entity, sample)
            if isinstance(number, Reject):
                return rejected_by(stage, taker.whose, number)
            if number is not None and not isfinite(number):
                return bad_weight(stage, taker.whose, number, self._warned)
            numbers.append(nan if number is None else float(number))
        for column, taken in zip(columns, numbers, strict=True):
            column.append(taken)
        return None
