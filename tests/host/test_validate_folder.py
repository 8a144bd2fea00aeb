"""validate on a dataset folder: its card, its index and its splits say what its manifest and its rows say."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import faq_lines, recipe

from tuneport import export, validate
from tuneport.validation import Report
from tuneport.validation import index as index_module
from tuneport.validation.front_matter import FrontMatterError, front_matter

INDEX = "index/00000.jsonl.gz"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with an index; not to be changed."""
    place = tmp_path_factory.mktemp("published")
    (place / "faq.jsonl").write_bytes(faq_lines(300))
    asked = recipe(place / "faq.jsonl", place / "out")
    asked["output"]["index"] = True
    export(asked)
    return place / "out"


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    """A copy of that dataset, to be changed."""
    shutil.copytree(published, tmp_path / "copy")
    return tmp_path / "copy"


def _resum(folder: Path, name: str) -> None:
    """Give a file its digest in the sums, as a careful forger would."""
    listed = (line.split("  ", 1) for line in (folder / "SHA256SUMS").read_text().splitlines())
    sums = {name: digest for digest, name in listed}
    sums[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()))


def manifest(folder: Path, edit: Callable[[Any], object]) -> None:
    """Edit the manifest, sums and all."""
    data = json.loads((folder / "manifest.json").read_text())
    edit(data)
    (folder / "manifest.json").write_text(json.dumps(data))
    _resum(folder, "manifest.json")


def card(folder: Path, old: str, new: str) -> None:
    """Edit the card, sums and all."""
    text = (folder / "README.md").read_text()
    assert old in text
    (folder / "README.md").write_text(text.replace(old, new, 1))
    _resum(folder, "README.md")


def index(folder: Path, edit: Callable[[list[dict[str, Any]]], object]) -> None:
    """Edit the lines of the index; manifest and sums agree with them."""
    path = folder / INDEX
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    edit(lines)
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    path.write_bytes(gzip.compress(data))
    _resum(folder, INDEX)
    file = {
        "rows": len(lines),
        "size": len(data),
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    manifest(folder, lambda m: m["index"][0].update(file))


def told(report: Report) -> set[tuple[str, str, str]]:
    """Code, file and path of all that was found."""
    return {(one.code, one.file, one.path) for one in report.problems}


def test_a_published_folder_is_right(published: Path) -> None:
    """Card, index and manifest of an export agree."""
    assert validate(published).problems == []


CARDS: dict[str, tuple[str, str, str]] = {
    "other rows": ('"train"\n    num_bytes', '"test"\n    num_bytes', "train of tuneport has None rows"),
    "other path": ("data/tuneport/train/*", "data/tuneport/train/x*", "gives other files for train"),
    "wider path": ("data/tuneport/train/*", "index/*", "gives other files for train"),
    "other split": ('split: "train"', 'split: "validation"', "do not agree that there is a split train"),
    "other name": ('config_name: "tuneport"', 'config_name: "openai"', "has no config tuneport"),
    "other type": ('name: "weight"\n    dtype: "float64"', 'name: "weight"\n    dtype: "int64"', "of tuneport.weight"),
    "other column": ('name: "weight"', 'name: "wait"', "declares other columns of tuneport"),
}


@pytest.mark.parametrize("case", CARDS)
def test_a_card_that_says_something_else(case: str, copy: Path) -> None:
    """What a loader would be told wrongly is found, though every digest is right."""
    old, new, message = CARDS[case]
    card(copy, old, new)
    report = validate(copy)

    assert {(one.code, one.file) for one in report.problems} == {("card", "README.md")}
    assert any(message in one.message for one in report.problems), report.problems


def test_a_wrong_count_in_the_card(copy: Path) -> None:
    """Loaders refuse a split whose count is wrong."""
    rows = validate(copy).rows
    card(copy, f"num_examples: {rows}", f"num_examples: {rows + 1}")

    assert [one.message for one in validate(copy).problems] == [
        f"says that train of tuneport has {rows + 1} rows, and there are {rows}"
    ]


def test_a_card_of_somebody_elses_warns(copy: Path) -> None:
    """What is no front matter of ours is not compared, and that is told."""
    (copy / "README.md").write_text("# A note\n")
    _resum(copy, "README.md")
    report = validate(copy, load=True)

    assert (report.ok, told(report)) == (True, {("card_unread", "README.md", "")})
    assert report.load is not None
    assert report.load.note == "not tried, for no card says what to load"


def test_what_every_card_begins_with_is_read_as_yaml_reads_it(published: Path) -> None:
    """The reader of front matter gives what YAML does."""
    import yaml

    text = (published / "README.md").read_text()
    assert front_matter(text) == yaml.safe_load(text.split("---\n")[1])
    nested = '---\na:\n- b: "c:\\n- d"\n  e:\n    f: 1\n    g:\n    - "h"\n  - name: "no"\n---\n'
    with pytest.raises(FrontMatterError, match="line 8 cannot be read"):
        front_matter(nested)
    deep = '---\nt:\n- name: "x"\n  list:\n  - name: "y"\n    struct:\n    - name: "z"\n      list: "s"\nu: true\n---\n'
    assert front_matter(deep) == yaml.safe_load(deep.split("---\n")[1])
    for wrong in ("no fence\n", "---\na: 1\n", "---\n- 1\n---\n", "---\na: 1\na: 2\n---\n"):
        with pytest.raises(FrontMatterError):
            front_matter(wrong)


def _exported(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["split"] is not None]


def test_a_sample_on_both_sides_is_a_leak(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same sample in train and validation is found, in one pass or in several."""

    def leak(lines: list[dict[str, Any]]) -> None:
        first, second, *_ = _exported(lines)
        second.update(id=first["id"], split="validation")

    index(copy, leak)
    report = validate(copy)
    assert ("leak", INDEX, "sample") in told(report)
    assert "stands in validation, and in train" in next(one.message for one in report.problems if one.code == "leak")
    monkeypatch.setattr(index_module, "_AT_ONCE", 7)
    assert validate(copy) == report


def test_a_group_on_both_sides_is_a_leak(copy: Path) -> None:
    """Other samples of one group in two splits are a leak; two groups in two splits are none."""

    def leak(lines: list[dict[str, Any]]) -> None:
        first, second, third, fourth, *_ = _exported(lines)
        first["unit"] = second["unit"] = "u1"
        third["unit"] = fourth["unit"] = "u2"
        second["split"] = "validation"

    index(copy, leak)
    found = [one for one in validate(copy).problems if one.code == "leak"]
    assert [(one.path, one.count) for one in found] == [("group", 1)]
    assert "u1" in found[0].message


def test_an_index_of_other_rows(copy: Path) -> None:
    """The index places every row of every split, and has every outcome as often as the manifest."""
    index(copy, lambda lines: _exported(lines)[0].update(split="validation"))
    assert told(validate(copy)) == {("index_rows", INDEX, "tuneport")}
    index(copy, lambda lines: lines.pop(lines.index(next(line for line in lines if line["outcome"] == "filtered"))))
    assert told(validate(copy)) == {("index_rows", INDEX, "tuneport"), ("index_counts", INDEX, "filtered")}
    index(copy, lambda lines: lines[0].update(rows=3))
    assert ("index", INDEX, "") in told(validate(copy))


def test_samples_of_the_splits_are_those_exported(copy: Path) -> None:
    """Splits hold what was exported, and no format has more rows of what is not trained on than samples."""
    exported = json.loads((copy / "manifest.json").read_text())["counts"]["exported"]
    split = {"mode": "stable", "asked": {"validation": 0.1}, "samples": {"train": exported - 5, "validation": 5}}
    manifest(copy, lambda m: m.update(split=split))
    assert validate(copy).problems == []

    def moved(data: Any) -> None:
        splits = data["formats"]["tuneport"]["splits"]
        splits["validation"] = splits.pop("train")

    manifest(copy, moved)
    assert ("split_counts", "manifest.json", "tuneport") in told(validate(copy))
    split["samples"] = {"train": exported}
    manifest(copy, lambda m: m.update(split={**split, "samples": {"train": exported - 1}}))
    assert ("split_counts", "manifest.json", "") in told(validate(copy))


def test_what_stands_beside_a_formats_splits_is_allowed_where_it_is_listed(copy: Path) -> None:
    """A side file counts as published where SHA256SUMS has it; among the rows nothing else may stand."""
    side = copy / "data/tuneport/dataset_info.json"
    side.write_text("{}")
    assert told(validate(copy)) == {("unlisted", "data/tuneport/dataset_info.json", "")}
    _resum(copy, "data/tuneport/dataset_info.json")
    assert validate(copy).problems == []
    side.rename(copy / "data/tuneport/train/dataset_info.json")
    _resum(copy, "data/tuneport/train/dataset_info.json")
    assert ("not_in_manifest", "data/tuneport/train/dataset_info.json", "") in told(validate(copy))
