"""Resident memory of an export at 100,000 and 1,000,000 records, with and without deduplication.

    python benchmarks/memory.py [--small 100000] [--large 1000000] [--runs 3]

Each figure is the peak resident size of a process of its own (ru_maxrss); growth per kept key is the
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

CHILD = """
import resource, sys
from tuneport import export
source, output, dedup = sys.argv[1:]
recipe = {"source": source, "output": output, "export": {"quality": {"skip_duplicates": dedup == "on"}}}
stats = export(recipe).stats
print(stats.exported_entities, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


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


def peak(source: Path, dedup: str) -> int:
    """Peak resident bytes of one export."""
    output = source.with_suffix(".out")
    command = [sys.executable, "-c", CHILD, str(source), str(output), dedup]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    shutil.rmtree(output)
    return int(answer[1]) * 1024


def growth(small: Path, large: Path, records: int, dedup: str, runs: int) -> float:
    """Median growth in bytes per record, and the peaks it comes from."""
    pairs = [(peak(small, dedup), peak(large, dedup)) for _ in range(runs)]
    figures = [(after - before) / records for before, after in pairs]
    shown = ", ".join(f"{before / 1e6:.0f} -> {after / 1e6:.0f} MB" for before, after in pairs)
    print(f"dedup {dedup:<4}{statistics.median(figures):7.1f} bytes a record   ({shown})")
    return statistics.median(figures)


def main() -> int:
    """Print both growths; 1 if they are more than promised."""
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
        with_keys = growth(small, large, records, "on", options.runs)
        without = growth(small, large, records, "off", options.runs)
    return 0 if with_keys <= 120 and without <= 12 else 1


if __name__ == "__main__":
    sys.exit(main())
