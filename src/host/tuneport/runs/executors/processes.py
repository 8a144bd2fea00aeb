"""Parts worked on in other processes, several at a time, and taken in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
import msgspec.json

from tuneport.errors import TuneportError
from tuneport.runs.executors.pool import Pool, Step
from tuneport.runs.executors.protocol import Answer, Failed, Offered, Prepare, Render, Rendered, Start, Summaries
from tuneport.runs.executors.said import Saying
from tuneport.runs.executors.starting import Process
from tuneport.runs.messages import Candidates, Part, PartResult, Verdict
from tuneport.runs.working.spool import Spool

_result = msgspec.json.Decoder(PartResult).decode


class Processes:
    """Hands parts to worker processes in order, and yields what comes of them in the same order.

    A part stays with the worker that prepared it until it is rendered; where samples wait in a spool, any worker
    renders it. What a part needs to know of those before it comes from here alone.

    Args:
        start: what each worker is told first.
        count: how many workers.
        columns: format name to the columns that earlier parts wrote.
        spool: where samples wait; None where verdicts come part by part.
        warned: the stages of which was warned in this run.
    """

    def __init__(
        self, start: Start, count: int, columns: Mapping[str, list[str]], spool: Spool | None, warned: set[str]
    ) -> None:
        self._pool = Pool(count, start)
        self._columns = dict(columns)
        self._spool = spool
        self._saying = Saying(warned)
        self._left: Iterator[Part] = iter(())
        self._handed: deque[int] = deque()
        self._parts: dict[int, Part] = {}
        self._holders: dict[int, Process] = {}
        self._told: set[int] = set()
        self.spooled = 0

    def prepare(self, parts: Iterable[Part], look: Callable[[Candidates], None]) -> Iterator[Candidates]:
        """As `InProcess.prepare`: the columns the reducer needs, in part order; others are prepared meanwhile."""
        self._left = iter(parts)
        try:
            while self._next_is_handed_out():
                offered = self._answered("prepare", self._handed.popleft())
                assert isinstance(offered, Offered)  # noqa: S101  -- what a worker answers to this
                candidates = offered.candidates
                look(candidates)
                if self._spool is not None and offered.spooled is not None:
                    self._spool.add(offered.spooled)
                    self.spooled += offered.size
                    del self._holders[candidates.part]
                yield candidates
        finally:
            self._left = iter(())  # after an error none begins another part

    def render(self, verdicts: Iterable[Verdict]) -> Iterator[PartResult]:
        """As `InProcess.render`: what came of each part, in part order. An error comes after all parts before it."""
        pending: deque[Verdict] = deque()
        source, ended = iter(verdicts), None
        while True:
            try:
                verdict = next(source, None)
            except (TuneportError, MemoryError) as error:
                ended, verdict = error, None
            if verdict is None:
                break
            while (holder := self._holder(verdict.part)) is None:
                if not pending:
                    self._pool.check()
                yield self._rendered(pending.popleft())
            self._ask(holder, verdict)
            pending.append(verdict)
            while pending and self._pool.came("render", pending[0].part):
                yield self._rendered(pending.popleft())
        while pending:
            yield self._rendered(pending.popleft())
        if ended is not None:
            raise ended

    def close(self) -> None:
        """End all workers."""
        self._pool.close()

    def _next_is_handed_out(self) -> bool:
        """Whether there is another part; it is handed out then, be it that a worker has to get ready first."""
        while not self._hand_out() and not self._handed:
            self._pool.check()
            self._pool.wait()
        return bool(self._handed)

    def _hand_out(self) -> bool:
        """Hand out parts to workers that may have another; whether there are no more."""
        while (process := self._pool.free()) is not None:
            part = next(self._left, None)
            if part is None:
                return True
            self._holders[part.index], self._parts[part.index] = process, part
            self._handed.append(part.index)
            self._pool.ask(process, "prepare", part.index, Prepare(part))
        return False

    def _holder(self, part: int) -> Process | None:
        """The worker that renders a part; None as long as none may have another."""
        if part not in self._holders:
            process = self._pool.free()
            if process is None:
                return None
            self._holders[part] = process
        return self._holders[part]

    def _ask(self, holder: Process, verdict: Verdict, again: Part | None = None) -> None:
        if verdict.summaries and holder.number not in self._told:
            self._told.add(holder.number)
            self._pool.tell(holder, Summaries(verdict.summaries))
        bare = msgspec.structs.replace(verdict, summaries=[])
        spooled = self._spool.part(verdict.part) if self._spool is not None else None
        self._pool.ask(holder, "render", verdict.part, Render(bare, self._columns, spooled, again))

    def _rendered(self, verdict: Verdict) -> PartResult:
        """What came of a part, made again where it began with other columns than the parts before it wrote."""
        answered = self._answered("render", verdict.part)
        result = _result(answered.result) if isinstance(answered, Rendered) else None
        if result is not None and any(self._columns.get(name, one) != one for name, one in result.columns.items()):
            self._ask(self._holders[verdict.part], verdict, self._parts.get(verdict.part))
            answered = self._answered("render", verdict.part)
            result = _result(answered.result) if isinstance(answered, Rendered) else None
        assert result is not None  # noqa: S101  -- what a worker answers to this
        del self._holders[verdict.part]
        self._parts.pop(verdict.part, None)
        self._saying.say(answered.said)
        self._columns |= result.columns
        result.columns = dict(self._columns)
        return result

    def _answered(self, step: Step, part: int) -> Answer:
        """The answer of the worker that has a part; while it is waited for, others are handed out.

        Raises:
            TuneportError: it says what went wrong, or will never come.
        """
        while (found := self._pool.take(step, part)) is None:
            self._pool.wait()
            self._hand_out()
        if isinstance(found, Failed):
            self._saying.say(found.said)
            raise found.fault.error()
        if isinstance(found, Offered):
            self._saying.say(found.said)
        return found
