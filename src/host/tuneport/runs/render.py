"""render(part, verdict): format, encode. What comes out are bytes and a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec.json

from tuneport.model import Outcome, Reject, Sample
from tuneport.options import FormatStats
from tuneport.runs.features import Observer
from tuneport.runs.messages import DUPLICATE, SPLITS, Candidates, PartResult, Segment, StageRef, Verdict, WeightSums
from tuneport.runs.plan import Plan
from tuneport.runs.prepare import Prepared, Rejected, raised_by, rejected_by

Save = Callable[[int, str, str, bytes, int], Segment]
"""Keep the bytes of (part, format, split), with their number of rows."""


@dataclass
class _Lines:
    """One format's rows of one part."""

    name: str
    stage: StageRef
    write: Callable[[Sample], Any]
    observer: Observer | None
    ledger: FormatStats = field(default_factory=FormatStats)
    rows: dict[str, list[bytes]] = field(default_factory=dict)

    def add(self, sample: Sample, split: str, ordinal: int, key: str | None) -> Rejected | None:
        """Write a sample; why it was refused, or None."""
        try:
            row = self.write(sample)
            if not isinstance(row, Reject):
                line = _encode(row)
        except Exception as error:  # noqa: BLE001  -- one record, one reject: the run goes on
            self.ledger.refused += 1
            return raised_by(self.stage, ordinal, key, error)
        if isinstance(row, Reject):
            self.ledger.refused += 1
            return rejected_by(self.stage, ordinal, key, row)
        if self.observer is not None:
            self.observer.add(row)
        self.ledger.rows += 1
        self.rows.setdefault(split, []).append(line)
        return None


_encode = msgspec.json.Encoder().encode


class Renderer:
    """Renders the parts of one run."""

    def __init__(self, plan: Plan, save: Save, save_rejects: Callable[[int, list[dict[str, Any]]], str]) -> None:
        self._compiled = plan.compiled
        self._locate = plan.source.locate
        self._max_errors = plan.recipe.output.max_errors
        self._save = save
        self._save_rejects = save_rejects

    def render(self, candidates: Candidates, prepared: Prepared, verdict: Verdict) -> PartResult:
        """Write the samples the verdict keeps; name every record that it does not."""
        formats = [_Lines(name, ref, write, _observer(write)) for name, ref, write in self._compiled.formats]
        rejected = prepared.rejected
        weights: list[float] = []
        for index, split in enumerate(verdict.splits):
            ordinal, key = prepared.ordinals[index], prepared.keys[index]
            if split == DUPLICATE:
                rejected.append(Rejected(ordinal, key, "admit", "duplicate", "Same content as an earlier record"))
                continue
            sample = prepared.samples[index]
            sample.weight *= verdict.scale
            refusals = [lines.add(sample, SPLITS[split], ordinal, key) for lines in formats]
            if all(refusals):
                rejected.extend(refusal for refusal in refusals[:1] if refusal is not None)
            else:
                weights.append(sample.weight)
        rejected.sort(key=lambda reject: reject.ordinal)
        return self._result(candidates, prepared, verdict, formats, weights)

    def _result(
        self,
        candidates: Candidates,
        prepared: Prepared,
        verdict: Verdict,
        formats: list[_Lines],
        weights: list[float],
    ) -> PartResult:
        rejected = prepared.rejected
        outcomes = Counter(reject.outcome for reject in rejected)
        told = (reject for reject in rejected if reject.outcome is not Outcome.DUPLICATE)
        errors = [f"Entity {self._name(reject, verdict.base)}: {reject.reason}" for reject in told]
        segments = [
            self._save(candidates.part, lines.name, split, b"\n".join([*rows, b""]), len(rows))
            for lines in formats
            for split, rows in lines.rows.items()
        ]
        entries = [self._entry(reject, verdict.base) for reject in rejected]
        sums = WeightSums()
        sums.add(weights)
        return PartResult(
            part=candidates.part,
            read=candidates.read,
            end=candidates.end,
            exported=len(weights),
            segments=segments,
            reject_file=self._save_rejects(candidates.part, entries) if entries else "",
            outcomes={str(outcome): count for outcome, count in outcomes.items()},
            rejects=dict(Counter(reject.code for reject in rejected)),
            errors=errors[: self._max_errors],
            formats={lines.name: lines.ledger for lines in formats},
            features={lines.name: lines.observer.columns for lines in formats if lines.observer is not None},
            weights=sums,
            notes=prepared.notes,
        )

    def _name(self, reject: Rejected, base: int) -> str:
        return reject.key if reject.key is not None else self._locate(base + reject.ordinal)

    def _entry(self, reject: Rejected, base: int) -> dict[str, Any]:
        return {
            "key": reject.key,
            "locator": self._locate(base + reject.ordinal),
            "stage": reject.stage,
            "code": reject.code,
            "reason": reject.reason,
        }


def _observer(write: Callable[[Sample], Any]) -> Observer | None:
    return None if getattr(write, "features", None) else Observer()
