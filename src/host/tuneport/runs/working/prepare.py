"""prepare(part): read, condition, style, filters, weightings, identity. What comes out are candidates."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from logging import getLogger
from math import isfinite, nan
from typing import Any

import msgspec
from xxhash import xxh3_128_digest

from tuneport.errors import told
from tuneport.model import Batch, Entity, Reject
from tuneport.runs.codes import ERRORED, FILTERED, raised, sound
from tuneport.runs.messages import Candidates, Part, Prepared, Rejected, StageRef
from tuneport.runs.planning.pipeline import UNBOUNDED
from tuneport.runs.planning.plan import Plan
from tuneport.runs.reading.sources import readable
from tuneport.runs.working.spool import packed
from tuneport.sample import Sample

log = getLogger("tuneport")


_RECORD = StageRef("", "tuneport", "record", "", "", {})
"""What is blamed where a record's own values fail: its key, or a condition on it."""

MAX_KEY = 1000
"""Characters of a key or subject that are kept."""


@dataclass
class _Columns:
    """What the reducer will be told of a part's samples."""

    keys: list[bytes] = field(default_factory=list)
    raw: list[array[float]] = field(default_factory=list)


class Whose(msgspec.Struct, frozen=True):
    """Which record a stage looks at: where it stands, what names it, and whose data it is."""

    ordinal: int
    key: str | None = None
    subject: str | None = None

    def reject(self, stage: str, code: str, reason: str, identity: bytes = b"") -> Rejected:
        """This record's reject."""
        return Rejected(self.ordinal, self.key, self.subject, stage, code, reason, identity)


def rejected_by(stage: StageRef, whose: Whose, reject: Reject) -> Rejected:
    """A stage's reject, with its code made unique to its plugin unless it is one of the shared codes."""
    return whose.reject(stage.qualified, own_code(stage, str(reject.code)), str(reject.reason))


def own_code(stage: StageRef, code: str) -> str:
    """A code as it is where it is one of the shared codes, else `plugin:code`."""
    if code in ERRORED or code in FILTERED or code.startswith(f"{stage.plugin}:"):
        return code
    return f"{stage.plugin}:{code}"


def raised_by(stage: StageRef, whose: Whose, error: BaseException, warned: set[str]) -> Rejected:
    """The reject of a plugin that raised.

    What it said may hold the record's values: the reject does not repeat it, and the log does once per stage,
    for whoever has to mend the plugin.
    """
    if isinstance(error, UnicodeEncodeError):
        return whose.reject(stage.qualified, "bad_utf8", "Text holds a lone surrogate")
    reason = f"{stage.qualified} raised {raised(error)}"
    if stage.qualified not in warned:
        warned.add(stage.qualified)
        log.warning("%s, the first time with: %s", reason, " ".join(told(error).split())[:300])
    return whose.reject(stage.qualified, f"hook:{stage.plugin}", reason)


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
        self._style_ref, self._style = stages.style
        self._filters, self._weightings, self._deferred = stages.filters, stages.weightings, stages.deferred
        self._spooled = plan.deferred
        self._take_counts, self._warned = compiled.take_counts, compiled.warned
        self._key, self._subject = key_reader(inlet.key), subject_reader(inlet.subject)
        self._at = _RECORD
        self._visible = visibility(plan.recipe.output.include_fields, plan.recipe.output.exclude_fields)
        self._metadata = compiled.metadata
        self._least, self._most = plan.pipeline.bounds
        # Where a factor is still to come, the bounds are for what it makes of the weight.
        self._bounded = plan.pipeline.bounds != UNBOUNDED and not self._deferred

    def prepare(self, part: Part) -> tuple[Candidates, Prepared]:
        """One part's candidates, and what is needed to render them."""
        prepared, columns = Prepared(), _Columns(raw=[array("d") for _ in self._deferred])
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
            for ordinal, entity in zip(batch.ordinals, batch.entities, strict=True):
                rejected = self._one(ordinal, entity, prepared, columns)
                if rejected is not None:
                    prepared.rejected.append(rejected)
        prepared.notes = dict(self._take_counts())
        raw = [column.tobytes() for column in columns.raw]
        return Candidates(part.index, part.stream, read, end, b"".join(columns.keys), raw), prepared

    def _one(self, ordinal: int, entity: object, prepared: Prepared, columns: _Columns) -> Rejected | None:
        """Take one record through all stages; its reject, or None where its sample was added."""
        whose = Whose(ordinal)
        if not isinstance(entity, dict):
            return whose.reject("source", "bad_type", f"A record is a dict, not {type(entity).__name__}")
        self._at = _RECORD
        try:
            if self._visible is not None:
                entity = self._visible(entity)
            whose = Whose(ordinal, self._key(entity), self._subject(entity))
            sample = self._sample(entity, whose)
            if isinstance(sample, Rejected):
                return sample
            rejected = self._weigh(entity, sample, whose)
            if rejected is not None:
                return rejected
            self._at = self._style_ref
            identity = xxh3_128_digest(sample.content())
            kept = packed(sample) if self._spooled else sample
            if self._deferred:
                # Last of all: what grows the columns may not be followed by anything that fails.
                rejected = self._measure(entity, sample, whose, columns.raw)
                if rejected is not None:
                    return rejected
        except (Exception, SystemExit) as error:  # noqa: BLE001  -- one record, one reject: the run goes on
            return raised_by(self._at, whose, error, self._warned)
        columns.keys.append(identity)
        prepared.samples.append(kept)
        prepared.ordinals.append(ordinal)
        prepared.keys.append(whose.key)
        prepared.subjects.append(whose.subject)
        return None

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


def bad_weight(stage: StageRef, whose: Whose, weight: float, warned: set[str]) -> Rejected:
    """The reject of a weight that is negative or not finite; a negative one is told once, for its plugin's author."""
    if weight < 0.0 and isfinite(weight):
        text = f"{stage.qualified} gave a negative factor"
        if stage.qualified not in warned:
            warned.add(stage.qualified)
            log.warning("%s: a weighting answers a number of at least 0, or a Reject", text)
        return whose.reject(stage.qualified, f"hook:{stage.plugin}", text)
    return whose.reject(stage.qualified, "weight_not_finite", f"Weight is {weight}, not a finite number")


def key_reader(fields: tuple[str, ...] | None) -> Callable[[Entity], str | None]:
    """A function that names an entity by all of its key fields, or by the first of `pk` and `id` where none are set."""
    if fields is None:
        return lambda entity: _text(entity.get("pk")) or _text(entity.get("id"))
    if not fields:
        return lambda _entity: None
    if len(fields) == 1:
        (field_,) = fields
        return lambda entity: _text(entity.get(field_))
    return lambda entity: "/".join(_text(entity.get(name)) or "" for name in fields)


def subject_reader(field_: str | None) -> Callable[[Entity], str | None]:
    """A function that says whose data an entity is."""
    return (lambda _entity: None) if field_ is None else (lambda entity: _text(entity.get(field_)))


def _text(value: Any) -> str | None:
    """A key as text that can be written; a structure is no key, and is not shown."""
    if value is None or isinstance(value, dict | list | tuple | set | bytes):
        return None
    text = sound(str(value))
    return text if len(text) <= MAX_KEY else f"{text[:MAX_KEY]}..."


def visibility(include: list[str], exclude: list[str]) -> Callable[[Entity], Entity] | None:
    """A function that takes away the fields nothing may look at; None where there are none."""
    if not include and not exclude:
        return None
    kept, hidden = frozenset(include), frozenset(exclude)
    if kept:
        return lambda entity: {k: v for k, v in entity.items() if k in kept and k not in hidden}
    return lambda entity: {k: v for k, v in entity.items() if k not in hidden}


def within(batches: Iterable[Batch], most: int | None) -> Iterator[Batch]:
    """The batches up to the `most`-th record, readable or not, in source order."""
    if most is None:
        yield from batches
        return
    for batch in batches:
        count = len(batch.entities) + len(batch.malformed)
        if count <= most:
            yield batch
            most -= count
        else:
            yield _cut(batch, most)
            return
        if most == 0:
            return


def _cut(batch: Batch, most: int) -> Batch:
    ordinals = sorted([*batch.ordinals, *(bad.ordinal for bad in batch.malformed)])
    end = ordinals[most]
    kept = [(o, e) for o, e in zip(batch.ordinals, batch.entities, strict=True) if o < end]
    malformed = [bad for bad in batch.malformed if bad.ordinal < end]
    return Batch([entity for _, entity in kept], [ordinal for ordinal, _ in kept], end, malformed)
