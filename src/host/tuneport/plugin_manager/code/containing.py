"""What a plugin's code may not do to the process, while it is brought in and while it works."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any, TextIO, cast

_lock = threading.Lock()
_blocks = 0
_kept: TextIO | None = None


class _Aside:
    """Stderr in the place of stdout. Whoever closes it closes nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def close(self) -> None:
        """Stay open."""


@contextlib.contextmanager
def stdout_aside() -> Iterator[None]:
    """Send what is printed in the block to stderr: stdout may be carrying rows, or a JSON document.

    Blocks may be nested, and entered by several threads; the last to leave puts stdout back.
    """
    global _blocks, _kept
    with _lock:
        if not _blocks:
            _kept, sys.stdout = sys.stdout, cast("TextIO", _Aside(sys.stderr)) if sys.stderr is not None else None
        aside = sys.stdout
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            # Whoever put another stdout there meanwhile meant it.
            if not _blocks and (sys.stdout is aside or sys.stdout is None):
                sys.stdout = _kept
                _kept = None
