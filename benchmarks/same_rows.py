"""Whether two files hold the same rows in the same order: `python benchmarks/same_rows.py ONE OTHER`.

Rows are compared as what they mean, so that spelling (escapes, blanks) does not count; weights may differ by 1e-12 of
their size. Exits with 1 at the first difference, and shows it.
"""

from __future__ import annotations

import json
import math
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two rows say the same."""
    if one == other:
        return True
    left, right = one.get("weight"), other.get("weight")
    if not isinstance(left, float) or not isinstance(right, float):
        return False
    return {**one, "weight": 0} == {**other, "weight": 0} and math.isclose(left, right, rel_tol=1e-12)


def difference(one: Path, other: Path) -> str:
    """The first rows that differ, in words; nothing where all are the same."""
    with one.open("rb") as ones, other.open("rb") as others:
        for number, (left, right) in enumerate(zip_longest(ones, others), start=1):
            if left is None or right is None:
                return f"row {number} stands in {(one if right is None else other).name} alone"
            if left != right and not same(json.loads(left), json.loads(right)):
                shown = f"{one.name:>14}  {left.decode().rstrip()}\n{other.name:>14}  {right.decode().rstrip()}"
                return f"row {number} differs:\n{shown}"
    return ""


def main() -> int:
    """Say what differs; 1 if anything does."""
    found = difference(*map(Path, sys.argv[1:]))
    if found:
        print(found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
