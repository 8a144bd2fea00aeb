"""A worker process: it makes its run's plan again, prepares and renders parts as it is told, and ends with its run."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, cast

from tuneport.runs.executors.faults import Fault
from tuneport.runs.executors.protocol import (
    LENGTH,
    Answer,
    Failed,
    Order,
    Prepare,
    Render,
    Start,
    Summaries,
    framed,
    order,
)
from tuneport.runs.executors.said import Listening, listen
from tuneport.runs.executors.starting import STOPPING

if TYPE_CHECKING:
    from tuneport.runs.executors.bench import Bench

_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG: what the system sends once the process that started this one is gone."""


def main(line: str, run: str) -> None:
    """Work until the other end is closed.

    Args:
        line: number of the socket to the run.
        run: number of the run's process.
    """
    _end_with(int(run))
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            # A whole group may get it: the run decides what is kept. What a plugin starts is as it would be there.
            signal.signal(number, lambda _number, _frame: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    with socket.socket(fileno=int(line)) as ours, suppress(BrokenPipeError, ConnectionResetError):
        ours.set_inheritable(False)
        with ours.makefile("rb") as told:
            _work(ours, cast("BinaryIO", told))


def _end_with(run: int) -> None:
    """Let the system end this process with its run, whatever it is doing then."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != run:  # it ended before that
        os._exit(1)


def _next(told: BinaryIO) -> Order | None:
    """The next order; None where the run has no more."""
    head = told.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    data = told.read(size)
    return order(data) if len(data) == size else None


def _work(ours: socket.socket, told: BinaryIO) -> None:
    start = _next(told)
    if not isinstance(start, Start):
        return
    try:
        # Only now: what it imports may fail, too.
        from tuneport.runs.executors.bench import Bench
        from tuneport.runs.executors.remaking import remade

        plan = remade(start)
        listening = Listening(plan.compiled.warned)
        listen(listening, start.levels)
        bench = Bench(plan, start.staging)
    except BaseException as error:  # noqa: BLE001  -- whatever it is, the run tells it
        ours.sendall(framed(Failed(None, Fault.of(error), [])))
        return
    while (message := _next(told)) is not None:
        if isinstance(message, Summaries):
            bench.summaries = message.summaries
        if isinstance(message, Prepare | Render):
            listening.begin()
            ours.sendall(framed(_answer(bench, message, listening)))


def _answer(bench: Bench, message: Prepare | Render, listening: Listening) -> Answer:
    answer: Answer
    try:
        answer = bench.prepared(message.part) if isinstance(message, Prepare) else bench.rendered(message)
    except BaseException as error:  # noqa: BLE001  -- whatever it is, the run tells it, or ends with it
        part = message.part.index if isinstance(message, Prepare) else message.verdict.part
        return Failed(part, Fault.of(error), listening.taken())
    answer.said = listening.taken()
    return answer
