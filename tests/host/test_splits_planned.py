"""What of a split is settled before a record is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tools import recipe

from tuneport import export
from tuneport.errors import RecipeError
from tuneport.runs import plan_export


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A hundred records in fifty threads."""
    lines = [
        {"id": n, "thread": n % 50, "question": f"What is number {n}?", "answer": f"It is the number {n}."}
        for n in range(100)
    ]
    (tmp_path / "faq.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path / "faq.jsonl"


def asking(source: Path, target: Path, **split: Any) -> dict[str, Any]:
    """A recipe with a split."""
    data = recipe(source, target)
    data["output"] |= {"split": {"validation": 0.2, **split}, "index": True}
    return data


def problems_of(data: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Path, message and hint of everything that is wrong with a recipe."""
    with pytest.raises(RecipeError) as caught:
        plan_export(data)
    return [(problem.path, problem.message, problem.hint) for problem in caught.value.problems]


def test_a_group_that_no_record_has(source: Path, tmp_path: Path) -> None:
    """A misspelt field would leave every record on its own: it is a problem where fields are only seen, too."""
    (problem,) = problems_of(asking(source, tmp_path / "out", group_by="thraed"))

    assert problem[:2] == ("output.split.group_by", 'none of the first records has a field "thraed"')
    assert 'did you mean "thread"?' in problem[2]


def test_everything_wrong_with_a_split_is_told_at_once(source: Path, tmp_path: Path) -> None:
    """Neither an earlier dataset nor a file of rows to leave out that is missing hides the other."""
    found = problems_of(asking(source, tmp_path / "out.jsonl", against="nowhere", exclude="nothing.jsonl"))

    assert sorted(path.partition(" ")[0] for path, _, _ in found) == [
        "output.split",
        "output.split.against",
        "output.split.exclude",
    ]


def test_a_plan_says_that_groups_wait(source: Path, tmp_path: Path) -> None:
    """Where a new group stays depends on all its samples; without groups each one has its place by itself."""
    export(asking(source, tmp_path / "alone"))
    export(asking(source, tmp_path / "grouped", group_by="thread"))
    alone = plan_export(asking(source, tmp_path / "out", against=str(tmp_path / "alone")))
    grouped = plan_export(asking(source, tmp_path / "out", against=str(tmp_path / "grouped"), group_by="thread"))

    assert alone.waits == ()
    assert grouped.waits == ("a new group stays where its samples stood in output.split.against",)


def test_the_first_version_has_nothing_to_go_by(source: Path, tmp_path: Path) -> None:
    """A recipe that runs every week names its own versions: the first run starts them, the next is split alike."""
    data = asking(source, tmp_path / "out", against=str(tmp_path / "out"), group_by="thread")
    data["output"]["on_exists"] = "version"
    first = export(data)
    with source.open("a") as file:
        file.write(json.dumps({"id": 100, "thread": 7, "question": "And this?", "answer": "It belongs to 7."}) + "\n")
    again = export(data).dataset.manifest.split

    assert first.dataset.manifest.split is not None
    assert first.dataset.manifest.split.stayed == 0
    assert again is not None
    assert (again.moved, again.stayed, again.against) == (0, 50, first.digest)


def test_the_audit_looks_at_what_was_written(source: Path, tmp_path: Path) -> None:
    """What a validator refused stands on no side: it is no group, and no prompt of it leaks."""
    with source.open("a") as file:
        for number in range(100):
            record = {"id": 100 + number, "thread": 1000 + number, "question": f"What is number {number}?"}
            file.write(json.dumps(record | {"answer": f"Nobody knows {number}!"}) + "\n")
    data = asking(source, tmp_path / "out", group_by="thread")
    schema = '{"properties": {"output": {"pattern": "[.]$"}}}'
    data["export"] = {"structured_gen": {"enable_schema_validation": True, "json_schema": schema}}
    split = export(data).dataset.manifest.split

    assert split is not None
    assert (split.groups, split.prompts_on_both_sides) == (50, 0)
    del data["export"]
    data["output"]["path"] = str(tmp_path / "all")
    every = export(data).dataset.manifest.split
    assert every is not None
    assert every.groups == 150
    assert every.prompts_on_both_sides > 0
