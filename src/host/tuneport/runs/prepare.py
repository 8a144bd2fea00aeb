"""prepare(part): read, style, filters, weightings, identity. What comes out are candidates."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from xxhash import xxh3_128_digest

from tuneport.model import Batch, Entity, Malformed, Outcome, Reject, Sample
from tuneport.runs.messages import Candidates, Part, StageRef
from tuneport.runs.plan import Plan
from tuneport.runs.sources import readable

ERRORED = frozenset({"bad_json", "bad_utf8", "bad_type", "weight_not_finite", "int_range", "late_field"})
"""Codes that mean an error; so do all that begin with `hook:`. Every other code is a filter's."""

FILTERED = frozenset({"missing_field", "text_too_short", "text_too_long", "empty_output"})
"""Codes that any plugin may use as they are; a code of its own is shown as `plugin:code`."""


@dataclass(frozen=True)
class Rejected:
    """A reject and where it happened; `ordinal` counts from the part's first line or row."""

    ordinal: int
    key: str | None
    stage: str
    code: str
    reason: str

    @property
    def outcome(self) -> Outcome:
        """Which of the four this is."""
        if self.code == "duplicate":
            return Outcome.DUPLICATE
        errored = self.code in ERRORED or self.code.startswith("hook:")
        return Outcome.ERRORED if errored else Outcome.FILTERED


@dataclass
class Prepared:
    """What a worker keeps of a part until its verdict: samples, and whose they are."""

    samples: list[Sample] = field(default_factory=list)
    ordinals: array[int] = field(default_factory=lambda: array("q"))
    keys: list[str | None] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)


def rejected_by(stage: StageRef, ordinal: int, key: str | None, reject: Reject) -> Rejected:
    """A stage's reject, with its code made unique to its plugin unless it is one of the shared codes."""
    code = reject.code
    if code not in ERRORED and code not in FILTERED and not code.startswith(f"{stage.plugin}:"):
        code = f"{stage.plugin}:{code}"
    return Rejected(ordinal, key, stage.qualified, code, reject.reason)


def raised_by(stage: StageRef, ordinal: int, key: str | None, error: Exception) -> Rejected:
    """The reject of a plugin that raised."""
    if isinstance(error, UnicodeEncodeError):
        return Rejected(ordinal, key, stage.qualified, "bad_utf8", "Text holds a lone surrogate")
    text = f"{type(error).__name__}: {error}"[:200]
    return Rejected(ordinal, key, stage.qualified, f"hook:{stage.plugin}", f"{stage.qualified} raised {text}")


class Preparer:
    """Prepares the parts of one run."""

    def __init__(self, plan: Plan) -> None:
        self._source = plan.source
        self._reads = plan.reads
        self._compiled = plan.compiled
        self._key = key_reader(plan.key)
        self._visible = visibility(plan.recipe.output.include_fields, plan.recipe.output.exclude_fields)

    def prepare(self, part: Part) -> tuple[Candidates, Prepared]:
        """One part's candidates, and what is needed to render them."""
        prepared = Prepared()
        identities: list[bytes] = []
        read = end = 0
        batches: Iterable[Batch]
        batches = part.batches if part.batches is not None else readable(self._source, part.partition, self._reads)
        for batch in within(batches, part.most):
            read += len(batch.entities) + len(batch.malformed)
            end = batch.end
            prepared.rejected.extend(_malformed(bad) for bad in batch.malformed)
            for ordinal, entity in zip(batch.ordinals, batch.entities, strict=True):
                self._one(ordinal, entity, prepared, identities)
        prepared.notes = dict(self._compiled.counts)
        self._compiled.counts.clear()
        weights = array("d", [sample.weight for sample in prepared.samples])
        return Candidates(part.index, read, end, b"".join(identities), weights.tobytes()), prepared

    def _one(self, ordinal: int, entity: Entity, prepared: Prepared, identities: list[bytes]) -> None:
        key: str | None = None
        stage = self._compiled.style[0]
        try:
            if self._visible is not None:
                entity = self._visible(entity)
            key = self._key(entity)
            style = self._compiled.style[1]
            sample = style(entity)
            if isinstance(sample, Reject):
                prepared.rejected.append(rejected_by(stage, ordinal, key, sample))
                return
            for stage, test in self._compiled.filters:
                reject = test(entity, sample)
                if reject is not None:
                    prepared.rejected.append(rejected_by(stage, ordinal, key, reject))
                    return
            weight = 1.0
            for stage, weigh in self._compiled.weightings:
                factor = weigh(entity, sample)
                if isinstance(factor, Reject):
                    prepared.rejected.append(rejected_by(stage, ordinal, key, factor))
                    return
                weight *= factor
                if not isfinite(weight) or weight < 0.0:
                    prepared.rejected.append(_bad_weight(stage, ordinal, key, factor))
                    return
            sample.weight = weight
            stage = self._compiled.style[0]
            identities.append(xxh3_128_digest(sample.content()))
        except Exception as error:  # noqa: BLE001  -- one record, one reject: the run goes on
            prepared.rejected.append(raised_by(stage, ordinal, key, error))
            return
        prepared.samples.append(sample)
        prepared.ordinals.append(ordinal)
        prepared.keys.append(key)


def _malformed(bad: Malformed) -> Rejected:
    return Rejected(bad.ordinal, None, "source", bad.code, bad.reason)


def _bad_weight(stage: StageRef, ordinal: int, key: str | None, factor: float) -> Rejected:
    if isfinite(factor) and factor < 0.0:
        text = f"{stage.qualified} gave {factor}; a weight is not negative"
        return Rejected(ordinal, key, stage.qualified, f"hook:{stage.plugin}", text)
    reason = f"Weight is {factor}, not a finite number"
    return Rejected(ordinal, key, stage.qualified, "weight_not_finite", reason)


def key_reader(fields: tuple[str, ...]) -> Callable[[Entity], str | None]:
    """A function that names an entity by the first of `pk` and `id` it has, or by all of its key fields."""
    if not fields:
        return lambda _entity: None
    if fields == ("pk", "id"):
        return lambda entity: _text(entity.get("pk", entity.get("id")))
    if len(fields) == 1:
        (field_,) = fields
        return lambda entity: _text(entity.get(field_))
    return lambda entity: "/".join(_text(entity.get(name)) or "" for name in fields)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


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
