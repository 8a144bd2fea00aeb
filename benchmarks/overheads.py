"""What single things cost: the same run with and without each, in turns."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.data import cleared
from benchmarks.figures import ratio
from benchmarks.measuring import Used, measured
from benchmarks.race import Say

PAIRS = {
    "JSON Schema": ("metadata, schema", "metadata"),
    "metrics": ("metadata, metrics", "metadata"),
    "third-party weighting": ("third-party weighting", "W1"),
    "crash safety": ("W1", "not safe"),
}
"""With it, and without it."""


def run(variant: str, source: Path, used: Used) -> int:
    """One export into a folder beside the source; how many rows it wrote."""
    output = cleared(source.with_name("variant"))
    said = measured([sys.executable, "-m", "benchmarks.variants", variant, str(source), str(output), "1"], used)
    return int(said["rows"])


def overheads(source: Path, runs: int, say: Say) -> dict[str, Any]:
    """CPU, and seconds inside, of each pair."""
    used = {variant: Used() for both in PAIRS.values() for variant in both}
    for turn in range(runs):
        for variant, its in used.items():
            run(variant, source, its)
            say(f"overheads  run {turn + 1}  {variant:<24}{its.seconds[-1]:9.2f} s")
    cleared(source.with_name("variant"))
    plain = {variant: its.plain() for variant, its in used.items()}
    return {
        "pairs": {
            what: {of: ratio(plain[having], plain[without], of) - 1 for of in ("cpu", "inside", "seconds")}
            for what, (having, without) in PAIRS.items()
        },
        "variants": plain,
    }
