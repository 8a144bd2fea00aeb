"""render(part, verdict): format, encode. What comes out are bytes and a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from tuneport.runs.messages import DUPLICATE, SPLITS, TRAIN, Candidates, PartResult, Prepared, Rejected, Verdict
from tuneport.runs.planning.plan import Plan
from tuneport.runs.publishing import index
from tuneport.runs.weights.losses import aspects_for
from tuneport.runs.working.blame import raised_by
from tuneport.runs.working.breaker import Chain, labels
from tuneport.runs.working.judge import Judge
from tuneport.runs.working.labels import Labels
from tuneport.runs.working.lines import Lines
from tuneport.runs.working.measure import Measures
from tuneport.runs.working.outcome import Keeper, Teller
from tuneport.runs.working.rendering import Rendering
from tuneport.runs.working.spool import unpacked
from tuneport.runs.working.weigh import Finisher
from tuneport.sample import Sample

_TRAIN = SPLITS[TRAIN]
_LEFT_OUT = "Its weight leaves it out of every format"


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
        self._teller = Teller(plan, keeper)
        self._indexed = plan.indexed
        self._spooled = plan.deferred
        self._seed = plan.recipe.run.seed
        # Weights that were divided by their mean already have the mean 1.
        self._unit_mean = 1.0 if plan.pipeline.mean_one else None
        self._aspects = aspects_for(plan.compiled.sample)
        self._labels = Labels(plan)
        self._called = labels(one.stage for one in plan.compiled.formats)
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
            self._labels.none(),
        )
        chains, only = part.chains(), self._only(part, finish)
        for position, split in enumerate(verdict.splits):
            if only is not None and split != DUPLICATE and self._short(part, only, position, split):
                continue
            part.position = position
            reject = self._one(part, split, finish)
            if reject is not None:
                prepared.rejected.append(reject)
            if (reject is not None or part.refused) and any(chain.full for chain in chains):
                break
        self._columns |= {lines.name: lines.columns for lines in formats if lines.columns is not None}
        return self._teller.result(part, dict(self._columns))

    def _only(self, part: Rendering, finish: Finisher) -> Lines | None:
        """The one format of a run that does nothing but write what it has prepared; None where there is more to do."""
        (lines, *others) = part.formats
        more = others or part.judge.needed or part.measures.some or part.labels or self._indexed or finish.needed
        return None if more or self._spooled or not lines.plain else lines

    def _short(self, part: Rendering, lines: Lines, position: int, split: int) -> bool:
        """Write the sample at a position, if it is an ordinary one; else nothing is done."""
        sample: Any = part.prepared.samples[position]
        if not lines.short(sample, SPLITS[split], self._aspects):
            return False
        part.exported[position] = 1
        if split == TRAIN:
            part.weights.append(sample.weight)
        return True

    def _one(self, part: Rendering, split: int, finish: Finisher) -> Rejected | None:
        """Write the sample at hand in every format; why none of them did, or None."""
        if split == DUPLICATE:
            return _left_out(part)
        kept = part.prepared.samples[part.position]
        sample = self._unpacked(part, kept) if isinstance(kept, bytes) else kept
        if isinstance(sample, Rejected):
            return _identified(sample, part)
        if finish.needed:
            rejected = finish.weigh(sample, part)
            if rejected is not None:
                part.weighed.ended(finish.position(rejected.stage), rejected)
                return _identified(rejected, part)
            part.weighed.passed += 1
        rejected = self._written(part, sample, SPLITS[split])
        return None if rejected is None else _identified(rejected, part)

    def _unpacked(self, part: Rendering, kept: bytes) -> Sample | Rejected:
        try:
            return unpacked(kept)
        except msgspec.ValidationError as error:
            # Only now is it known that the sample is not what its class says.
            style = self._styles[self._inlets[part.candidates.stream]]
            return raised_by(style, part.whose(), error, self._compiled.warned)

    def _written(self, part: Rendering, sample: Sample, split: str) -> Rejected | None:
        weight = sample.weight
        mean = self._unit_mean if self._unit_mean is not None else part.verdict.mean
        lost: Rejected | None = None
        wrote = spared = False
        for lines in part.formats:
            made = lines.make(sample, split, mean, part)
            if isinstance(made, bytes):
                wrote = True
            elif made is None:
                spared = True
            else:
                lost = lost or made
        # After the bytes are made: what a validator or a metric does to a row, or to a sample, is not written.
        if part.judge.needed and (rejected := part.judge.judge(sample, part.whose)) is not None:
            return rejected
        # What no format writes was never exported, and none of them owes a row for it.
        if not wrote and not spared:
            return lost
        if split == _TRAIN:
            part.weights.append(weight)
            if part.labels:
                self._labels.add(part.labels, sample, part.candidates.stream)
        if not wrote:
            return part.whose().reject("render", "left_out_by_weight", _LEFT_OUT)
        self._keep(part, sample, split, weight)
        return None

    def _keep(self, part: Rendering, sample: Sample, split: str, weight: float) -> None:
        """Keep what was just written of a sample, and measure it."""
        aspects = self._aspects(sample)
        for lines in part.formats:
            lines.keep(split, aspects, part.refused)
        part.exported[part.position] = 1
        if part.measures.some:
            part.measures.add(sample, split)
        if self._indexed:
            line = self._teller.line(part, sample)
            line.split, line.weight = split, weight
            part.index.append((part.prepared.ordinals[part.position], index.encode(line)))


def _identified(rejected: Rejected, part: Rendering) -> Rejected:
    return msgspec.structs.replace(rejected, identity=part.identity(), cluster=part.cluster())


def _left_out(part: Rendering) -> Rejected:
    """The reject of the sample at hand, for what an earlier one has."""
    if part.verdict.near and part.verdict.near[part.position]:
        rejected = part.whose().reject("admit", "near_duplicate", "Nearly the same content as an earlier record")
    else:
        rejected = part.whose().reject("admit", "duplicate", "Same content as an earlier record")
    return _identified(rejected, part)
