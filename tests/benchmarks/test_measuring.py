"""What a program takes is seen with its children: seconds, CPU and memory, and what it answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

CHILD = """
import time
held = bytearray(b"x") * 100_000_000
until = time.process_time() + 0.2
while time.process_time() < until:
    pass
time.sleep(0.5)
"""

PARENT = f"""
import json, subprocess, sys
subprocess.run([sys.executable, "-c", {CHILD!r}], check=True)
print("something else")
print(json.dumps({{"rows": 3, "inside": 0.25}}))
"""

MEASURE = f"""
import json, sys
from benchmarks.measuring import FailedError, Used, measured
used = Used()
answer = measured([sys.executable, "-c", {PARENT!r}], used)
try:
    measured([sys.executable, "-c", "import sys; sys.exit('too bad')"], used)
except FailedError as error:
    print(json.dumps([answer, used.plain(), str(error)]))
"""


def test_children_count() -> None:
    """Memory and CPU of a child are its parent's; a failure tells what was said, and leaves no figure."""
    done = subprocess.run([sys.executable, "-c", MEASURE], check=True, capture_output=True, text=True, cwd=ROOT)
    answer, used, failure = json.loads(done.stdout)

    assert answer == {"rows": 3, "inside": 0.25}
    assert {len(figures) for figures in used.values()} == {1}
    assert used["inside"] == [0.25]
    assert used["seconds"][0] > 0.5
    assert used["cpu"][0] >= 0.2
    assert 100 < used["own"][0] <= used["peak"][0] < 250
    assert failure.endswith("ended with 1\ntoo bad")
