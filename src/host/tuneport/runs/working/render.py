"""render(part, verdict): format, encode. What comes out are bytes and a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import itemgetter
from typing import Any, Protocol

import msgspec

from tuneport.model import Outcome
from tuneport.runs.codes import sound
from tuneport.runs.messages import (
    DUPLICATE,
    SPLITS,
    TRAIN,
    Candidates,
    PartResult,
    Piece,
    Prepared,
    Rejected,
    Segment,
    Verdict,
)
from tuneport.runs.planning.plan import Plan
from tuneport.runs.publishing import index
from tuneport.runs.streaks import Streaks
from tuneport.runs.weights.losses import aspects_for
from tuneport.runs.weights.sums import WeightSums
from tuneport.runs.working.blame import Whose, raised_by
from tuneport.runs.working.breaker import Chain, labels
from tuneport.runs.working.judge import Judge
from tuneport.runs.working.labels import Labels
from tuneport.runs.working.lines import Line, Lines
from tuneport.runs.working.measure import Measures
from tuneport.runs.working.rendering import Rendering
from tuneport.runs.working.spool import unpacked
from tuneport.runs.working.weigh import Finisher
from tuneport.sample import Sample

_TRAIN = SPLITS[TRAIN]
_LEFT_OUT = "Its weight leaves it out of every format"


class Keeper(Protocol):
    """Keeps what a part rendered, until it is sealed."""

    def save(self, part: int, name: str, split: str, data: bytes, rows: int) -> Segment:
        """Keep the bytes of (part, format, split), with their number of rows."""

    def save_rejects(self, part: int, entries: list[dict[str, Any]]) -> Piece | None:
        """Keep the rejects of a part."""

    def save_index(self, part: int, lines: list[bytes]) -> Piece | None:
        """Keep a part's lines of the index."""


class Renderer:
    """Renders the parts of one run.

    Args:
        plan: the run's plan.
        columns: format name to the columns that earlier parts wrote.
        keeper: keeps what is rendered.
    """

    def __init__(self, plan: Plan, columns: Mapping[str, list[str]], keeper: Keeper) -> None:
        self._compiled = plan.compiled
        self._columns = dict(columns)
        self._place = plan.place
        self._source = [plan.inlets[stream.inlet].name for stream in plan.streams] if len(plan.inlets) > 1 else []
        self._max_errors = plan.recipe.output.max_errors
        self._keeper = keeper
        self._indexed = plan.indexed
        self._split = plan.split is not None
        self._copies = any(one.carriage.weights == "replicate" for one in plan.compiled.formats)
        self._once = [1] * len(plan.compiled.formats)
        self._seed = plan.recipe.run.seed
        # Weights that were divided by their mean already have the mean 1.
        self._unit_mean = 1.0 if plan.pipeline.mean_one else None
        self._aspects = aspects_for(plan.compiled.sample)
        self._labels = Labels(plan)
        self._called = labels(one.stage for one in plan.compiled.formats)
        self._deferred = plan.deferred
        self._finishers = [Finisher(one.deferred, plan) for one in plan.compiled.preparations]
        self._styles = [one.style[0] for one in plan.compiled.preparations]
        self._inlets = [stream.inlet for stream in plan.streams]

    def render(self, candidates: Candidates, prepared: Prepared, verdict: Verdict) -> PartResult:
        """Write the samples the verdict keeps; name every record that it does not. A broken plugin ends it early."""
        notes, compiled = Counter(prepared.notes), self._compiled
        formats = [
            Lines(one, self._columns.get(one.name), self._seed, notes, compiled.warned, Chain([label]))
            for one, label in zip(compiled.formats, self._called, strict=True)
        ]
        finish = self._finishers[self._inlets[candidates.stream]]
        finish.summaries(verdict.summaries)
        part = Rendering(
            candidates,
            prepared,
            verdict,
            formats,
            Judge(compiled),
            Measures(compiled),
            notes,
            bytearray(len(verdict.splits)),
            finish.chain(),
        )
        chains = part.chains()
        for position, split in enumerate(verdict.splits):
            reject = self._one(part, position, split, finish)
            if reject is not None:
                prepared.rejected.append(reject)
            if (reject is not None or part.refused) and any(chain.full for chain in chains):
                break
        self._columns |= {lines.name: lines.columns for lines in formats if lines.columns is not None}
        return self._result(part)

    def _one(self, part: Rendering, position: int, split: int, finish: Finisher) -> Rejected | None:
        """Write one sample in every format; why none of them did, or None."""
        whose, identity = part.whose(position), part.identity(position)
        if split == DUPLICATE:
            return whose.reject("admit", "duplicate", "Same content as an earlier record", identity)
        kept = part.prepared.samples[position]
        try:
            sample = unpacked(kept) if isinstance(kept, bytes) else kept
        except msgspec.ValidationError as error:
            # Only now is it known that the sample is not what its class says.
            style = self._styles[self._inlets[part.candidates.stream]]
            return msgspec.structs.replace(raised_by(style, whose, error, self._compiled.warned), identity=identity)
        rejected = finish.weigh(sample, part.candidates.raw, position, whose, part.verdict.mean)
        if rejected is None:
            part.weighed.passed += 1
            rejected = self._written(part, sample, SPLITS[split], whose, position)
        else:
            part.weighed.ended(finish.position(rejected.stage), rejected)
        return None if rejected is None else msgspec.structs.replace(rejected, identity=identity)

    def _written(self, part: Rendering, sample: Sample, split: str, whose: Whose, position: int) -> Rejected | None:
        identity, weight = part.identity(position), sample.weight
        mean = self._unit_mean if self._unit_mean is not None else part.verdict.mean
        times: Sequence[int] = self._once
        if self._copies:
            times = [lines.times(sample, split, identity, mean) for lines in part.formats]
        made = [lines.line(sample, whose) if count else None for lines, count in zip(part.formats, times, strict=True)]
        # After the bytes are made: what a validator or a metric does to a row, or to a sample, is not written.
        rejected = part.judge.judge(sample, whose)
        if rejected is not None:
            return rejected
        # What no format writes was never exported, and none of them owes a row for it.
        refused = next((one for one in made if isinstance(one, Rejected)), None)
        lost = not any(isinstance(one, Line) for one in made)
        if lost and refused is not None and None not in made:
            return refused
        if split == _TRAIN:
            part.weights.append(weight)
            self._labels.add(part.labels, sample, part.candidates.stream)
        if lost:
            return whose.reject("render", "left_out_by_weight", _LEFT_OUT)
        wrote = self._kept(part, made, times, sample, split)
        part.splits[split] += 1
        part.exported[position] = 1
        part.measures.add(sample, split)
        if self._indexed:
            line = self._index_line(part, sample, position, whose, wrote)
            line.split, line.weight = split, weight
            part.index.append((whose.ordinal, index.encode(line)))
        return None

    def _kept(
        self, part: Rendering, made: Sequence[Line | Rejected | None], times: Sequence[int], sample: Sample, split: str
    ) -> list[str]:
        """Keep what each format made of a sample; the format of each row."""
        aspects, wrote = self._aspects(sample), []
        for lines, one, count in zip(part.formats, made, times, strict=True):
            if one is None:
                lines.ledger.left_out += 1
            elif isinstance(one, Rejected):
                lines.ledger.refused += 1
                part.notes[f"{one.code} refused by {lines.name}"] += 1
                part.refused.append(one)
            else:
                lines.keep(one, split, count, aspects)
                wrote += [lines.name] * count
        return wrote

    def _index_line(
        self, part: Rendering, sample: Sample, position: int, whose: Whose, wrote: list[str]
    ) -> index.IndexLine:
        key, measured = part.named(whose.key, whose.ordinal, self._place), part.measures.of(sample)
        line = index.IndexLine(part.identity(position).hex(), key, whose.subject, Outcome.EXPORTED, rows=wrote)
        line.metrics = measured or msgspec.UNSET
        line.problems = part.judge.kept or msgspec.UNSET
        line.source = self._source[part.candidates.stream] if self._source else msgspec.UNSET
        line.unit = part.unit(position).hex() or msgspec.UNSET
        return line

    def _result(self, part: Rendering) -> PartResult:
        rejected = part.rejected()
        number, formats, keeper = part.candidates.part, part.formats, self._keeper
        segments = [
            keeper.save(number, lines.name, split, b"\n".join([*rows, b""]), len(rows))
            for lines in formats
            for split, rows in lines.rows.items()
        ]
        # What one format refused and another wrote is exported, and stands here all the same, under its format.
        listed = sorted([*rejected, *part.refused], key=lambda reject: reject.ordinal)
        entries = [self._entry(part, reject) for reject in listed]
        lines = self._index(part) if self._indexed else []
        sums = WeightSums()
        sums.add(part.weights)
        for label, values in part.labels.items():
            sums.share(label, values, part.weights)
        return PartResult(
            part=number,
            stream=part.candidates.stream,
            read=part.candidates.read,
            end=part.candidates.end,
            exported=part.splits.total(),
            segments=segments,
            reject_file=keeper.save_rejects(number, entries) if entries else None,
            outcomes=dict(Counter(str(reject.outcome) for reject in rejected)),
            rejects=dict(Counter(reject.code for reject in rejected)),
            errors=self._errors(part, rejected),
            formats={lines.name: lines.ledger for lines in formats},
            columns=dict(self._columns),
            features={lines.name: lines.observer.columns for lines in formats if lines.observer is not None},
            weights=sums,
            notes=dict(part.notes + self._compiled.take_counts()),
            validators=part.judge.stats,
            metrics=part.measures.states(),
            splits=dict(part.splits),
            written=bytes(part.exported) if self._split else b"",
            losses={lines.name: losses for lines in formats if (losses := lines.losses())},
            index_file=keeper.save_index(number, lines) if lines else None,
            streaks=self._streaks(part),
        )

    def _streaks(self, part: Rendering) -> Streaks:
        """What the part's stages failed at, those before the verdict among them where nobody has looked yet."""
        before = Streaks() if self._deferred else part.candidates.streaks
        return reduce(Streaks.joined, (chain.streaks() for chain in part.chains()), before)

    def _index(self, part: Rendering) -> list[bytes]:
        """The part's lines of the index, in source order."""
        lost = [(reject.ordinal, index.encode(self._lost(part, reject))) for reject in part.prepared.rejected]
        # By place alone, and the sort is stable: several records may come of one line.
        return [line for _, line in sorted([*part.index, *lost], key=itemgetter(0))]

    def _lost(self, part: Rendering, reject: Rejected) -> index.IndexLine:
        name = part.named(reject.key, reject.ordinal, self._place)
        line = index.IndexLine(reject.identity.hex() or None, name, reject.subject, reject.outcome)
        line.source = self._source[part.candidates.stream] if self._source else msgspec.UNSET
        return line

    def _errors(self, part: Rendering, rejected: list[Rejected]) -> list[str]:
        told = [reject for reject in rejected if reject.outcome is not Outcome.DUPLICATE][: self._max_errors]
        named = ((part.named(reject.key, reject.ordinal, self._place), reject) for reject in told)
        return [f"Entity {name}: {sound(reject.reason)}" for name, reject in named]

    def _entry(self, part: Rendering, reject: Rejected) -> dict[str, Any]:
        source = {"source": self._source[part.candidates.stream]} if self._source else {}
        return {
            **source,
            "key": reject.key,
            "locator": part.locator(reject.ordinal, self._place),
            "stage": reject.stage,
            "code": reject.code,
            "reason": sound(reject.reason),
        }
