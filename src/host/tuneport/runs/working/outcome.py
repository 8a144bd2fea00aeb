"""What came of a part once it is rendered: its result, with the lists of what was lost on the way."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from operator import itemgetter
from typing import Any, Protocol

import msgspec

from tuneport.model import Outcome
from tuneport.runs.codes import sound
from tuneport.runs.messages import PartResult, Piece, Rejected, Segment
from tuneport.runs.planning.plan import Plan
from tuneport.runs.publishing import index
from tuneport.runs.streaks import Streaks
from tuneport.runs.weights.sums import WeightSums
from tuneport.runs.working.rendering import Rendering
from tuneport.sample import Sample


class Keeper(Protocol):
    """Keeps what a part rendered, until it is sealed."""

    def save(self, part: int, name: str, split: str, data: bytes, rows: int) -> Segment:
        """Keep the bytes of (part, format, split), with their number of rows."""

    def save_rejects(self, part: int, entries: list[dict[str, Any]]) -> Piece | None:
        """Keep the rejects of a part."""

    def save_index(self, part: int, lines: list[bytes]) -> Piece | None:
        """Keep a part's lines of the index."""


class Teller:
    """Tells what came of the parts of one run.

    Args:
        plan: the run's plan.
        keeper: keeps what was rendered.
    """

    def __init__(self, plan: Plan, keeper: Keeper) -> None:
        self._keeper = keeper
        self._place = plan.place
        self._source = [plan.inlets[stream.inlet].name for stream in plan.streams] if len(plan.inlets) > 1 else []
        self._max_errors = plan.recipe.output.max_errors
        self._indexed = plan.indexed
        self._split = plan.split is not None
        self._take_counts = plan.compiled.take_counts
        self._deferred = plan.deferred

    def line(self, part: Rendering, sample: Sample) -> index.IndexLine:
        """The line of the index for the sample at hand, which was just kept."""
        whose, wrote = part.whose(), [name for lines in part.formats for name in lines.wrote()]
        key, measured = part.named(whose.key, whose.ordinal, self._place), part.measures.of(sample)
        line = index.IndexLine(part.identity().hex(), key, whose.subject, Outcome.EXPORTED, rows=wrote)
        line.metrics = measured or msgspec.UNSET
        line.problems = part.judge.kept or msgspec.UNSET
        line.source = self._source[part.candidates.stream] if self._source else msgspec.UNSET
        line.unit = part.unit().hex() or msgspec.UNSET
        line.cluster = part.cluster().hex() or msgspec.UNSET
        return line

    def result(self, part: Rendering, columns: dict[str, list[str]]) -> PartResult:
        """Keep what was rendered, and say what came of the part.

        Args:
            part: the part.
            columns: format name to the columns of its rows, as far as they are known.
        """
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
        sums.share(part.labels, part.weights)
        return PartResult(
            part=number,
            stream=part.candidates.stream,
            read=part.candidates.read,
            end=part.candidates.end,
            exported=part.exported.count(1),
            segments=segments,
            reject_file=keeper.save_rejects(number, entries) if entries else None,
            outcomes=dict(Counter(str(reject.outcome) for reject in rejected)),
            rejects=dict(Counter(reject.code for reject in rejected)),
            errors=self._errors(part, rejected),
            formats={lines.name: lines.ledger for lines in formats},
            columns=columns,
            features={lines.name: lines.observer.columns for lines in formats if lines.observer is not None},
            weights=sums,
            notes=dict(part.notes + self._take_counts()),
            validators=part.judge.stats,
            metrics=part.measures.states(),
            splits=part.splits(),
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
        line.cluster = reject.cluster.hex() or msgspec.UNSET
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
