"""`tuneport inspect` as people meet it: what there is, a recipe, and a next command that works."""

from __future__ import annotations

import json
import shlex
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path

import pytest
from tools import rows

from tuneport.commands.previewed import columns


def tuneport(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run one command line."""
    command = [sys.executable, "-W", "error", "-m", "tuneport", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)


def shown(*arguments: str, cwd: Path) -> str:
    """What an inspection says."""
    ran = tuneport("inspect", *arguments, cwd=cwd)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def following(text: str) -> list[str]:
    """The arguments of the next command."""
    last = text.rstrip("\n").rpartition("\n")[2]
    assert last.startswith("next  tuneport ")
    return shlex.split(last)[2:]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample database."""
    place = tmp_path_factory.mktemp("inspect")
    assert tuneport("demo", "--to", ".", "--rows", "300", cwd=place).returncode == 0
    return place


def test_from_a_database_to_a_dataset(demo: Path) -> None:
    """What is shown is what is written; each next command works, up to rows."""
    text = shown("support.db", cwd=demo)
    lines = text.splitlines()
    recipe = text[text.index("# Suggested") : text.index("\nnext  ")]

    assert lines[0].startswith("support.db, table faq, 300 records")
    assert lines[2].split() == ["FIELD", "TYPE", "NULL", "MEDIAN", "LONGEST", "DISTINCT", "EXAMPLE"]
    assert lines[3].split()[:3] == ["id", "integer", "unique"]
    assert all(columns(line) <= 100 for line in lines[: lines.index("[source]") - 2])
    arguments = following(text)
    assert arguments == ["inspect", "support.db", "--write", "recipe.toml"]

    written = tuneport(*arguments, cwd=demo)
    assert written.stdout.endswith("\n\nwrote recipe.toml\nnext  tuneport preview recipe.toml\n")
    assert (demo / "recipe.toml").read_text() == recipe
    preview = tuneport(*following(written.stdout), cwd=demo)
    assert tuneport(*following(preview.stdout), cwd=demo).returncode == 0
    assert len(rows(demo / tomllib.loads(recipe)["output"]["path"])) > 200

    again = tuneport(*arguments, cwd=demo)
    assert (again.returncode, again.stdout) == (73, "")
    assert "recipe.toml exists" in again.stderr


def test_several_tables(tmp_path: Path) -> None:
    """They are listed with key, columns and about how many rows; the next command names one."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute(f"CREATE TABLE wide ({', '.join(f'column_{n} TEXT' for n in range(40))})")
        connection.executemany("INSERT INTO customer (name) VALUES (?)", [("Ann",), ("Ben",)])
        connection.commit()
    text = shown("shop.db", cwd=tmp_path)
    lines = text.splitlines()

    assert lines[0] == "shop.db, 2 tables"
    assert lines[2].split() == ["TABLE", "ROWS", "KEY", "COLUMNS"]
    assert lines[3].split() == ["customer", "about", "2", "id", "id,", "name"]
    assert lines[4].endswith("...")
    assert all(columns(line) <= 100 for line in lines)
    assert following(text) == ["inspect", "shop.db", "--table", "NAME"]
    assert "customer" in tuneport("inspect", "shop.db", "--table", "costumer", cwd=tmp_path).stderr
    document = json.loads(shown("shop.db", "--json", cwd=tmp_path))
    assert [table["name"] for table in document["tables"]] == ["customer", "wide"]
    assert document["tables"][0]["fields"] == {"id": "integer", "name": "string"}
    assert document["recipe"] == ""


def test_one_json_document(demo: Path) -> None:
    """With facts and recipe; the recipe is that of the text."""
    document = json.loads(shown("support.db", "--table", "faq", "--json", cwd=demo))

    assert (document["title"], document["rows"], document["tables"]) == ("support.db, table faq", 300, [])
    assert document["fields"][0] == {
        "name": "id",
        "type": "integer",
        "nulls": 0.0,
        "median_length": None,
        "max_length": None,
        "distinct": 300 - document["unreadable"],
        "unique": True,
        "example": "1",
    }
    assert document["recipe"] in shown("support.db", "--table", "faq", cwd=demo)
    assert shown("support.db", "-q", cwd=demo) == ""


def test_a_hostile_file_does_not_write_to_the_terminal(tmp_path: Path) -> None:
    """Neither its names nor its values can; long names and many fields are cut."""
    record = {"\u001b[2Jname\n": "\u001b[31mred", "n" * 50: "x", **{f"f{n}": n for n in range(70)}}
    (tmp_path / "in.jsonl").write_text(json.dumps(record) + "\n")
    text = shown("in.jsonl", cwd=tmp_path)

    assert "\u001b" not in text
    assert "  and 12 more fields\n" in text
    assert all(columns(line) <= 100 for line in text[: text.index("# Suggested")].splitlines())


def test_nothing_to_suggest_is_told(tmp_path: Path) -> None:
    """An empty file has no fields and no recipe; that is no failure until one is to be written."""
    (tmp_path / "in.jsonl").write_text("\n")

    assert shown("in.jsonl", cwd=tmp_path) == (
        "in.jsonl, 0 records\n\nno fields\n\nno column to train on, so no recipe\n"
    )
    assert tuneport("inspect", "in.jsonl", "--write", "a.toml", cwd=tmp_path).returncode == 65
    assert tuneport("inspect", "gone.jsonl", cwd=tmp_path).returncode == 66
    assert tuneport("inspect", "in.docx", cwd=tmp_path).returncode == 2
