"""What is found, and that finding imports nothing."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager
from tuneport.errors import PluginError, UnknownNameError
from tuneport.plugin_manager.manifest import Manifest, parse

REPOSITORY = Path(__file__).parents[3]
BUNDLED = ["formats", "jsonl_llm", "lora_metadata", "quality", "sources", "training"]

ACME = {"name": "acme", "version": "2.1", "provides": {"formats": ["acme"]}}


def provided(manager: PluginManager, name: str) -> Any:
    """What a record says the plugin provides."""
    return manager.get(name).provides


@pytest.mark.parametrize(
    "code",
    [
        "from tuneport import PluginManager as P; m = P(); m.list(); m.names('formats'); m.manifest('jsonl_llm')",
        "from tuneport.commands.main import run; run(['plugins', 'list']); run(['plugins', 'list', '--json'])",
        "from tuneport.commands.main import run; run(['plugins', 'show', 'jsonl_llm'])",
        "from tuneport.commands.main import run; run(['plugins', 'show', 'untold', '--json'])",
    ],
)
def test_listing_imports_no_plugin(site: Site, code: str) -> None:
    """Neither a manager and its questions nor `plugins list` and `show` import any plugin's module."""
    site.plugin("acme", FORMAT.format(name="acme"), ACME)
    site.plugin("untold", FORMAT.format(name="untold"))
    tail = (
        "; import sys; print('IMPORTED', [m for m in sys.modules if m.endswith('_code') or m.startswith('tuneport_')])"
    )
    environment = {**os.environ, "PYTHONPATH": f"{site.path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, env=environment)
    assert done.stdout.splitlines()[-1:] == ["IMPORTED []"], done.stderr


def test_the_commands_do_not_even_load_who_asks_to_be_loaded(site: Site) -> None:
    """`plugins list` imports nothing, whatever a manifest's auto_load says."""
    site.plugin("eager", "print('EAGER IMPORTED')", {"name": "eager", "auto_load": True, "provides": {}})
    environment = {**os.environ, "PYTHONPATH": f"{site.path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-c", "from tuneport.commands.main import run; run(['plugins', 'list'])"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert "eager" in done.stdout
    assert "EAGER IMPORTED" not in done.stdout


def test_the_bundled_plugins_are_found_as_any_other(site: Site) -> None:
    """What is installed stands in the list by name, bundled plugins and others alike."""
    site.plugin("acme", FORMAT.format(name="acme"), ACME)
    records = PluginManager().list()
    assert [record.name for record in records] == ["acme", *BUNDLED]
    assert [record.origin for record in records[:2]] == ["installed (x-acme)", "installed (tuneport)"]
    assert {record.state for record in records} == {"ready"}
    assert PluginManager(discover=False).list() == []


@pytest.mark.parametrize("target", ["acme_code", "acme_code:Plugin", "acme_code:plugin", "acme_code:inner.plugin"])
def test_an_entry_point_may_name_a_module_a_class_or_an_instance(site: Site, target: str) -> None:
    """Module, class (called without arguments), instance and dotted attribute all work as a plugin."""
    code = FORMAT.format(name="of_module") + (
        "class Plugin:\n"
        "    @hookimpl\n"
        "    def register_formats(self, register):\n"
        "        register('of_object', lambda config, ctx: None)\n"
        "plugin = Plugin()\n"
        "class inner:\n"
        "    plugin = plugin\n"
    )
    site.module("acme_code", code)
    site.distribution("x-acme", acme=target)
    manager = PluginManager()
    expected = "of_module" if target == "acme_code" else "of_object"
    assert manager.resolve("formats", expected).qualified == f"acme:{expected}"
    assert provided(manager, "acme") == {"formats": (expected,)}


def test_an_entry_points_extras_are_not_part_of_what_is_imported(site: Site) -> None:
    """`module:attr [extra]` imports module and attr."""
    site.module("acme_code", FORMAT.format(name="acme") + "import sys\nplugin = sys.modules[__name__]\n")
    site.distribution("x-acme", acme="acme_code:plugin [fast]")
    assert PluginManager().resolve("formats", "acme").plugin == "acme"


def test_without_a_manifest_provides_is_unknown_until_the_first_load(site: Site) -> None:
    """Such a plugin is asked when a bare name is looked up, and found by it."""
    site.plugin("acme", FORMAT.format(name="shiny"))
    manager = PluginManager()
    assert (provided(manager, "acme"), manager.get("acme").version) == (None, "1.0")
    assert manager.resolve("formats", "shiny").plugin == "acme"
    assert provided(manager, "acme") == {"formats": ("shiny",)}


def test_the_version_is_the_manifests_else_the_distributions(site: Site) -> None:
    """A manifest without a version leaves the distribution's."""
    site.package("a_code", manifest={"name": "a", "version": "3.2"})
    site.package("b_code", manifest={"name": "b"})
    site.distribution("x", version="1.4", a="a_code", b="b_code")
    manager = PluginManager()
    assert (manager.get("a").version, manager.get("b").version) == ("3.2", "1.4")


def test_the_innermost_manifest_is_the_plugins_own(site: Site) -> None:
    """Two plugins of one package each have a manifest, found without importing the package around them."""
    site.package("both", "raise RuntimeError('imported')")
    site.package("both.one", manifest={"name": "one", "description": "1"})
    site.package("both.two", manifest={"name": "two", "description": "2"})
    site.distribution("x", one="both.one", two="both.two:plugin")
    manager = PluginManager()
    described = [manifest and manifest.description for manifest in map(manager.manifest, ("one", "two"))]
    assert described == ["1", "2"]


def test_unknown_keys_of_a_manifest_are_kept() -> None:
    """Keys of another host's dialect parse, and stand in `extra`; a native binary says nothing here."""
    manifest = parse(b'{"name": "acme", "binary": {"linux": "x.so"}, "author": "A", "auto_load": true}')
    assert manifest == Manifest(name="acme", auto_load=True, extra={"author": "A"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "unreadable manifest"),
        ("[1]", "not a JSON object"),
        ("{}", "missing required field `name`"),
        ('{"name": 7}', "Expected `str`, got `int` - at `$.name`"),
        ('{"name": "acme", "auto_load": "yes"}', "at `$.auto_load`"),
        ('{"name": "acme", "provides": {"formats": "acme"}}', "at `$.provides[...]`"),
        ('{"name": "a:b"}', "'a:b' is no name for a plugin"),
        ('{"name": "other"}', "its entry point says its name is acme; its plugin.json says other"),
        ('{"name": "acme", "provides": {"spells": ["x"]}}', "provides spells; this host knows importers, exporters"),
        ("[" * 100_000, "unreadable manifest"),
    ],
)
def test_a_manifest_that_cannot_be_used_fails_its_plugin_alone(site: Site, text: str, reason: str) -> None:
    """The record says what is wrong; the others are ready; asking for the plugin raises the reason."""
    site.plugin("acme", FORMAT.format(name="acme"), text)
    manager = PluginManager()
    record = manager.get("acme")
    assert record.state == "failed"
    assert reason in record.reason
    assert [one.name for one in manager.list(state="ready")] == BUNDLED
    with pytest.raises(PluginError, match=r"plugin acme .* is failed"):
        manager.load("acme")


@pytest.mark.parametrize("target", ["acme-code", ":plugin", "acme_code:"])
def test_an_entry_point_that_names_nothing_fails_its_plugin_alone(site: Site, target: str) -> None:
    """A malformed target is a failed record, with the text of the entry point."""
    site.distribution("x-acme", acme=target)
    record = PluginManager().get("acme")
    assert (record.state, target in record.reason) == ("failed", True)


def test_an_entry_point_whose_name_is_none_is_listed(site: Site) -> None:
    """A colon in a plugin's name would make qualified names ambiguous."""
    site.raw_distribution("x-acme", b"[tuneport.plugins]\na:b = acme_code\n")
    (record,) = PluginManager().list(state="failed")
    assert (record.name, record.reason) == ("a:b", "'a:b' is no name for a plugin")


@pytest.mark.parametrize("garbage", [b"[tuneport.plugins]\ngarbage\n", b"[console_scripts]\n\xff\xfe = x\n"])
def test_an_unreadable_entry_points_file_hides_nobody_else(
    site: Site, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """One distribution with a broken entry_points.txt is left out, with a warning; the others are found."""
    site.raw_distribution("broken", garbage)
    site.plugin("acme", FORMAT.format(name="acme"), ACME)
    with caplog.at_level(logging.WARNING, "tuneport"):
        manager = PluginManager()
    assert [record.name for record in manager.list()] == ["acme", *BUNDLED]
    assert "broken" in caplog.text


def test_unknown_plugins_are_answered_with_the_closest(site: Site) -> None:
    """`get` and `manifest` name the closest known plugin."""
    with pytest.raises(UnknownNameError, match="no plugin 'jsonl_lm'\ndid you mean \"jsonl_llm\""):
        PluginManager().manifest("jsonl_lm")


def test_an_alias_stands_for_its_plugin() -> None:
    """`get` knows the alias that host applications of old use."""
    assert PluginManager().get("jsonl_llm_exporter").name == "jsonl_llm"
    assert (
        json.loads((REPOSITORY / "plugin_manifests" / "jsonl_llm.json").read_text())["module"] == "tuneport_jsonl_llm"
    )
