"""A worker that ends, or a run that ends with its workers: it says so, nothing is left, and the next one goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tools import NOW, recipe, tree

from host.crews import SMALL, nothing_left, plugins, ran
from tuneport import PluginManager
from tuneport.errors import PluginError, TryAgainError, TuneportError
from tuneport.runs.executors.cores import quota, usable

HUNG = 90
"""Seconds after which something has hung."""

DEADLY = """
import os
import signal
import time
from pathlib import Path
from tuneport import hookimpl

HERE = Path(__file__).parents[2]

def make(config, ctx):
    def deadly(entity, sample):
        if entity["number"] == 700 and (HERE / "armed").exists():
            (HERE / "armed").unlink()
            DEED
        return None
    return deadly

@hookimpl
def register_filters(register):
    register("deadly", make)
"""
SLEEPS = "; time.sleep(600)"
DEEDS = {
    "killed": ("os.kill(os.getpid(), signal.SIGKILL)", TryAgainError, "was killed (signal 9), most likely for want of"),
    "crashed": (
        "os.kill(os.getpid(), signal.SIGSEGV)",
        PluginError,
        "ended by signal 11 (Segmentation fault), while it",
    ),
    "left": ("os._exit(3)", PluginError, "ended with exit code 3, while it worked on part"),
}


def place(tmp_path: Path, deed: str, text: str = "") -> PluginManager:
    """A source, and a plugin that does it at one of its records, once."""
    (tmp_path / "armed").touch()
    records = [{"question": f"Q{n}?", "answer": f"An answer to {n}. {text}", "number": n} for n in range(1300)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    return plugins(tmp_path / "plugins", DEADLY.replace("DEED", deed), filters=["deadly"])


ENDED = [("killed", "log"), ("killed", "minmax"), ("crashed", "log"), ("left", "minmax")]


@pytest.mark.parametrize(("deed", "normalize"), ENDED)
def test_a_worker_that_ends_ends_the_run_in_good_order(deed: str, normalize: str, tmp_path: Path) -> None:
    """The error says what became of it; what was done before is kept, and the next run ends in the same bytes."""
    code, kind, says = DEEDS[deed]
    manager = place(tmp_path, code)
    export = {"filters": ["deadly"], "weighting": {"normalize": normalize}}
    data = recipe(tmp_path / "in.jsonl", tmp_path / "out", export=export)
    with nothing_left(), pytest.raises(kind) as caught:
        ran(data, 2, manager=manager)
    error: TuneportError = caught.value
    assert says in error.message
    assert "work" in str(error)
    assert "kept in" in str(error)
    assert error.exit_code == (75 if kind is TryAgainError else 70)
    assert ("--workers 1" in error.hint) == (kind is TryAgainError)
    kept = [*(tmp_path / ".out.staging").glob("done/*.json"), *(tmp_path / ".out.staging").glob("spool/record-*")]
    assert kept
    ran(data, 1, manager=manager)
    found = tree(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    ran(data, 1, manager=manager)
    assert tree(tmp_path / "out") == found


def left(folder: Path) -> list[int]:
    """The processes that live, and stand in a folder: a run there and its workers."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            dead = (place / "stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
            if not dead and (place / "cwd").readlink() == folder:
                found.append(int(place.name))
        except OSError:
            continue
    return found


def all_gone(folder: Path) -> bool:
    """Whether none is left there, or goes away by itself."""
    end = time.monotonic() + HUNG
    while left(folder):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


ENDS = {
    "the run is killed": ("os.kill(os.getppid(), signal.SIGKILL)", -9, ""),
    "the run is asked to end": ("os.kill(os.getppid(), signal.SIGTERM)", 143, "stopped by SIGTERM"),
    "the whole group is interrupted": ("os.killpg(0, signal.SIGINT)", 130, "stopped by SIGINT"),
}


@pytest.mark.parametrize("end", ENDS)
def test_workers_end_with_their_run(end: str, tmp_path: Path) -> None:
    """However busy they are: a run that is killed or stopped leaves no process, and the same command goes on."""
    deed, code, says = ENDS[end]
    place(tmp_path, deed + SLEEPS, "It is long. " * 650)
    base = [sys.executable, "-m", "tuneport", "export", "in.jsonl", "--now", NOW, "--plugin-dir", "plugins"]
    command = [*base, "--trust", "any", "--set", 'export.filters=["deadly"]', "--to"]
    done = subprocess.run(
        [*command, "out", "--workers", "2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=HUNG,
        start_new_session=True,
    )
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert "Traceback" not in done.stderr
    assert says in done.stderr
    assert all_gone(tmp_path)
    assert not (tmp_path / "armed").exists()
    assert not (tmp_path / "out").exists()

    again = [*command, "out", "--workers", "1"]
    found = []
    for _ in range(2):
        subprocess.run(again, cwd=tmp_path, check=True, capture_output=True, timeout=HUNG)
        found.append(tree(tmp_path / "out"))
        shutil.rmtree(tmp_path / "out")
    assert found[0] == found[1]


def test_cores_are_what_the_system_and_its_groups_give(tmp_path: Path) -> None:
    """The least of all groups above a process counts, in either version; no limit, or no group, is none."""
    ours, groups = tmp_path / "cgroup", tmp_path / "fs"
    for path, text in {
        "a/b/cpu.max": "150000 100000\n",
        "a/cpu.max": "max 100000\n",
        "cpu/c/cpu.cfs_quota_us": "50000\n",
        "cpu/c/cpu.cfs_period_us": "100000\n",
        "cpu/cpu.cfs_quota_us": "-1\n",
        "cpu/cpu.cfs_period_us": "100000\n",
    }.items():
        (groups / path).parent.mkdir(parents=True, exist_ok=True)
        (groups / path).write_text(text)
    for text, expected in {
        "0::/a/b\n": 1.5,
        "0::/a/b/deeper\n": 1.5,
        "0::/a\n": None,
        "3:cpu:/c\n2:memory:/a\n0::/a\n": 0.5,
        "3:cpu:/elsewhere\n": None,
        "": None,
    }.items():
        ours.write_text(text)
        assert quota(ours, groups) == expected, text
    assert quota(tmp_path / "none", groups) is None
    assert 1 <= usable() <= len(os.sched_getaffinity(0))


def test_a_process_that_cannot_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no room for another process, the run says so, and that it can do without."""
    place(tmp_path, "pass")
    data = recipe(tmp_path / "in.jsonl", tmp_path / "out")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    with nothing_left(), pytest.raises(TryAgainError, match="no worker process can be started: No such file"):
        ran(data, 2, SMALL)
