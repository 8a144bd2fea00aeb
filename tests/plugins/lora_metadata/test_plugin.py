"""The plugin as the host sees it: manifest, hooks, laziness."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from typing import Any

import tuneport_lora_metadata
from tuneport import AdapterMetadata, PluginManager


def registered(kind: str) -> dict[str, dict[str, Any]]:
    """Name to what is registered with it."""
    found: dict[str, dict[str, Any]] = {}

    def register(name: str, factory: Any, **more: Any) -> None:
        found[name] = {"factory": factory, **more}

    getattr(tuneport_lora_metadata, f"register_{kind}")(register)
    return found


def test_the_manifest_says_what_the_hooks_register() -> None:
    """Names in plugin.json and names registered are the same, so that listing needs no import."""
    manifest = json.loads(files("tuneport_lora_metadata").joinpath("plugin.json").read_text())

    assert manifest["provides"] == {kind: list(registered(kind)) for kind in ("validators", "artifacts")}
    assert all(one["doc"] for kind in manifest["provides"] for one in registered(kind).values())
    assert {one["on"] for one in registered("validators").values()} == {"adapter"}
    assert registered("artifacts")["adapter_metadata"]["config"] is AdapterMetadata


def test_the_manager_finds_what_the_manifest_promises() -> None:
    """Names are listed without loading the plugin, and loading it keeps the promise."""
    manager = PluginManager()

    assert {"adapter_ids", "adapter_versions", "adapter_ranks", "adapter_language"} <= set(manager.names("validators"))
    assert "adapter_metadata" in manager.names("artifacts")
    assert manager.get("lora_metadata").state == "ready"


def test_importing_the_plugin_imports_none_of_its_parts() -> None:
    """Registering costs no pydantic model; a part is imported when its hook is called."""
    code = (
        "import sys, tuneport_lora_metadata as p; dir(p);"
        "print([m for m in sys.modules if m.startswith('tuneport_lora_metadata.') or m == 'pydantic'])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"
