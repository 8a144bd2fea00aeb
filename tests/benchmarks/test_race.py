"""The race: all racers write the same rows, and a difference is told in place of figures."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., subprocess.CompletedProcess[str]]

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RECORDS = 2000


def race(program: Program, folder: Path, workloads: str, racers: str, **root: Path) -> subprocess.CompletedProcess[str]:
    """A small race of one run; its results lie in the folder."""
    asked = ("--records", RECORDS, "--runs", 1, "--seed", 1, "--workloads", workloads, "--racers", racers)
    return program("benchmarks", "race", *asked, "--results", folder, **root)


def found(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """What each racer did at each workload."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))["race"]["workloads"]
    return {workload: {racer["name"]: racer for racer in racers} for workload, racers in results.items()}


def test_ours_the_loop_and_the_floor(program: Program, needs: Callable[[str], None], tmp_path: Path) -> None:
    """All workloads: the same bytes from both, a figure for everything, a page, a plot and goals made of them."""
    needs("orjson")
    done = race(program, tmp_path, "W1,W2,W3", "orjson loop,floor")

    assert (done.returncode, done.stderr) == (0, "")
    for racers in found(tmp_path).values():
        assert [*racers] == ["tuneport 1", "orjson loop", "floor"]
        assert racers["orjson loop"]["compared"] == racers["tuneport 1"]["compared"] == "the same bytes"
        assert racers["orjson loop"]["rows"] == racers["tuneport 1"]["rows"]
        assert RECORDS * 0.8 < racers["tuneport 1"]["rows"] < RECORDS * 0.9
        assert racers["floor"]["rows"] == RECORDS
        assert all(len(figures) == 1 and figures[0] > 0 for one in racers.values() for figures in one["used"].values())
        inside, whole = (racers["tuneport 1"]["used"][name][0] for name in ("inside", "seconds"))
        assert inside < whole
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    again = f"python -m benchmarks race --records {RECORDS} --runs 1 --seed 1"
    assert all(text in page for text in (again, "### W1", "### W3", "| orjson loop |", "- orjson loop: the same bytes"))
    assert (tmp_path / "race.svg").read_text(encoding="utf-8").count("orjson loop") == 3
    assert "W1, tuneport 1 beside orjson loop" in done.stdout
    assert "W1, one process beside the floor" in done.stdout


@pytest.mark.parametrize(
    ("library", "racer", "said"),
    [
        ("tuneport", "tuneport 2", "the same bytes"),
        ("polars", "polars 2", "the same rows"),
        ("duckdb", "duckdb 2", "the same rows"),
        ("datasets", "datasets 2", "the same rows"),
        ("datatrove", "datatrove 1", "the same bytes"),
        ("datatrove", "datatrove 2", "the same rows, and"),
    ],
)
def test_a_racer_agrees(
    program: Program, needs: Callable[[str], None], tmp_path: Path, library: str, racer: str, said: str
) -> None:
    """W2, which is W1 and more: each peer that is installed writes our rows."""
    needs(library)
    done = race(program, tmp_path, "W2", racer)

    assert (done.returncode, done.stderr) == (0, "")
    (racers,) = found(tmp_path).values()
    assert racers[racer]["compared"].startswith(said)


@pytest.mark.parametrize("racer", ["polars 2", "duckdb 2", "datatrove 1"])
def test_a_racer_agrees_on_chats(program: Program, needs: Callable[[str], None], tmp_path: Path, racer: str) -> None:
    """W3, as well."""
    needs(racer.split()[0])
    done = race(program, tmp_path, "W3", racer)

    assert (done.returncode, done.stderr) == (0, "")
    assert found(tmp_path)["W3"][racer]["compared"].startswith("the same")


@pytest.mark.parametrize(
    ("file", "right", "wrong", "said"),
    [
        ("by_hand.py", "len(answer) / 2000", "len(answer) / 2001", "W1, tuneport 1 and orjson loop: row 1 differs:"),
        ("ours.py", "    result = export(", "    result = NOWHERE(", "name 'NOWHERE' is not defined"),
    ],
)
def test_a_wrong_racer_is_no_figure(
    program: Program, needs: Callable[[str], None], tmp_path: Path, file: str, right: str, wrong: str, said: str
) -> None:
    """Where a racer weighs its rows differently, or fails, this is said, and nothing is written."""
    needs("orjson")
    racers = tmp_path.joinpath("benchmarks", "racers")
    tmp_path.joinpath("benchmarks").mkdir()
    for path in BENCHMARKS.rglob("*"):
        if path.suffix in {".py", ".json"} and "results" not in path.parts:
            copy = tmp_path / "benchmarks" / path.relative_to(BENCHMARKS)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(path.read_bytes())
    text = (racers / file).read_text(encoding="utf-8")
    assert text.count(right) == 1
    (racers / file).write_text(text.replace(right, wrong), encoding="utf-8")
    done = race(program, tmp_path / "out", "W1", "orjson loop", root=tmp_path)

    assert done.returncode == 1
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("chase",), "no chase; there are race, overheads, growth, startup, pace"),
        (("--workloads", "W4"), "no W4; there are W1, W2, W3"),
        (("--racers", "pandas"), "no racer pandas; there are datasets 1, "),
        (("--records", 10**12), "records need"),
    ],
)
def test_what_cannot_be_measured_is_told_at_once(
    program: Program, tmp_path: Path, asked: tuple[object, ...], said: str
) -> None:
    """An unknown part, workload or racer, and more records than the disk holds."""
    done = program("benchmarks", *asked, "--results", tmp_path / "out")

    assert done.returncode != 0
    assert said in done.stderr
    assert not (tmp_path / "out").exists()
