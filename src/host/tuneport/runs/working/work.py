"""The work of a run: its parts through prepare, admit and render, with savepoints on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing

from tuneport.errors import StoppedError, TuneportError
from tuneport.runs.executors.choosing import Executor, executor_for
from tuneport.runs.limits import at_an_error, tolerable
from tuneport.runs.messages import Candidates, PartResult, Verdict
from tuneport.runs.planning.plan import Plan
from tuneport.runs.planning.sizes import Sizes
from tuneport.runs.publishing.staging import Staging
from tuneport.runs.reading.parts import Parts
from tuneport.runs.storage import Storage
from tuneport.runs.tally import Tally
from tuneport.runs.working.admit import Reducer
from tuneport.runs.working.breaker import Breaker
from tuneport.runs.working.outcome import Keeper
from tuneport.runs.working.spool import Spool

Told = Callable[[int, int | None, int], None]
"""Called after each part with the exported count before it, the number of parts, and the records read."""


Check = Callable[[], None]
"""Raises where something does not hold any more."""


def _nothing(_candidates: Candidates) -> None:
    pass


_RECORD_BYTES = 1024
"""What a record counts for that left no row: how much work a crash may lose is a matter of reading, too."""


class _Pace:
    """When the next savepoint is due: by how much was done since the last one, or by how long ago that was."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._done = 0
        self._since = time.monotonic()

    def due(self, size: int) -> bool:
        """Whether it is, with so many bytes more; they begin anew then."""
        self._done += size
        late = time.monotonic() - self._since >= self._sizes.savepoint_seconds
        if self._done < self._sizes.savepoint_bytes and not late:
            return False
        self._done, self._since = 0, time.monotonic()
        return True


class Work:
    """Drives all parts that are not done yet. What an error or a stop ends is kept, up to the last whole part.

    Verdicts come part by part. Where they need all samples, these wait in a spool, and verdicts follow the last
    candidates: the same stages over the same parts, with one barrier between prepare and render.

    Args:
        plan: the run's plan.
        tally: takes the results; what it holds already was done before.
        keeper: keeps what is rendered.
        staging: where savepoints go; None for a run that cannot be taken up again.
        spool: where samples wait; None where verdicts come part by part.
        told: see Told.
        going_on: asked before a part is kept whether to go on: a plugin may have swallowed a signal while it was made.
        ours: asked before anything is made durable whether staging still belongs to this run.
        storage: for what memory has no room for.
        workers: how many processes to work in at most, where the recipe does not say.
    """

    def __init__(
        self,
        plan: Plan,
        tally: Tally,
        keeper: Keeper,
        staging: Staging | None,
        spool: Spool | None,
        told: Told,
        going_on: Check,
        ours: Check,
        storage: Storage,
        workers: int = 1,
    ) -> None:
        self._plan = plan
        self._tally = tally
        self._staging = staging if plan.resumable else None
        self._spool = spool
        self._told = told
        self._going_on = going_on
        self._ours = ours
        self._workers = workers
        self._saves = self._staging is not None
        self._keeper = keeper
        self._reducer = Reducer(plan, storage, staging.unnamed if staging is not None else None)
        self._breaker = Breaker()
        self._total: int | None = None
        self._read = 0
        self._done: list[tuple[int, int]] = []
        self._before: dict[int, PartResult] = {}

    def restore(self, keys: bytes, results: Sequence[PartResult]) -> None:
        """Take up parts that were done before: the identities they brought, and how far they reach."""
        for result in results:
            self._breaker.broken(result.streaks)
        if self._spool is None:
            self._reducer.restore(keys, results)
            self._done += [(result.stream, result.read) for result in results]
        else:
            self._before |= {result.part: result for result in results}

    def close(self) -> None:
        """Let go of what the work had to remember."""
        self._reducer.close()

    def run(self) -> None:
        """Do it.

        Raises:
            TuneportError: nothing more is done; what is durable stays.
        """
        spool = self._spool
        parts = Parts(self._plan, self._done if spool is None else spool.done())
        what = self._plan, parts, len(self._done) or len(self._before)
        with closing(executor_for(*what, self._tally.columns, self._keeper, spool, self._workers)) as executor:
            self._through(executor, parts)
        self._tally.leakage, self._tally.near = self._reducer.leakage(), self._reducer.near()

    def _through(self, executor: Executor, parts: Parts) -> None:
        """Take all parts through an executor."""
        spool = self._spool
        if spool is None:
            verdicts: Iterator[Verdict] = map(self._reducer.admit, self._prepared(executor, parts))
        else:
            self._read = parts.read.total()
            if not spool.complete:
                self._fill(executor, spool, parts)
            self._total = spool.parts
            # What was rendered before is decided again, and not written again.
            verdicts = self._left(self._reducer.decide(spool.candidates))
        self._render(executor.render(verdicts))

    def _left(self, decided: Iterable[Verdict]) -> Iterator[Verdict]:
        """The verdicts of parts that were not rendered before."""
        for verdict in decided:
            before = self._before.pop(verdict.part, None)
            if before is None:
                yield verdict
            else:
                self._reducer.written(before)

    def _prepared(
        self, executor: Executor, parts: Parts, look: Callable[[Candidates], None] = _nothing
    ) -> Iterator[Candidates]:
        self._total, self._read = parts.total, parts.read.total()
        for candidates in executor.prepare(parts, look):
            parts.count(candidates.stream, candidates.read)
            self._read = parts.read.total()
            yield candidates

    def _fill(self, executor: Executor, spool: Spool, parts: Parts) -> None:
        """Prepare every part into the spool."""
        pace, before, breaker = _Pace(self._plan.sizes), 0, Breaker()
        for candidates in spool.candidates():
            breaker.broken(candidates.streaks)

        def look(candidates: Candidates) -> None:
            self._going_on()
            if (broken := breaker.broken(candidates.streaks)) is not None:
                raise broken if self._plan.recipe.output.continue_on_error else at_an_error(broken.message)

        try:
            for _candidates in self._prepared(executor, parts, look):
                self._told(self._tally.stats.exported_entities, self._total, self._read)
                if pace.due(executor.spooled - before):
                    self._durable(spool.savepoint)
                before = executor.spooled
            self._going_on()  # a source that swallowed a signal may have ended early
            self._durable(lambda: spool.savepoint(last=True))
        except (TuneportError, KeyboardInterrupt, MemoryError) as error:
            self._keep(error, lambda: self._durable(spool.savepoint))
            raise

    def _render(self, results: Iterable[PartResult]) -> None:
        tally, pace = self._tally, _Pace(self._plan.sizes)
        unsaved: list[PartResult] = []
        try:
            for result in results:
                self._going_on()
                before = tally.stats.exported_entities
                tally.add(result)
                self._reducer.written(result)
                # A part that ends such a run may not be worked on to its end: it is never kept.
                broken = self._breaker.broken(result.streaks)
                if broken is None:
                    unsaved.append(result)
                size = max(result.read * _RECORD_BYTES, sum(segment.size for segment in result.segments))
                self._told(before, self._total, self._read)
                tolerable(tally.stats, self._plan.recipe)
                if broken is not None:
                    raise broken
                if pace.due(size):
                    self._savepoint(unsaved)
            self._savepoint(unsaved)
        except (TuneportError, KeyboardInterrupt, MemoryError) as error:
            self._keep(error, lambda: self._savepoint(unsaved))
            raise

    def _keep(self, error: BaseException, save: Callable[[], None]) -> None:
        """Make durable what is whole where an error or a stop ends the work.

        Raises:
            TuneportError: that cannot be done, and nothing but a wish to stop went wrong before.
        """
        try:
            save()
        except TuneportError:
            if isinstance(error, StoppedError | KeyboardInterrupt):
                raise

    def _durable(self, save: Callable[[], None]) -> None:
        """Make something durable. Where that fails it is never tried again in this run.

        The system may have forgotten what it could not write, and say the next time that all is well.
        """
        if not self._saves:
            return
        try:
            self._ours()
            save()
        except TuneportError:
            self._saves = False
            raise

    def _savepoint(self, results: list[PartResult]) -> None:
        if results and (staging := self._staging) is not None:
            self._durable(lambda: staging.savepoint(self._plan, results, self._reducer.keys_of(results)))
        # Emptied before anything else: an interrupt from here on finds nothing left to save.
        saved = results.copy()
        results.clear()
        self._reducer.saved(saved)
