"""What a plugin's code may not do to the process while it is brought in."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TextIO

_lock = threading.Lock()
_blocks = 0
_kept: TextIO | None = None


@contextlib.contextmanager
def stdout_aside() -> Iterator[None]:
    """Send what is printed in the block to stderr: stdout may be carrying rows, or a JSON document.

    Blocks may be nested, and entered by several threads; the last to leave puts stdout back.
    """
    global _blocks, _kept
    with _lock:
        if not _blocks:
            _kept, sys.stdout = sys.stdout, sys.stderr
        aside = sys.stdout
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            # Whoever put another stdout there meanwhile meant it.
            if not _blocks and sys.stdout is aside:
                sys.stdout = _kept
                _kept = None


@contextlib.contextmanager
def interrupts() -> Iterator[list[int]]:
    """The SIGINTs that arrive in the block: a plugin may raise KeyboardInterrupt by itself, which stops nobody."""
    came: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield came
        return
    handler = before

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        handler(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield came
    finally:
        if signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, handler)
