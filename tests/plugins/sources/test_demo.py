"""The demo command, and the plugin's manifest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import tuneport_sources
from tuneport.errors import TargetExistsError, UsageError
from tuneport_sources.demo import demo
from tuneport_sources.sqlite import SqliteSource


def test_demo_writes_a_database_and_a_recipe_that_names_it(tmp_path: Path) -> None:
    """The folder holds two files, the recipe's source is the database beside it, and the next command is named."""
    to = tmp_path / "new" / "demo"
    result = demo(to, rows=50)
    assert sorted(path.name for path in to.iterdir()) == ["faq.toml", "support.db"]
    recipe = tomllib.loads((to / "faq.toml").read_text("utf-8"))
    source = SqliteSource(to / recipe["source"]["path"], recipe["source"]["table"])
    fields = source.info().fields or {}
    assert recipe["source"]["key"] in fields
    assert set(recipe["export"]["field_mapping"].values()) | set(recipe["export"]["metadata_fields"]) <= set(fields)
    assert source.info().rows == 50
    assert str(result).splitlines() == [
        f"{to / 'support.db'}  50 rows, table faq",
        f"{to / 'faq.toml'}",
        f"next  tuneport export {to / 'faq.toml'}",
    ]


@pytest.mark.parametrize("name", ["support.db", "faq.toml"])
def test_demo_overwrites_nothing(tmp_path: Path, name: str) -> None:
    """Where one of the two files exists, neither is written."""
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(TargetExistsError, match=name):
        demo(tmp_path, rows=5)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"mine"


def test_demo_needs_a_row(tmp_path: Path) -> None:
    """A sample without rows is refused before anything is written."""
    with pytest.raises(UsageError):
        demo(tmp_path / "demo", rows=0)
    assert list(tmp_path.iterdir()) == []


def test_a_sample_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When making the database fails, neither it nor a half-made file is to be seen."""

    def fail(*_: Any) -> list[Any]:
        raise KeyboardInterrupt

    monkeypatch.setattr("tuneport_sources.sample._rows", fail)
    with pytest.raises(KeyboardInterrupt):
        demo(tmp_path, rows=5)
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_says_what_the_hooks_register() -> None:
    """plugin.json lists exactly the importers and commands that the plugin registers, and aliases that exist."""
    manifest = json.loads((files(tuneport_sources) / "plugin.json").read_text("utf-8"))
    importers: dict[str, Any] = {}
    commands: list[str] = []
    tuneport_sources.register_importers(
        lambda name, factory, **about: importers.update({name: (factory, about["config"])})
    )
    tuneport_sources.register_commands(lambda name, *_, **__: commands.append(name))
    assert manifest["provides"] == {"importers": list(importers), "commands": commands}
    assert set(manifest["aliases"].values()) == set(importers)
    assert manifest["module"] == tuneport_sources.__name__


def test_registered_factories_make_sources(tmp_path: Path) -> None:
    """A factory called as the host calls it gives a source that reads."""
    importers: dict[str, Any] = {}
    tuneport_sources.register_importers(
        lambda name, factory, **about: importers.update({name: (factory, about["config"])})
    )
    (tmp_path / "a.jsonl").write_bytes(b'{"a": 1}\n')
    demo(tmp_path, rows=5)
    for name, path, expected in (("jsonl", "a.jsonl", 1), ("sqlite", "support.db", 5)):
        factory, config = importers[name]
        source = factory(config(path=tmp_path / path), None)
        assert source.validateSource()
        assert len(list(source.importEntities())) == expected


def test_importing_the_plugin_imports_nothing_heavy() -> None:
    """Finding the plugin costs neither sqlite3 nor msgspec nor pydantic."""
    code = "import sys, tuneport_sources; print(*sys.modules)"
    # Measuring coverage would import some of them.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert not {"sqlite3", "msgspec", "pydantic", "xxhash"} & set(shown.stdout.split())


def test_the_demo_holds_every_outcome_often_enough(tmp_path: Path) -> None:
    """Exported by its recipe, the sample shows each reject code and each odd weight at least 20 times."""
    from tuneport import export

    demo(tmp_path / "demo")
    result = export(tmp_path / "demo/faq.toml")
    codes = {"missing_field", "empty_output", "text_too_short", "text_too_long", "duplicate"}
    codes |= {"bad_utf8", "bad_type", "weight_not_finite"}

    assert set(result.stats.rejects) == codes
    assert min(result.stats.rejects.values()) >= 20
    assert set(result.notes) == {"negative_weight", "no_timestamp", "future_timestamp"}
    assert min(result.notes.values()) >= 20
    assert result.stats.exported_entities > 2300
