"""What belongs together, as short keys: samples of one group, of one stratum, and of one prompt."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from xxhash import xxh3_64_digest, xxh3_128_digest

from tuneport.runs.alike import canonical
from tuneport.sample import Instruction, Message, Sample, Text

UNIT_BYTES = 16
SIDE_BITS = 2
"""Bits that a side takes beside a key, for what keeps both in one number."""

_SILENT = frozenset({"system", "developer", "tool"})


def unit_of(values: Sequence[Any] | None, identity: bytes) -> bytes:
    """UNIT_BYTES for what has to stand on one side as a whole.

    Args:
        values: of the fields that make a group; None where nothing does.
        identity: of the sample's content, which is the unit where every value is missing or blank.
    """
    if values is None:
        return identity
    texts = [canonical(value) for value in values]
    return xxh3_128_digest(_framed(texts)) if any(texts) else identity


def stratum_of(values: Sequence[Any]) -> bytes:
    """Eight bytes for what has its own share on each side; missing and blank values are a stratum too."""
    return xxh3_64_digest(_framed([canonical(value) for value in values]))


def _framed(texts: Sequence[str]) -> bytes:
    """So many texts as bytes that no others have; a lone surrogate is as good as any other character."""
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    return parts[0] if len(parts) == 1 else b"".join(b"%d:%b" % (len(part), part) for part in parts)


def number_of(unit: bytes) -> int:
    """A unit as a number that leaves SIDE_BITS of 64, enough to tell all units apart that a run could hold.

    It goes by the machine's order of bytes, and stands in savepoints alone, which stay on their machine.
    """
    return int.from_bytes(unit[:8], sys.byteorder) >> SIDE_BITS


def prompt_key(sample: Sample) -> bytes:
    """Eight bytes for what a sample asks, however it is written.

    That is its prompt without tools, without what they said, and without system turns, which say how to answer; of
    plain text, and of a sample without any prompt, the whole text.
    """
    if isinstance(sample, Text):
        return text_key(sample.text)
    if isinstance(sample, Instruction):
        asked = f"{sample.instruction} {sample.input or ''}"
        return text_key(asked if asked.strip() else sample.text)
    asked = asked_in(sample.prompt)
    return text_key(asked if asked.strip() else sample.text)


def asked_in(turns: Iterable[Message]) -> str:
    """What turns say, one after the other, without those that instruct, and those of tools."""
    return " ".join(turn.content for turn in turns if turn.role not in _SILENT)


def text_key(text: str) -> bytes:
    """Eight bytes for a text in its normal form: NFKC, without case, white space collapsed."""
    return xxh3_64_digest(" ".join(_folded(text).split()).encode("utf-8", "surrogatepass"))


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    # Folding may leave what NFKC writes in another way.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
