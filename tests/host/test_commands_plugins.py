"""`tuneport plugins`: what is there, and where it is looked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host.plugin_manager.making import FORMAT, HELLO, Site
from tuneport.plugin_manager import lock_directory

REPOSITORY = Path(__file__).parents[2]
Said = Callable[..., tuple[int, str, str]]


def listed(said: Said, *arguments: str) -> dict[str, dict[str, Any]]:
    """The rows of `plugins list --json`, by name."""
    code, out, _ = said("plugins", "list", "--json", *arguments)
    assert code == 0
    document = json.loads(out)
    assert set(document) == {"plugins"}
    return {row["name"]: row for row in document["plugins"]}


def blocks(text: str) -> dict[str, str]:
    """The table's text for each plugin, its lines put together."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        name = line.split()[0] if not line.startswith(" ") else name
        found[name] = " ".join([*([found[name]] if name in found else []), *line.split()])
    return found


def test_list_as_json_has_one_row_per_plugin(said: Said, site: Site) -> None:
    """Each row has name, version, state, reason, origin and provides; unknown provides is null."""
    site.plugin("acme", FORMAT.format(name="acme"))
    found = listed(said)
    assert set(found) == {"acme", "formats", "jsonl_llm", "lora_metadata", "quality", "sources", "training"}
    assert {"name", "version", "state", "reason", "origin", "provides"} <= set(found["acme"])
    assert found["acme"]["provides"] is None
    assert found["sources"]["provides"] == {"importers": ["csv", "json", "jsonl", "sqlite"], "commands": ["demo"]}
    assert (found["sources"]["state"], found["sources"]["reason"]) == ("ready", "")


@pytest.mark.parametrize("kind", ["importer", "importers"])
def test_list_narrows_to_a_kind(said: Said, kind: str) -> None:
    """A kind may be written in the singular, as messages write it."""
    assert set(listed(said, "--kind", kind)) == {"sources"}


def test_list_of_an_unknown_kind_names_the_closest(said: Said) -> None:
    """A misspelt kind is no empty list."""
    code, out, err = said("plugins", "list", "--kind", "formt")
    assert (code, out) == (78, "")
    assert "no kind 'formt'" in err
    assert 'did you mean "formats"?' in err


def test_list_and_show_work_when_plugins_are_broken(said: Said, site: Site) -> None:
    """What is broken or refused is listed with reason and fix, as text and as JSON; the exit code is 0."""
    site.plugin("unreadable", "", "{")
    site.plugin("future", "", {"name": "future", "api": ">=9"})
    site.distribution("x-one", double="one_code")
    site.distribution("x-two", double="two_code")
    code, out, err = said("plugins", "list")
    assert (code, err) == (0, "")
    told = blocks(out)
    assert "failed" in told["unreadable"]
    assert "unreadable manifest" in told["unreadable"]
    assert "needs plugin API >=9, this host speaks 1.0" in told["future"]
    assert "install a version of the plugin made for this host" in told["future"]
    assert "installed (x-one) and installed (x-two) bring a plugin" in told["double"]
    assert "unknown until loaded" not in out
    assert max(map(len, out.splitlines())) <= 100
    code, out, _ = said("plugins", "show", "future", "--json")
    shown = json.loads(out)
    assert (code, shown["state"], shown["api"]) == (0, "refused", ">=9")
    assert said("plugins", "show", "unreadable")[0] == 0


def test_show_tells_all_that_is_known_without_importing(said: Said) -> None:
    """Manifest, state, module and the digest of the code."""
    code, out, _ = said("plugins", "show", "jsonl_llm_exporter", "--json")
    shown = json.loads(out)
    assert code == 0
    assert (shown["name"], shown["module"], shown["type"]) == ("jsonl_llm", "tuneport_jsonl_llm", "exporter")
    assert shown["aliases"] == {"jsonl_llm_exporter": "jsonl_llm"}
    assert len(shown["digest"]) == 64
    _, text, _ = said("plugins", "show", "jsonl_llm")
    assert "exporters: jsonl_llm, styles: instruction_tuning" in text
    assert shown["digest"] in text


def test_show_prints_a_configuration_schema_as_json(said: Said, site: Site) -> None:
    """A schema in the manifest is shown as it stands there."""
    site.plugin("acme", "", {"name": "acme", "config_schema": {"type": "object"}, "requires": ["x>=1", "y"]})
    out = said("plugins", "show", "acme")[1]
    assert 'config_schema {"type": "object"}' in out
    assert "x>=1, y" in out


def test_show_of_an_unknown_plugin_names_the_closest(said: Said) -> None:
    """As JSON the error is the one document."""
    code, out, _ = said("plugins", "show", "jsonl_lm", "--json")
    error = json.loads(out)["error"]
    assert (code, error["code"]) == (78, "unknown_name")
    assert error["hint"] == 'did you mean "jsonl_llm"?'


def directory(site: Site, folder: Path) -> Path:
    """A plugin directory with one plugin that brings the command `hello`."""
    site.module("greet_code", HELLO)
    folder.mkdir()
    (folder / "greet.json").write_text('{"name": "greet", "module": "greet_code"}')
    lock_directory(folder)
    return folder


def test_plugin_directories_come_from_the_option_and_the_environment(
    said: Said, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--plugin-dir` and TUNEPORT_PLUGIN_PATH name directories; the bundled manifests add nothing."""
    folder = directory(site, tmp_path / "plugins")
    assert "greet" not in listed(said)
    assert listed(said, "--plugin-dir", str(folder))["greet"]["origin"] == str(folder / "greet.json")
    monkeypatch.setenv("TUNEPORT_PLUGIN_PATH", f"{folder}:{REPOSITORY / 'plugin_manifests'}")
    assert set(listed(said)) == {"greet", "formats", "jsonl_llm", "lora_metadata", "quality", "sources", "training"}
    assert said("hello", "you")[:2] == (0, "hello you\n")


def test_a_missing_plugin_directory_is_an_error(said: Said, tmp_path: Path) -> None:
    """Naming a directory that does not exist is told, with its path."""
    code, _, err = said("plugins", "list", "--plugin-dir", str(tmp_path / "nowhere"))
    assert code == 70
    assert "nowhere does not exist" in err
