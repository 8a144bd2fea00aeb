"""The engine: drives the parts of a plan through prepare, admit and render, then seals and publishes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from logging import getLogger
from typing import Any, BinaryIO, Literal

import msgspec

from tuneport.dataset import Dataset
from tuneport.errors import DataError, TryAgainError
from tuneport.options import ExportStats
from tuneport.runs.admit import Reducer
from tuneport.runs.executors.local import InProcess
from tuneport.runs.messages import PartResult, Segment
from tuneport.runs.parts import parts_of
from tuneport.runs.plan import Plan, changed
from tuneport.runs.publish import Publisher
from tuneport.runs.staging import Staging
from tuneport.runs.storage import Storage
from tuneport.runs.tally import Tally

log = getLogger("tuneport")

_EARLIEST_STOP = 1000
"""Records that have to be read before an error rate says anything."""


@dataclass(frozen=True)
class Progress:
    """How far a run is; `parts_total` and `rows` (a guess) are None where nobody knows."""

    stats: ExportStats
    parts: int
    parts_total: int | None
    rows: int | None


OnProgress = Callable[[Progress], None]


class ExportResult(msgspec.Struct):
    """What a run published, and where.

    Attributes:
        status: `published`, or `streamed` for stdout.
        path: where it stands; "-" for stdout.
        digest: of the rows: a dataset's digest, or the SHA-256 of a single file.
        stats: what became of every record.
        title: what was read.
        weights: count, min, max, mean; empty without weightings.
        notes: events that stages counted.
        dataset: the published folder; None for a file or stdout.
    """

    status: Literal["published", "streamed"]
    path: str
    digest: str
    stats: ExportStats
    title: str
    weights: dict[str, float]
    notes: dict[str, int]
    dataset: Dataset | None = None


class Run:
    """One run of one plan."""

    def __init__(self, plan: Plan, storage: Storage | None = None, on_progress: OnProgress | None = None) -> None:
        self._plan = plan
        self._storage = storage or Storage()
        self._on_progress = on_progress or (lambda _progress: None)
        self._tally = Tally(plan.recipe.output.max_errors, plan.pipeline.format_names())
        self._reducer = Reducer(dedup=plan.pipeline.dedup)
        self._started = time.monotonic()

    # To a folder or a file

    def to_disk(self) -> ExportResult:
        """Run to a folder or a file. A killed run of the same plan is taken up where its last savepoint stands.

        Raises:
            TuneportError: nothing is visible at the target then.
        """
        target = self._plan.target
        self._storage.mkdir(target.path.parent)
        with self._storage.lock(target.lock):
            staging = Staging(target.staging, self._storage)
            if staging.sealed() and target.path.exists():
                return self._cleaned_up(staging)
            target.must_be_free()
            try:
                self._take_up(staging)
                self._work(staging.save, staging.save_rejects, staging)
                return self._publish(staging)
            except BaseException as error:
                if not self._plan.resumable:
                    staging.remove()
                elif isinstance(error, DataError):
                    raise DataError(error.message, f"{error.hint}; what was done is kept in {staging.path}") from None
                raise

    def _take_up(self, staging: Staging) -> None:
        staged = staging.plan()
        if staged is not None and self._plan.resumable and staged == msgspec.json.decode(self._plan.document()):
            for record, keys in staging.resume(self._plan):
                for result in record.results:
                    self._tally.add(result)
                self._reducer.restore(keys, sum(result.end for result in record.results))
            log.info("taking up %s: %d parts done", staging.path, self._tally.next_part)
            return
        if staged is not None and self._plan.resumable:
            fields = changed(staged.get("identity"), msgspec.to_builtins(self._plan.identity)) or ["pinned facts"]
            log.warning("%s belongs to another plan: %s changed. Starting afresh.", staging.path, ", ".join(fields))
        staging.begin(self._plan)

    def _publish(self, staging: Staging) -> ExportResult:
        publisher = Publisher(self._plan, self._tally, staging, self._storage)
        target = self._plan.target
        self._unchanged()
        self._tally.balance()
        self._enough()
        dataset: Dataset | None = None
        if target.kind == "folder":
            dataset = publisher.seal_folder()
            self._finish()
            publisher.side_files(dataset)
            digest, made = dataset.digest, staging.out
            dataset.path = target.path
        else:
            digest, made = publisher.seal_file(), staging.out / target.path.name
            self._finish()
        staging.seal(digest)
        self._storage.publish(made, target.path)
        staging.remove()
        return self._result("published", digest, dataset)

    def _cleaned_up(self, staging: Staging) -> ExportResult:
        """The run died between publishing and cleaning up: the dataset stands, and its statistics with it."""
        digest = staging.sealed()
        target = self._plan.target
        if target.kind == "folder":
            dataset = Dataset.open(target.path)
            if dataset.digest != digest:
                target.must_be_free()
            self._tally.stats = msgspec.json.decode((target.path / "stats.json").read_bytes(), type=ExportStats)
        else:
            dataset = None
            if (staging.out / target.path.name).exists():
                target.must_be_free()
            for record, _ in staging.resume(self._plan):
                for result in record.results:
                    self._tally.add(result)
        staging.remove()
        return self._result("published", digest, dataset)

    # To stdout

    def to_stream(self, stream: BinaryIO) -> ExportResult:
        """Run with the rows going to a stream, part by part. Nothing is kept, nothing taken up."""

        def save(_part: int, name: str, split: str, data: bytes, rows: int) -> Segment:
            stream.write(data)
            return Segment(name, split, "", rows, len(data), "")

        self._work(save, lambda _part, _entries: "", None)
        stream.flush()
        self._tally.balance()
        self._enough()
        self._finish()
        return self._result("streamed", "", None)

    # Both

    def _work(self, save: Any, save_rejects: Any, staging: Staging | None) -> None:
        """Drive all parts that are not done yet."""
        plan, tally = self._plan, self._tally
        executor = InProcess(plan, save, save_rejects)
        parts, total = parts_of(plan, tally.next_part)
        limit = plan.recipe.source.limit if plan.recipe.source is not None else None
        unsaved: list[PartResult] = []
        try:
            for part in parts:
                if limit is not None:
                    part.most = limit - tally.stats.total_entities
                    if part.most <= 0:
                        break
                verdict = self._reducer.admit(executor.prepare(part))
                result = executor.render(verdict)
                unsaved.append(result)
                before = tally.stats.exported_entities
                tally.add(result)
                self._told(before, total)
                self._tolerable()
                if sum(s.size for r in unsaved for s in r.segments) >= plan.sizes.savepoint_bytes:
                    unsaved = self._savepoint(staging, unsaved)
        finally:
            # What a stop interrupts is kept as well; a part that was never tallied is not.
            done = [result for result in unsaved if result.part < tally.next_part]
            if done and sys.exc_info()[0] in {None, DataError, KeyboardInterrupt}:
                self._savepoint(staging, done)

    def _savepoint(self, staging: Staging | None, results: list[PartResult]) -> list[PartResult]:
        keys = self._reducer.take_new()
        if staging is not None and self._plan.resumable:
            staging.savepoint(self._plan, results, keys)
        return []

    def _unchanged(self) -> None:
        """A source that changes while it is read in ranges gives a mixture of before and after."""
        if self._plan.info.revision is not None and self._plan.source.info().revision != self._plan.info.revision:
            raise TryAgainError(f"{self._plan.info.title} changed while it was read; nothing published", "run it again")

    def _told(self, before: int, total: int | None) -> None:
        stats, interval = self._tally.stats, self._plan.recipe.output.progress_interval
        self._finish()
        self._on_progress(Progress(stats, self._tally.next_part, total, self._plan.info.rows))
        callback = getattr(self._plan.recipe.output, "progress_callback", None)
        if callback is not None and stats.exported_entities // interval > before // interval:
            callback(stats)

    def _tolerable(self) -> None:
        stats, run = self._tally.stats, self._plan.recipe.run
        if stats.errored_entities and not self._plan.recipe.output.continue_on_error:
            first = next(iter(stats.errors), "a record failed")
            raise DataError(f"stopped at the first error, as continue_on_error = false asks: {first}")
        if run.max_error_rate is not None and stats.total_entities >= _EARLIEST_STOP:
            self._rate(run.max_error_rate)

    def _rate(self, most: float) -> None:
        stats = self._tally.stats
        if stats.errored_entities > most * stats.total_entities:
            share = stats.errored_entities / stats.total_entities
            raise DataError(
                f"{stats.errored_entities:,} errors in {stats.total_entities:,} records ({share:.0%}), "
                f"more than max_error_rate = {most:.3g}; nothing published",
                "accept it: --set run.max_error_rate=1",
            )

    def _enough(self) -> None:
        stats, output, run = self._tally.stats, self._plan.recipe.output, self._plan.recipe.run
        if run.max_error_rate is not None:
            self._rate(run.max_error_rate)
        if stats.exported_entities < output.min_rows:
            reasons = ", ".join(f"{count:,} {code}" for code, count in sorted(stats.rejects.items()))
            raise DataError(
                f"{stats.exported_entities:,} of {stats.total_entities:,} records exported, fewer than "
                f"output.min_rows = {output.min_rows:,}; nothing published",
                f"rejected: {reasons}" if reasons else "there was nothing to read",
            )

    def _finish(self) -> None:
        self._tally.stats.duration_ms = round((time.monotonic() - self._started) * 1000)

    def _result(self, status: Literal["published", "streamed"], digest: str, dataset: Dataset | None) -> ExportResult:
        callback = getattr(self._plan.recipe.output, "progress_callback", None)
        if callback is not None:
            callback(self._tally.stats)
        sums = self._tally.weights
        weights = {"count": sums.count, "min": sums.low, "max": sums.high, "mean": sums.mean}
        return ExportResult(
            status=status,
            path=self._plan.target.shown,
            digest=digest,
            stats=self._tally.stats,
            title=self._plan.info.title,
            weights=weights if self._plan.pipeline.weightings else {},
            notes=dict(self._tally.notes),
            dataset=dataset,
        )
