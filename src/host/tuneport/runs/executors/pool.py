"""The worker processes of a run: who has which part, and what has come back."""

from __future__ import annotations

import errno
import os
import selectors
from typing import Literal

from tuneport.errors import PluginError, TryAgainError
from tuneport.runs.executors.faults import Fault
from tuneport.runs.executors.protocol import Answer, Failed, Offered, Order, framed
from tuneport.runs.executors.starting import Process, why_it_ended

AHEAD = 2
"""How many parts a worker may have: while one waits for its verdict, the next is prepared."""

Step = Literal["prepare", "render"]
Asked = tuple[Step, int]
"""What was asked of a worker: a step of a part."""


class Pool:
    """Starts worker processes, hands them steps of parts, and collects their answers.

    Args:
        count: how many processes.
        start: what each is told first.
    """

    def __init__(self, count: int, start: Order) -> None:
        self._selector = selectors.DefaultSelector()
        self._processes: list[Process] = []
        self._asked: dict[Asked, Process] = {}
        self._answers: dict[Asked, Answer] = {}
        self._fault: Fault | None = None
        first = framed(start)
        try:
            for number in range(1, count + 1):
                process = Process(number)
                self._processes.append(process)
                self._selector.register(process.line, selectors.EVENT_READ, process)
                process.send(first)
        except BaseException:
            self.close()
            raise

    def free(self) -> Process | None:
        """The worker that has the least to do, where one may have another part."""
        if self._fault is not None:
            return None
        least = min(self._processes, key=lambda one: len(one.parts))
        return least if len(least.parts) < AHEAD else None

    def check(self) -> None:
        """Check that workers can go on.

        Raises:
            TuneportError: they cannot, for one of them.
        """
        if self._fault is not None:
            raise self._fault.error()

    def tell(self, process: Process, message: Order) -> None:
        """Tell a worker something that is not answered."""
        process.send(framed(message))

    def ask(self, process: Process, step: Step, part: int, message: Order) -> None:
        """Ask a worker for a step of a part."""
        self._asked[step, part] = process
        process.parts.add(part)
        if process.alive:
            process.send(framed(message))
        else:
            self._lost(process)

    def came(self, step: Step, part: int) -> bool:
        """Whether the answer is there, or an error in its place."""
        return (step, part) in self._answers

    def take(self, step: Step, part: int) -> Answer | None:
        """The answer to what was asked; None as long as it has not come."""
        found = self._answers.pop((step, part), None)
        if found is None and (step, part) not in self._asked:
            self.check()
        return found

    def wait(self) -> None:
        """Wait until something has come, and write what waits."""
        for process in self._processes:
            if process.alive:
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if process.writes else 0)
                self._selector.modify(process.line, events, process)
        for key, events in self._selector.select():
            process = key.data
            if events & selectors.EVENT_WRITE:
                process.flush()
            if events & selectors.EVENT_READ:
                for answer in process.answers():
                    self._came(process, answer)
                if not process.alive:
                    self._selector.unregister(process.line)
                    self._lost(process)

    def _came(self, process: Process, answer: Answer) -> None:
        if isinstance(answer, Failed):
            if answer.part is None:
                self._fault = self._fault or answer.fault
                return
            asked: Asked = ("prepare", answer.part)
            if asked not in self._asked:
                asked = ("render", answer.part)
            process.parts.discard(answer.part)
        elif isinstance(answer, Offered):
            asked = ("prepare", answer.candidates.part)
            if answer.spooled is not None:  # any worker goes on with it
                process.parts.discard(answer.candidates.part)
        else:
            asked = ("render", answer.part)
            process.parts.discard(answer.part)
        del self._asked[asked]
        self._answers[asked] = answer

    def _lost(self, process: Process) -> None:
        """Let everything that was asked of a worker which is gone be answered by that."""
        if self._fault is None:
            at = [part for (_, part), one in self._asked.items() if one is process]
            where = f"part {min(at) + 1}" if at else "nothing"
            text, hint, again = why_it_ended(process.number, process.ended(), where)
            error = TryAgainError(text, hint) if again else PluginError(text, hint)
            error.__cause__ = ChildProcessError(errno.ECHILD, os.strerror(errno.ECHILD))
            self._fault = Fault.of(error)
        for asked in [asked for asked, one in self._asked.items() if one is process]:
            del self._asked[asked]
            self._answers[asked] = Failed(asked[1], self._fault, [])

    def close(self) -> None:
        """End all workers; none is left, nor any line to one."""
        self._selector.close()
        try:
            for process in self._processes:
                process.dismiss()
        finally:
            for process in self._processes:
                process.end()
