"""The plugin as the host sees it: manifest, hooks, laziness, public names."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import tuneport
import tuneport_jsonl_llm

KINDS = ("exporters", "styles", "filters", "weightings", "formats", "artifacts")


def registered(kind: str) -> dict[str, dict[str, Any]]:
    """Name to what is registered with it."""
    found: dict[str, dict[str, Any]] = {}

    def register(name: str, factory: Any, **more: Any) -> None:
        found[name] = {"factory": factory, **more}

    getattr(tuneport_jsonl_llm, f"register_{kind}")(register)
    return found


def test_the_manifest_says_what_the_hooks_register() -> None:
    """Names in plugin.json and names registered are the same, so that listing needs no import."""
    manifest = json.loads(files("tuneport_jsonl_llm").joinpath("plugin.json").read_text())
    assert manifest["provides"] == {kind: list(registered(kind)) for kind in KINDS} | {
        "filters": ["length", "empty_output"]
    }
    assert sorted(manifest["provides"]["filters"]) == sorted(registered("filters"))
    assert (manifest["module"], manifest["aliases"]) == ("tuneport_jsonl_llm", {"jsonl_llm_exporter": "jsonl_llm"})


def test_everything_offered_has_a_line_of_help() -> None:
    """A name in a list says what it is."""
    assert all(one["doc"] for kind in KINDS for one in registered(kind).values())


def test_importing_the_plugin_imports_none_of_its_parts() -> None:
    """Registering costs no pydantic model; a part is imported when its hook is called."""
    code = (
        "import sys, tuneport_jsonl_llm as p; dir(p);"
        "print([m for m in sys.modules if m.startswith('tuneport_jsonl_llm.') or m == 'pydantic'])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_public_names() -> None:
    """`Config` is the configuration model under its short name; an unknown name is an AttributeError."""
    assert tuneport_jsonl_llm.Config is tuneport_jsonl_llm.JSONLLLMConfig
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = tuneport_jsonl_llm.Nonsense


def test_the_exporter_is_loaded_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """`JSONLLLMExporter(config)` is the default manager's `load("jsonl_llm", config)` and nothing more."""
    from tuneport_jsonl_llm import exporter

    asked: list[tuple[Any, ...]] = []

    class Manager:
        def load(self, *arguments: Any) -> str:
            asked.append(arguments)
            return "an exporter"

    monkeypatch.setattr(exporter, "default_manager", Manager)
    config = tuneport_jsonl_llm.JSONLLLMConfig()
    assert tuneport_jsonl_llm.JSONLLLMExporter(config) == "an exporter"  # type: ignore[comparison-overlap]
    assert asked == [("jsonl_llm", config)]


def test_its_own_format_carries_whatever_a_sample_may_have() -> None:
    """An aspect that comes later is one of them."""
    assert registered("formats")["tuneport"]["traits"].carries == tuneport.ASPECTS.keys()


def test_only_public_names_of_the_host_are_used() -> None:
    """Whatever this plugin imports from the host, another plugin could import as well."""
    sources = list(Path(str(files("tuneport_jsonl_llm"))).rglob("*.py"))
    lines = [line.strip() for path in sources for line in path.read_text().splitlines()]
    imports = [line for line in lines if line.startswith(("from tuneport.", "from tuneport import", "import tuneport"))]
    assert imports
    for line in imports:
        module, names = line.removeprefix("from ").split(" import ")
        assert module in ("tuneport", "tuneport.errors", "tuneport.expressions", "tuneport.nesting", "tuneport.schemas")
        assert module != "tuneport" or set(names.split(", ")) <= set(tuneport.__all__)
