"""How much is fuzzed, and what is told of a line that something fails at."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from faults.fuzz_lines import Mutator, shortest
from faults.fuzz_runs import Pump

INPUTS = int(os.environ.get("TUNEPORT_FUZZ", "60000"))
"""Lines that all tests of records and conversations read together."""

_PUBLISHED = 2_000
"""Lines that are exported to a folder, with all that belongs to it; the others go through its stages in memory."""

_BATCH = 10_000


def fuzzed(folder: Path, export: Mapping[str, Any], field: str, *, count: int, seed: int, split: bool) -> Counter[str]:
    """Feed a recipe lines made of records that have a field; how many of them had each outcome."""
    mutator = Mutator(seed, field)
    first = [*mutator.lines(min(_PUBLISHED, count))]
    pump = Pump(folder, export, first, split=split)
    total = _fed(pump, pump.published, first)
    for start in range(len(first), count, _BATCH):
        total += _fed(pump, pump.pumped, [*mutator.lines(min(_BATCH, count - start))])
    return total


def _fed(pump: Pump, feed: Callable[[Sequence[bytes]], Counter[str]], lines: Sequence[bytes]) -> Counter[str]:
    try:
        return feed(lines)
    except Exception as error:  # noqa: BLE001  -- whatever it is, the line that did it is wanted
        pytest.fail(f"{type(error).__name__}: {error}\n\nthe shortest that fails: {blamed(pump, lines)}")


def blamed(pump: Pump, lines: Sequence[bytes]) -> str:
    """The shortest line that fails by itself, or the fewest that fail together."""

    def fails(some: Sequence[bytes]) -> bool:
        try:
            pump.pumped(some)
        except Exception:  # noqa: BLE001  -- it need not be the same one: a shorter way to another is as good
            return True
        return False

    if not fails(lines):
        return "none in memory: it is in what is published of them"
    step = len(lines) // 2
    while step:
        start = 0
        while start < len(lines):
            fewer = [*lines[:start], *lines[start + step :]]
            if fewer and fails(fewer):
                lines = fewer
            else:
                start += step
        step //= 2
    if len(lines) > 1:
        return repr([*lines])
    return repr(shortest(lines[0], lambda line: fails([line])))
