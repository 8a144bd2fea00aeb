"""A run that splits and is killed between any two disk operations is taken up to the same bytes.

TUNEPORT_KILL_EVERY is the distance between two kill points (1 is every one of them; the default keeps the
suite short).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tools import Killed, Mortal, recipe, tree

from tuneport.dataset import Dataset
from tuneport.errors import TargetExistsError
from tuneport.runs import Sizes, execute, plan_export
from tuneport.runs.storage import Storage

SMALL = Sizes(part_bytes=5_000, savepoint_bytes=9_000)
EVERY = int(os.environ.get("TUNEPORT_KILL_EVERY", "24"))

SPLITS: dict[str, dict[str, Any]] = {
    "stable": {"validation": 0.2, "test": 0.1, "group_by": "thread", "exclude": "../golden.jsonl", "against": "../old"},
    "exact": {"validation": 0.2, "mode": "exact", "stratify_by": "kind", "against": "../plain"},
}


def lines(numbers: range, shift: int = 0) -> str:
    """Records in threads of four, some of them twice, and questions that stand in several threads."""
    return "".join(
        json.dumps(
            {
                "id": number,
                "thread": (number + shift) // 4,
                "kind": "ab"[number % 3 % 2],
                "question": f"What is sign {number % 150}?",
                "answer": f"It stands for number {number - number % 7 // 6}. Read on in the manual.",
            }
        )
        + "\n"
        for number in numbers
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder to export into, beside what the splits read: rows to evaluate with, and two earlier datasets."""
    (tmp_path / "faq.jsonl").write_text(lines(range(300)))
    (tmp_path / "before.jsonl").write_text(lines(range(100, 400), shift=1))
    (tmp_path / "golden.jsonl").write_text('{"question": "what is sign 7?"}\n')
    for name, split in (("old", {"validation": 0.3, "group_by": "thread"}), ("plain", {"validation": 0.3})):
        data = recipe(tmp_path / "before.jsonl", tmp_path / name)
        data["output"] |= {"split": split, "index": True}
        run(data, Storage())
    return tmp_path / "place"


def run(data: dict[str, Any], storage: Storage) -> None:
    """One run, cut small enough for several savepoints."""
    execute(plan_export(data, sizes=SMALL), storage=storage)


def asked(place: Path, split: str) -> dict[str, Any]:
    """The recipe, into an empty folder."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    read = {key: str(place / value) for key, value in SPLITS[split].items() if key in {"against", "exclude"}}
    data = recipe(place.parent / "faq.jsonl", place / "out")
    data["output"] |= {"split": {**SPLITS[split], **read}, "index": True, "shard_size": 20_000}
    return data


@pytest.mark.parametrize("split", SPLITS)
def test_a_killed_split_goes_on_to_the_same_bytes(split: str, place: Path) -> None:
    """Rows, index, and what was looked for across the split: what stood before the crash counts as well."""
    whole = Mortal(last=10**9)
    run(asked(place, split), whole)
    expected = tree(place / "out")
    info = Dataset.open(place / "out").manifest.split

    assert info is not None
    assert (info.groups_on_both_sides, info.moved) == (0, 0)
    assert info.groups > 50
    assert info.stayed > 20
    assert (info.samples_moved > 5) == ("group_by" in SPLITS[split])
    assert info.prompts_on_both_sides > 5
    for last in {*range(0, whole.operations, EVERY), whole.operations - 1}:
        data = asked(place, split)
        with pytest.raises(Killed):
            run(data, Mortal(last))
        over = pytest.raises(TargetExistsError) if last == whole.operations - 1 else contextlib.nullcontext()
        with over:
            run(data, Storage())
        assert tree(place / "out") == expected, f"killed before operation {last}"


@pytest.mark.parametrize("split", SPLITS)
def test_killed_again_and_again_it_still_ends_in_the_same_bytes(split: str, place: Path) -> None:
    """Each time a little later, over what earlier lives made durable."""
    run(asked(place, split), Storage())
    expected = tree(place / "out")
    data, deaths = asked(place, split), 0
    for last in range(10, 10_000, 10):
        try:
            run(data, Mortal(last))
            break
        except Killed:
            deaths += 1
    assert deaths > 3
    assert tree(place / "out") == expected
