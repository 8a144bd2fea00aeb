"""A run that was planned before another one came or went: it never goes by facts that are half of each."""

from __future__ import annotations

import json
import logging
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tools import tree

from faults.starting import Starter
from tuneport.errors import TargetExistsError, TryAgainError
from tuneport.runs import execute, export, plan_export

EARLIER, LATER = "1000000000", "1700000000"
THIRD = "create 000002.tuneport"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a source, and a recipe whose rows depend on when it is run."""
    write(tmp_path, 500)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", LATER)
    return tmp_path


def write(here: Path, count: int) -> None:
    """Records that are worth less the older they are."""
    lines = (
        {
            "question": f"What is {number}?",
            "answer": f"It is {number}. " * 9,
            "created_at": f"2000-01-{number % 28 + 1:02}",
        }
        for number in range(count)
    )
    (here / "faq.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def asked(here: Path, on_exists: str = "fail", **output: Any) -> dict[str, Any]:
    """The recipe, which stands in a file as well."""
    data = {
        "source": "faq.jsonl",
        "export": {"weighting": {"auto_weight_by_freshness": True, "freshness_half_life_days": 9000}},
        "output": {"path": "out", "on_exists": on_exists, **output},
    }
    (here / "faq.json").write_text(json.dumps(data))
    return data


def other(starter: Starter, here: Path, **job: Any) -> int:
    """Run the recipe in another process, which began earlier by the clock; its exit code."""
    return starter.run(here, "export", "faq.json", env={"SOURCE_DATE_EPOCH": EARLIER}, **job).code


def stopped(starter: Starter, here: Path) -> None:
    """The other process is killed in the middle of its work."""
    assert other(starter, here, calls=[["SIGKILL", THIRD, 1]]) == -9


def now_of(dataset: Path) -> str:
    """When the run of a dataset began."""
    return str(json.loads((dataset / "manifest.json").read_text())["now"])


@pytest.mark.parametrize("on_exists", ["fail", "replace", "version"])
def test_the_work_that_was_to_be_taken_up_is_published_meanwhile(on_exists: str, starter: Starter, here: Path) -> None:
    """Planned by what was staged, and that is gone: nothing is written, and nothing is published twice."""
    asked(here, on_exists)
    stopped(starter, here)
    plan = plan_export(here / "faq.json")
    assert other(starter, here) == 0
    before = tree(here / "out", frozenset())
    with pytest.raises(TargetExistsError if on_exists == "fail" else TryAgainError) as caught:
        execute(plan)
    assert "exists" in str(caught.value) or "came or went while this one was planned" in str(caught.value)
    assert tree(here / "out", frozenset()) == before
    if on_exists != "fail":
        assert export(here / "faq.json").status == "published"
        place = here / "out" if on_exists == "replace" else here / "out/latest"
        assert (
            now_of(place) > now_of(here / "out/v0001") if on_exists == "version" else now_of(place).startswith("2023")
        )


def test_work_of_the_same_plan_is_left_by_another_meanwhile(
    starter: Starter, here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not thrown away for having another time: the next run takes it up."""
    asked(here)
    plan = plan_export(here / "faq.json")
    stopped(starter, here)
    staged = (here / ".out.staging/plan.json").read_bytes()
    with pytest.raises(TryAgainError, match="came or went while this one was planned"):
        execute(plan)
    assert (here / ".out.staging/plan.json").read_bytes() == staged
    assert [*(here / ".out.staging/segments").iterdir()]
    with caplog.at_level(logging.INFO, "tuneport"):
        export(here / "faq.json")
    assert "same plan, " in caplog.text
    assert now_of(here / "out").startswith("2001")


def test_work_of_another_plan_is_left_by_another_meanwhile(
    starter: Starter, here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was planned holds: that work is thrown away, as it is where it was there before."""
    data = asked(here)
    plan = plan_export(here / "faq.json")
    (here / "faq.json").write_text(json.dumps({**data, "run": {"seed": 7}}))
    stopped(starter, here)
    execute(plan)
    assert "belongs to another plan: recipe run.seed 7 -> 0. Starting afresh." in caplog.text
    assert now_of(here / "out").startswith("2023")


def test_another_version_to_split_like_is_published_meanwhile(starter: Starter, here: Path) -> None:
    """Splits follow the newest version, and it is another one now."""
    split = {"validation": 0.2, "mode": "exact", "against": "out"}
    asked(here, "version", split=split, index=True)
    for records in (500, 700, 900):
        first = plan_export(here / "faq.json")
        write(here, records)
        plan = plan_export(here / "faq.json")
        assert other(starter, here) == 0
        for one in (first, plan):
            with pytest.raises(TryAgainError, match="is another dataset since this run was planned"):
                execute(one)
            assert not (here / ".out.staging").exists()
    assert export(here / "faq.json").status in {"published", "unchanged"}
    manifests = [json.loads(path.read_text()) for path in sorted((here / "out").glob("v*/manifest.json"))]
    assert len(manifests) >= 3
    assert {manifest["split"]["moved"] for manifest in manifests} == {0}


def test_a_source_without_a_revision_lends_nothing(
    starter: Starter, here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody knows whether facts of a killed run of it still hold."""
    with sqlite3.connect(here / "a.db") as database:
        database.execute("CREATE TABLE faq (question TEXT, answer TEXT, created_at TEXT)")
        rows = [(f"What is {number}?", "It is a number, and a long one.", "2000-01-01") for number in range(900)]
        database.executemany("INSERT INTO faq VALUES (?, ?, ?)", rows)
    database.close()
    data = asked(here)
    data["source"] = {"path": "a.db", "query": "SELECT * FROM faq ORDER BY random()"}
    (here / "faq.json").write_text(json.dumps(data))
    stopped(starter, here)
    assert (here / ".out.staging/plan.json").exists()
    export(here / "faq.json")
    assert now_of(here / "out").startswith("2023")
    assert ".out.staging is of a source that nobody can say has not changed since. Starting afresh." in caplog.text
