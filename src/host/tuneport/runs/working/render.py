"""render(part, verdict): format, encode. What comes out are bytes and a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import msgspec.json

from tuneport.model import Outcome, Reject
from tuneport.options import FormatStats
from tuneport.runs.codes import sound
from tuneport.runs.messages import (
    DUPLICATE,
    KEY_BYTES,
    SPLITS,
    Candidates,
    PartResult,
    Prepared,
    Rejected,
    Segment,
    StageRef,
    Verdict,
    WeightSums,
)
from tuneport.runs.planning.plan import Plan
from tuneport.runs.publishing import index
from tuneport.runs.working.features import Observer, unwritable
from tuneport.runs.working.judge import Judge
from tuneport.runs.working.measure import Measures
from tuneport.runs.working.prepare import Whose, raised_by, rejected_by
from tuneport.runs.working.spool import unpacked
from tuneport.runs.working.weigh import Finisher
from tuneport.sample import Sample


class Keeper(Protocol):
    """Keeps what a part rendered, until it is sealed."""

    def save(self, part: int, name: str, split: str, data: bytes, rows: int) -> Segment:
        """Keep the bytes of (part, format, split), with their number of rows."""

    def save_rejects(self, part: int, entries: list[dict[str, Any]]) -> str:
        """Keep the rejects of a part; where they stand."""

    def save_index(self, part: int, lines: list[bytes]) -> str:
        """Keep a part's lines of the index; where they stand."""


class _Line(NamedTuple):
    """The bytes of a row, and the row itself where it will be looked at."""

    data: bytes
    row: dict[str, Any] | None


@dataclass
class _Lines:
    """One format's rows of one part."""

    name: str
    stage: StageRef
    write: Callable[[Sample], Any]
    columns: list[str] | None
    observer: Observer | None
    ledger: FormatStats = field(default_factory=FormatStats)
    rows: dict[str, list[bytes]] = field(default_factory=dict)
    warned: set[str] = field(default_factory=set)

    def line(self, sample: Sample, whose: Whose) -> _Line | Rejected:
        """A sample's row, not kept yet; or why there is none."""
        try:
            row = self.write(sample)
            reject = row if isinstance(row, Reject) else self._checked(row)
            if reject is not None:
                return rejected_by(self.stage, whose, reject)
            # The observer's is a copy, for whoever looks at the row next may change it.
            return _Line(_encode(row), dict(row) if self.observer is not None else None)
        except (Exception, SystemExit) as error:  # noqa: BLE001  -- one record, one reject: the run goes on
            return raised_by(self.stage, whose, error, self.warned)

    def keep(self, line: _Line, split: str) -> None:
        """Keep a row."""
        if self.observer is not None and line.row is not None:
            self.observer.add(line.row)
        self.ledger.rows += 1
        self.rows.setdefault(split, []).append(line.data)

    def _checked(self, row: Any) -> Reject | None:
        """Why a row cannot stand in this file; a row that breaks the contract is an error of its plugin."""
        if not isinstance(row, dict) or not row:
            raise TypeError(f"a row is a dict with something in it, not {type(row).__name__}")
        names = list(row)
        if self.columns is None:
            self.columns = names
        elif names != self.columns:
            raise ValueError(f"columns {names}, where the first row has {self.columns}")
        return unwritable(row) if self.observer is not None else None


_encode = msgspec.json.Encoder().encode


@dataclass
class _Part:
    """One part while it is rendered."""

    candidates: Candidates
    prepared: Prepared
    verdict: Verdict
    formats: list[_Lines]
    judge: Judge
    measures: Measures
    notes: Counter[str]
    weights: list[float] = field(default_factory=list)
    refused: list[Rejected] = field(default_factory=list)
    index: list[tuple[int, bytes]] = field(default_factory=list)

    def whose(self, position: int) -> Whose:
        prepared = self.prepared
        return Whose(prepared.ordinals[position], prepared.keys[position], prepared.subjects[position])

    def identity(self, position: int) -> bytes:
        return self.candidates.keys[position * KEY_BYTES : (position + 1) * KEY_BYTES]

    def locator(self, ordinal: int, place: Callable[[int, int], str]) -> str:
        """Where a record of this part stands."""
        return place(self.candidates.stream, self.verdict.base + ordinal)

    def named(self, key: str | None, ordinal: int, place: Callable[[int, int], str]) -> str:
        """A record's key, or where it stands."""
        return key if key is not None else self.locator(ordinal, place)

    def rejected(self) -> list[Rejected]:
        return sorted(self.prepared.rejected, key=lambda reject: reject.ordinal)


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
        self._finishers = [Finisher(one.deferred, plan) for one in plan.compiled.preparations]
        self._inlets = [stream.inlet for stream in plan.streams]

    def render(self, candidates: Candidates, prepared: Prepared, verdict: Verdict) -> PartResult:
        """Write the samples the verdict keeps; name every record that it does not."""
        formats = [
            _Lines(name, ref, write, self._columns.get(name), _observer(write), warned=self._compiled.warned)
            for name, ref, write in self._compiled.formats
        ]
        judge, measures = Judge(self._compiled), Measures(self._compiled)
        part = _Part(candidates, prepared, verdict, formats, judge, measures, Counter(prepared.notes))
        finish = self._finishers[self._inlets[candidates.stream]]
        finish.summaries(verdict.summaries)
        for position, split in enumerate(verdict.splits):
            reject = self._one(part, position, split, finish)
            if reject is not None:
                prepared.rejected.append(reject)
        self._columns |= {lines.name: lines.columns for lines in formats if lines.columns is not None}
        return self._result(part)

    def _one(self, part: _Part, position: int, split: int, finish: Finisher) -> Rejected | None:
        """Write one sample in every format; why none of them did, or None."""
        whose, identity = part.whose(position), part.identity(position)
        if split == DUPLICATE:
            return whose.reject("admit", "duplicate", "Same content as an earlier record", identity)
        kept = part.prepared.samples[position]
        sample = unpacked(kept) if isinstance(kept, bytes) else kept
        rejected = finish.weigh(sample, part.candidates.raw, position, whose)
        if rejected is None:
            rejected = self._written(part, sample, SPLITS[split], whose, identity)
        return None if rejected is None else msgspec.structs.replace(rejected, identity=identity)

    def _written(self, part: _Part, sample: Sample, split: str, whose: Whose, identity: bytes) -> Rejected | None:
        made = [lines.line(sample, whose) for lines in part.formats]
        weight = sample.weight
        # After the bytes are made: what a validator or a metric does to a row, or to a sample, is not written.
        rejected = part.judge.judge(sample, whose)
        if rejected is not None:
            return rejected
        refusals = [one for one in made if isinstance(one, Rejected)]
        if len(refusals) == len(made):
            # No format wrote it: it was never exported, and so none of them owes a row for it.
            return refusals[0]
        wrote: list[str] = []
        for lines, one in zip(part.formats, made, strict=True):
            if isinstance(one, Rejected):
                lines.ledger.refused += 1
                part.notes[f"{one.code} refused by {lines.name}"] += 1
                part.refused.append(one)
            else:
                lines.keep(one, split)
                wrote.append(lines.name)
        part.weights.append(weight)
        part.measures.add(sample, split)
        if self._indexed:
            key, measured = part.named(whose.key, whose.ordinal, self._place), part.measures.of(sample)
            line = index.IndexLine(identity.hex(), key, whose.subject, Outcome.EXPORTED, split, weight, wrote)
            line.metrics = measured or msgspec.UNSET
            line.problems = part.judge.kept or msgspec.UNSET
            line.source = self._source[part.candidates.stream] if self._source else msgspec.UNSET
            part.index.append((whose.ordinal, index.encode(line)))
        return None

    def _result(self, part: _Part) -> PartResult:
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
        return PartResult(
            part=number,
            stream=part.candidates.stream,
            read=part.candidates.read,
            end=part.candidates.end,
            exported=len(part.weights),
            segments=segments,
            reject_file=keeper.save_rejects(number, entries) if entries else "",
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
            index_file=keeper.save_index(number, lines) if lines else "",
        )

    def _index(self, part: _Part) -> list[bytes]:
        """The part's lines of the index, in source order."""
        lost = [(reject.ordinal, index.encode(self._lost(part, reject))) for reject in part.prepared.rejected]
        # By place alone, and the sort is stable: several records may come of one line.
        return [line for _, line in sorted([*part.index, *lost], key=itemgetter(0))]

    def _lost(self, part: _Part, reject: Rejected) -> index.IndexLine:
        name = part.named(reject.key, reject.ordinal, self._place)
        line = index.IndexLine(reject.identity.hex() or None, name, reject.subject, reject.outcome)
        line.source = self._source[part.candidates.stream] if self._source else msgspec.UNSET
        return line

    def _errors(self, part: _Part, rejected: list[Rejected]) -> list[str]:
        told = [reject for reject in rejected if reject.outcome is not Outcome.DUPLICATE][: self._max_errors]
        named = ((part.named(reject.key, reject.ordinal, self._place), reject) for reject in told)
        return [f"Entity {name}: {sound(reject.reason)}" for name, reject in named]

    def _entry(self, part: _Part, reject: Rejected) -> dict[str, Any]:
        source = {"source": self._source[part.candidates.stream]} if self._source else {}
        return {
            **source,
            "key": reject.key,
            "locator": part.locator(reject.ordinal, self._place),
            "stage": reject.stage,
            "code": reject.code,
            "reason": sound(reject.reason),
        }


def _observer(write: Callable[[Sample], Any]) -> Observer | None:
    return None if getattr(write, "features", None) else Observer()
