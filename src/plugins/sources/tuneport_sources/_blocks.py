"""Many lines of JSON objects at once, where nothing about them is out of the ordinary.

One call decodes a whole block of lines in less time than one call for each of them. Whatever the decoder would take
that is no line of its own, or not sound, is found out by looking at the block as a whole; such a block is read line by
line, where each line gets its own judgement.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BufferedReader
from typing import Any

import msgspec

from tuneport import Entity
from tuneport.nesting import fit, is_roomy
from tuneport_sources._lines import next_line

_BLOCK = 256 * 1024
"""What fits into the processor's cache; larger ones are slower."""

DecodeBlock = Callable[[bytes], list[Entity] | None]
"""The objects of a block, one a line; None where the block has to be read line by line."""


def block_decoder(shape: Any) -> DecodeBlock | None:
    """Make a decoder of blocks of whole lines; None in a thread that has little stack.

    Args:
        shape: the type of an object, as msgspec takes it.
    """
    if not is_roomy():
        return None
    decode = msgspec.json.Decoder(shape).decode_lines

    def decoded(block: bytes) -> list[Entity] | None:
        # The decoder takes `{}{}` on one line, and an object over two. A line's end stands in no string, and nothing
        # but a comma between the `}` and the `{` of one object: lines that all end and begin so are whole objects, and
        # as many objects as lines are one on each.
        lines = block.count(b"\n")
        if not block.startswith(b"{") or not block.endswith(b"}\n") or block.count(b"}\n{") != lines - 1:
            return None
        with suppress(msgspec.MsgspecError, ValueError, RecursionError):
            if not block.isascii():
                block.decode()  # what the decoder passes over is not looked at
            entities: list[Entity] = decode(block)
            if len(entities) == lines and fit(entities):
                return entities
        return None

    return decoded


def blocks(file: BufferedReader, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    """The lines that start in [start, end), in blocks of whole lines: the range that a block owns, and its bytes.

    A block may end within a line, where that is long or the last one of the file.
    """
    position = 0 if start == 0 else next_line(file, start - 1, end)
    size = os.fstat(file.fileno()).st_size
    while position < end:
        stop = min(position + _BLOCK, end)
        file.seek(position)
        block = file.read(stop - position)
        if not block:
            return  # it has become shorter: whoever reads it finds out that it changed
        if not block.endswith(b"\n"):
            block += file.readline(_BLOCK)
        yield position, stop, block
        position += len(block)
        if not block.endswith(b"\n") and position < size:
            position = next_line(file, position - 1, end)
