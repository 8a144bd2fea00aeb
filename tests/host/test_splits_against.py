"""Where units stood in an earlier dataset."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from xxhash import xxh3_128_hexdigest

from tuneport.dataset import DataFile, DatasetManifest, SplitInfo
from tuneport.errors import RecipeError
from tuneport.runs.messages import TEST, TRAIN, VALIDATION
from tuneport.runs.splitting.against import read_earlier
from tuneport.runs.splitting.units import number_of


def name(number: int) -> str:
    """A unit as an index has it."""
    return xxh3_128_hexdigest(b"%d" % number)


def line(number: int, split: str | None, *, unit: int | None = None) -> dict[str, Any]:
    """A line of an index, of which only this much is looked at."""
    made = {"id": name(number), "key": str(number), "outcome": "exported" if split else "filtered", "split": split}
    return made if unit is None else {**made, "unit": name(unit)}


def dataset(folder: Path, lines: list[Any] | None, *, group_by: list[str] | None = None, **split: Any) -> Path:
    """A dataset's folder with a manifest and an index; without one where lines are None."""
    (folder / "index").mkdir(parents=True)
    index = []
    if lines is not None:
        data = "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines).encode()
        packed = gzip.compress(data)
        (folder / "index/00000.jsonl.gz").write_bytes(packed)
        index = [DataFile("index/00000.jsonl.gz", len(lines), len(data), 0, hashlib.sha256(packed).hexdigest())]
    info = SplitInfo(mode="exact", asked={}, samples={}, group_by=group_by or [], **split)
    manifest = DatasetManifest(
        name="out",
        now="",
        seed=0,
        recipe="",
        source="",
        counts={},
        rejects={},
        weights={},
        notes={},
        formats={},
        plugins=[],
        versions={},
        digest="d1g357",
        index=index,
        split=info,
    )
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    return folder


def sides(folder: Path, group_by: tuple[str, ...] = ()) -> dict[int, int]:
    """Number of a unit to its side, as far as the first ten go."""
    before = read_earlier(folder, group_by).before.units
    known = {number: before.get(number_of(bytes.fromhex(name(number)))) for number in range(10)}
    return {number: side for number, side in known.items() if side is not None}


def test_samples_stand_where_the_index_says(tmp_path: Path) -> None:
    """By their identity; records that were not exported stand nowhere."""
    lines = [line(1, "train"), line(2, "validation"), line(3, None), line(4, "test"), {"id": None, "split": None}]
    folder = dataset(tmp_path / "out", lines)
    assert sides(folder) == {1: TRAIN, 2: VALIDATION, 4: TEST}
    assert read_earlier(folder, []).digest == "d1g357"


def test_groups_stand_where_the_index_says(tmp_path: Path) -> None:
    """By their unit, where the dataset was grouped by the same fields."""
    lines = [line(1, "train", unit=7), line(2, "train", unit=7), line(3, "validation", unit=8), line(4, None, unit=9)]
    folder = dataset(tmp_path / "out", lines, group_by=["thread_id"])
    assert sides(folder, ("thread_id",)) == {7: TRAIN, 8: VALIDATION}
    samples = read_earlier(folder, ["thread_id"]).before.samples
    stood = {1: TRAIN, 2: TRAIN, 3: VALIDATION}
    assert samples == {number_of(bytes.fromhex(name(number))): side for number, side in stood.items()}


@pytest.mark.parametrize("order", [("train", "test"), ("test", "train")])
def test_a_sample_that_stood_on_two_sides_was_trained_on(tmp_path: Path, order: tuple[str, str]) -> None:
    """Two groups may hold the same, where duplicates are kept: none of it may be kept apart later."""
    lines = [line(1, split, unit=unit) for unit, split in enumerate(order)]
    before = read_earlier(dataset(tmp_path / "out", lines, group_by=["thread_id"]), ["thread_id"]).before
    assert list(before.samples.values()) == [TRAIN]


def test_of_a_folder_of_versions_it_is_the_newest(tmp_path: Path) -> None:
    """The one that `latest` points to."""
    dataset(tmp_path / "out/v0001", [line(1, "train")])
    dataset(tmp_path / "out/v0002", [line(1, "test")])
    (tmp_path / "out/latest").symlink_to("v0002")
    assert sides(tmp_path / "out") == sides(tmp_path / "out/latest") == {1: TEST}
    read = {read_earlier(tmp_path / folder, []).path for folder in ("out", "out/latest", "out/v0002")}
    assert read == {tmp_path / "out/v0002"}
    assert sides(tmp_path / "out/v0001") == {1: TRAIN}


def test_a_dataset_without_splits_was_trained_on(tmp_path: Path) -> None:
    """None of it may be kept apart now."""
    folder = dataset(tmp_path / "out", [line(1, "train")])
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "split": None}))
    assert sides(folder) == {1: TRAIN}


def refused(folder: Path, *group_by: str) -> tuple[str, str]:
    """What is wrong with an earlier dataset, and how to mend it."""
    with pytest.raises(RecipeError) as raised:
        read_earlier(folder, group_by)
    (problem,) = raised.value.problems
    assert problem.path == "output.split.against"
    return problem.message, problem.hint


def test_without_an_index_nobody_knows(tmp_path: Path) -> None:
    """The hint says how to have one."""
    message, hint = refused(dataset(tmp_path / "out", None))
    assert "has no index" in message
    assert hint == "export it again with output.index = true, or with source.key"


@pytest.mark.parametrize(
    ("then", "now", "message", "hint"),
    [
        (
            ["thread_id"],
            [],
            "is grouped by thread_id, and this export by content alone",
            'write group_by = "thread_id"',
        ),
        ([], ["thread_id"], "is grouped by content alone, and this export by thread_id", "leave group_by out"),
        (["a", "b"], ["b", "a"], "is grouped by a, b, and this export by b, a", 'write group_by = ["a", "b"]'),
    ],
)
def test_another_grouping_has_other_units(
    tmp_path: Path, then: list[str], now: list[str], message: str, hint: str
) -> None:
    """Units of one grouping say nothing of units of another."""
    found = refused(dataset(tmp_path / "out", [], group_by=then), *now)
    assert message in found[0]
    assert hint in found[1]


BROKEN: dict[str, tuple[list[Any], str]] = {
    "a unit on both sides": ([line(1, "train"), line(1, "test")], "belong together in test and train"),
    "no id": ([line(1, "train"), {"id": None, "split": "train"}], "line 2: no line of an index"),
    "a split of no name": ([line(1, "evaluation")], "line 1: no line of an index"),
    "no split": ([{**line(1, "train"), "split": None}], "line 1: no line of an index"),
    "an id that is cut off": ([{"id": "00ff", "split": "train"}], "line 1: no line of an index"),
    "an id that is none": ([{"id": "xyz", "split": "train"}], "line 1: no line of an index"),
    "no JSON": (["{"], "line 1: no line of an index"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_index_that_cannot_be_right_is_an_error(tmp_path: Path, case: str) -> None:
    """What is damaged is named, with its line where it has one."""
    lines, message = BROKEN[case]
    assert message in refused(dataset(tmp_path / "out", lines))[0]


def test_an_index_that_is_not_whole_is_an_error(tmp_path: Path) -> None:
    """A file that is gone, cut off, or has another byte than when it was sealed: units would move without a word."""
    folder = dataset(tmp_path / "out", [line(number, "train") for number in range(100)])
    file = folder / "index/00000.jsonl.gz"
    whole = file.read_bytes()
    for damaged in (whole[:-20], gzip.compress(gzip.decompress(whole).replace(b"train", b"test", 1))):
        file.write_bytes(damaged)
        assert "is not the file of which its manifest has the sum" in refused(folder)[0]
    file.unlink()
    assert "No such file" in refused(folder)[0]


def test_a_folder_without_a_dataset_is_an_error(tmp_path: Path) -> None:
    """The first export has nothing to go by, and the hint says so; a manifest that cannot be read is named."""
    message, hint = refused(tmp_path)
    assert "holds no dataset" in message
    assert "leave against out" in hint
    (tmp_path / "manifest.json").write_text("{}")
    assert "manifest.json" in refused(tmp_path)[0]
