"""`tuneport export x.json`: a recipe where the file is one, else a source; and `--json`, what a script is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec.json
import pytest
from tools import NOW, rows

from tuneport.commands.export import recipe_of
from tuneport.dataset import DatasetManifest

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


def test_a_script_is_told_what_a_person_is(tmp_path: Path) -> None:
    """Splits, weights, what is not carried and notes, as manifest and terminal have them, and as the schema says."""
    records = [{**record, "product": "Drift", "votes": 9 - number} for number, record in enumerate(RECORDS)]
    (tmp_path / "faq.json").write_text(json.dumps(records))
    asked = ["faq.json", "--to", "out", "--now", NOW, "--on-exists", "replace", "--split", "test=0.34,mode=exact"]
    asked += ["--set", 'export.metadata_fields={product="string"}', "--set", 'export.weighting={weight_field="votes"}']
    asked += ["--format", "trl", "--format", "openai"]
    ran, again = tuneport(*asked, "--json", cwd=tmp_path), tuneport(*asked, "--json", cwd=tmp_path)
    said, same = json.loads(ran.stdout), json.loads(again.stdout)
    manifest = msgspec.json.decode((tmp_path / "out/manifest.json").read_bytes(), type=DatasetManifest)

    assert said["splits"] == {"test": 3, "train": 6}
    assert said["split"] == msgspec.to_builtins(manifest.split)
    assert (said["split"]["asked"], said["split"]["mode"], said["split"]["prompts_on_both_sides"]) == (
        {"test": 0.34},
        "exact",
        0,
    )
    assert said["weights"] == manifest.weights
    assert said["weights"]["count"] == 6
    assert {name: one["weights"] for name, one in said["formats"].items()} == {"trl": "column", "openai": "replicate"}
    assert {name: one["not_carried"] for name, one in said["formats"].items()} == {
        name: one.losses for name, one in manifest.formats.items()
    }
    assert said["formats"]["trl"]["not_carried"] == {"metadata": 9}
    shown = " ".join(tuneport(*asked, "--set", "run.seed=2", cwd=tmp_path).stdout.split())
    assert [text.split()[0] for text in said["notes"]] == ["openai"]
    assert f"note {said['notes'][0]}" in shown
    assert (same["status"], same["splits"], same["notes"]) == ("unchanged", said["splits"], said["notes"])

    command = [sys.executable, "-m", "tuneport", "schema", "result"]
    schema = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    judge = jsonschema_rs.validator_for(json.loads(schema), offline=True)
    assert judge.is_valid(said)
    assert judge.is_valid(same)
    assert not judge.is_valid({**said, "splits": 9})
    assert not judge.is_valid({**said, "formats": {"trl": {"weights": 1}}})
    assert said.keys() <= properties(json.loads(schema), "Published")


def properties(schema: dict[str, Any], name: str) -> set[str]:
    """What a schema knows of one of its objects."""
    return set(schema["$defs"][name]["properties"])


def test_where_nothing_is_split_all_is_train(tmp_path: Path) -> None:
    """A script need not ask whether there is a split."""
    (tmp_path / "faq.json").write_text(json.dumps(RECORDS))
    said = json.loads(tuneport("faq.json", "--to", "out.jsonl", "--json", cwd=tmp_path).stdout)
    assert (said["splits"], said["split"], said["notes"]) == ({"train": 9}, None, [])
