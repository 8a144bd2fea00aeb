"""Checking a file against its format's rules, beside exporting it: rows a second of each, and the ratio of the two.

Each run is a process of its own, and the two take turns; what is timed is the call, without start-up and imports.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.data import cleared
from benchmarks.measuring import Used, measured
from benchmarks.race import Say

FORMATS = "openai,trl,tuneport"
CHILD = """
import json, sys, time
from tuneport import export, validate
what, source, output, called = sys.argv[1:]
started = time.perf_counter()
if what == "export":
    asked = {"source": source, "output": {"path": output, "on_exists": "replace"}, "export": {"formats": [called]}}
    rows = export(asked).stats.formats[called].rows
else:
    report = validate(output, format=called)
    assert report.ok, report.problems
    rows = report.rows
print(json.dumps({"rows": rows, "inside": time.perf_counter() - started}))
"""


def pace(source: Path, formats: Sequence[str], runs: int, say: Say) -> dict[str, Any]:
    """Rows a second of both for each format, and by how much checking is faster."""
    found = {}
    for called in formats:
        output = cleared(source.with_name(f"{called}.jsonl"))
        used = {"export": Used(), "validate": Used()}
        rows: set[int] = set()
        for _ in range(runs):
            for what, its in used.items():
                command = [sys.executable, "-c", CHILD, what, str(source), str(output), called]
                rows.add(measured(command, its)["rows"])
        (count,) = rows
        seconds = {what: median(its.inside) for what, its in used.items()}
        ratio = seconds["export"] / seconds["validate"]
        found[called] = {"rows": count, "ratio": ratio, "used": {what: its.plain() for what, its in used.items()}}
        say(f"pace  {called:<12}{count:>10,} rows{ratio:9.2f} times as fast checked as exported")
        cleared(output)
    return {"formats": found}
