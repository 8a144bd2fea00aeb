"""prepare(part): read, condition, style, filters, weightings, identity. What comes out are candidates."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite, nan

from xxhash import xxh3_128_digest

from tuneport.model import Batch, Entity, Reject
from tuneport.nesting import is_record
from tuneport.runs.messages import Candidates, Part, Prepared, Rejected, StageRef
from tuneport.runs.planning.pipeline import UNBOUNDED
from tuneport.runs.planning.plan import Plan
from tuneport.runs.reading.sources import readable
from tuneport.runs.working.apart import NOWHERE, Place, apartness
from tuneport.runs.working.blame import Whose, bad_weight, raised_by, rejected_by
from tuneport.runs.working.breaker import Chain, labels
from tuneport.runs.working.foreign import watched, watched_style
from tuneport.runs.working.records import key_reader, subject_reader, visibility, within
from tuneport.runs.working.spool import packed
from tuneport.sample import Sample

_RECORD = StageRef("", "tuneport", "record", "", "", {})
"""What is blamed where a record's own values fail: its key, or a condition on it."""


@dataclass
class _Columns:
    """What the reducer will be told of a part's samples."""

    raw: list[array[float]]
    weights: array[float] | None
    keys: list[bytes] = field(default_factory=list)
    units: list[bytes] = field(default_factory=list)
    strata: list[bytes] = field(default_factory=list)
    prompts: list[bytes] = field(default_factory=list)

    def add(self, identity: bytes, weight: float, place: Place) -> None:
        """Add a sample."""
        self.keys.append(identity)
        if self.weights is not None:
            self.weights.append(weight)
        self.units += place.units
        self.strata += place.strata
        self.prompts += place.prompts

    def candidates(self, part: Part, read: int, end: int, chain: Chain) -> Candidates:
        """What is told of a part of which so much was read."""
        return Candidates(
            part=part.index,
            stream=part.stream,
            read=read,
            end=end,
            keys=b"".join(self.keys),
            raw=[column.tobytes() for column in self.raw],
            weights=self.weights.tobytes() if self.weights is not None else b"",
            units=b"".join(self.units),
            strata=b"".join(self.strata),
            prompts=b"".join(self.prompts),
            streaks=chain.streaks(),
        )


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
        compiled, inlet = plan.compiled, plan.inlets[number]
        stages = compiled.preparations[number]
        self._streams = plan.streams
        self._reads = plan.reads(number)
        self._conditions = stages.conditions
        self._style_ref, self._style = stages.style[0], watched_style(stages.style[1])
        self._filters = [(ref, watched(test)) for ref, test in stages.filters]
        self._weightings = [(ref, watched(weigh)) for ref, weigh in stages.weightings]
        self._deferred = [(ref, watched(measure)) for ref, measure in stages.deferred]
        refs = [self._style_ref, *(ref for ref, _ in (*stages.filters, *stages.weightings, *stages.deferred))]
        self._labels, self._positions = labels(refs), {id(ref): position for position, ref in enumerate(refs)}
        # A split rejects what the last stage before the deferred ones has answered.
        self._weighed = len(refs) - len(stages.deferred) - 1
        self._spooled = plan.deferred
        self._take_counts, self._warned = compiled.take_counts, compiled.warned
        self._key, self._subject = key_reader(inlet.key), subject_reader(inlet.subject)
        self._at = _RECORD
        self._visible = visibility(plan.recipe.output.include_fields, plan.recipe.output.exclude_fields)
        self._metadata = compiled.metadata
        self._apart = apartness(plan.split) if plan.split is not None else None
        self._averages = plan.averages
        self._least, self._most = plan.pipeline.bounds
        # Where a factor is still to come, the bounds are for what it makes of the weight.
        self._bounded = plan.pipeline.bounds != UNBOUNDED and not self._deferred

    def prepare(self, part: Part) -> tuple[Candidates, Prepared]:
        """One part's candidates, and what is needed to render them. A broken plugin ends it early."""
        prepared, chain = Prepared(), Chain(self._labels)
        columns = _Columns([array("d") for _ in self._deferred], array("d") if self._averages else None)
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

    def _batch(self, batch: Batch, prepared: Prepared, columns: _Columns, chain: Chain) -> None:
        """Take a batch of records through all stages, or as many as it takes to know that one is broken."""
        for ordinal, entity in zip(batch.ordinals, batch.entities, strict=True):
            rejected = self._one(ordinal, entity, prepared, columns)
            if rejected is None:
                continue
            prepared.rejected.append(rejected)
            position = self._weighed if rejected.stage == "split" else self._positions.get(id(self._at))
            if position is not None:
                chain.passed = len(prepared.samples)
                chain.ended(position, rejected)
                if chain.full:
                    return

    def _one(self, ordinal: int, entity: object, prepared: Prepared, columns: _Columns) -> Rejected | None:
        """Take one record through all stages; its reject, or None where its sample was added."""
        whose, self._at = Whose(ordinal), _RECORD
        if not is_record(entity):
            return whose.reject("source", "bad_type", f"A record is a dict, not {type(entity).__name__}")
        try:
            if self._visible is not None:
                entity = self._visible(entity)
            whose = Whose(ordinal, self._key(entity), self._subject(entity))
            sample = self._sample(entity, whose)
            kept = sample if isinstance(sample, Rejected) else self._offered(entity, sample, whose, columns)
            if isinstance(kept, Rejected):
                return kept
        except BaseException as error:  # noqa: BLE001  -- one record, one reject: the run goes on
            return raised_by(self._at, whose, error, self._warned)
        prepared.samples.append(kept)
        prepared.ordinals.append(ordinal)
        prepared.keys.append(whose.key)
        prepared.subjects.append(whose.subject)
        return None

    def _offered(self, entity: Entity, sample: Sample, whose: Whose, columns: _Columns) -> Sample | bytes | Rejected:
        """Weigh a sample, and add what the reducer is told of it; what is kept of it, or why there is none."""
        rejected = self._weigh(entity, sample, whose)
        if rejected is not None:
            return rejected
        self._at = self._style_ref
        identity = xxh3_128_digest(sample.content())
        place = self._apart(entity, sample, identity) if self._apart is not None else NOWHERE
        if isinstance(place, Reject):
            return whose.reject("split", place.code, place.reason, identity)
        kept = packed(sample) if self._spooled else sample
        # Last of all: what grows the columns may not be followed by anything that fails.
        rejected = self._measure(entity, sample, whose, columns.raw) if self._deferred else None
        if rejected is None:
            columns.add(identity, sample.weight, place)
        return kept if rejected is None else rejected

    def _sample(self, entity: Entity, whose: Whose) -> Sample | Rejected:
        """What conditions, style and filters make of a record."""
        for condition in self._conditions:
            if not condition(entity):
                return whose.reject("where", "where", f"Does not hold: {condition.text}")
        self._at = self._style_ref
        sample: object = self._style(entity)
        if not isinstance(sample, Sample):
            return rejected_by(self._style_ref, whose, _reject(sample))
        for stage, test in self._filters:
            self._at = stage
            reject = test(entity, sample)
            if reject is not None:
                return rejected_by(stage, whose, _reject(reject))
        if self._metadata is not None:
            # Rows of all sources have the same keys, in the same order.
            sample.metadata = {name: sample.metadata.get(name) for name in self._metadata}
        return sample

    def _weigh(self, entity: Entity, sample: Sample, whose: Whose) -> Rejected | None:
        """Weigh a sample; why it has no weight, or None."""
        weight = sample.weight
        self._at = stage = self._style_ref
        if not isfinite(weight) or weight < 0.0:
            return bad_weight(stage, whose, weight, self._warned)
        for stage, weigh in self._weightings:
            self._at = stage
            factor = weigh(entity, sample)
            if isinstance(factor, Reject):
                return rejected_by(stage, whose, factor)
            weight *= factor
            if not isfinite(weight) or weight < 0.0:
                return bad_weight(stage, whose, weight, self._warned)
        sample.weight = min(max(weight, self._least), self._most) if self._bounded else weight
        return None

    def _measure(self, entity: Entity, sample: Sample, whose: Whose, columns: list[array[float]]) -> Rejected | None:
        """Take the numbers that deferred weightings want of a sample; why it has none, or None."""
        numbers: list[float] = []
        for stage, measure in self._deferred:
            self._at = stage
            number = measure(entity, sample)
            if isinstance(number, Reject):
                return rejected_by(stage, whose, number)
            if number is not None and not isfinite(number):
                return bad_weight(stage, whose, number, self._warned)
            numbers.append(nan if number is None else float(number))
        for column, taken in zip(columns, numbers, strict=True):
            column.append(taken)
        return None


def _reject(answer: object) -> Reject:
    """What a stage answered in place of a sample or of None, which has to be a reject."""
    if not isinstance(answer, Reject):
        raise TypeError(f"returned {type(answer).__name__}")
    return answer
