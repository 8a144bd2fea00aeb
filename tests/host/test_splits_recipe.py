"""What a recipe, a host application and a command line may ask of a split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuneport import ExportOptions
from tuneport.commands.export import recipe_of
from tuneport.config import validate
from tuneport.errors import DataError, RecipeError, UsageError
from tuneport.model import Problem
from tuneport.options import Output
from tuneport.runs.splitting.empty import empty_side
from tuneport.split import SplitSection


def problems_of(**split: Any) -> list[Problem]:
    """What is wrong with a split."""
    problems: list[Problem] = []
    validate(Output, {"path": "out", "split": split}, "output", problems)
    return problems


def test_one_share_is_enough() -> None:
    """Everything else has its default."""
    section = ExportOptions(output_path="out", split={"validation": 0.1}).split
    assert section == SplitSection(validation=0.1)
    assert section is not None
    assert (section.asked, section.mode, section.group_by) == ({"validation": 0.1}, "stable", [])
    assert ExportOptions(output_path="out").split is None


def test_all_keys_are_taken() -> None:
    """One field stands for a list of it."""
    section = SplitSection.model_validate(
        {
            "test": 0.02,
            "validation": 0.05,
            "group_by": "thread_id",
            "stratify_by": ["product", "lang"],
            "mode": "exact",
            "against": "out/v0011",
            "exclude": "golden.jsonl",
        }
    )
    assert section.group_by == ["thread_id"]
    assert list(section.asked.items()) == [("validation", 0.05), ("test", 0.02)]
    assert section.against == Path("out/v0011")


@pytest.mark.parametrize(
    ("split", "path", "message"),
    [
        ({}, "output.split", "say which share is kept apart, such as validation = 0.1"),
        ({"group_by": "a"}, "output.split", "say which share is kept apart, such as validation = 0.1"),
        ({"validation": 0}, "output.split.validation = 0", "more than 0 is wanted"),
        ({"validation": 1}, "output.split.validation = 1", "less than 1 is wanted"),
        ({"test": "ten"}, 'output.split.test = "ten"', "a number is wanted"),
        ({"validation": 0.5, "test": 0.5}, "output.split", "validation and test together leave nothing to train on"),
        ({"validation": 0.1, "stratify_by": "a"}, "output.split", 'stratify_by wants mode = "exact"'),
        ({"validation": 0.1, "mode": "random"}, 'output.split.mode = "random"', '"stable" or "exact" is wanted'),
        ({"validation": 0.1, "group_by": 1}, "output.split.group_by = 1", "a field's name, or a list of them"),
        ({"validation": 0.1, "group_by": ""}, 'output.split.group_by = ""', "a field without a name"),
        ({"validation": 0.1, "group_by": ["a", "a"]}, "output.split.group_by", "a field that is named twice"),
        ({"validation": 0.1, "by": "a"}, "output.split.by", "unknown key"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(split: dict[str, Any], path: str, message: str) -> None:
    """Each problem names the key, and what is wanted."""
    (problem,) = problems_of(**split)
    assert problem.path == path
    assert message in problem.message


def test_a_mistyped_key_has_the_closest() -> None:
    """Which is one of the split's own."""
    assert problems_of(validation=0.1, groupby="a")[0].hint == 'did you mean "group_by"?'


def test_the_flag_gives_the_recipes_keys(tmp_path: Path) -> None:
    """With `by` and `stratify` as lists where there are commas."""
    text = (
        "validation=0.1, test=0.05,by=thread_id,lang,mode=exact,stratify=product,against=out/old,exclude=golden.jsonl"
    )
    recipe = recipe_of([str(tmp_path / "faq.jsonl")], "out", split=text)
    assert not recipe.problems
    assert recipe.output.split == SplitSection(
        validation=0.1,
        test=0.05,
        group_by=["thread_id", "lang"],
        mode="exact",
        stratify_by=["product"],
        against=Path("out/old"),
        exclude=Path("golden.jsonl"),
    )


def test_the_flag_takes_the_recipes_names_as_well(tmp_path: Path) -> None:
    """Whoever writes recipes knows them; a key under both of its names is given twice."""
    text = "validation=0.1,group_by=thread_id,lang,mode=exact,stratify_by=product"
    section = recipe_of([str(tmp_path / "faq.jsonl")], "out", split=text).output.split
    assert section is not None
    assert (section.group_by, section.stratify_by) == (["thread_id", "lang"], ["product"])
    with pytest.raises(UsageError, match="--split group_by=b: group_by is given twice"):
        recipe_of(["faq.jsonl"], "out", split="validation=0.1,by=a,group_by=b")


def test_the_flag_adds_to_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its paths start from the working directory, and the recipe's own from the recipe's folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "recipes" / "faq.toml"
    path.parent.mkdir()
    path.write_text('source = "faq.jsonl"\noutput = { path = "out", split = { validation = 0.1, against = "old" } }\n')
    recipe = recipe_of(["recipes/faq.toml"], split="validation=0.2,exclude=golden.jsonl")
    section = recipe.output.split
    assert section == SplitSection(validation=0.2, against=Path("old"), exclude=tmp_path / "golden.jsonl")
    path.write_text('source = "faq.jsonl"\noutput = "out"\n')
    assert recipe_of(["recipes/faq.toml"], split="test=0.2").output.split == SplitSection(test=0.2)


def test_a_wrong_value_of_the_flag_names_the_flag(tmp_path: Path) -> None:
    """As other flags do."""
    with pytest.raises(RecipeError, match=r'--split output\.split\.validation = "ten"\n +a number is wanted'):
        recipe_of([str(tmp_path / "faq.jsonl")], "out", split="validation=ten")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("0.1", "--split 0.1: expected key=value", "such as --split validation=0.1,by=thread_id"),
        ("validation=", "--split validation=: expected key=value", "such as"),
        ("validaton=0.1", "--split validaton=0.1: no key 'validaton'", 'did you mean "validation"?'),
        ("by=a,by=b", "--split by=b: by is given twice", "already as ['a']"),
    ],
)
def test_a_flag_that_cannot_be_understood_says_how(text: str, message: str, hint: str) -> None:
    """With an example, or the closest key."""
    with pytest.raises(UsageError) as raised:
        recipe_of(["faq.jsonl"], "out", split=text)
    assert message in raised.value.message
    assert hint in raised.value.hint


def told(samples: dict[str, int], groups: int, **split: Any) -> DataError | None:
    """What is said of the samples on each side."""
    return empty_side(samples, groups, SplitSection.model_validate(split))


def test_an_empty_side_is_an_error_that_says_what_there_was() -> None:
    """Which side, how many there were to split, what was asked, and what to do."""
    error = told({"train": 12}, 7, validation=0.1, group_by=["thread_id"])
    assert error is not None
    assert error.message == "no sample stands in validation: 7 groups were split by thread_id, 10 % for validation"
    assert 'take mode = "exact"' in error.hint
    assert "group by a field with more values" in error.hint
    error = told({"train": 1, "validation": 0}, 1, validation=0.1, test=0.025, mode="exact")
    assert error is not None
    assert error.message == (
        "no sample stands in validation and test: 1 sample was split, 10 % for validation and 2.5 % for test"
    )
    assert "exact" not in error.hint
    assert told({"validation": 3}, 3, validation=0.9) is not None


def test_sides_that_nobody_asked_for_may_be_empty() -> None:
    """Without a share of test there is no test."""
    assert told({"train": 9, "validation": 1}, 10, validation=0.1) is None
