"""How seconds and memory grow with the records: ours with and without what has to be remembered, and polars."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.data import cleared, first
from benchmarks.entrants import ENTRANTS
from benchmarks.measuring import Used, measured
from benchmarks.overheads import run
from benchmarks.race import Say

OURS = {"no dedup": "nothing is remembered", "W1": "dedup", "waiting": "dedup, weights wait for all"}
PEER = next(entrant for entrant in ENTRANTS if entrant.name == "polars 2")


def growth(largest: Path, sizes: Sequence[int], runs: int, say: Say) -> dict[str, Any]:
    """Seconds and peak memory at each size; and the bytes a kept row grows by from the smallest to the largest."""
    cases: dict[str, list[dict[str, Any]]] = {}
    for size in sizes:
        source = first(largest, size)
        for variant, name in OURS.items():
            used = Used()
            rows = [run(variant, source, used) for _ in range(runs)]
            cases.setdefault(name, []).append({"records": size, "rows": rows[0], "used": used.plain()})
            say(f"growth  {size:>10,}  {name:<28}{used.middle('seconds'):9.2f} s{used.middle('peak'):9.0f} MB")
        if not PEER.absent():
            used = Used()
            rows = [peer(source, used) for _ in range(runs)]
            cases.setdefault(PEER.name, []).append({"records": size, "rows": rows[0], "used": used.plain()})
            say(f"growth  {size:>10,}  {PEER.name:<28}{used.middle('seconds'):9.2f} s{used.middle('peak'):9.0f} MB")
        cleared(source.with_name("variant"))
        cleared(source)
    return {"cases": cases}


def peer(source: Path, used: Used) -> int:
    """One run of the peer at W1; how many rows it wrote."""
    output = cleared(source.with_name("peer.jsonl"))
    program = f"benchmarks.racers.{PEER.program}"
    command = [sys.executable, "-m", program, "W1", str(source), str(output), str(PEER.threads)]
    said = measured(command, used, POLARS_MAX_THREADS=str(PEER.threads))
    cleared(output)
    return int(said["rows"])
