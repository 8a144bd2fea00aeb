"""How the benchmark's programs are run: each in a process of its own, from the repository or a changed copy of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def program() -> Callable[..., subprocess.CompletedProcess[str]]:
    """`program("benchmarks.records", "--seed", 1)`: run a module, and look at what it says."""

    def run(module: str, *arguments: object, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", module, *map(str, arguments)]
        return subprocess.run(command, check=False, capture_output=True, text=True, cwd=root)

    return run
