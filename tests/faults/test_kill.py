"""A run that is killed between any two disk operations is taken up to the same bytes.

TUNEPORT_KILL_EVERY is the distance between two kill points (1 is every one of them; the default keeps the
suite short).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools import Killed, Mortal, faq_lines, recipe, tree

from tuneport.errors import TargetExistsError
from tuneport.runs import Sizes, execute, plan_export
from tuneport.runs.storage import Storage

SMALL = Sizes(part_bytes=20_000, part_entities=150, savepoint_bytes=60_000)
EVERY = int(os.environ.get("TUNEPORT_KILL_EVERY", "12"))


def run(asked: dict[str, Any], storage: Storage) -> None:
    """One run, cut small enough for several savepoints."""
    execute(plan_export(asked, sizes=SMALL), storage=storage)


def contents(target: Path) -> dict[str, str]:
    """What stands at a target, a folder or one file; nothing where nothing stands."""
    if target.is_dir():
        return tree(target)
    return {target.name: target.read_text()} if target.exists() else {}


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    """650 records, the last 250 of them duplicates of the first: small enough to be exported some hundred times."""
    path = tmp_path / "faq.jsonl"
    path.write_bytes(faq_lines(400) + faq_lines(250))
    return path


@pytest.fixture(params=["folder", "file", "stream"])
def mode(request: pytest.FixtureRequest) -> str:
    """A folder, a single file, and a source that cannot seek."""
    return str(request.param)


def asked_for(mode: str, faq: Path, place: Path) -> tuple[dict[str, Any], Path]:
    """The recipe of one mode, and its target in an empty folder."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    if mode == "file":
        return recipe(faq, place / "out.jsonl"), place / "out.jsonl"
    data: dict[str, Any] = recipe(faq, place / "out", export={"weighting": {"normalize": "log"}})
    data["output"]["shard_size"] = 100_000
    if mode == "stream":
        data["source"] = {"path": str(_database(faq)), "query": "SELECT * FROM faq ORDER BY pk"}
    return data, place / "out"


def _database(faq: Path) -> Path:
    path = faq.with_suffix(".db")
    if not path.exists():
        records = []
        for line in faq.read_bytes().split(b"\n"):
            try:
                records.append(json.loads(line))
            except ValueError:
                continue
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE faq (pk TEXT, question TEXT, context TEXT, answer TEXT, importance)")
            fields = ("pk", "question", "context", "answer", "importance")
            rows = [[record.get(field) for field in fields] for record in records]
            database.executemany("INSERT INTO faq VALUES (?, ?, ?, ?, ?)", rows)
        database.close()
    return path


def test_killed_between_any_two_operations(mode: str, faq: Path, tmp_path: Path) -> None:
    """Whatever operation a run dies before, nothing is half visible, and the next run ends in the same bytes."""
    place = tmp_path / "place"
    data, target = asked_for(mode, faq, place)
    whole = Mortal(last=10**9)
    run(data, whole)
    expected = contents(target)

    assert whole.operations > 40
    # Every EVERY-th operation, and each of the last ones: sealing and publishing.
    points = {*range(0, whole.operations, EVERY), *range(whole.operations - 12, whole.operations)}
    for last in sorted(points):
        data, target = asked_for(mode, faq, place)
        with pytest.raises(Killed):
            run(data, Mortal(last))
        assert contents(target) in ({}, expected)

        # Where all was done but letting go of the lock, the next run is one too many, and says so.
        over = pytest.raises(TargetExistsError) if last == whole.operations - 1 else contextlib.nullcontext()
        with over:
            run(data, Storage())
        assert contents(target) == expected, f"killed before operation {last}"
        assert {path.name for path in place.iterdir()} - {".out.lock", ".out.jsonl.lock"} == {target.name}


def test_a_second_kill_while_resuming_loses_nothing(faq: Path, tmp_path: Path) -> None:
    """A run killed again and again, each time a little later, still ends in the same bytes."""
    data, target = asked_for("folder", faq, tmp_path / "place")
    run(data, Storage())
    expected = contents(target)
    data, target = asked_for("folder", faq, tmp_path / "place")
    deaths = 0
    for last in range(12, 10_000, 12):
        try:
            run(data, Mortal(last))
            break
        except Killed:
            deaths += 1

    assert deaths > 3
    assert contents(target) == expected


def test_work_that_was_done_is_not_done_again(faq: Path, tmp_path: Path) -> None:
    """A run taken up reads only the parts after its last savepoint."""
    data, _ = asked_for("folder", faq, tmp_path / "place")
    whole = Mortal(last=10**9)
    run(data, whole)
    data, _ = asked_for("folder", faq, tmp_path / "place")
    with pytest.raises(Killed):
        run(data, Mortal(whole.operations // 2))
    seen: list[int] = []

    execute(plan_export(data, sizes=SMALL), on_progress=lambda now: seen.append(now.parts))

    assert seen
    assert seen[0] > 3
    assert seen == list(range(seen[0], seen[-1] + 1))


DRIVER = """
import json, os, signal, sys
sys.path[:0] = [sys.argv[1]]
from test_kill import run
from tools import watched

last, count = int(sys.argv[2]), 0

def before(operation, path):
    global count
    count += 1
    if count > last:
        os.kill(os.getpid(), signal.SIGKILL)

run(json.loads(sys.argv[3]), watched(before))
"""


@pytest.mark.parametrize("last", [3, 60])
def test_a_real_sigkill(last: int, faq: Path, tmp_path: Path) -> None:
    """A process that SIGKILL ends leaves work that the next process takes up."""
    data, target = asked_for("folder", faq, tmp_path / "place")
    here = Path(__file__).parent
    command = [sys.executable, "-c", DRIVER, str(here)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}

    killed = subprocess.run([*command, str(last), json.dumps(data)], check=False, env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert not target.exists()

    subprocess.run([*command, "1000000", json.dumps(data)], check=True, env=environment)
    again = contents(target)
    data, target = asked_for("folder", faq, tmp_path / "place")
    run(data, Storage())
    assert contents(target) == again
