"""prepare(part): read, style, filters, weightings, identity. What comes out are candidates."""

from __future__ import annotations

import traceback
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from logging import getLogger
from math import isfinite
from pathlib import Path
from typing import Any

from xxhash import xxh3_128_digest

from tuneport.model import Batch, Entity, Malformed, Outcome, Reject, Sample
from tuneport.plugin_manager.discovery import told
from tuneport.runs.codes import ERRORED, FILTERED, is_error
from tuneport.runs.messages import Candidates, Part, StageRef
from tuneport.runs.plan import Plan
from tuneport.runs.sources import readable

log = getLogger("tuneport")


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
        return Outcome.ERRORED if is_error(self.code) else Outcome.FILTERED


@dataclass
class Prepared:
    """What a worker keeps of a part until its verdict: samples, and whose they are."""

    samples: list[Sample] = field(default_factory=list)
    ordinals: array[int] = field(default_factory=lambda: array("q"))
    keys: list[str | None] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)


def rejected_by(stage: StageRef, ordinal: int, key: str | None, reject: Reject) -> Rejected:
    """A stage's reject, with its code made unique to its plugin unless it is one of the shared codes."""
    code = str(reject.code)
    if code not in ERRORED and code not in FILTERED and not code.startswith(f"{stage.plugin}:"):
        code = f"{stage.plugin}:{code}"
    return Rejected(ordinal, key, stage.qualified, code, str(reject.reason))


def raised_by(stage: StageRef, ordinal: int, key: str | None, error: BaseException, warned: set[str]) -> Rejected:
    """The reject of a plugin that raised.

    What it said may hold the record's values: the reject does not repeat it, and the log does once per stage,
    for whoever has to mend the plugin.
    """
    if isinstance(error, UnicodeEncodeError):
        return Rejected(ordinal, key, stage.qualified, "bad_utf8", "Text holds a lone surrogate")
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    reason = f"{stage.qualified} raised {type(error).__name__}{place}"
    if stage.qualified not in warned:
        warned.add(stage.qualified)
        log.warning("%s, the first time with: %s", reason, " ".join(told(error).split())[:300])
    return Rejected(ordinal, key, stage.qualified, f"hook:{stage.plugin}", reason)


class Preparer:
    """Prepares the parts of one run."""

    def __init__(self, plan: Plan) -> None:
        compiled = plan.compiled
        self._source = plan.source
        self._reads = plan.reads
        self._style_ref, self._style = compiled.style
        self._filters, self._weightings = compiled.filters, compiled.weightings
        self._take_counts, self._warned = compiled.take_counts, compiled.warned
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
        prepared.notes = self._take_counts()
        weights = array("d", [sample.weight for sample in prepared.samples])
        return Candidates(part.index, read, end, b"".join(identities), weights.tobytes()), prepared

    def _one(self, ordinal: int, entity: object, prepared: Prepared, identities: list[bytes]) -> None:
        if not isinstance(entity, dict):
            prepared.rejected.append(_no_record(ordinal, entity))
            return
        key: str | None = None
        stage = self._style_ref
        try:
            if self._visible is not None:
                entity = self._visible(entity)
            key = self._key(entity)
            sample: object = self._style(entity)
            if not isinstance(sample, Sample):
                prepared.rejected.append(rejected_by(stage, ordinal, key, _reject(sample)))
                return
            for stage, test in self._filters:
                reject = test(entity, sample)
                if reject is not None:
                    prepared.rejected.append(rejected_by(stage, ordinal, key, _reject(reject)))
                    return
            weight = sample.weight
            for stage, weigh in self._weightings:
                factor = weigh(entity, sample)
                if isinstance(factor, Reject):
                    prepared.rejected.append(rejected_by(stage, ordinal, key, factor))
                    return
                weight *= factor
                if not isfinite(weight) or weight < 0.0:
                    prepared.rejected.append(_bad_weight(stage, ordinal, key, weight))
                    return
            sample.weight = weight
            stage = self._style_ref
            identities.append(xxh3_128_digest(sample.content()))
        except (Exception, SystemExit) as error:  # noqa: BLE001  -- one record, one reject: the run goes on
            prepared.rejected.append(raised_by(stage, ordinal, key, error, self._warned))
            return
        prepared.samples.append(sample)
        prepared.ordinals.append(ordinal)
        prepared.keys.append(key)


def _reject(answer: object) -> Reject:
    """What a stage answered in place of a sample or of None, which has to be a reject."""
    if not isinstance(answer, Reject):
        raise TypeError(f"returned {type(answer).__name__}")
    return answer


def _no_record(ordinal: int, entity: object) -> Rejected:
    return Rejected(ordinal, None, "source", "bad_type", f"A record is a dict, not {type(entity).__name__}")


def _malformed(bad: Malformed) -> Rejected:
    return Rejected(bad.ordinal, None, "source", bad.code, bad.reason)


def _bad_weight(stage: StageRef, ordinal: int, key: str | None, weight: float) -> Rejected:
    if weight < 0.0 and isfinite(weight):
        text = f"{stage.qualified} gave a negative factor"
        return Rejected(ordinal, key, stage.qualified, f"hook:{stage.plugin}", text)
    reason = f"Weight is {weight}, not a finite number"
    return Rejected(ordinal, key, stage.qualified, "weight_not_finite", reason)


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


def _text(value: Any) -> str | None:
    """A key as text; a structure is no key, and is not shown."""
    return None if value is None or isinstance(value, dict | list | tuple | set | bytes) else str(value)


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
