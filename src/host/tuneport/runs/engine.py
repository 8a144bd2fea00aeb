"""The engine: one run of one plan, to a folder, a file or a stream."""

from __future__ import annotations

import copy
import time
from contextlib import closing, suppress
from logging import getLogger
from pathlib import Path
from typing import BinaryIO

from tuneport.dataset import Dataset
from tuneport.errors import DataError, SourceError, TryAgainError, TuneportError
from tuneport.options import Cancel
from tuneport.runs.keeping import Keeping
from tuneport.runs.limits import enough, must_go_on
from tuneport.runs.locks import Held
from tuneport.runs.messages import SPLITS, TRAIN
from tuneport.runs.planning.plan import Plan
from tuneport.runs.publishing.again import file_digest, not_shrunk, same_file, standing, unchanged
from tuneport.runs.publishing.commit import Commit
from tuneport.runs.publishing.manifest import format_infos, manifest_of
from tuneport.runs.publishing.preflight import look_ahead
from tuneport.runs.publishing.publish import Publisher
from tuneport.runs.publishing.staging import Sealed, Staging
from tuneport.runs.publishing.streamed import Streamed
from tuneport.runs.reading.sources import information
from tuneport.runs.result import ExportResult, OnProgress, Progress, Status
from tuneport.runs.resuming import taken_up, tell
from tuneport.runs.splitting.empty import empty_side
from tuneport.runs.storage import Storage
from tuneport.runs.tally import Tally
from tuneport.runs.working.outcome import Keeper
from tuneport.runs.working.spool import Spool
from tuneport.runs.working.work import Work

log = getLogger("tuneport")


class Run:
    """One run of one plan.

    Attributes:
        result: what came of it; None as long as that is not all done.
    """

    result: ExportResult | None = None

    def __init__(
        self,
        plan: Plan,
        storage: Storage | None = None,
        on_progress: OnProgress | None = None,
        cancel: Cancel | None = None,
        workers: int = 1,
    ) -> None:
        self._plan = plan
        self._workers = workers
        self._cancel = cancel or getattr(plan.recipe.output, "cancel", None)
        self._storage = storage or Storage()
        self._on_progress = on_progress or (lambda _progress: None)
        self._on_stats = getattr(plan.recipe.output, "progress_callback", None) or (lambda _stats: None)
        self._tally = Tally(plan)
        self._keeping = Keeping(plan, self._storage)
        self._held: Held | None = None
        self._started = time.monotonic()

    # To a folder or a file

    def to_disk(self) -> ExportResult:
        """Run to a folder or a file. A killed run of the same plan is taken up where its last savepoint stands.

        Raises:
            TuneportError: nothing is visible at the target then, or what stood there before.
        """
        target = self._plan.target
        self._storage.mkdir(target.path.parent, durable=True)
        with self._storage.lock(target.lock) as held:
            self._held = self._keeping.held = held
            staging = self._keeping.staging
            commit = Commit(target, staging, self._storage, held)
            sealed = staging.sealed()
            if sealed is not None and commit.done(sealed):
                if sealed.plan == self._plan.digest and not self._plan.fresh:
                    return self._published_before(commit, sealed)
                commit.tidied(sealed)
            elif sealed is not None:
                commit.keep_others(sealed)
            target.must_be_free()
            staging.must_be_ours()
            with self._keeping:
                look_ahead(self._plan, self._storage)
                self._work(staging)
                result = self._publish(staging, commit)
            self.result = result
            return result

    def let_go(self) -> None:
        """Remove the lock file that a signal has left, which came when all was done."""
        with suppress(TuneportError), self._storage.lock(self._plan.target.lock):
            pass

    def _work(self, staging: Staging) -> None:
        before = taken_up(self._plan, staging)
        spool = staging.spool(self._plan) if self._plan.deferred else None
        with closing(self._worker(staging, staging, spool)) as work:
            if before:
                if spool is not None:
                    spool.resume()
                for record, keys in staging.resume(self._plan):
                    for result in record.results:
                        self._tally.add(result)
                    work.restore(keys, record.results)
                tell(self._plan, staging, self._tally, spool)
            self._through(work)

    def _publish(self, staging: Staging, commit: Commit) -> ExportResult:
        plan, tally = self._plan, self._tally
        self._checked()
        before = standing(plan.target)
        not_shrunk(before, tally.stats, plan.recipe.output.max_shrink)
        publisher = Publisher(plan, tally, staging, self._storage, plan.recipe.run.workers or self._workers)
        if plan.target.kind == "folder":
            dataset = publisher.seal_folder()
            publisher.judge(dataset)
            publisher.warn(dataset)
            self._sides(dataset)
            if before is not None and unchanged(before, dataset, publisher.recipe):
                return self._unchanged(commit, before, before.path)
            self._clock()
            publisher.side_files(dataset)
            proof = file_digest(staging.out / "SHA256SUMS")
        else:
            dataset = publisher.seal_file()
            if same_file(plan.target, dataset.digest):
                return self._unchanged(commit, dataset, plan.target.path)
            self._clock()
            proof = dataset.digest
        must_go_on(self._cancel)  # what was made while a plugin swallowed a signal may be anything
        dataset.path = publisher.place
        result = self._result("published", self._shown(publisher.place), dataset)
        self._on_stats(copy.deepcopy(result.stats))
        place = commit.name_of(publisher.place)
        answer = (dataset.digest, result.stats, result.weights, result.notes)
        sealed = Sealed(plan.digest, staging.out.name, place, proof, *answer)
        commit.may_go_on()
        staging.seal(sealed)
        self._keeping.sealed = sealed
        commit.move(publisher.place)
        commit.tidied(sealed)
        return result

    def _unchanged(self, commit: Commit, dataset: Dataset, place: Path) -> ExportResult:
        self._clock()
        commit.points_to(place)
        result = self._result("unchanged", self._shown(place), dataset)
        self._on_stats(copy.deepcopy(result.stats))
        commit.cleared()
        return result

    def _published_before(self, commit: Commit, sealed: Sealed) -> ExportResult:
        """The run died between publishing and cleaning up: all that is left is to clean up, and to answer."""
        place = commit.place(sealed)
        if self._plan.target.kind == "folder":
            dataset = Dataset.open(place)
        else:
            manifest = manifest_of(self._plan, self._tally, sealed.digest, {}, [], b"")
            dataset = Dataset(place, manifest)
        result = self._result("published", self._shown(place), dataset)
        result.stats, result.weights, result.notes = sealed.stats, sealed.weights, sealed.notes
        self._keeping.sealed = sealed
        with self._keeping:
            commit.tidied(sealed)
        self.result = result
        return result

    # To stdout

    def to_stream(self, stream: BinaryIO) -> ExportResult:
        """Run with the rows going to a stream, part by part. Nothing is kept, nothing taken up.

        Raises:
            StreamClosedError: whoever reads the stream has closed it.
            TuneportError: what was written so far is not a whole dataset.
        """
        rows = Streamed(stream)
        if self._plan.deferred:
            with self._storage.scratch() as folder:
                self._stream(rows, Spool(folder, self._storage, self._plan.digest))
        else:
            self._stream(rows, None)
        self._checked()
        self._clock()
        formats = format_infos(self._plan, self._tally, {})
        manifest = manifest_of(self._plan, self._tally, rows.digest.hexdigest(), formats, [], b"")
        result = self._result("streamed", "-", Dataset(Path("-"), manifest))
        self._on_stats(result.stats)
        return result

    def _stream(self, rows: Keeper, spool: Spool | None) -> None:
        with closing(self._worker(rows, None, spool)) as work:
            self._through(work)

    # Both

    def _worker(self, keeper: Keeper, staging: Staging | None, spool: Spool | None) -> Work:
        checks = (self._told, self._going_on, self._ours)
        return Work(self._plan, self._tally, keeper, staging, spool, *checks, self._storage, self._workers)

    def _going_on(self) -> None:
        must_go_on(self._cancel)

    def _ours(self) -> None:
        if self._held is not None:
            self._held.check()

    def _through(self, work: Work) -> None:
        try:
            work.run()
        except SourceError:
            must_go_on(self._cancel)  # what a library calls an error may be that somebody stopped it
            raise

    def _told(self, before: int, total: int | None, read: int) -> None:
        stats, interval = self._tally.stats, self._plan.recipe.output.progress_interval
        self._clock()
        self._keeping.total = total
        self._ours()
        self._on_progress(Progress(stats, self._tally.next_part, total, self._plan.rows, read))
        if stats.exported_entities // interval > before // interval:
            self._on_stats(copy.deepcopy(stats))
        must_go_on(self._cancel)

    def _checked(self) -> None:
        """Check what was read and counted before anything of it is published."""
        for stream in self._plan.streams:
            before = stream.info.revision
            if before is not None and information(stream.source).revision != before:
                # Ranges read before and after a change do not belong together.
                text = f"{stream.info.title} changed while it was read; nothing published"
                raise TryAgainError(text, "run it again")
        self._tally.balance()
        enough(self._tally.stats, self._plan.recipe, self._tally.notes)
        leakage = self._tally.leakage
        if self._plan.split is not None and leakage is not None:
            error = empty_side(self._tally.splits, leakage["groups"], self._plan.split.section)
            if error is not None:
                raise error

    def _sides(self, dataset: Dataset) -> None:
        """Check that no format was left with rows to evaluate with, and none to train on.

        Raises:
            DataError: one was.
        """
        for name, info in dataset.formats.items():
            if info.splits and SPLITS[TRAIN] not in info.splits:
                text = f"{name} has nothing to train on: {info.ledger.left_out:,} samples left out for their weight"
                text += f", {info.ledger.refused:,} refused; nothing published"
                raise DataError(text, f'leave {name} out, or write weights = "ignore" for it')

    def _clock(self) -> None:
        self._tally.stats.duration_ms = round((time.monotonic() - self._started) * 1000)

    def _shown(self, place: Path) -> str:
        """A place as the user would write it."""
        target = self._plan.target
        return target.shown if place == target.path else f"{target.shown}/{place.name}"

    def _result(self, status: Status, path: str, dataset: Dataset) -> ExportResult:
        return ExportResult(
            status=status,
            path=path,
            digest=dataset.digest,
            stats=self._tally.stats,
            title=self._plan.title,
            weights=self._tally.weights.summary() if self._plan.pipeline.weightings else {},
            notes=dict(sorted(self._tally.notes.items())),
            traits=self._plan.pipeline.traits(),
            compression=self._plan.target.compression,
            dataset=dataset,
            kind=self._plan.target.kind,
        )
