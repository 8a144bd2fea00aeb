"""The lines of a file or of a byte range, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

MAX_LINE = 8 * 1024 * 1024
BOM = b"\xef\xbb\xbf"

_STEP = 1024 * 1024


def owned_lines(file: BinaryIO, start: int, end: int) -> Iterator[bytes | None]:
    """Yield each line that starts in [start, end), with its line ending.

    A line belongs to the range it starts in, so ranges that tile a file tile its lines. None stands for a
    line of more than MAX_LINE bytes, which is never in memory as a whole.
    """
    position = 0 if start == 0 else _next_line(file, start - 1, end)
    file.seek(position)
    while position < end:
        line = file.readline(MAX_LINE + 1)
        if not line:
            return
        first = position == 0
        position += len(line)
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            position = _next_line(file, position, end)
            yield None
        else:
            yield line.removeprefix(BOM) if first else line


def all_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield each line of a file that cannot seek, as `owned_lines` does."""
    first = True
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(_STEP)
            yield None
        else:
            yield line.removeprefix(BOM) if first else line
        first = False


def _next_line(file: BinaryIO, position: int, end: int) -> int:
    """Find the first line that starts after `position`; `end` where there is none before `end`."""
    file.seek(position)
    while position < end - 1:
        piece = file.readline(min(_STEP, end - 1 - position))
        position += len(piece)
        if piece.endswith(b"\n"):
            return position
        if not piece:
            break
    return end
