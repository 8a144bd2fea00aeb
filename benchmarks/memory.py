"""Resident memory of an export at 100,000 and 1,000,000 records: what a kept key and a waiting weight cost.

    python benchmarks/memory.py [--small 100000] [--large 1000000] [--runs 3]

Each figure is the peak resident size of a process of its own (ru_maxrss); growth per record is the
difference between the two sizes over the difference in records. The records are about 1 KB, all distinct, made
from a fixed seed.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

CHILD = """
import json, resource, sys
from tuneport import export
source, output, asked = sys.argv[1:]
stats = export({"source": source, "output": output, "export": json.loads(asked)}).stats
print(stats.exported_entities, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


ASKED: dict[str, tuple[dict[str, Any], int]] = {
    "dedup": ({}, 120),
    "dedup, waiting": ({"weighting": {"normalize": "percentile"}}, 180),
    "neither": ({"quality": {"skip_duplicates": False}}, 12),
}
"""What is asked for, and the bytes a record that it may grow by."""


def write_records(path: Path, count: int, seed: int = 5) -> None:
    """Write distinct records of about 1 KB as JSON lines."""
    chosen = random.Random(seed)
    words = ["".join(chosen.choices("aeioulnrstmkd", k=chosen.randint(2, 9))) for _ in range(3000)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            record = {
                "pk": f"e{number}",
                "question": " ".join(chosen.choices(words, k=12)),
                "context": " ".join(chosen.choices(words, k=20)),
                "answer": " ".join(chosen.choices(words, k=100)),
                "importance": chosen.random(),
                "category": f"c{number % 7}",
            }
            file.write(json.dumps(record) + "\n")


def peak(source: Path, asked: dict[str, Any]) -> int:
    """Peak resident bytes of one export."""
    output = source.with_suffix(".out")
    command = [sys.executable, "-c", CHILD, str(source), str(output), json.dumps(asked)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    shutil.rmtree(output)
    return int(answer[1]) * 1024


def growth(small: Path, large: Path, records: int, name: str, runs: int) -> float:
    """Median growth in bytes per record, and the peaks it comes from."""
    asked, _ = ASKED[name]
    pairs = [(peak(small, asked), peak(large, asked)) for _ in range(runs)]
    figures = [(after - before) / records for before, after in pairs]
    shown = ", ".join(f"{before / 1e6:.0f} -> {after / 1e6:.0f} MB" for before, after in pairs)
    print(f"{name:<16}{statistics.median(figures):7.1f} bytes a record   ({shown})")
    return statistics.median(figures)


def main() -> int:
    """Print the growths; 1 if one is more than promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.jsonl"), Path(folder, "large.jsonl")
        write_records(small, options.small)
        write_records(large, options.large)
        records = options.large - options.small
        found = {name: growth(small, large, records, name, options.runs) for name in ASKED}
    return 0 if all(found[name] <= most for name, (_, most) in ASKED.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
