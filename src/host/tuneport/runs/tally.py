"""The run's ledger: part results added up, in part order."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tuneport.dataset import NearInfo, ValidatorStats
from tuneport.errors import TuneportError
from tuneport.model import Outcome
from tuneport.options import ExportStats, FormatStats
from tuneport.runs.messages import PartResult, Piece, Segment
from tuneport.runs.planning.plan import Plan
from tuneport.runs.weights.sums import WeightSums
from tuneport.runs.working.features import merged
from tuneport.runs.working.judge import added
from tuneport.runs.working.measure import Merged


class Tally:
    """What the parts so far add up to.

    Attributes:
        stats: the statistics; `bytes_written` counts rendered bytes until the files are sealed.
        segments: all segments, in part order.
        reject_files: the parts' rejects, in part order.
        weights: of the samples that are trained on.
        splits: split to the number of samples exported.
        losses: format name to what its rows do not hold, and of how many samples.
        leakage: what was looked for across the split, and how often it was found; None where nothing is split.
        near: which samples are near-duplicates; None where nobody looks for them.
        notes: events that stages counted.
        columns: format name to the names of its columns.
        features: format name to column types, for formats that do not declare them.
        index_files: the parts' lines of the index, in part order.
        validators: validator name to what it said of all rows.
        metrics: the states of all parts, merged.
        read: records read, by the number of their source.
        next_part: the first part that has not been added.
    """

    def __init__(self, plan: Plan) -> None:
        compiled = plan.compiled
        self.stats = ExportStats(formats={name: FormatStats() for name in plan.pipeline.format_names()})
        self.segments: list[Segment] = []
        self.reject_files: list[Piece] = []
        self.weights = WeightSums()
        self.splits: Counter[str] = Counter()
        self.losses: dict[str, Counter[str]] = {}
        self.leakage: dict[str, int] | None = None
        self.near: NearInfo | None = None
        self.notes: Counter[str] = Counter()
        self.columns: dict[str, list[str]] = {}
        self.features: dict[str, dict[str, Any]] = {}
        self.index_files: list[Piece] = []
        self.validators = {name: ValidatorStats(stage.qualified) for name, stage, _ in compiled.validators}
        self.metrics = Merged(compiled)
        self.next_part = 0
        self.read: Counter[int] = Counter()
        self._inlets = [stream.inlet for stream in plan.streams]
        self._max_errors = plan.recipe.output.max_errors

    def add(self, result: PartResult) -> None:
        """Add the next part."""
        if result.part != self.next_part:
            raise TuneportError(f"part {result.part} comes after part {self.next_part - 1}")
        stats = self.stats
        outcomes = result.outcomes
        stats.total_entities += result.read
        self.read[self._inlets[result.stream]] += result.read
        stats.exported_entities += result.exported
        stats.filtered_entities += outcomes.get(Outcome.FILTERED, 0)
        stats.duplicate_entities += outcomes.get(Outcome.DUPLICATE, 0)
        stats.errored_entities += outcomes.get(Outcome.ERRORED, 0)
        stats.failed_entities += sum(outcomes.values())
        stats.bytes_written += sum(segment.size for segment in result.segments)
        stats.errors.extend(result.errors[: self._max_errors - len(stats.errors)])
        for code, count in result.rejects.items():
            stats.rejects[code] = stats.rejects.get(code, 0) + count
        for name, ledger in result.formats.items():
            _add_ledger(stats.formats[name], ledger)
        self._add_columns(result)
        self.segments.extend(result.segments)
        if result.reject_file is not None:
            self.reject_files.append(result.reject_file)
        if result.index_file is not None:
            self.index_files.append(result.index_file)
        added(self.validators, result.validators)
        self.metrics.add(result.metrics)
        self.weights.merge(result.weights)
        self.splits.update(result.splits)
        for name, losses in result.losses.items():
            self.losses.setdefault(name, Counter()).update(losses)
        self.notes.update(result.notes)
        self.next_part = result.part + 1

    def _add_columns(self, result: PartResult) -> None:
        self.columns |= result.columns
        for name, columns in result.features.items():
            known = self.features.setdefault(name, {})
            for column, feature in columns.items():
                known[column] = merged(known.get(column), feature)

    def balance(self) -> None:
        """Check that every record has one outcome, and every reject its reason.

        Raises:
            TuneportError: the sums do not agree; this is a fault of ours, and nothing is published.
        """
        stats = self.stats
        parted = stats.exported_entities + stats.filtered_entities + stats.duplicate_entities + stats.errored_entities
        if stats.total_entities + stats.augmented_entities != parted:
            raise TuneportError(f"{stats.total_entities} records read, and {parted} accounted for; nothing published")
        if stats.failed_entities != sum(stats.rejects.values()):
            raise TuneportError(f"{stats.failed_entities} records left out, and {stats.rejects} say why")
        for name, ledger in stats.formats.items():
            if ledger.rows != stats.exported_entities - ledger.refused - ledger.left_out + ledger.copies:
                raise TuneportError(f"format {name}: {ledger} of {stats.exported_entities} exported does not add up")

    def sealed(self, name: str, rows: int) -> None:
        """Check that a format's files hold the rows its ledger counts.

        Raises:
            TuneportError: they do not; this is a fault of ours, and nothing is published.
        """
        if rows != self.stats.formats[name].rows:
            raise TuneportError(f"format {name}: {rows} rows in its files, {self.stats.formats[name].rows} counted")


def _add_ledger(total: FormatStats, ledger: FormatStats) -> None:
    total.rows += ledger.rows
    total.refused += ledger.refused
    total.left_out += ledger.left_out
    total.copies += ledger.copies
