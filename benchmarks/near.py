"""Seconds and memory of an export that looks for near-duplicates, beside one that does not.

    python -m benchmarks.near [--records N] [--workers N] [--action report|drop]

Records have about a hundred words; one in ten is another one with a few of its words changed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Used, measured

WORDS, LENGTH, COPIES, CHANGED = 20_000, 100, 0.1, 3
HELD = 1000
"""Earlier records of which one is changed."""

CHILD = """
import json, sys, time
from tuneport import export
source, output, action, workers = sys.argv[1:]
stages = [] if action == "none" else [{"use": "quality:near_duplicates", "action": action}]
started = time.perf_counter()
result = export({
    "source": {"path": source, "key": "pk"},
    "export": {"fingerprints": stages, "weighting": {"normalize": "minmax"}},
    "output": {"path": output, "index": False},
    "run": {"workers": int(workers)},
})
near = result.dataset.manifest.near_duplicates
found = {name: getattr(near, name) for name in ("clusters", "samples", "largest", "left_out")} if near else {}
print(json.dumps({"inside": time.perf_counter() - started, "exported": result.stats.exported_entities, **found}))
"""


def texts(count: int) -> Iterator[str]:
    """Texts, some of which are nearly the same as an earlier one."""
    drawn = random.Random(count)
    words = [f"w{number:x}" for number in range(WORDS)]
    held: list[list[str]] = []
    for _ in range(count):
        if held and drawn.random() < COPIES:
            text = [*drawn.choice(held)]
            for place in drawn.sample(range(LENGTH), drawn.randint(1, CHANGED)):
                text[place] = drawn.choice(words)
        else:
            text = drawn.choices(words, k=LENGTH)
            held = [*held[1 - HELD :], text] if len(held) >= HELD else [*held, text]
        yield " ".join(text)


def main() -> None:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--action", choices=("report", "drop"), default="report")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "texts.jsonl"
        with source.open("w", encoding="utf-8") as file:
            for number, text in enumerate(texts(asked.records)):
                file.write(json.dumps({"pk": number, "question": f"Say text {number}", "answer": text}) + "\n")
        for action in ("none", asked.action):
            used = Used()
            arguments = [str(source), str(Path(folder) / action), action, str(asked.workers)]
            said = measured([sys.executable, "-c", CHILD, *arguments], used)
            numbers = f"{used.middle('inside'):9.1f} s{used.middle('cpu'):9.1f} s CPU{used.middle('peak'):9.0f} MB"
            print(f"{asked.records:>10,}  {action:<8}{numbers}  {json.dumps(said)}")


if __name__ == "__main__":
    main()
