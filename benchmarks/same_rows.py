"""Whether two files hold the same rows: `python -m benchmarks.same_rows ONE OTHER [--repeats]`.

Rows are compared as what they mean, so that spelling (escapes, blanks, the order of keys) does not count, and numbers
may differ by 1e-9 of their size. Exits with 1 at the first difference, and shows it.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

TOLERANCE = 1e-9
SHOWN = 2000
"""Characters of a row."""

_decode = msgspec.json.Decoder().decode


class Comparison(NamedTuple):
    """What came of comparing two files.

    Attributes:
        difference: the first rows that differ, in words; empty where none do.
        worst: by how much of its size a number differs at most.
        repeats: how many rows of the other stand there again.
    """

    difference: str = ""
    worst: float = 0.0
    repeats: int = 0


def in_order(one: Path, other: Path) -> Comparison:
    """Compare row by row."""
    worst = 0.0
    with one.open("rb") as ones, other.open("rb") as others:
        for number, (left, right) in enumerate(zip_longest(ones, others), start=1):
            if left is None or right is None:
                return Comparison(f"row {number} stands in {(one if right is None else other).name} alone")
            if left != right:
                apart = distance(_decode(left), _decode(right))
                if apart > TOLERANCE:
                    shown = "\n".join(
                        f"{path.name:>24}  {text}" for path, text in ((one, told(left)), (other, told(right)))
                    )
                    return Comparison(f"row {number} differs:\n{shown}")
                worst = max(worst, apart)
    return Comparison("", worst)


def with_repeats(one: Path, other: Path) -> Comparison:
    """Compare with a file that may hold texts again which the first holds once, under another weight, anywhere."""
    with one.open("rb") as lines:
        wanted = dict(map(apart_from_weight, lines))
    found: dict[bytes, float] = {}
    rows = 0
    with other.open("rb") as lines:
        for rows, line in enumerate(lines, start=1):
            key, weight = apart_from_weight(line)
            if key not in wanted:
                return Comparison(f"row {rows} stands in {other.name} alone:\n{told(line)}")
            apart = distance(wanted[key], weight)
            found[key] = min(apart, found.get(key, math.inf))
    if len(found) < len(wanted):
        return Comparison(f"{len(wanted) - len(found)} rows stand in {one.name} alone")
    worst = max(found.values(), default=0.0)
    if worst > TOLERANCE:
        return Comparison(f"{sum(apart > TOLERANCE for apart in found.values())} rows have other weights")
    return Comparison("", worst, rows - len(wanted))


def apart_from_weight(line: bytes) -> tuple[bytes, float]:
    """What names a row, and its weight."""
    row = _decode(line)
    weight = row.pop("weight", 0.0)
    return hashlib.blake2b(msgspec.json.encode(row, order="sorted"), digest_size=16).digest(), weight


def distance(one: Any, other: Any) -> float:
    """By how much of its size a number in it differs at most; infinite where anything else does."""
    if isinstance(one, dict) and isinstance(other, dict):
        return farthest((one[name], other[name]) for name in one) if one.keys() == other.keys() else math.inf
    if isinstance(one, list) and isinstance(other, list):
        return farthest(zip(one, other, strict=True)) if len(one) == len(other) else math.inf
    if type(one) in {int, float} and type(other) in {int, float}:
        return float(abs(one - other) / (max(abs(one), abs(other)) or 1))
    return 0.0 if type(one) is type(other) and one == other else math.inf


def farthest(pairs: Iterable[tuple[Any, Any]]) -> float:
    """The greatest distance of several pairs."""
    return max((distance(one, other) for one, other in pairs), default=0.0)


def told(line: bytes) -> str:
    """A row as it is shown."""
    return line.decode().rstrip()[:SHOWN]


def main() -> int:
    """Say what differs; 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--repeats", action="store_true", help="the other may hold rows again")
    options = parser.parse_args()
    found = (with_repeats if options.repeats else in_order)(options.one, options.other)
    if found.difference:
        print(found.difference)
        return 1
    print(f"the same rows; numbers differ by {found.worst:.1e} of their size at most; {found.repeats} rows again")
    return 0


if __name__ == "__main__":
    sys.exit(main())
