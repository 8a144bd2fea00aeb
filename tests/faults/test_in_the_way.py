"""What stands where a run wants to write, or was damaged there: others' things are left alone, damage is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tools import faq_lines, recipe, tree

from faults.stopping import dying_at, run, told
from tuneport import PluginManager, export
from tuneport.errors import RecipeError, TargetExistsError
from tuneport.runs import execute, plan_export


def test_a_damaged_savepoint_is_not_the_base_of_a_later_one(tmp_path: Path) -> None:
    """Done records after a damaged one are discarded with it, however the run goes on."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(2000))
    data = recipe(tmp_path / "faq.jsonl", tmp_path / "out")
    expected = told(run(data))
    (tmp_path / "out").rename(tmp_path / "whole")

    with pytest.raises(KeyboardInterrupt):
        run(data, dying_at("plan.json.part"))
    with pytest.raises(KeyboardInterrupt):
        run(data, dying_at("manifest.json"))
    done = sorted((tmp_path / ".out.staging/done").glob("*.json"))
    assert len(done) > 2
    done[1].write_bytes(b"{")
    with pytest.raises(KeyboardInterrupt):
        run(data, dying_at("00001.json.part"))

    assert len(list((tmp_path / ".out.staging/done").glob("*.json"))) == 1
    assert told(run(data)) == expected


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
    second = json.loads(records[1].read_text().partition("\n")[2])["parts"][0]["part"]
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
