"""The bundled plugins and the examples as files in a directory: the same code, found another way."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from host.plugin_manager.exporting import ENTITIES, export, exporter, rows
from tuneport import ExportOptions, PluginManager
from tuneport.plugin_manager import lock_directory

REPOSITORY = Path(__file__).parents[3]
BUNDLED = sorted(path.name for path in (REPOSITORY / "src/plugins").iterdir() if path.is_dir())


def dropped(into: Path, *names: str) -> Path:
    """A directory with copies of plugin folders."""
    for name in names:
        folder = REPOSITORY / "examples" / name
        source = folder if folder.is_dir() else REPOSITORY / "src/plugins" / name
        shutil.copytree(source, into / name, ignore=shutil.ignore_patterns("__pycache__"))
    lock_directory(into)
    return into


def test_every_bundled_plugin_is_found_in_its_folder_as_by_its_entry_point(tmp_path: Path) -> None:
    """Same name, version, digest, and after loading the same things provided."""
    there = PluginManager([dropped(tmp_path / "plugins", *BUNDLED)], discover=False)
    here = PluginManager()
    assert [one.name for one in there.list(state="ready")] == BUNDLED
    for record in there.list():
        other = here.get(record.name)
        here.load_plugin(other)
        there.load_plugin(record)
        assert (record.version, record.digest, record.provides) == (other.version, other.digest, other.provides)
        assert record.instance is not other.instance


def test_rows_are_the_same_bytes_and_the_same_code_is_named(tmp_path: Path) -> None:
    """A dataset made by the copies is the one made by what is installed."""
    config: dict[str, Any] = {
        "quality": {"min_text_length": 1},
        "structured_gen": {"enable_schema_validation": True, "json_schema": '{"required": ["output"]}'},
        "quality_metrics": {"enable_metrics": True},
    }
    options: dict[str, Any] = {"now": "2026-01-01T00:00:00Z"} if "now" in ExportOptions.model_fields else {}
    found = {}
    for name, manager in (
        ("here", PluginManager()),
        ("there", PluginManager([dropped(tmp_path / "plugins", *BUNDLED)], discover=False)),
    ):
        one = exporter(manager, "jsonl_llm", config)
        one.exportEntities(iter(ENTITIES), ExportOptions(output_path=tmp_path / name, **options))
        data = next((tmp_path / name / "data").rglob("*.jsonl")).read_bytes()
        import json

        plugins = json.loads((tmp_path / name / "manifest.json").read_text())["plugins"]
        found[name] = (data, plugins)
    assert found["here"] == found["there"]


def test_an_example_may_be_dropped_in(tmp_path: Path) -> None:
    """Beside what is installed: its format makes rows, and the dataset names its code by digest."""
    manager = PluginManager([dropped(tmp_path / "plugins", "acme")])
    record = manager.get("acme")
    assert record.deployed
    config = {"quality": {"min_text_length": 1}, "formats": ["acme:inhouse"]}
    stats = exporter(manager, "jsonl_llm", config).exportEntities(
        iter(ENTITIES), ExportOptions(output_path=tmp_path / "out")
    )
    assert stats.exported_entities == len(ENTITIES)
    assert record.digest in (tmp_path / "out/manifest.json").read_text()
    assert len(rows(next((tmp_path / "out/data/inhouse").rglob("*.jsonl")))) == len(ENTITIES)


def test_a_whole_exporter_may_be_dropped_in(tmp_path: Path) -> None:
    """And be loaded by the path of its folder."""
    folder = dropped(tmp_path / "plugins", "whole_exporter")
    one = PluginManager().load(folder / "whole_exporter")
    one.exportEntities(iter(ENTITIES), ExportOptions(output_path=tmp_path / "out.md"))
    assert "What is 3?" in (tmp_path / "out.md").read_text()


def test_beside_what_is_installed_a_copy_is_shadowed(tmp_path: Path) -> None:
    """An entry point goes before a directory, even where the code is the same."""
    manager = PluginManager([dropped(tmp_path / "plugins", "quality")])
    (refused,) = manager.list(state="refused")
    assert (refused.name, refused.refusal) == ("quality", "shadowed")
    assert export(exporter(manager, "jsonl_llm", {"quality": {"min_text_length": 1}}), tmp_path / "out.jsonl")


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_plugin_has_a_pointer(name: str) -> None:
    """In plugin_manifests/, which needs no trust: what it points to says itself that it is a plugin."""
    record = PluginManager([REPOSITORY / "plugin_manifests"], discover=False, trust="pinned").get(name)
    assert (record.state, record.bundle, record.deployed) == ("ready", None, False)
