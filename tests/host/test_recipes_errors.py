"""What is wrong with a recipe, and where in its text."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import msgspec.json
import pytest

from tuneport import PluginManager, Problem, Recipe
from tuneport.commands.terminal import failed
from tuneport.errors import RecipeError, StorageError
from tuneport.recipes import load_recipe, parse_recipe
from tuneport.recipes.schema import Failed, recipe_schema

TOML = """\
source = "a.db"

[export]
formats = [
  "tuneport",
  "lama_factory",
]
stile = "x"

[output]
path = "out"
min_rows = -1
[run]
sed = 1
"""

SHOWN = """\
r.toml: 6 problems, nothing read or written

  1:1    source
         cannot be read
  6:3    export.formats[1] = "lama_factory"
         no such format; did you mean "llama_factory"?
  8:1    export.stile
         unknown key; did you mean "style"?
  12:12  output.min_rows = -1
         0 or more is wanted
  14:1   run.sed
         unknown key; did you mean "seed"?
  --set  output.max_shrink = 7
         1 or less is wanted"""


def loaded(text: str, folder: Path, *settings: str, name: str = "r.toml") -> Any:
    """The recipe in a file, its name as short as somebody who stands in the folder would see it."""
    (folder / name).write_text(text)
    recipe = load_recipe(folder / name, settings)
    recipe._origin = name
    return recipe


def test_problems_stand_in_the_order_of_the_text(tmp_path: Path) -> None:
    """Each has its line and column: of the key, or of the value it shows; what --set gave has none, and says so."""
    recipe = loaded(TOML, tmp_path, "output.max_shrink=7")
    later = [
        Problem('export.formats[1] = "lama_factory"', "no such format", 'did you mean "llama_factory"?'),
        Problem("export.stile", "unknown key", 'did you mean "style"?'),
        Problem("source.path", "cannot be read"),
    ]
    error = recipe.refused([*recipe.problems, *later])

    assert str(error) == SHOWN.replace("1:1    source\n", "1:1    source.path\n")
    assert [(one.line, one.column) for one in error.problems][-2:] == [(14, 1), (0, 0)]
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  -- our own bytes


def test_json_recipes_have_places_too(tmp_path: Path) -> None:
    """Line and column are those of the JSON text."""
    recipe = loaded('{"source": "a.db",\n "output": {"path": "out",\n  "min_rows": -1}}', tmp_path, name="r.json")

    assert str(recipe.refused(recipe.problems)).splitlines()[2] == "  3:15  output.min_rows = -1"


@pytest.mark.parametrize("text", ['[source]\npath = "a"\nlimit = 0\n', '[[source]]\npath = "a"\nlimit = 0\n'])
def test_one_source_is_called_source(text: str, tmp_path: Path) -> None:
    """However it is written; and one wrong key of it leaves the others."""
    recipe = loaded(text, tmp_path)

    assert "3:9  source.limit = 0" in str(recipe.refused(recipe.problems))
    assert recipe.source[0].settings == {"path": "a"}


def test_several_sources_are_numbered(tmp_path: Path) -> None:
    """From 0, as in any list."""
    recipe = loaded('[[source]]\npath = "a"\n[[source]]\npath = "b"\nlimit = 0', tmp_path, "source[0].key=[1]")

    assert str(recipe.refused(recipe.problems)).splitlines()[2:] == [
        "  5:9    source[1].limit = 0",
        "         1 or more is wanted",
        "  --set  source[0].key[0] = 1",
        "         a text is wanted",
    ]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("export.weighting.weight_field", "3:2"),
        ("export.formats[7].use", "4:1"),
        ("output.path = 3", "11:8"),
        ("params.since", ""),
        ("", ""),
    ],
)
def test_what_is_not_in_the_text_is_told_at_the_nearest_parent(path: str, place: str, tmp_path: Path) -> None:
    """A missing key at its section; what has no parent at all without a place."""
    recipe = loaded(TOML, tmp_path)
    (problem,) = recipe.refused([Problem(path, "x")]).problems

    assert (f"{problem.line}:{problem.column}" if problem.line else "") == place


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("r.toml", 'a = 1\nb = "x', "2:7  not TOML: Unterminated string"),
        ("r.toml", "a = [1,\n2", "2:2  not TOML: Unclosed array"),
        ("r.json", '{"a":\n 1,}', "2:4  not JSON: Expecting property name"),
        ("r.toml", "x = " + "9" * 5000, "not TOML: Exceeds the limit"),
    ],
)
def test_syntax_errors_look_alike(name: str, text: str, told: str, tmp_path: Path) -> None:
    """Line and column of what could not be read, where the reader says so."""
    with pytest.raises(RecipeError) as caught:
        loaded(text, tmp_path, name=name)

    first, _, line = str(caught.value).splitlines()
    assert first.endswith(": 1 problem, nothing read or written")
    assert line.startswith(f"  {told}")


def test_without_a_text_problems_stand_one_below_the_other() -> None:
    """A mapping has no lines."""
    recipe = parse_recipe({"output": {"path": "x", "min_rows": -1}, "run": {"sed": 1}})

    assert str(recipe.refused(recipe.problems)) == (
        "recipe: 2 problems, nothing read or written\n\n"
        "  output.min_rows = -1\n    0 or more is wanted\n\n"
        '  run.sed\n    unknown key; did you mean "seed"?'
    )


def test_a_document_of_failure_lists_the_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With path, message, hint, line and column, as `tuneport schema result` says; other errors have no such list."""
    recipe = loaded(TOML, tmp_path)
    assert failed(recipe.refused(recipe.problems), as_json=True) == 78
    text = capsys.readouterr().out
    document = msgspec.json.decode(text, type=Failed)
    assert failed(StorageError("full"), as_json=True) == 74

    assert json.loads(text)["error"]["problems"][0] == {
        "path": "output.min_rows = -1",
        "message": "0 or more is wanted",
        "hint": "",
        "line": 12,
        "column": 12,
    }
    assert [one.line for one in document.error.problems] == [12, 14]
    assert "problems" not in json.loads(capsys.readouterr().out)["error"]


FIELDS = [("source", "key"), ("source.group", "by"), ("output.split", "group_by"), ("output.split", "stratify_by")]
"""Keys of a recipe that name fields: the section, and the key."""


@pytest.mark.parametrize(("section", "key"), FIELDS)
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1, "a field's name, or a list of them"),
        ([""], "a field without a name"),
        (["a", "a"], "a field that is named twice"),
    ],
)
def test_names_of_fields_are_wrong_in_the_same_words(section: str, key: str, value: Any, said: str) -> None:
    """Whichever key names them."""
    top, _, inner = section.partition(".")
    given = {inner: {key: value}} if inner else {key: value}
    recipe = {"source": {"path": "a.jsonl"}, "output": {"path": "out"}}
    with pytest.raises(RecipeError) as caught:
        must_be_right(parse_recipe({**recipe, top: {**recipe[top], **given}}))
    assert any(one.path.startswith(f"{section}.{key}") and said in one.message for one in caught.value.problems)


def must_be_right(recipe: Recipe) -> None:
    """Raise for what a recipe's reader has only noted."""
    if recipe.problems:
        raise RecipeError(recipe.problems)


def test_names_of_fields_have_one_schema() -> None:
    """A name or several, none of them empty."""
    definitions = recipe_schema(PluginManager())["$defs"]
    keys = [
        ("SourceSection", "key"),
        ("GroupSection", "by"),
        ("SplitSection", "group_by"),
        ("SplitSection", "stratify_by"),
    ]
    name = {"type": "string", "minLength": 1}
    for model, key in keys:
        choices = definitions[model]["properties"][key]["anyOf"]
        assert choices == [name, {"type": "array", "items": name}, {"$ref": "#/$defs/Reference"}]
