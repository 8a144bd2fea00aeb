"""Runs that follow killed ones: what they do again and what not, how often, and over what is left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from faults.kill_cases import CASES, JUDGED, WAITING, Case, asking
from faults.kill_child import SMALL, died, run
from faults.kill_room import Room
from tuneport.errors import TargetExistsError
from tuneport.runs import execute, plan_export

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", ["folder", "deferred file", "split", "exact split"])
def test_killed_again_and_again_it_still_ends_in_the_same_bytes(name: str, tmp_path: Path) -> None:
    """Each time a little later, over what earlier lives made durable."""
    room = Room(CASES[name], tmp_path)
    step = len(room.calls()) // 12
    room.reset()
    deaths = 0
    while room.killed(after=(deaths + 1) * step):
        deaths += 1
    assert deaths > 3
    assert room.watcher.look() == room.new


def test_work_that_was_done_is_not_done_again(tmp_path: Path) -> None:
    """A run taken up reads only the parts after its last savepoint."""
    case = CASES["folder"]
    room = Room(case, tmp_path)
    calls = room.calls()
    room.reset()
    assert room.killed(after=[path.name for _, path in calls].index("00002.json.part"))
    seen: list[int] = []

    execute(plan_export(case.asked(room.place), sizes=SMALL), on_progress=lambda now: seen.append(now.parts))

    assert seen
    assert seen[0] > 2
    assert seen == list(range(seen[0], seen[-1] + 1))


AGAIN = """
import json, sys
from faults.kill_child import run
run(json.loads(sys.argv[1]))
"""


def test_another_interpreter_takes_it_up(tmp_path: Path) -> None:
    """Nothing of the process that died is needed: a new one, with other hashes, goes on to the same bytes."""
    case = CASES["judged, deferred and compressed"]
    room = Room(case, tmp_path)
    half = len(room.calls()) // 2
    room.reset()
    assert room.killed(after=half)
    path = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "11"}

    command = [sys.executable, "-c", AGAIN, json.dumps(case.asked(room.place))]
    subprocess.run(command, check=True, env=environment)
    assert room.watcher.look() == room.new
    assert not list(room.place.glob(".*"))


@pytest.mark.parametrize("last", ["plan.json", "sealed.json", ".out.staging", ".out.lock"])
def test_a_run_that_died_with_all_done_is_one_too_many(last: str, tmp_path: Path) -> None:
    """It says that its output is there; one that may replace it, as any later run, tidies up what was left."""
    room = Room(CASES["folder"], tmp_path)
    calls = [(call, path.name) for call, path in room.calls()]
    room.reset()
    removals = [number for number, (call, name) in enumerate(calls) if name == last and call in {"unlink", "rmdir"}]
    assert room.killed(after=removals[-1])

    asked = CASES["folder"].asked(room.place)
    if last != "plan.json":
        with pytest.raises(TargetExistsError, match="exists"):
            run(asked)
        asked["output"]["on_exists"] = "replace"
    assert run(asked).status == "published"
    assert (room.watcher.look() == room.new) == (last in {"plan.json", "sealed.json"})
    assert not list(room.place.glob(".*"))


GONE = ["plan.json", "done", "segments", "spool", "out", "sealed.json", "segments/*.rejects.*", "segments/*.index.*"]


@pytest.mark.parametrize("gone", GONE)
@pytest.mark.parametrize("ahead_of", ["out", "00001.json"])
def test_staged_work_of_which_something_is_gone(gone: str, ahead_of: str, tmp_path: Path) -> None:
    """A process that dies while a staging folder is thrown away leaves any part of it; the next run makes the rest."""
    asked = asking({**JUDGED, **WAITING}, on_exists="replace", index=True)
    room = Room(Case(asked, lambda place: run(asking({})(place))), tmp_path)
    room.reset()
    died(asked(room.place), lambda _count, call, path: path.name == ahead_of and call in {"exchange", "rename"})
    lost = list((room.place / ".out.staging").glob(gone))
    assert lost or (ahead_of != "out" and gone in {"out", "sealed.json"})
    for path in lost:
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    assert run(asked(room.place)).status == "published"
    assert room.watcher.look() == room.new
    assert not list(room.place.glob(".*"))
