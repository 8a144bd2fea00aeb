"""The race: both racers write the same rows, and a difference is told in place of figures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RECORDS = 2000


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of the benchmark's programs."""
    command = [sys.executable, str(BENCHMARKS / program), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def race(workload: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A small race of one run."""
    return run("race.py", "--records", str(RECORDS), "--runs", "1", "--workloads", workload, *arguments)


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """The records a race is run on."""
    path = tmp_path / "records.jsonl"
    run("records.py", path, "--records", str(RECORDS)).check_returncode()
    return path


@pytest.mark.parametrize("workload", ["W1", "W2", "W3"])
def test_the_racers_write_the_same_rows(workload: str, needs: Callable[[str], None]) -> None:
    """One table a workload, under the command and the versions; both columns of rows say the same."""
    needs("orjson")
    done = race(workload)

    assert (done.returncode, done.stderr) == (0, "")
    first, blank, *table = done.stdout.splitlines()
    command = f"python benchmarks/race.py --records {RECORDS} --runs 1 --workloads {workload} --seed 1"
    assert first.startswith(f"{command}  # Python 3.")
    assert all(name in first for name in ("tuneport 0.1.0", "orjson ", "msgspec ", "xxhash ", "jsonschema-rs "))
    assert blank == ""
    assert re.split(r"  +", table[0]) == [workload, "seconds", "min", "cpu s", "krec/s", "peak MB", "rows out"]
    ours, theirs, ratio = (line.split() for line in table[1:])
    assert (ours[0], theirs[0], ratio[0]) == ("tuneport", "orjson_loop", "ratio")
    assert ours[-1] == theirs[-1]
    assert RECORDS * 0.8 < int(ours[-1].replace(",", "")) < RECORDS * 0.9
    assert (len(ours), len(theirs), len(ratio)) == (7, 7, 4)
    assert all(float(figure) > 0 for figure in [*ours[1:-1], *theirs[1:-1], *ratio[1:]])


def test_a_difference_is_no_figure(needs: Callable[[str], None], tmp_path: Path) -> None:
    """Where a peer weighs its rows differently, the race fails, shows the first of them, and prints no table."""
    needs("orjson")
    peer = tmp_path / "wrong_loop.py"
    text = (BENCHMARKS / "orjson_loop.py").read_text(encoding="utf-8")
    assert text.count("len(answer) / 2000") == 1
    peer.write_text(text.replace("len(answer) / 2000", "len(answer) / 2001"), encoding="utf-8")
    done = race("W1", "--peer", peer)

    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    said, ours, theirs = done.stderr.splitlines()
    assert said == "W1: row 1 differs:"
    assert ours.split()[0] == "tuneport.jsonl"
    assert theirs.split()[0] == "wrong_loop.jsonl"
    shown = [json.loads(line[line.index("{") :]) for line in (ours, theirs)]
    assert shown[0].pop("weight") != shown[1].pop("weight")
    assert shown[0] == shown[1]


def test_a_failing_peer_is_no_figure(needs: Callable[[str], None], tmp_path: Path) -> None:
    """A racer that fails is named."""
    needs("orjson")
    peer = tmp_path / "broken.py"
    peer.write_text("raise SystemExit('no')", encoding="utf-8")
    done = race("W3", "--peer", peer)

    assert (done.returncode, done.stderr.splitlines()) == (1, ["no", "broken failed at W3"])


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ('{"a": "\\u00fc", "weight": 0.1}', '{"weight":0.10000000000000002,"a":"ü"}', ""),
        ('{"a": 1, "weight": 0.1}', '{"a": 1, "weight": 0.10001}', "row 2 differs"),
        ('{"a": 1, "weight": 0.1}', '{"a": 2, "weight": 0.1}', "row 2 differs"),
        ('{"a": 1}', '{"a": 1, "weight": 0.1}', "row 2 differs"),
        ('{"a": 1}', None, "row 2 stands in one.jsonl alone"),
        (None, '{"a": 1}', "row 2 stands in other.jsonl alone"),
    ],
)
def test_what_counts_as_the_same(one: str | None, other: str | None, said: str, tmp_path: Path) -> None:
    """Rows are compared as what they mean, and weights to 1e-12 of their size."""
    for name, row in (("one", one), ("other", other)):
        lines = ['{"first": true}', *([row] if row else [])]
        (tmp_path / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    done = run("same_rows.py", tmp_path / "one.jsonl", tmp_path / "other.jsonl")

    assert done.stdout.split(":")[0].rstrip() == said
    assert done.returncode == bool(said)


def test_records_are_what_they_are_said_to_be(records: Path, tmp_path: Path) -> None:
    """Seeded, about 1 KB each, and each kind of record in about its share."""
    again, different = tmp_path / "again.jsonl", tmp_path / "different.jsonl"
    run("records.py", again, "--records", str(RECORDS)).check_returncode()
    run("records.py", different, "--records", str(RECORDS), "--seed", "2").check_returncode()
    made = [json.loads(line) for line in records.read_text(encoding="utf-8").splitlines()]
    answers = [record.get("answer") for record in made]

    assert again.read_bytes() == records.read_bytes() != different.read_bytes()
    assert len({record["pk"] for record in made}) == RECORDS
    assert 900 < records.stat().st_size / RECORDS < 1300
    shares = {
        "missing": sum(answer is None for answer in answers) + sum(record.get("question") is None for record in made),
        "blank": sum(answer is not None and not answer.strip() for answer in answers),
        "short": sum(0 < len((answer or "").strip()) < 50 for answer in answers),
        "again": RECORDS - len({(record.get("question"), record["context"], record.get("answer")) for record in made}),
    }
    expected = {"missing": 0.03, "blank": 0.03, "short": 0.03, "again": 0.05}
    assert {name: count / RECORDS for name, count in shares.items()} == pytest.approx(expected, abs=0.015)
    assert all(len(answer or "") <= 2000 for answer in answers)
    text = "".join(answer or "" for answer in answers)
    assert all(sign in text for sign in ('"', "\\", "\n", "\t", "🙂", "の", "ك", "ä", "ж"))
