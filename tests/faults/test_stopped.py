"""Runs that are stopped, not killed: what is kept is right, whatever the stop fell on."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, Killed, faq_lines, put_staged_plan, recipe, rows, staged_plan, tree, watched

from faults.stopping import SMALL, dying_at, interrupting, run, told
from tuneport.errors import TargetExistsError, TryAgainError
from tuneport.runs import Sizes, execute, plan_export

EVERY = int(os.environ.get("TUNEPORT_KILL_EVERY", "12"))


@pytest.mark.parametrize("normalize", ["none", "percentile"])
@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_ctrl_c_at_any_operation_resumes_to_the_same_answer(name: str, normalize: str, tmp_path: Path) -> None:
    """Interrupted before any disk operation and run again: the same bytes, statistics, weights and notes."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(250) + faq_lines(100))
    export: dict[str, Any] = {"weighting": {"auto_weight_by_freshness": True, "normalize": normalize}}
    if name == "out":
        schema = {"properties": {"output": {"maxLength": 200}}}
        export["structured_gen"] = {"enable_schema_validation": True, "json_schema": schema}
        export["quality_metrics"] = {"enable_metrics": True, "track_per_sample": True}
    data = recipe(tmp_path / "faq.jsonl", tmp_path / name, export=export)
    operations = 0

    def counting(_operation: str, _path: Path) -> None:
        nonlocal operations
        operations += 1

    def published() -> Any:
        return tree(tmp_path / name) if name == "out" else (tmp_path / name).read_bytes()

    expected = told(run(data, counting))
    whole = published()
    assert operations > 40
    assert expected[-2]["no_timestamp"] > 100

    for last in range(3, operations - 4, EVERY):
        (tmp_path / name).rename(tmp_path / f"{last}-{name}")
        with pytest.raises(KeyboardInterrupt):
            run(data, interrupting(last))
        if (tmp_path / name).exists() and not (tmp_path / f".{name}.staging").exists():
            continue  # nothing was left to do but to let go of the lock
        assert told(run(data)) == expected, last
        assert published() == whole


def test_another_recipe_never_answers_for_a_run_that_died_published(tmp_path: Path) -> None:
    """After a death between publishing and tidying, the same run answers as it would have; another says it exists."""
    (tmp_path / "a.jsonl").write_text('{"question": "Q", "answer": "An answer, from a."}\n' * 2)
    (tmp_path / "b.jsonl").write_text('{"question": "Q", "answer": "An answer, from b."}\n')
    for name in ("out", "out.jsonl"):

        def before(operation: str, path: Path) -> None:
            if operation in {"unlink", "rmdir"} and ".staging" in str(path) and (tmp_path / name).exists():  # noqa: B023
                raise KeyboardInterrupt

        data = recipe(tmp_path / "a.jsonl", tmp_path / name)
        with pytest.raises(KeyboardInterrupt):
            run(data, before)
        assert (tmp_path / f".{name}.staging/sealed.json").exists()
        stats = run(data).stats
        assert (stats.exported_entities, stats.duplicate_entities) == (1, 1)
        assert not (tmp_path / f".{name}.staging").exists()

        (tmp_path / name).rename(tmp_path / f"first-{name}")
        with pytest.raises(KeyboardInterrupt):
            run(data, before)
        with pytest.raises(TargetExistsError):
            run(recipe(tmp_path / "b.jsonl", tmp_path / name))
        assert not (tmp_path / f".{name}.staging").exists()


def test_a_column_that_came_meanwhile_is_seen(tmp_path: Path) -> None:
    """Pinned fields of staged work are of no account once the source has changed."""
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE faq (question TEXT, answer TEXT)")
        database.execute("INSERT INTO faq VALUES ('Q', 'An answer, long enough.')")
    database.close()
    data = recipe(tmp_path / "a.db", tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        run(data, interrupting(20))
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("ALTER TABLE faq ADD COLUMN votes INTEGER DEFAULT 3")
    database.close()
    run({**data, "export": {"weighting": {"weight_field": "votes"}}})

    assert rows(tmp_path / "out")[0]["weight"] == 3.0


def test_a_source_that_changes_while_it_is_read_publishes_nothing(tmp_path: Path) -> None:
    """Ranges from before and after a change are not mixed, to a folder or to a stream."""
    import io

    path = tmp_path / "faq.jsonl"
    for target in (str(tmp_path / "out"), "-"):
        path.write_bytes(faq_lines(2000))
        data = {"source": str(path), "output": {"path": target}, "run": {"now": NOW}}

        def change(_progress: object) -> None:
            with path.open("ab") as file:
                file.write(b'{"question": "New", "answer": "A new one, just now."}\n')

        with pytest.raises(TryAgainError, match="changed while it was read"):
            execute(plan_export(data, sizes=SMALL), on_progress=change, stream=io.BytesIO())

    assert not (tmp_path / "out").exists()


def test_a_staged_run_keeps_its_time(tmp_path: Path) -> None:
    """A run without a set time that is taken up goes on with the time it first started at."""
    (tmp_path / "a.jsonl").write_bytes(faq_lines(600))
    data: dict[str, Any] = {"source": str(tmp_path / "a.jsonl"), "output": str(tmp_path / "out")}
    with pytest.raises(KeyboardInterrupt):
        run(data, interrupting(30))
    plan = staged_plan(tmp_path / ".out.staging")
    plan["pinned"]["now"] = "2020-01-01T00:00:00Z"
    put_staged_plan(tmp_path / ".out.staging", plan)
    run(data)

    assert json.loads((tmp_path / "out/manifest.json").read_text())["now"] == "2020-01-01T00:00:00.000Z"


@pytest.mark.parametrize("normalize", ["none", "minmax"])
def test_another_recipe_or_source_starts_afresh_and_says_why(
    normalize: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Staged work of another recipe or of other data is thrown away, with a line that names what changed."""
    source = tmp_path / "faq.jsonl"
    source.write_bytes(faq_lines(700))
    data = recipe(source, tmp_path / "out", export={"weighting": {"normalize": normalize}})

    def stopped() -> str:
        caplog.clear()
        with caplog.at_level(logging.INFO, "tuneport"), pytest.raises(KeyboardInterrupt):
            run(data, dying_at("manifest.json"))
        return caplog.text

    assert "Starting afresh" not in stopped()
    assert "taking up" in stopped()
    data["export"]["weighting"]["default_weight"] = 3.0
    assert "belongs to another plan: recipe export.weighting.default_weight none -> 3.0. Starting afresh." in stopped()
    with source.open("ab") as file:
        file.write(b'{"question": "New", "answer": "A new one, just now."}\n')
    assert "belongs to another plan: source: bytes " in (after := stopped())
    assert "taking up" not in after
    data["run"] = {"now": "2027-01-01T00:00:00Z"}
    assert "another plan: recipe run.now " in stopped()
    for key, value in (("on_exists", "replace"), ("min_rows", 3), ("progress_interval", 7)):
        data["output"][key] = value
        assert "taking up" in (after := stopped())
        assert "Starting afresh" not in after
    again = run(data)
    (tmp_path / "out").rename(tmp_path / "first")

    assert told(run(data)) == told(again)
    assert tree(tmp_path / "out") == tree(tmp_path / "first")


@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_what_was_published_and_taken_away_is_made_again(name: str, tmp_path: Path) -> None:
    """A run that died after publishing does not answer for an output that is no longer there."""
    (tmp_path / "a.jsonl").write_text('{"question": "Q", "answer": "An answer, long enough."}\n')
    data = recipe(tmp_path / "a.jsonl", tmp_path / name)

    def before(operation: str, path: Path) -> None:
        if operation in {"unlink", "rmdir"} and ".staging" in str(path) and (tmp_path / name).exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(data, before)
    (tmp_path / name).rename(tmp_path / "taken")
    assert run(data).stats.exported_entities == 1
    assert (tmp_path / name).exists()


def test_a_query_with_columns_nobody_reads_resumes_to_the_same_rows(tmp_path: Path) -> None:
    """Where parts end does not depend on which columns are read, so a resumed query goes on where it stopped."""
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE faq (id INTEGER PRIMARY KEY, question TEXT, answer TEXT, attachment TEXT)")
        values = [(n, f"Q{n}", f"An answer, number {n}.", "x" * (n * 37 % 900)) for n in range(1500)]
        database.executemany("INSERT INTO faq VALUES (?, ?, ?, ?)", values)
    database.close()
    source = {"path": str(tmp_path / "a.db"), "query": "SELECT * FROM faq ORDER BY id"}
    data: dict[str, Any] = {"source": source, "output": str(tmp_path / "out"), "run": {"now": NOW}}
    expected = told(run(data))
    (tmp_path / "out").rename(tmp_path / "whole")
    for last in (60, 90):
        with pytest.raises(KeyboardInterrupt):
            run(data, interrupting(last))
        assert list((tmp_path / ".out.staging/done").glob("*.json"))

    assert told(run(data)) == expected


def test_work_is_made_durable_after_a_while_too(tmp_path: Path) -> None:
    """However little a slow source has given by then: a process that dies later has kept it."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(700))
    data = recipe(tmp_path / "faq.jsonl", tmp_path / "out")
    for seconds, kept in ((3600.0, 0), (0.0, 4)):
        with pytest.raises(Killed):
            execute(plan_export(data, sizes=Sizes(20_000, savepoint_seconds=seconds)), storage=watched(killing))
        assert len(list((tmp_path / ".out.staging/done").glob("*.json"))) == kept


def killing(_call: str, path: Path) -> None:
    """Death at the fifth part."""
    if path.name.startswith("000004."):
        raise Killed
