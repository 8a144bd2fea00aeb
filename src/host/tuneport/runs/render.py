"""render(part, verdict): format, encode. What comes out are bytes and a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec.json

from tuneport.model import Outcome, Reject, Sample
from tuneport.options import FormatStats
from tuneport.runs.features import Observer, unwritable
from tuneport.runs.messages import DUPLICATE, SPLITS, Candidates, PartResult, Segment, StageRef, Verdict, WeightSums
from tuneport.runs.plan import Plan
from tuneport.runs.prepare import Prepared, Rejected, raised_by, rejected_by

Save = Callable[[int, str, str, bytes, int], Segment]
"""Keep the bytes of (part, format, split), with their number of rows."""

SaveRejects = Callable[[int, list[dict[str, Any]]], str]
"""Keep the rejects of a part; where they stand."""


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

    def add(self, sample: Sample, split: str, ordinal: int, key: str | None) -> Rejected | None:
        """Write a sample; why it was refused, or None."""
        try:
            row = self.write(sample)
            if not isinstance(row, Reject):
                reject = self._checked(row)
                if reject is None:
                    line = _encode(row)
                else:
                    row = reject
        except (Exception, SystemExit) as error:  # noqa: BLE001  -- one record, one reject: the run goes on
            return raised_by(self.stage, ordinal, key, error, self.warned)
        if isinstance(row, Reject):
            return rejected_by(self.stage, ordinal, key, row)
        self.ledger.rows += 1
        self.rows.setdefault(split, []).append(line)
        return None

    def _checked(self, row: Any) -> Reject | None:
        """Why a row cannot stand in this file; a row that breaks the contract is an error of its plugin."""
        if not isinstance(row, dict) or not row:
            raise TypeError(f"a row is a dict with something in it, not {type(row).__name__}")
        names = list(row)
        if self.columns is None:
            self.columns = names
        elif names != self.columns:
            raise ValueError(f"columns {names}, where the first row has {self.columns}")
        if self.observer is not None:
            reject = unwritable(row)
            if reject is not None:
                return reject
            self.observer.add(row)
        return None


_encode = msgspec.json.Encoder().encode


class Renderer:
    """Renders the parts of one run.

    Args:
        plan: the run's plan.
        columns: format name to the columns that earlier parts wrote.
        save: keeps a segment.
        save_rejects: keeps a part's rejects.
    """

    def __init__(self, plan: Plan, columns: Mapping[str, list[str]], save: Save, save_rejects: SaveRejects) -> None:
        self._compiled = plan.compiled
        self._columns = dict(columns)
        self._locate = plan.source.locate
        self._max_errors = plan.recipe.output.max_errors
        self._save = save
        self._save_rejects = save_rejects

    def render(self, candidates: Candidates, prepared: Prepared, verdict: Verdict) -> PartResult:
        """Write the samples the verdict keeps; name every record that it does not."""
        formats = [
            _Lines(name, ref, write, self._columns.get(name), _observer(write), warned=self._compiled.warned)
            for name, ref, write in self._compiled.formats
        ]
        weights: list[float] = []
        refused: list[Rejected] = []
        for index, split in enumerate(verdict.splits):
            ordinal, key = prepared.ordinals[index], prepared.keys[index]
            if split == DUPLICATE:
                reject = Rejected(ordinal, key, "admit", "duplicate", "Same content as an earlier record")
                prepared.rejected.append(reject)
                continue
            sample = prepared.samples[index]
            weight = sample.weight = sample.weight * verdict.scale
            refusals = [lines.add(sample, SPLITS[split], ordinal, key) for lines in formats]
            first = next((refusal for refusal in refusals if refusal is not None), None)
            if first is not None and all(refusals):
                # No format wrote it: it was never exported, and so none of them owes a row for it.
                prepared.rejected.append(first)
                continue
            for lines, refusal in zip(formats, refusals, strict=True):
                if refusal is not None:
                    lines.ledger.refused += 1
                    prepared.notes[f"{refusal.code} refused by {lines.name}"] += 1
                    refused.append(refusal)
            weights.append(weight)
        self._columns |= {lines.name: lines.columns for lines in formats if lines.columns is not None}
        return self._result(candidates, prepared, verdict, formats, weights, refused)

    def _result(
        self,
        candidates: Candidates,
        prepared: Prepared,
        verdict: Verdict,
        formats: list[_Lines],
        weights: list[float],
        refused: list[Rejected],
    ) -> PartResult:
        rejected = sorted(prepared.rejected, key=lambda reject: reject.ordinal)
        segments = [
            self._save(candidates.part, lines.name, split, b"\n".join([*rows, b""]), len(rows))
            for lines in formats
            for split, rows in lines.rows.items()
        ]
        # What one format refused and another wrote is exported, and stands here all the same, under its format.
        listed = sorted([*rejected, *refused], key=lambda reject: reject.ordinal)
        entries = [self._entry(reject, verdict.base) for reject in listed]
        sums = WeightSums()
        sums.add(weights)
        return PartResult(
            part=candidates.part,
            read=candidates.read,
            end=candidates.end,
            exported=len(weights),
            segments=segments,
            reject_file=self._save_rejects(candidates.part, entries) if entries else "",
            outcomes=dict(Counter(str(reject.outcome) for reject in rejected)),
            rejects=dict(Counter(reject.code for reject in rejected)),
            errors=self._errors(rejected, verdict.base),
            formats={lines.name: lines.ledger for lines in formats},
            columns=dict(self._columns),
            features={lines.name: lines.observer.columns for lines in formats if lines.observer is not None},
            weights=sums,
            notes=dict(prepared.notes + self._compiled.take_counts()),
        )

    def _errors(self, rejected: list[Rejected], base: int) -> list[str]:
        told = [reject for reject in rejected if reject.outcome is not Outcome.DUPLICATE][: self._max_errors]
        return [f"Entity {self._name(reject, base)}: {sound(reject.reason)}" for reject in told]

    def _name(self, reject: Rejected, base: int) -> str:
        return sound(reject.key) if reject.key is not None else self._place(reject, base)

    def _place(self, reject: Rejected, base: int) -> str:
        ordinal = base + reject.ordinal
        try:
            return sound(self._locate(ordinal))
        except Exception:  # noqa: BLE001  -- where a third party's source cannot say it, the number will do
            return f"record {ordinal + 1}"

    def _entry(self, reject: Rejected, base: int) -> dict[str, Any]:
        return {
            "key": None if reject.key is None else sound(reject.key),
            "locator": self._place(reject, base),
            "stage": reject.stage,
            "code": reject.code,
            "reason": sound(reject.reason),
        }


def sound(text: str) -> str:
    """A text that can be written: a lone surrogate becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _observer(write: Callable[[Sample], Any]) -> Observer | None:
    return None if getattr(write, "features", None) else Observer()
