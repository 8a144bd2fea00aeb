"""The lines of a file or of a byte range, in bounded memory."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BufferedReader
from typing import NamedTuple

MAX_LINE = 8 * 1024 * 1024
BOM = b"\xef\xbb\xbf"

_STEP = 1024 * 1024
_WHITE = re.compile(rb"\s*\n")


class Blank(NamedTuple):
    """Lines of white space that were passed over: how many, and their bytes."""

    lines: int
    size: int


Line = bytes | Blank | None
"""A line with its ending, or what stands for some: blank lines, or one of more than MAX_LINE bytes (None)."""


def owned_lines(file: BufferedReader, start: int, end: int) -> Iterator[Line]:
    """Yield each line that starts in [start, end).

    A line belongs to the range it starts in, so ranges that tile a file tile its lines. No long line is ever in
    memory as a whole.
    """
    position = 0 if start == 0 else next_line(file, start - 1, end)
    file.seek(position)
    white = False
    while position < end:
        line = file.readline(MAX_LINE + 1)
        if not line:
            return
        first = position == 0
        position += len(line)
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            position = next_line(file, position, end)
            yield None
        else:
            yield line.removeprefix(BOM) if first else line
            before, white = white, line.isspace()
            if white and before and (blank := pass_blank(file, _WHITE, end - position)):
                position += blank.size
                yield blank


def all_lines(file: BufferedReader) -> Iterator[Line]:
    """Yield each line of a file that cannot seek, as `owned_lines` does."""
    first, white = True, False
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(_STEP)
            yield None
        else:
            yield line.removeprefix(BOM) if first else line
            before, white = white, line.isspace()
            if white and before and (blank := pass_blank(file, _WHITE)):
                yield blank
        first = False


def pass_blank(file: BufferedReader, blank: re.Pattern[bytes], most: int = sys.maxsize) -> Blank | None:
    """Pass over the blank lines that come next, as far as they are in memory: a file may hold millions of them.

    Looking for them costs more than reading one, so it is done where two stand together.

    Args:
        file: stands where a line begins.
        blank: such lines, up to the end of the last one.
        most: how many bytes may be passed over.
    """
    found = blank.match(file.peek(), 0, max(0, most))
    if found is None:
        return None
    file.read(found.end())
    return Blank(found[0].count(b"\n"), found.end())


def next_line(file: BufferedReader, position: int, end: int) -> int:
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
