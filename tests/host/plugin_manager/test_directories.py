"""Directories of manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager
from tuneport.errors import PluginError

REPOSITORY = Path(__file__).parents[3]
BUNDLED = ["formats", "jsonl_llm", "lora_metadata", "quality", "sources"]


def test_the_deployment_directory_names_the_bundled_plugins() -> None:
    """Every manifest in plugin_manifests/ points to a plugin that is installed already, so it adds none."""
    folder = REPOSITORY / "plugin_manifests"
    manager = PluginManager()
    before = manager.list()
    assert manager.scan_plugin_directory(folder) == 0
    assert manager.list() == before
    assert sorted(path.stem for path in folder.iterdir()) == BUNDLED
    alone = PluginManager([folder], discover=False)
    assert [(one.name, one.state, one.version) for one in alone.list()] == [
        (one.name, "ready", one.version) for one in before
    ]
    assert alone.resolve("formats", "tuneport").plugin == "jsonl_llm"


def test_a_directory_is_scanned_for_pointers_and_packages(site: Site, tmp_path: Path) -> None:
    """`*.json` in it and `plugin.json` at any depth count; JSON files below do not."""
    site.module("one_code", FORMAT.format(name="one"))
    site.package("two_code", FORMAT.format(name="two"), {"name": "two", "description": "the package's own"})
    folder = tmp_path / "plugins"
    (folder / "deep" / "two").mkdir(parents=True)
    (folder / "one.json").write_text('{"name": "one", "module": "one_code", "description": "a pointer"}')
    (folder / "deep" / "two" / "plugin.json").write_text('{"name": "two", "module": "two_code", "description": "?"}')
    (folder / "deep" / "data.json").write_text("[]")
    manager = PluginManager(discover=False)
    assert manager.scan_plugin_directory(str(folder)) == 2
    assert [(one.name, one.manifest and one.manifest.description) for one in manager.list()] == [
        ("one", "a pointer"),
        ("two", "the package's own"),
    ]
    assert not site.imported()
    assert [manager.resolve("formats", name).plugin for name in ("one", "two")] == ["one", "two"]
    assert manager.scan_plugin_directory(folder) == 0


@pytest.mark.parametrize(
    ("text", "name", "reason", "hint"),
    [
        ('{"name": "acme", "module": "nowhere"}', "acme", "its module nowhere is not installed", "PYTHONPATH"),
        ('{"name": "acme"}', "acme", "'' is neither module nor module:attribute", "mend it"),
        ('{"name": "acme", "module": "real_code"}', "acme", "the plugin it points to says real", "mend it"),
        ('{"name": "acme", "module": ".relative"}', "acme", "'.relative' is neither module", "mend it"),
        ("{", "file", "unreadable manifest", "mend it"),
    ],
)
def test_a_pointer_that_leads_nowhere_is_a_failed_record(
    site: Site, tmp_path: Path, text: str, name: str, reason: str, hint: str
) -> None:
    """It is listed with its file and its reason, counts as nothing added, and is listed once."""
    site.package("real_code", manifest={"name": "real"})
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "file.json").write_text(text)
    manager = PluginManager()
    assert [manager.scan_plugin_directory(folder), manager.scan_plugin_directory(folder)] == [0, 0]
    (record,) = manager.list(state="failed")
    assert (record.name, record.origin) == (name, str(folder / "file.json"))
    assert reason in record.reason
    assert hint in record.hint
    with pytest.raises(PluginError, match=f"plugin {name} "):
        manager.load_plugin(record)


def test_a_file_that_cannot_be_read_is_a_failed_record(tmp_path: Path) -> None:
    """An I/O error is the record's reason."""
    (tmp_path / "acme.json").mkdir()
    (record,) = PluginManager([tmp_path], discover=False).list()
    assert (record.name, record.state) == ("acme", "failed")
    assert "IsADirectoryError" in record.reason


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    """Naming a directory that is not there is never silence."""
    with pytest.raises(PluginError, match=r"plugin directory .*nowhere does not exist"):
        PluginManager([tmp_path / "nowhere"])
