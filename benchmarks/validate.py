"""Checking a file against its format's rules, beside exporting it: rows a second of each, and the ratio of the two.

    python benchmarks/validate.py [--records 50000] [--runs 3] [--formats openai,trl,tuneport] [--seed 1]

Each run is a process of its own, and the two take turns; what is timed is the call, without start-up and imports.
CPU seconds are the process's own. The records are those of the race, as questions and answers without weights.
Times on a busy machine are noise: compare the ratio of CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent

CHILD = """
import json, sys, time
from tuneport import export, validate
what, source, output, called = sys.argv[1:]
started, used = time.perf_counter(), time.process_time()
if what == "export":
    asked = {"source": source, "output": {"path": output, "on_exists": "replace"}, "export": {"formats": [called]}}
    rows = export(asked).stats.formats[called].rows
else:
    report = validate(output, format=called)
    assert report.ok, report.problems
    rows = report.rows
print(json.dumps([rows, time.perf_counter() - started, time.process_time() - used]))
"""


def timed(what: str, source: Path, output: Path, called: str) -> tuple[int, float, float]:
    """Rows, seconds and CPU seconds of one call."""
    command = [sys.executable, "-c", CHILD, what, str(source), str(output), called]
    rows, seconds, cpu = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return rows, seconds, cpu


def compared(source: Path, output: Path, called: str, runs: int) -> str:
    """A line of the table."""
    found: dict[str, list[tuple[int, float, float]]] = {"export": [], "validate": []}
    for _ in range(runs):
        for what, results in found.items():
            results.append(timed(what, source, output, called))
    (rows,) = {rows for results in found.values() for rows, _, _ in results}
    seconds, cpu = ({what: median(one[at] for one in results) for what, results in found.items()} for at in (1, 2))
    return (
        f"{called:<14}{rows:10,}{rows / seconds['export'] / 1000:12.1f}{rows / seconds['validate'] / 1000:12.1f}"
        f"{seconds['export'] / seconds['validate']:10.2f}{cpu['export'] / cpu['validate']:10.2f}"
    )


def main() -> None:
    """Measure, and print one line for each format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--formats", default="openai,trl,tuneport")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"python benchmarks/validate.py --records {options.records} --runs {options.runs} --seed {options.seed}")
    heads = ("rows", 10), ("export k/s", 12), ("check k/s", 12), ("ratio", 10), ("cpu ratio", 10)
    print("format        " + "".join(f"{head:>{width}}" for head, width in heads), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "records.jsonl")
        make = [sys.executable, str(HERE / "records.py"), str(source)]
        subprocess.run([*make, "--records", str(options.records), "--seed", str(options.seed)], check=True)
        for called in options.formats.split(","):
            print(compared(source, Path(folder, f"{called}.jsonl"), called, options.runs), flush=True)


if __name__ == "__main__":
    main()
