"""The fingerprint `near_duplicates`: MinHash over the shingles of the trained text."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest

from tuneport import Context, Problem, Sample
from tuneport.errors import RecipeError
from tuneport_quality.config import NearDuplicatesConfig
from tuneport_quality.trained import Reader, trained_text
from tuneport_quality.words import spaced

if TYPE_CHECKING:
    from rensa import RMinHash

_SEED = 42
_ALGORITHM = 2
"""Of rensa's MinHash: another one would give other fingerprints."""
_INSTALL = "pip install 'tuneport[near-dup]'"

_SURE = 0.99
"""How likely two samples share a band that are as alike as the threshold asks; sketches sort out the others."""
_CHUNK = 4096
"""Shingles made at a time: those of a long text would take a hundred bytes each."""
_NIBBLES = 16
"""Values of the four bits that a sketch keeps of each minimum."""


def rows_of(threshold: float, num_perm: int) -> int:
    """Minima in a band: as many as leave it likely that two samples at the threshold share a band."""
    rows = range(num_perm, 1, -1)
    return next((n for n in rows if 1 - (1 - threshold**n) ** (num_perm // n) >= _SURE), 1)


class NearDuplicates:
    """Bands and sketch of a sample.

    Attributes:
        drops: whether the first of near-duplicates alone is kept.
        bands: how many bands a sample has.
        rows: minima in each.
    """

    def __init__(self, config: NearDuplicatesConfig, read: Reader, minhash: type[RMinHash]) -> None:
        self.drops = config.action == "drop"
        self.rows = rows_of(config.threshold, config.num_perm)
        self.bands = config.num_perm // self.rows
        self._words = config.unit == "words"
        self._size, self._count = config.size, config.num_perm
        self._read, self._minhash = read, minhash
        self._pack = struct.Struct(f"<{self._count}I").pack
        # Of minima that differ one in sixteen has the same four bits all the same.
        self._most = self._count * (1 - config.threshold) * (1 - 1 / _NIBBLES)
        self._ones = int.from_bytes(b"\x11" * (self._count // 2))
        self._of: Sample | None = None
        self._minima = b""

    def __call__(self, sample: Sample) -> Sequence[int]:
        """The bands; none where there is no text."""
        minima = self._taken(sample)
        step = 4 * self.rows
        return [
            xxh3_64_intdigest(minima[start : start + step], number)
            for number, start in enumerate(range(0, self.bands * step, step) if minima else ())
        ]

    def sketch(self, sample: Sample) -> bytes:
        """Four bits of each minimum: what is left of them tells how alike two samples are."""
        minima = self._taken(sample)
        return bytes.fromhex(minima[::4].hex()[1::2]) if minima else bytes(self._count // 2)

    def alike(self, left: bytes, right: bytes) -> bool:
        """Whether the shingles of two samples are as alike as the threshold asks, as far as sketches tell."""
        other = int.from_bytes(left) ^ int.from_bytes(right)
        other |= other >> 2
        return ((other | other >> 1) & self._ones).bit_count() <= self._most

    def _taken(self, sample: Sample) -> bytes:
        """The least hashes of the shingles, four bytes each; empty where there are no shingles."""
        if sample is not self._of:
            pieces = self._pieces(self._read(sample))
            self._of, self._minima = sample, self._least(pieces) if pieces else b""
        return self._minima

    def _pieces(self, text: str) -> Sequence[str]:
        words = spaced(text)
        return words if self._words else " ".join(words)

    def _least(self, pieces: Sequence[str]) -> bytes:
        found = self._minhash(self._count, _SEED)
        for shingles in self._shingles(pieces):
            found.update(shingles)
        return self._pack(*found.digest())

    def _shingles(self, pieces: Sequence[str]) -> Iterator[list[str]]:
        """So many pieces in a row, from each of them on; of a shorter text, all of them."""
        size, last = self._size, max(len(pieces) - self._size, 0)
        between = " " if self._words else ""
        for start in range(0, last + 1, _CHUNK):
            here = pieces[start : min(start + _CHUNK, last + 1) + size - 1]
            columns = [here[offset : len(here) - min(size, len(here)) + 1 + offset] for offset in range(size)]
            yield [between.join(one) for one in zip(*filter(None, columns), strict=True)]


def near_duplicates(config: NearDuplicatesConfig, ctx: Context) -> NearDuplicates:
    """Compile the fingerprint.

    Raises:
        RecipeError: the library that it needs is not installed, or not the one that we know.
    """
    try:
        from rensa import RMinHash
    except ImportError:
        raise _refused("needs rensa, which is not installed") from None
    if RMinHash.ALGORITHM_VERSION != _ALGORITHM:
        raise _refused(f"needs a rensa of algorithm {_ALGORITHM}, not {RMinHash.ALGORITHM_VERSION}")
    return NearDuplicates(config, trained_text(ctx), RMinHash)


def _refused(message: str) -> RecipeError:
    return RecipeError([Problem("", f"quality:near_duplicates {message}", _INSTALL)])
