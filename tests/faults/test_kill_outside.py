"""The command line, killed from outside as it enters a call that changes its folder: by strace, not by a disk of ours.

TUNEPORT_STRACE=1 turns it on; it takes minutes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.kill_cases import CASES
from faults.kill_child import KILLED
from faults.kill_room import Room
from tuneport.commands.main import run

NAMES = ["folder", "deferred file", "replace, deferred", "second version"]
CALLS = "trace=/^(open|write$|f(data)?sync|rename|mkdir|unlink|rmdir|symlink|f?chmod|flock)"

pytestmark = pytest.mark.skipif(not os.environ.get("TUNEPORT_STRACE"), reason="TUNEPORT_STRACE=1 turns it on")


@pytest.fixture
def strace(needs: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How strace is called here, but for what it traces and whom."""
    needs("strace")
    probe = subprocess.run(["strace", "-o", os.devnull, "true"], check=False, capture_output=True, text=True)
    if probe.returncode:
        pytest.skip(f"strace may not trace here: {probe.stderr.strip()}; allow ptrace")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONHASHSEED", "0")  # a process makes the same calls each time
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return ["strace", "-f", "-qq", "-y", "-e", "signal=none"]


def command() -> list[str]:
    """The run that is traced."""
    return [sys.executable, "-m", "tuneport", "export", "recipe.json", "--quiet"]


def touching(place: Path, log: str) -> list[tuple[str, int]]:
    """Calls that change something below a folder: each one's name, and the how many-th of its name it is."""
    counts: Counter[str] = Counter()
    found = []
    for line in log.splitlines():
        name = re.match(r"\d+ +(\w+)\(", line)
        if name is None:
            continue
        counts[name[1]] += 1
        if str(place) in line and ("O_CREAT" in line or not name[1].startswith("open")):
            found.append((name[1], counts[name[1]]))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_killed_by_strace(name: str, strace: list[str], tmp_path: Path, figure: Callable[[str, object], None]) -> None:
    """Ahead of each call that the system sees, as ahead of each that our own seam sees."""
    room = Room(CASES[name], tmp_path)
    (tmp_path / "recipe.json").write_text(json.dumps(CASES[name].asked(room.place)))
    room.reset()
    subprocess.run([*strace, "-e", CALLS, "-o", "log", *command()], check=True)
    assert room.watcher.look() == room.new

    chosen = touching(room.place, (tmp_path / "log").read_text())
    assert len(chosen) > 40
    for call, number in chosen:
        room.reset()
        options = ["-o", os.devnull, "-e", f"inject={call}:signal=KILL:when={number}"]
        process = os.posix_spawnp("strace", [*strace, *options, *command()], os.environ)
        assert room.watcher.over(process, room.old, room.new) == KILLED, f"{call} {number}"
        assert room.life(work=lambda: sys.exit(run(command()[3:]))), f"killed as it entered {call} {number}"
    figure(f"calls at which strace kills; of {room.watcher.polls:,} looks none saw anything partial", len(chosen))
