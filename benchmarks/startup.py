"""How long the command takes to say anything, beside a Python that does nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

HELP = [str(Path(sys.executable).with_name("tuneport")), "--help"]
NOTHING = [sys.executable, "-I", "-c", "pass"]


def startup(runs: int) -> dict[str, Any]:
    """Milliseconds of both, in turns."""
    found: dict[str, list[float]] = {"tuneport --help": [], "python -I -c pass": []}
    for _ in range(runs):
        for times, command in zip(found.values(), (HELP, NOTHING), strict=True):
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times.append((time.perf_counter() - started) * 1000)
    helped, nothing = (median(times) for times in found.values())
    return {"ms": {name: [round(one, 2) for one in times] for name, times in found.items()}, "ratio": helped / nothing}
