"""Exports with splits: what stands where, what stays there, and what is said of it."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, rows, tree

from tuneport.dataset import Dataset, SplitInfo
from tuneport.errors import DataError, RecipeError
from tuneport.runs import ExportResult, Sizes, execute, plan_export

SMALL = Sizes(part_bytes=6_000, savepoint_bytes=12_000)
SIZES = (SMALL, Sizes(part_entities=37, seek=False), Sizes(defer=True, part_bytes=20_000), Sizes())


def record(number: int) -> dict[str, Any]:
    """One record; every fifth repeats an earlier one of its thread, and every eleventh belongs to no thread."""
    said = number - 1 if number % 5 == 4 else number
    return {
        "id": number,
        "thread_id": None if number % 11 == 0 else number // 10,
        "product": "abc"[number % 10 % 3],
        "question": f"What is the meaning of sign {said}?",
        "answer": f"It stands for number {said}. Read on in the manual.",
    }


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    """1,000 records in a hundred threads."""
    return written(tmp_path / "faq.jsonl", range(1000))


def written(path: Path, numbers: Iterable[int]) -> Path:
    """A file of these records."""
    path.write_text("".join(f"{json.dumps(record(number))}\n" for number in numbers))
    return path


def asked(source: Path, output: Path, split: Mapping[str, Any], **export: Any) -> dict[str, Any]:
    """A recipe that splits, and says of every record what became of it."""
    data = recipe(source, output, export={"quality": {"min_text_length": 5}, **export})
    return {**data, "source": {"path": str(source), "key": "id"}, "output": {"path": str(output), "split": dict(split)}}


def run(data: dict[str, Any], sizes: Sizes = SMALL) -> ExportResult:
    """One run, in several parts."""
    return execute(plan_export(data, sizes=sizes))


def index(dataset: Path) -> dict[int, dict[str, Any]]:
    """Number of a record to its line of the index."""
    with gzip.open(dataset / "index/00000.jsonl.gz", "rt", encoding="utf-8") as file:
        return {int(line["key"]): line for line in map(json.loads, file)}


def sides(dataset: Path) -> dict[int, str]:
    """Number of an exported record to its split, as the rows themselves say."""
    found = {}
    for folder in (dataset / "data/tuneport").iterdir():
        for file in folder.iterdir():
            for row in rows(file):
                number = int(row["instruction"].removeprefix("What is the meaning of sign ").removesuffix("?"))
                assert number not in found
                found[number] = folder.name
    return found


def split_info(dataset: Path) -> SplitInfo:
    """What the manifest says of the split."""
    info = Dataset.open(dataset).manifest.split
    assert info is not None
    return info


MODES: dict[str, dict[str, Any]] = {
    "stable": {"validation": 0.1, "test": 0.05},
    "stable groups": {"validation": 0.1, "test": 0.05, "group_by": "thread_id"},
    "exact": {"validation": 0.1, "test": 0.05, "mode": "exact"},
    "exact groups": {"validation": 0.1, "test": 0.05, "mode": "exact", "group_by": "thread_id"},
    "exact strata": {"validation": 0.1, "test": 0.05, "mode": "exact", "stratify_by": "product"},
}


@pytest.mark.parametrize("mode", MODES)
def test_how_the_source_is_cut_changes_no_byte(
    mode: str, faq: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One digest whatever the parts, and whether samples wait or not; and nothing leaked."""
    monkeypatch.chdir(tmp_path)
    found = []
    for number, sizes in enumerate(SIZES):
        run(asked(faq, Path(f"{number}/out"), MODES[mode]), sizes)
        found.append(tree(tmp_path / f"{number}/out"))
    # The recipe of each says where it stands.
    assert len(found[0]) > 8
    assert [
        {name for name in one if one[name] != found[0][name]} - {"recipe.json", "manifest.json", "SHA256SUMS"}
        for one in found
    ] == [set()] * len(SIZES)
    info = split_info(tmp_path / "0/out")
    assert info.groups_on_both_sides == info.prompts_on_both_sides == 0
    assert set(sides(tmp_path / "0/out").values()) == {"train", "validation", "test"}


@pytest.mark.parametrize("mode", ["stable", "exact"])
def test_a_thread_stands_on_one_side(mode: str, faq: Path, tmp_path: Path) -> None:
    """And so do all its records in the index, which names the unit; records without a thread are on their own."""
    run(asked(faq, tmp_path / "out", MODES[f"{mode} groups"]))
    found = sides(tmp_path / "out")
    threads = defaultdict(set)
    for number, side in found.items():
        if number % 11:
            threads[number // 10].add(side)
    assert len(threads) == 100
    assert all(len(one) == 1 for one in threads.values())
    lines = index(tmp_path / "out")
    assert {number: line["split"] for number, line in lines.items() if line["split"]} == found
    units = {lines[number]["unit"] for number in (1, 2, 3)}
    assert len(units) == 1
    assert lines[11]["unit"] == lines[11]["id"]
    assert split_info(tmp_path / "out").groups == 100 + sum(number % 11 == 0 for number in found)


def test_exact_shares_are_exact(faq: Path, tmp_path: Path) -> None:
    """Of what was kept after duplicates were left out; each stratum has its share; the manifest and the card say it."""
    result = run(asked(faq, tmp_path / "out", MODES["exact strata"]))
    found = sides(tmp_path / "out")
    assert Counter(found.values()) == {"train": 680, "validation": 80, "test": 40}
    info = split_info(tmp_path / "out")
    assert info.samples == {"train": 680, "validation": 80, "test": 40}
    assert (info.mode, info.asked, info.stratify_by) == ("exact", {"validation": 0.1, "test": 0.05}, ["product"])
    by_product = Counter(record(number)["product"] for number, side in found.items() if side == "validation")
    whole = Counter(record(number)["product"] for number in found)
    assert all(abs(by_product[product] - whole[product] / 10) < 1 for product in whole)
    assert result.stats.exported_entities == 800
    card = (tmp_path / "out/README.md").read_text()
    assert all(f"data/tuneport/{split}/" in card for split in ("train", "validation", "test"))
    assert all(f'"num_examples": {count}' in card or f"num_examples: {count}" in card for count in (680, 80, 40))


def test_what_stood_somewhere_stays_there(faq: Path, tmp_path: Path) -> None:
    """A quarter of the threads goes, a quarter comes: against the first, the count is exact and none moves."""
    split = {"validation": 0.1, "mode": "exact", "group_by": "thread_id"}
    run(asked(faq, tmp_path / "first", split))
    later = written(tmp_path / "later.jsonl", range(250, 1250))
    run(asked(later, tmp_path / "free", split))
    run(asked(later, tmp_path / "bound", {**split, "against": str(tmp_path / "first")}))
    before, free, bound = (sides(tmp_path / name) for name in ("first", "free", "bound"))
    assert any(free[number] != side for number, side in before.items() if number in free)
    assert [number for number, side in before.items() if number in bound and bound[number] != side] == []
    assert Counter(bound.values())["validation"] == 80
    info = split_info(tmp_path / "bound")
    assert info.against == Dataset.open(tmp_path / "first").digest
    assert info.moved == 0
    assert info.stayed > 75


def test_a_stable_split_needs_no_earlier_dataset_unless_the_shares_change(faq: Path, tmp_path: Path) -> None:
    """The same shares stay as they are; against an earlier dataset even with other ones."""
    run(asked(faq, tmp_path / "first", MODES["stable groups"]))
    later = written(tmp_path / "later.jsonl", range(500, 1500))
    run(asked(later, tmp_path / "again", MODES["stable groups"]))
    larger = {**MODES["stable groups"], "validation": 0.5}
    run(asked(later, tmp_path / "larger", larger))
    run(asked(later, tmp_path / "bound", {**larger, "against": str(tmp_path / "first")}))
    before, again, other, bound = (sides(tmp_path / name) for name in ("first", "again", "larger", "bound"))
    common = before.keys() & again.keys()
    assert {number for number in common if before[number] != again[number]} == set()
    assert any(before[number] != other[number] for number in common)
    assert {number for number in common if before[number] != bound[number]} == set()


@pytest.mark.parametrize("mode", ["stable", "exact"])
def test_keys_that_are_filled_in_later_move_nothing(mode: str, faq: Path, tmp_path: Path) -> None:
    """Samples that stood alone are a group now: what was trained on is not validated on, however the source is cut."""
    split = {"validation": 0.2, "mode": mode, "group_by": "thread_id"}
    lines = [{**record(number), "thread_id": None} for number in range(0, 400, 2)]
    faq.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    run(asked(faq, tmp_path / "first", split))
    written(faq, range(400))
    bound = {**split, "against": str(tmp_path / "first")}
    found = []
    for number, sizes in enumerate(SIZES):
        run(asked(faq, tmp_path / f"{number}", bound), sizes)
        found.append(sides(tmp_path / f"{number}"))
    before, info = sides(tmp_path / "first"), split_info(tmp_path / "0")
    assert found == [found[0]] * len(SIZES)
    assert {number for number, side in before.items() if (side, found[0][number]) == ("train", "validation")} == set()
    moved = sum(found[0][number] != side for number, side in before.items())
    assert info.samples_moved == moved > 0
    assert info.groups_on_both_sides == 0


def test_its_recipe_makes_a_version_again(faq: Path, tmp_path: Path) -> None:
    """It names the version that was read, not the newest: and nothing where there was none to go by."""
    data = asked(faq, tmp_path / "out", {**MODES["exact groups"], "against": str(tmp_path / "out")})
    data["output"]["on_exists"] = "version"
    for count in (700, 800, 900):
        run(data)
        written(faq, range(count))
    recipes = [json.loads((tmp_path / f"out/v000{number}/recipe.json").read_text()) for number in (1, 2, 3)]
    read = [one["output"]["split"].get("against") for one in recipes]
    assert read == [None, str(tmp_path / "out/v0001"), str(tmp_path / "out/v0002")]
    written(faq, range(700))
    plan_export(tmp_path / "out/v0002/recipe.json")
    again = recipes[1] | {"output": recipes[1]["output"] | {"path": str(tmp_path / "again"), "on_exists": "fail"}}
    run(again)
    assert Dataset.open(tmp_path / "again").digest == Dataset.open(tmp_path / "out/v0002").digest


def test_a_relative_path_stays_relative(faq: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the recipe's other paths do, so that all may be moved; of a link it is where it leads to now."""
    monkeypatch.chdir(tmp_path)
    data = asked(faq, Path("out"), {**MODES["exact"], "against": "out/latest/../../out"})
    data["output"]["on_exists"] = "version"
    run(data)
    written(faq, range(900))
    run(data)
    split = json.loads((tmp_path / "out/v0002/recipe.json").read_text())["output"]["split"]
    assert split["against"] == "out/v0001"
    (tmp_path / "linked").symlink_to(tmp_path / "out/v0001")
    data["output"] = {"path": "other", "split": {**MODES["exact"], "against": "linked"}}
    run(data)
    assert json.loads((tmp_path / "other/recipe.json").read_text())["output"]["split"]["against"] == "out/v0001"


def test_a_reference_stays_one(faq: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it stands for is shown nowhere, and the recipe reads it again."""
    run(asked(faq, tmp_path / "first", MODES["exact"]))
    monkeypatch.setenv("BEFORE", str(tmp_path / "first"))
    run(asked(faq, tmp_path / "out", {**MODES["exact"], "against": {"env": "BEFORE"}}))
    assert json.loads((tmp_path / "out/recipe.json").read_text())["output"]["split"]["against"] == {"env": "BEFORE"}
    assert split_info(tmp_path / "out").against == Dataset.open(tmp_path / "first").digest


def test_another_earlier_dataset_is_another_plan(faq: Path, tmp_path: Path) -> None:
    """What is read for a split is part of what staged work is bound to."""
    run(asked(faq, tmp_path / "first", MODES["stable"]))
    data = asked(faq, tmp_path / "out", {**MODES["stable"], "against": str(tmp_path / "first")})
    before = plan_export(data).digest
    assert plan_export(data).digest == before
    golden = tmp_path / "golden.jsonl"
    golden.write_text(json.dumps({"question": "What is the meaning of sign 7?"}))
    data["output"]["split"]["exclude"] = str(golden)
    excluding = plan_export(data).digest
    golden.write_text(json.dumps({"question": "What is the meaning of sign 8?"}))
    assert len({before, excluding, plan_export(data).digest}) == 3


def test_what_is_evaluated_with_is_not_trained_on(faq: Path, tmp_path: Path) -> None:
    """Nor validated on; such records are filtered, with a code that is explained, and the manifest counts prompts."""
    golden = tmp_path / "golden.jsonl"
    golden.write_text("".join(f'{{"question": "WHAT is the meaning  of sign {n}?"}}\n' for n in (0, 1, 2, 7000)))
    result = run(asked(faq, tmp_path / "out", {**MODES["stable"], "exclude": str(golden)}))
    assert result.stats.rejects["held_out"] == 3
    assert {0, 1, 2}.isdisjoint(sides(tmp_path / "out"))
    lines = index(tmp_path / "out")
    assert [lines[number]["outcome"] for number in (0, 1, 2, 3)] == ["filtered", "filtered", "filtered", "exported"]
    assert split_info(tmp_path / "out").held_out == 4
    rejects = rows(tmp_path / "out/rejects/00000.jsonl")
    assert {(one["stage"], one["code"]) for one in rejects if one["key"] in {"0", "1", "2"}} == {("split", "held_out")}


def test_prompts_on_both_sides_are_counted(tmp_path: Path) -> None:
    """The same question with two answers may fall on both sides: no duplicate, and yet a leak; a group keeps it."""
    path = tmp_path / "faq.jsonl"
    lines = [{**record(number), "question": f"What is sign {number // 4}?"} for number in range(400)]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    run(asked(path, tmp_path / "out", {"validation": 0.2}))
    trained, kept = (
        {row["instruction"] for file in (tmp_path / f"out/data/tuneport/{side}").iterdir() for row in rows(file)}
        for side in ("train", "validation")
    )
    assert split_info(tmp_path / "out").prompts_on_both_sides == len(trained & kept) > 10
    run(asked(path, tmp_path / "grouped", {"validation": 0.2, "group_by": "question"}))
    assert split_info(tmp_path / "grouped").prompts_on_both_sides == 0


@pytest.mark.parametrize("mode", ["stable", "exact"])
def test_an_empty_side_is_an_error(mode: str, tmp_path: Path) -> None:
    """One thread cannot stand on two sides: nothing is published, and the error says how many groups there were."""
    source = written(tmp_path / "faq.jsonl", [1, 2, 3, 5])
    with pytest.raises(DataError) as raised:
        run(asked(source, tmp_path / "out", {"validation": 0.1, "mode": mode, "group_by": "thread_id"}))
    assert "no sample stands in validation: 1 group was split by thread_id, 10 % for validation" in str(raised.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("target", ["out.jsonl", "-"])
def test_a_file_or_a_stream_has_no_splits(target: str, faq: Path) -> None:
    """Which is said before anything is read."""
    with pytest.raises(RecipeError, match="holds no splits"):
        plan_export(asked(faq, Path(target), {"validation": 0.1}))


def test_an_unknown_field_is_told_with_its_key(tmp_path: Path) -> None:
    """Where the source knows its fields; the hint names the closest."""
    path = tmp_path / "faq.csv"
    path.write_text("id,thread_id,question,answer\n1,1,What is it?,It is a sign.\n")
    with pytest.raises(RecipeError) as raised:
        plan_export(asked(path, tmp_path / "out", {"validation": 0.1, "group_by": "thread"}))
    (problem,) = raised.value.problems
    assert problem.path == "output.split.group_by"
    assert problem.hint.startswith('did you mean "thread_id"?')


@pytest.mark.parametrize("key", ["against", "exclude"])
def test_what_a_split_reads_has_to_be_there(key: str, faq: Path, tmp_path: Path) -> None:
    """Nothing is read for a recipe that names what is not there."""
    with pytest.raises(RecipeError) as raised:
        plan_export(asked(faq, tmp_path / "out", {"validation": 0.1, key: str(tmp_path / "gone.jsonl")}))
    assert [problem.path for problem in raised.value.problems] == [f"output.split.{key}"]


def test_a_split_needs_fields_that_nobody_else_reads(faq: Path, tmp_path: Path) -> None:
    """They are read for it, and never written; hidden ones are an error."""
    data = asked(faq, tmp_path / "out", {"validation": 0.2, "group_by": "thread_id"})
    run(data)
    assert all("thread" not in row for row in rows(next((tmp_path / "out/data/tuneport/train").iterdir())))
    data["output"] |= {"path": str(tmp_path / "hidden"), "exclude_fields": ["thread_id"]}
    with pytest.raises(RecipeError, match="thread_id"):
        plan_export(data)


def test_the_same_again_is_unchanged(faq: Path, tmp_path: Path) -> None:
    """Also against the newest of its own versions, once there is one."""
    data = asked(faq, tmp_path / "out", MODES["exact groups"])
    data["output"]["on_exists"] = "version"
    assert run(data).status == "published"
    assert run(data).status == "unchanged"
    data["output"]["split"]["against"] = str(tmp_path / "out")
    assert run(data).status == "unchanged"
    written(faq, range(1100))
    assert run(data).status == "published"
    assert run(data).status == "unchanged"


def test_loaders_find_the_splits(faq: Path, tmp_path: Path, needs: Any) -> None:
    """`load_dataset` reads each split from the card."""
    needs("datasets")
    from datasets import load_dataset

    run(asked(faq, tmp_path / "out", MODES["exact"]))
    loaded = load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {name: split.num_rows for name, split in loaded.items()} == {"train": 680, "validation": 80, "test": 40}
