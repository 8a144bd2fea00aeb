"""Signals that end a command in good order: what is done is kept, and it says so."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from tuneport.errors import (
    Interrupted,
    NotPermittedError,
    StoppedError,
    StorageError,
    TryAgainError,
)

PATIENCE_SECONDS = 5.0
"""How long a second signal is taken for the first one sent twice, as wrappers and hasty fingers do."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_OF_THE_DISK = (NotPermittedError, StorageError, TryAgainError)
_SHOW_CURSOR = b"\x1b[?25h"


class Stop:
    """The signal that asked the command to end, if any did.

    A run takes it for its `cancel`: a plugin that catches everything may have swallowed what the signal raised.

    Attributes:
        signal: the first that came in time.
        over: all is done, or what went wrong is being told: a signal that comes now ends nothing.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: another command runs."""
        self.over = False
        self.signal: signal.Signals | None = None
        self._count = 0
        self._since = 0.0

    def take(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal: the first one raises, the next is ignored while work is saved, and then it is enough.

        Raises:
            Interrupted: it is the first, and there is something to end.
        """
        self._count += 1
        if self._count == 1:
            self._since = time.monotonic()
            if self.over:
                return
            self.signal = signal.Signals(number)
            raise Interrupted(self.signal.name)
        if self._count > 2 or time.monotonic() - self._since > PATIENCE_SECONDS:
            with suppress(OSError):
                os.write(2, (_SHOW_CURSOR if os.isatty(2) else b"") + b"ended at once; what was saved before is kept\n")
            os._exit(128 + number)

    def is_set(self) -> bool:
        """Nothing where no signal came.

        Raises:
            Interrupted: one did.
        """
        if self.signal is not None:
            raise Interrupted(self.signal.name)
        return False

    def explained(self, error: BaseException) -> BaseException:
        """An error that ended the command, as the signal explains it: it says so, and has the signal's exit code."""
        if self.signal is None or isinstance(error, _OF_THE_DISK):
            return error
        if not isinstance(error, StoppedError):
            # Whatever it is: a library that was interrupted says so in its own way, as SQLite and pydantic do.
            hint = "the same command goes on where it can, or starts again"
            error = StoppedError(f"stopped by {self.signal.name}", hint)
        error.exit_code = 128 + self.signal
        return error


STOP = Stop()
"""That of the command that runs: a process has one set of handlers."""


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Let signals end what the block does. Those that somebody ignores, as nohup does, stay ignored."""
    STOP.forget()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, STOP.take)
    try:
        yield STOP
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
