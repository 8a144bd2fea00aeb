"""`tuneport export x.json`: a recipe where the file is one, else a source."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, rows

from tuneport.commands.export import recipe_of

RECORDS = [{"id": number, "question": f"What is {number}?", "answer": f"It is number {number}."} for number in range(9)]


def tuneport(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run one command line."""
    command = [sys.executable, "-m", "tuneport", "export", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)


def test_a_json_file_is_exported(tmp_path: Path) -> None:
    """An array of objects becomes a dataset like any other source, with rejects located by index."""
    (tmp_path / "faq.json").write_text(json.dumps([*RECORDS, 7, {"id": 10, "question": "?"}]))
    ran = tuneport("faq.json", "--to", "out", "--now", NOW, cwd=tmp_path)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert [row["instruction"] for row in rows(tmp_path / "out")] == [record["question"] for record in RECORDS]
    rejects = [json.loads(line) for line in (tmp_path / "out/rejects/00000.jsonl").read_text().splitlines()]
    assert [(one["locator"], one["code"]) for one in rejects][:1] == [("faq.json[9]", "bad_json")]
    assert rejects[1]["locator"] == "faq.json[10]"


def test_the_place_is_set_from_outside(tmp_path: Path) -> None:
    """A nested array is named by --set source.at, as the error says."""
    (tmp_path / "faq.json").write_text(json.dumps({"entries": {"guidelines": RECORDS}}))
    asked = tuneport("faq.json", "--to", "out", cwd=tmp_path)
    ran = tuneport("faq.json", "--to", "out", "--set", "source.at=entries.guidelines", cwd=tmp_path)

    assert asked.returncode == 69
    assert 'source.at = "entries.guidelines"' in asked.stderr
    assert ran.returncode == 0
    assert len(rows(tmp_path / "out")) == 9


def test_a_recipe_in_json_is_still_one(tmp_path: Path) -> None:
    """A recipe may read a JSON file, and is told apart from it."""
    (tmp_path / "faq.json").write_text(json.dumps({"items": RECORDS, "source": "a forum"}))
    (tmp_path / "recipe.json").write_text(json.dumps({"source": "faq.json", "output": "out"}))
    ran = tuneport("recipe.json", cwd=tmp_path)

    assert ran.returncode == 0
    assert len(rows(tmp_path / "out")) == 9


def test_json_lines_by_another_name_are_explained(tmp_path: Path) -> None:
    """The hint says how a file of JSON lines is read."""
    (tmp_path / "faq.json").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    ran = tuneport("faq.json", "--to", "out", cwd=tmp_path)
    told = tuneport("faq.json", "--to", "out", "--set", "source.importer=jsonl", cwd=tmp_path)

    assert ran.returncode == 69
    assert 'source.importer = "jsonl"' in ran.stderr
    assert told.returncode == 0


def test_a_missing_file_is_a_missing_recipe(tmp_path: Path) -> None:
    """A name that is not there is reported as before."""
    ran = tuneport("faq.json", "--to", "out", cwd=tmp_path)

    assert ran.returncode == 66
    assert "recipe faq.json: No such file" in ran.stderr


RECIPES: list[Any] = [
    {"source": "faq.json"},
    {"output": "out"},
    {"params": {}, "run": {}, "export": {}, "output": "out", "source": "faq.json"},
    {"source": "faq.json", "output": "out", "exprot": {}},
    '\ufeff  {"source": "faq.json", "output": "out"}',
]
SOURCES: list[Any] = [
    [],
    [{"source": "x", "output": "y"}],
    "\ufeff \n\t[",
    {},
    {"run": {}, "export": {}},
    {"items": [], "source": "a forum"},
    {"source": "a forum", "output": "x", "items": [{}]},
    '{"output": "one"}\n{"output": "two"}\n',
    '{"items": [{"a": 1}',
    "12",
    "",
    b"\xff\xfe",
    '{"a": ' + "[" * 5000,
    '{"source": "faq.json", "output": "' + "x" * (1 << 20) + '"}',
]


def written(folder: Path, content: Any) -> str:
    """A file `x.json` of these bytes, this text, or this document."""
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    (folder / "x.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(folder / "x.json")


@pytest.mark.parametrize("content", RECIPES, ids=range(len(RECIPES)))
def test_a_recipe_has_sections(tmp_path: Path, content: Any) -> None:
    """Sections of a recipe, with a source or an output among them, make it one; its paths start from its folder."""
    assert recipe_of([written(tmp_path, content)], "-").base == tmp_path


@pytest.mark.parametrize("content", SOURCES, ids=range(len(SOURCES)))
def test_anything_else_is_a_source(tmp_path: Path, content: Any) -> None:
    """Arrays, other objects, JSON lines, broken and huge files are sources."""
    path = written(tmp_path, content)
    recipe = recipe_of([path], "-")
    assert (recipe.origin, recipe.source[0].settings) == (path, {"path": path})


def test_a_slip_in_a_recipe_is_a_recipes_error(tmp_path: Path) -> None:
    """A file that starts as a recipe and is no JSON is reported as a recipe, with the place."""
    path = written(tmp_path, '{"source": "faq.json",\n "output": out}')
    with pytest.raises(Exception, match="2:12  not JSON: Expecting value"):
        recipe_of([path])
