"""Reading recipes: files, overrides, and where paths start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuneport import Recipe
from tuneport.errors import RecipeError, SourceNotFoundError, UsageError
from tuneport.recipes import load_recipe, parse_recipe
from tuneport.recipes.loading import override

TOML = """
source = "a.db"
output = "out/faq"
[export]
style = "chat_completion"
"""


@pytest.mark.parametrize("name", ["r.toml", "r.json", "R.JSON"])
def test_toml_and_json_say_the_same(name: str, tmp_path: Path) -> None:
    """A recipe is TOML or JSON; a path alone stands for its section; relative paths start from its folder."""
    json = '{"source": "a.db", "output": "out/faq", "export": {"style": "chat_completion"}}'
    (tmp_path / name).write_text(TOML if name.endswith("toml") else json, encoding="utf-8-sig")
    recipe = load_recipe(tmp_path / name)

    assert recipe.source is not None
    assert recipe.source.settings == {"path": "a.db"}
    assert recipe.export.settings == {"style": "chat_completion"}
    assert recipe.resolve(Path("a.db")) == tmp_path / "a.db"
    assert recipe.resolve(Path("/a.db")) == Path("/a.db")
    assert not recipe.problems


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("output.min_rows=10", "output.min_rows", 10),
        ("output.shard_size=64MiB", "output.shard_size", "64MiB"),
        ("export.metadata_fields=['a', 'b']", "export.metadata_fields", ["a", "b"]),
        ("run.now=2026-01-01T00:00:00Z", "run.now", None),
        ("source.table = faq", "source.table", "faq"),
        ('source.table="1"', "source.table", "1"),
        ("export.quality.skip_duplicates=false", "export.quality.skip_duplicates", False),
        ("export.text==", "export.text", "="),
    ],
)
def test_settings_are_toml_or_text(setting: str, path: str, value: Any) -> None:
    """--set takes any key by its path; its value is TOML where it can be, and text otherwise."""
    data: dict[str, Any] = {"source": "a.db", "output": "x"}
    override(data, [setting], {})
    found: Any = data
    for step in path.split("."):
        found = found[step]

    assert found == value or value is None
    assert data["source"] in ("a.db", {"path": "a.db", **({"table": value} if "table" in path else {})})


@pytest.mark.parametrize("setting", ["novalue", "=3", "output.path.inner=3"])
def test_settings_that_make_no_sense(setting: str) -> None:
    """A setting without a value, or into something that is no section, is an error of usage."""
    with pytest.raises(UsageError):
        override({"output": {"path": "x"}}, [setting], {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = ", "not TOML"),
        ("a = 1\na = 2", "not TOML"),
        ("x = " + "9" * 5000, "not TOML"),
        ("x=" + "[" * 3000, "TOML"),
    ],
)
def test_files_that_are_no_recipes(text: str, told: str, tmp_path: Path) -> None:
    """What cannot be read is a RecipeError with the reader's own words."""
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(RecipeError, match=told):
        load_recipe(tmp_path / "r.toml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, one that is no text, and one that is far too large are told apart."""
    with pytest.raises(SourceNotFoundError, match="No such file"):
        load_recipe(tmp_path / "r.toml")
    (tmp_path / "r.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match="not UTF-8"):
        load_recipe(tmp_path / "r.toml")
    (tmp_path / "r.toml").write_bytes(b"#" * (1 << 21))
    with pytest.raises(RecipeError, match="larger than"):
        load_recipe(tmp_path / "r.toml")
    (tmp_path / "r.json").write_text("[1]")
    with pytest.raises(RecipeError, match="not an object"):
        load_recipe(tmp_path / "r.json")


def test_a_wrong_recipe_keeps_its_problems_for_the_plan() -> None:
    """Wrong keys are left out and remembered, so that a plan can tell them with the others."""
    recipe = parse_recipe({"source": "a.db", "output": {"path": "x", "min_rows": -1}, "run": {"sed": 1}})

    assert isinstance(recipe, Recipe)
    assert recipe.output.min_rows == 1
    assert [problem.path for problem in recipe.problems] == ["output.min_rows = -1", "run.sed"]
