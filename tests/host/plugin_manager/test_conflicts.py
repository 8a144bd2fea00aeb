"""Several plugins of one name."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager
from tuneport.errors import PluginError, UnknownNameError


@pytest.mark.parametrize("names", [["one", "two"], ["one", "two", "three"]])
def test_of_several_distributions_with_one_plugin_name_none_is_used(site: Site, names: list[str]) -> None:
    """All are refused; asking for the plugin names every distribution; nobody else is disturbed."""
    for name in names:
        site.module(f"{name}_code", FORMAT.format(name=name))
        site.distribution(f"x-{name}", acme=f"{name}_code")
    manager = PluginManager()
    assert [record.state for record in manager.list() if record.name == "acme"] == ["refused"] * len(names)
    with pytest.raises(PluginError) as caught:
        manager.load("acme")
    assert all(f"installed (x-{name})" in caught.value.message for name in names)
    assert "uninstall or rename" in caught.value.hint
    with pytest.raises(UnknownNameError):
        manager.resolve("formats", "one")
    assert not site.imported()
    assert manager.resolve("formats", "tuneport").plugin == "jsonl_llm"


def test_name_and_module_seen_twice_is_one_plugin(site: Site) -> None:
    """Two distributions that announce the same module under the same name bring one plugin."""
    site.module("acme_code", FORMAT.format(name="acme"))
    site.distribution("x-one", acme="acme_code")
    site.distribution("x-two", acme="acme_code")
    manager = PluginManager()
    assert [record.name for record in manager.list()].count("acme") == 1
    assert manager.resolve("formats", "acme").plugin == "acme"


def test_one_module_under_two_names_is_loaded_once(site: Site) -> None:
    """The second name for a module that is a plugin already is a failed plugin, and the first is untouched."""
    site.module("acme_code", FORMAT.format(name="acme"))
    site.distribution("x-one", acme="acme_code", copy="acme_code")
    manager = PluginManager()
    assert manager.resolve("formats", "acme:acme").plugin == "acme"
    with pytest.raises(PluginError, match=r"plugin copy .* is failed"):
        manager.load_plugin(manager.get("copy"))
    assert manager.resolve("formats", "acme").plugin == "acme"


def pointer(folder: Path, file: str, name: str, module: str) -> None:
    """Write a manifest that points to a module."""
    folder.mkdir(exist_ok=True)
    (folder / f"{file}.json").write_text(f'{{"name": "{name}", "module": "{module}"}}')


def test_what_is_installed_shadows_a_directory(site: Site, tmp_path: Path) -> None:
    """The directory's plugin is listed as shadowed, naming the other; the installed one is used."""
    site.module("other_code", FORMAT.format(name="other"))
    site.plugin("acme", FORMAT.format(name="mine"))
    pointer(tmp_path / "plugins", "acme", "acme", "other_code")
    manager = PluginManager([tmp_path / "plugins"], trust="any")
    (refused,) = manager.list(state="refused")
    assert refused.reason == "shadowed: installed (x-acme) has a plugin of the same name"
    assert refused.origin == str(tmp_path / "plugins" / "acme.json")
    assert manager.get("acme").origin == "installed (x-acme)"
    assert manager.resolve("formats", "mine").plugin == "acme"


def test_a_broken_installed_plugin_is_not_replaced_by_a_directory(site: Site, tmp_path: Path) -> None:
    """Who bears a name does not depend on who happens to work."""
    site.module("other_code", FORMAT.format(name="other"))
    site.plugin("acme", FORMAT.format(name="mine"), {"name": "acme", "api": ">=2"})
    pointer(tmp_path / "plugins", "acme", "acme", "other_code")
    with pytest.raises(PluginError, match=r"installed \(x-acme\)\) is refused: incompatible"):
        PluginManager([tmp_path / "plugins"]).load("acme")


def test_two_directories_with_one_name_are_an_error(site: Site, tmp_path: Path) -> None:
    """Neither is used, and the error names both files."""
    for module in ("one", "two"):
        site.module(module, FORMAT.format(name=module))
        pointer(tmp_path / module, "acme", "acme", module)
    manager = PluginManager([tmp_path / "one", tmp_path / "two"], trust="any")
    with pytest.raises(PluginError, match=r"one/acme.json and .*two/acme.json bring a plugin of the same name"):
        manager.load("acme")


def test_a_loaded_plugin_stays_when_another_of_its_name_is_found(site: Site, tmp_path: Path) -> None:
    """Code cannot be unloaded: the newcomer is the one that is refused."""
    for module in ("one", "two"):
        site.module(module, FORMAT.format(name=module))
        pointer(tmp_path / module, "acme", "acme", module)
    manager = PluginManager([tmp_path / "one"], trust="any")
    manager.resolve("formats", "one")
    assert manager.scan_plugin_directory(tmp_path / "two") == 0
    assert manager.resolve("formats", "one").plugin == "acme"
    (refused,) = manager.list(state="refused")
    assert refused.origin.endswith("two/acme.json")
    assert refused.reason == f"shadowed: {tmp_path}/one/acme.json has a plugin of the same name"
