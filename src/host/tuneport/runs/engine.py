"""The engine: drives the parts of a plan through prepare, admit and render, then seals and publishes."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from tuneport.dataset import Dataset
from tuneport.errors import DataError, StreamClosedError, TryAgainError
from tuneport.options import ExportStats
from tuneport.runs.admit import Reducer
from tuneport.runs.executors.local import InProcess
from tuneport.runs.limits import enough, tolerable
from tuneport.runs.messages import Part, PartResult, Segment
from tuneport.runs.parts import parts_of
from tuneport.runs.plan import Plan, changed
from tuneport.runs.publish import Publisher
from tuneport.runs.render import Save, SaveRejects
from tuneport.runs.sources import information
from tuneport.runs.staging import Sealed, Staging
from tuneport.runs.storage import Storage, failure
from tuneport.runs.tally import Tally

log = getLogger("tuneport")


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
        carried: format name to what becomes of a weight, as its traits say.
        compression: of the data files.
        dataset: the published folder; None for a file or stdout.
    """

    status: Literal["published", "streamed"]
    path: str
    digest: str
    stats: ExportStats
    title: str
    weights: dict[str, float]
    notes: dict[str, int]
    carried: dict[str, str]
    compression: str
    dataset: Dataset | None = None


class Run:
    """One run of one plan."""

    def __init__(self, plan: Plan, storage: Storage | None = None, on_progress: OnProgress | None = None) -> None:
        self._plan = plan
        self._storage = storage or Storage()
        self._on_progress = on_progress or (lambda _progress: None)
        self._on_stats = getattr(plan.recipe.output, "progress_callback", None) or (lambda _stats: None)
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
            sealed = staging.sealed()
            if sealed is not None and not self._made(staging).exists():
                if sealed.plan == self._plan.digest and target.path.exists():
                    return self._published_before(staging, sealed)
                staging.remove()  # it was published, by another plan or to be taken away since
            target.must_be_free()
            self._take_up(staging)
            try:
                self._work(staging.save, staging.save_rejects, staging)
                return self._publish(staging)
            except BaseException as error:
                if not self._plan.resumable:
                    staging.remove()
                elif isinstance(error, DataError):
                    kept = f"what was done is kept in {staging.path}"
                    raise DataError(error.message, f"{error.hint}; {kept}" if error.hint else kept) from None
                raise

    def _take_up(self, staging: Staging) -> None:
        staged = self._plan.target.staged_plan() if self._plan.resumable else None
        if staged is not None and staged == msgspec.json.decode(self._plan.document()):
            for record, keys in staging.resume(self._plan):
                for result in record.results:
                    self._tally.add(result)
                self._reducer.restore(keys, record.results)
            log.info("taking up %s: %d parts done", staging.path, self._tally.next_part)
            return
        if staged is not None:
            fields = changed(staged.get("identity"), msgspec.to_builtins(self._plan.identity)) or ["pinned facts"]
            log.warning("%s belongs to another plan: %s changed. Starting afresh.", staging.path, ", ".join(fields))
        staging.begin(self._plan)

    def _publish(self, staging: Staging) -> ExportResult:
        publisher = Publisher(self._plan, self._tally, staging, self._storage)
        self._checked()
        dataset: Dataset | None = None
        if self._plan.target.kind == "folder":
            dataset = publisher.seal_folder()
            self._clock()
            publisher.side_files(dataset)
            digest = dataset.digest
            dataset.path = self._plan.target.path
        else:
            digest = publisher.seal_file()
            self._clock()
        result = self._result("published", digest, dataset)
        self._on_stats(copy.deepcopy(result.stats))
        staging.seal(Sealed(self._plan.digest, digest, result.stats, result.weights, result.notes))
        self._storage.publish(self._made(staging), self._plan.target.path)
        staging.remove()
        return result

    def _made(self, staging: Staging) -> Path:
        """What is moved to the target when all of it is there."""
        target = self._plan.target
        return staging.out if target.kind == "folder" else staging.out / target.path.name

    def _published_before(self, staging: Staging, sealed: Sealed) -> ExportResult:
        """The run died between publishing and cleaning up: all that is left is to clean up, and to answer."""
        folder = self._plan.target.kind == "folder"
        dataset = Dataset.open(self._plan.target.path) if folder else None
        result = self._result("published", sealed.digest, dataset)
        result.stats, result.weights, result.notes = sealed.stats, sealed.weights, sealed.notes
        staging.remove()
        return result

    # To stdout

    def to_stream(self, stream: BinaryIO) -> ExportResult:
        """Run with the rows going to a stream, part by part. Nothing is kept, nothing taken up.

        Raises:
            StreamClosedError: whoever reads the stream has closed it.
            TuneportError: what was written so far is not a whole dataset.
        """

        def save(_part: int, name: str, split: str, data: bytes, rows: int) -> Segment:
            try:
                stream.write(data)
                stream.flush()
            except BrokenPipeError:
                raise StreamClosedError("whoever reads the stream has closed it") from None
            except OSError as error:
                raise failure(error, "write", "stdout") from error
            return Segment(name, split, "", rows, len(data), "")

        self._work(save, lambda _part, _entries: "", None)
        self._checked()
        self._clock()
        result = self._result("streamed", "", None)
        self._on_stats(result.stats)
        return result

    # Both

    def _work(self, save: Save, save_rejects: SaveRejects, staging: Staging | None) -> None:
        """Drive all parts that are not done yet. What a stop interrupts is kept, up to the last whole part."""
        tally = self._tally
        executor = InProcess(self._plan, tally.columns, save, save_rejects)
        parts, total = parts_of(self._plan, tally.next_part)
        verdicts = (self._reducer.admit(candidates) for candidates in executor.prepare(self._within_limit(parts)))
        unsaved: list[PartResult] = []
        size = 0
        try:
            for result in executor.render(verdicts):
                before = tally.stats.exported_entities
                tally.add(result)
                unsaved.append(result)
                size += max(self._plan.pinned.part_bytes, sum(segment.size for segment in result.segments))
                self._told(before, total)
                tolerable(tally.stats, self._plan.recipe)
                if size >= self._plan.sizes.savepoint_bytes:
                    self._savepoint(staging, unsaved)
                    size = 0
        except (DataError, KeyboardInterrupt):
            self._savepoint(staging, unsaved)
            raise
        self._savepoint(staging, unsaved)

    def _within_limit(self, parts: Iterator[Part]) -> Iterator[Part]:
        """The parts up to `source.limit`; the last one is cut short."""
        limit = self._plan.recipe.source.limit if self._plan.recipe.source is not None else None
        for part in parts:
            if limit is not None:
                part.most = limit - self._reducer.read
                if part.most <= 0:
                    return
            yield part

    def _savepoint(self, staging: Staging | None, results: list[PartResult]) -> None:
        if results and staging is not None and self._plan.resumable:
            staging.savepoint(self._plan, results, self._reducer.keys_of(results))
        # Emptied before anything else: an interrupt from here on finds nothing left to save.
        saved = results.copy()
        results.clear()
        self._reducer.saved(saved)

    def _told(self, before: int, total: int | None) -> None:
        stats, interval = self._tally.stats, self._plan.recipe.output.progress_interval
        self._clock()
        self._on_progress(Progress(stats, self._tally.next_part, total, self._plan.info.rows))
        if stats.exported_entities // interval > before // interval:
            self._on_stats(copy.deepcopy(stats))

    def _checked(self) -> None:
        """Check what was read and counted before anything of it is published."""
        info = self._plan.info
        if info.revision is not None and information(self._plan.source).revision != info.revision:
            # Ranges read before and after a change do not belong together.
            raise TryAgainError(f"{info.title} changed while it was read; nothing published", "run it again")
        self._tally.balance()
        enough(self._tally.stats, self._plan.recipe)

    def _clock(self) -> None:
        self._tally.stats.duration_ms = round((time.monotonic() - self._started) * 1000)

    def _result(self, status: Literal["published", "streamed"], digest: str, dataset: Dataset | None) -> ExportResult:
        return ExportResult(
            status=status,
            path=self._plan.target.shown,
            digest=digest,
            stats=self._tally.stats,
            title=self._plan.info.title,
            weights=self._tally.weights.summary() if self._plan.pipeline.weightings else {},
            notes=dict(sorted(self._tally.notes.items())),
            carried=self._plan.pipeline.carried(),
            compression=self._plan.target.compression,
            dataset=dataset,
        )
