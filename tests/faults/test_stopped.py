"""Runs that are stopped, not killed: what is kept is right, whatever the stop fell on."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, faq_lines, recipe, rows, tree, watched

from tuneport import PluginManager, export
from tuneport.errors import RecipeError, TargetExistsError, TryAgainError
from tuneport.runs import ExportResult, Sizes, execute, plan_export

SMALL = Sizes(part_bytes=20_000, savepoint_bytes=60_000)
EVERY = int(os.environ.get("TUNEPORT_KILL_EVERY", "12"))


def run(data: dict[str, Any], before: Callable[[str, Path], None] | None = None) -> ExportResult:
    """One run, cut into several savepoints."""
    return execute(plan_export(data, sizes=SMALL), storage=None if before is None else watched(before))


def interrupting(last: int) -> Callable[[str, Path], None]:
    """Ctrl-C before one operation, and none after it."""
    count = 0

    def before(_operation: str, _path: Path) -> None:
        nonlocal count
        count += 1
        if count == last:
            raise KeyboardInterrupt

    return before


def told(result: ExportResult) -> tuple[Any, ...]:
    """What a result says, but for the clock."""
    return (*{**vars_of(result.stats), "duration_ms": 0}.items(), result.weights, result.notes, result.digest)


def vars_of(stats: Any) -> dict[str, Any]:
    """A struct's fields."""
    return {name: getattr(stats, name) for name in stats.__struct_fields__}


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


def test_a_damaged_savepoint_is_not_the_base_of_a_later_one(tmp_path: Path) -> None:
    """Done records after a damaged one are discarded with it, however the run goes on."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(2000))
    data = recipe(tmp_path / "faq.jsonl", tmp_path / "out")
    expected = told(run(data))
    (tmp_path / "out").rename(tmp_path / "whole")

    def dying(name: str) -> Callable[[str, Path], None]:
        def before(_operation: str, path: Path) -> None:
            if path.name == name:
                raise KeyboardInterrupt

        return before

    with pytest.raises(KeyboardInterrupt):
        run(data, dying("plan.json.part"))
    with pytest.raises(KeyboardInterrupt):
        run(data, dying("manifest.json"))
    done = sorted((tmp_path / ".out.staging/done").glob("*.json"))
    assert len(done) > 2
    done[1].write_bytes(b"{")
    with pytest.raises(KeyboardInterrupt):
        run(data, dying("00001.json.part"))

    assert len(list((tmp_path / ".out.staging/done").glob("*.json"))) == 1
    assert told(run(data)) == expected


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


def test_what_others_keep_under_our_names_is_left_alone(tmp_path: Path) -> None:
    """A folder or file of somebody else's that is called like our bookkeeping is not deleted."""
    (tmp_path / "a.jsonl").write_text('{"question": "Q", "answer": "An answer, long enough."}\n')
    (tmp_path / ".out.staging").mkdir()
    (tmp_path / ".out.staging/thesis.txt").write_text("precious")
    (tmp_path / ".other.lock").write_text("mine")
    with pytest.raises(TargetExistsError, match=r"thesis\.txt"):
        export(recipe(tmp_path / "a.jsonl", tmp_path / "out"))
    export(recipe(tmp_path / "a.jsonl", tmp_path / "other"))

    assert (tmp_path / ".out.staging/thesis.txt").read_text() == "precious"
    assert (tmp_path / ".other.lock").read_text() == "mine"


def test_a_staged_run_keeps_its_time(tmp_path: Path) -> None:
    """A run without a set time that is taken up goes on with the time it first started at."""
    (tmp_path / "a.jsonl").write_bytes(faq_lines(600))
    data: dict[str, Any] = {"source": str(tmp_path / "a.jsonl"), "output": str(tmp_path / "out")}
    with pytest.raises(KeyboardInterrupt):
        run(data, interrupting(30))
    plan = json.loads((tmp_path / ".out.staging/plan.json").read_text())
    plan["pinned"]["now"] = "2020-01-01T00:00:00Z"
    (tmp_path / ".out.staging/plan.json").write_text(json.dumps(plan))
    run(data)

    assert json.loads((tmp_path / "out/manifest.json").read_text())["now"] == "2020-01-01T00:00:00.000Z"


def test_the_target_is_looked_at_before_entities_are_taken(tmp_path: Path) -> None:
    """Where the target exists, a generator keeps all it has."""
    from tuneport import ExportOptions

    (tmp_path / "out.jsonl").write_text("old")
    entities = iter([{"question": "Q", "answer": "An answer."}] * 3)
    with pytest.raises(TargetExistsError):
        PluginManager().load("jsonl_llm").exportEntities(entities, ExportOptions(output_path=tmp_path / "out.jsonl"))

    assert len(list(entities)) == 3
    assert (tmp_path / "out.jsonl").read_text() == "old"


@pytest.mark.parametrize("path", [".", "/", "..", "a/..", "x.csv", "x.jsonl.bz2"])
def test_paths_that_name_nothing_are_problems(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An output path without a name of its own is a problem of the recipe, not a crash."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text('{"question": "Q", "answer": "An answer."}\n')
    with pytest.raises(RecipeError, match=r"output\.path"):
        export({"source": "a.jsonl", "output": path})


def test_others_things_survive_a_run_that_cannot_be_taken_up(tmp_path: Path) -> None:
    """Neither does a run over entities, which tidies up after itself, delete what it has not made."""
    from tuneport import ExportOptions

    (tmp_path / ".out.staging").mkdir()
    (tmp_path / ".out.staging/thesis.txt").write_text("precious")
    with pytest.raises(TargetExistsError, match=r"thesis\.txt"):
        PluginManager().load("jsonl_llm").exportEntities([], ExportOptions(output_path=tmp_path / "out"))

    assert (tmp_path / ".out.staging/thesis.txt").read_text() == "precious"


@pytest.mark.parametrize("resumable", [True, False])
@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_what_stands_in_the_place_of_staging_is_left_alone(kind: str, resumable: bool, tmp_path: Path) -> None:
    """A file or a link of that name is not ours, whether or not the run could be taken up again."""
    place = tmp_path / ".out.staging"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("precious")
    if kind == "file":
        place.write_text("precious")
    else:
        place.symlink_to("mine" if kind == "link" else "nowhere")
    records = [{"question": "Q", "answer": "An answer, long enough."}]
    (tmp_path / "in.jsonl").write_text(json.dumps(records[0]) + "\n")
    data = recipe(tmp_path / "in.jsonl", tmp_path / "out")
    if not resumable:
        del data["source"]
    for on_exists in ("fail", "replace"):
        data["output"]["on_exists"] = on_exists
        with pytest.raises(TargetExistsError, match="is in the way: it holds what is not ours"):
            execute(plan_export(data, entities=None if resumable else records))

    assert place.is_symlink() is (kind != "file")
    assert kind != "file" or place.read_text() == "precious"
    assert (tmp_path / "mine/thesis.txt").read_text() == "precious"
    assert not (tmp_path / "out").exists()


def dying_at(name: str) -> Callable[[str, Path], None]:
    """Ctrl-C before the first operation on a file of this name, and on each later one."""

    def before(_operation: str, path: Path) -> None:
        if path.name == name:
            raise KeyboardInterrupt

    return before


@pytest.mark.parametrize("phase", ["000014.samples", "000005.tuneport.train.jsonl"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "record", "first"])
def test_a_damaged_spool_is_taken_up_to_its_last_whole_part(damage: str, phase: str, tmp_path: Path) -> None:
    """What no record vouches for any more is read again, in either phase, to the same bytes and statistics."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(700) + faq_lines(300))
    data = recipe(tmp_path / "faq.jsonl", tmp_path / "out", export={"weighting": {"normalize": "percentile"}})
    expected = told(run(data))
    whole = tree(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(data, dying_at(phase))
    spool = tmp_path / ".out.staging/spool"
    records = sorted(spool.glob("record-*.json"))
    assert len(records) > 2
    second = json.loads(records[1].read_text())["parts"][0]["part"]
    victim = spool / f"{second:06d}.samples"
    if damage == "flip":
        data_ = bytearray(victim.read_bytes())
        data_[len(data_) // 2] ^= 1
        victim.write_bytes(data_)
    elif damage == "cut":
        victim.write_bytes(victim.read_bytes()[:-1])
    elif damage == "gone":
        (spool / f"{second:06d}.candidates").unlink()
    elif damage == "record":
        records[1].write_text(records[1].read_text()[:-2])
    else:
        records[0].unlink()
        second = 0
    written: set[str] = set()

    def noted(operation: str, path: Path) -> None:
        if operation == "write" and path.suffix == ".samples":
            written.add(path.name)

    assert told(run(data, noted)) == expected
    assert tree(tmp_path / "out") == whole
    assert min(written) == f"{second:06d}.samples"
    assert not (tmp_path / ".out.staging").exists()


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
    assert "belongs to another plan: recipe.export.weighting.default_weight" in stopped()
    with source.open("ab") as file:
        file.write(b'{"question": "New", "answer": "A new one, just now."}\n')
    assert "belongs to another plan: source.1.revision" in (after := stopped())
    assert "taking up" not in after
    data["run"] = {"now": "2027-01-01T00:00:00Z"}
    assert "another plan: recipe.now" in stopped()
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
