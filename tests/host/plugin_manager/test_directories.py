"""Directories of manifests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager
from tuneport.errors import PluginError
from tuneport.plugin_manager import lock_directory
from tuneport.plugin_manager.trust.digest import code_digest

REPOSITORY = Path(__file__).parents[3]
BUNDLED = ["formats", "jsonl_llm", "lora_metadata", "quality", "sources", "training"]


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
    site.plugin("one", FORMAT.format(name="one"))
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
    ("manifest", "pointer"),
    [
        (None, {"module": "acme_code"}),
        ({"name": "acme", "module": "acme_code"}, {"module": "acme_code:other"}),
        ({"name": "acme"}, {"module": "acme_code.inner"}),
        (None, {"module": "antigravity"}),
    ],
)
def test_a_pointer_to_code_that_does_not_say_it_is_that_plugin_has_to_be_trusted(
    site: Site, tmp_path: Path, manifest: dict[str, str] | None, pointer: dict[str, str]
) -> None:
    """Otherwise whoever may write a manifest could import anything that is installed."""
    site.package("acme_code", FORMAT.format(name="acme"), manifest)
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "acme.json").write_text(json.dumps({"name": "acme", **pointer}))
    record = PluginManager([folder], discover=False).get("acme")
    assert (record.refusal, record.deployed) == ("untrusted", False)
    assert not site.imported()


def test_a_pinned_pointer_may_lead_to_any_installed_module(site: Site, tmp_path: Path) -> None:
    """What is pinned then is the manifest; the digest of the plugin is that of the code it leads to."""
    site.module("acme_code", FORMAT.format(name="acme"))
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "acme.json").write_text('{"name": "acme", "module": "acme_code"}')
    lock_directory(folder)
    manager = PluginManager([folder], discover=False)
    assert manager.resolve("formats", "acme").plugin == "acme"
    assert manager.get("acme").digest == code_digest("acme_code")


@pytest.mark.parametrize(
    ("text", "name", "reason", "hint"),
    [
        (
            '{"name": "acme", "module": "nowhere"}',
            "acme",
            "its module nowhere is neither beside it nor installed",
            "beside",
        ),
        ('{"name": "acme"}', "acme", "its manifest names no Python module", "mend it"),
        ('{"name": "acme", "binary": {"linux": "x.so"}}', "acme", "a native binary cannot run here", "mend it"),
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
