"""Consumers as processes of their own: another version of a library, or one too heavy to import among tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import CONSUMERS

READERS = Path(__file__).parent / "readers"


def ask(script: Path, question: Any, scratch: Path, *beside: str) -> Any:
    """Have a script answer a question: one JSON document in, the last line of its output back.

    Args:
        script: the script, such as one of READERS.
        question: what it finds on stdin.
        scratch: a folder for its caches; it has no network.
        beside: copies beside the environment that it imports before the environment's own.
    """
    ours = ("PYTHON", "TUNEPORT_", "COVERAGE", "COV_", "HF_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(scratch / "-".join(["home", *beside]))}
    environment |= {"TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"}
    if beside:
        environment["PYTHONPATH"] = os.pathsep.join(str(CONSUMERS / name) for name in beside)
    done = subprocess.run(
        [sys.executable, "-X", "utf8", script],
        input=json.dumps(question),
        cwd=scratch,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{script.stem} failed\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}"
    return json.loads(done.stdout.splitlines()[-1])
