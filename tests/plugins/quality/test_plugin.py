"""The plugin as the host sees it: manifest, hooks, laziness, and the one way into the schema library."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

import tuneport
import tuneport_quality
from tuneport_quality.config import JsonSchemaConfig, QualityReportConfig

KINDS = ("filters", "fingerprints", "validators", "metrics", "artifacts")
SOURCES = {path.name: path.read_text() for path in files("tuneport_quality").iterdir() if path.name.endswith(".py")}


def registered(kind: str) -> dict[str, dict[str, Any]]:
    """Name to what is registered with it."""
    found: dict[str, dict[str, Any]] = {}

    def register(name: str, factory: Any, **more: Any) -> None:
        found[name] = {"factory": factory, **more}

    getattr(tuneport_quality, f"register_{kind}")(register)
    return found


def test_the_manifest_says_what_the_hooks_register() -> None:
    """Names in plugin.json and names registered are the same, so that listing needs no import."""
    manifest = json.loads(files("tuneport_quality").joinpath("plugin.json").read_text())
    assert manifest["provides"] == {kind: list(registered(kind)) for kind in KINDS}
    assert manifest["module"] == "tuneport_quality"


def test_everything_offered_has_a_line_of_help_and_a_model() -> None:
    """A name in a list says what it is; its keys are documented."""
    for kind in KINDS:
        for one in registered(kind).values():
            assert one["doc"]
            assert all(field.description for field in one["config"].model_fields.values())


def test_the_schema_judges_rows() -> None:
    """`json_schema` is a validator of rows, not of adapters or datasets."""
    assert registered("validators")["json_schema"]["on"] == "row"


def test_importing_the_plugin_imports_none_of_its_parts() -> None:
    """Registering costs no pydantic model and no schema library; a part is imported when its hook is called."""
    code = (
        "import sys, tuneport_quality as p; dir(p);"
        "print([m for m in sys.modules if m.startswith('tuneport_quality.') or m in ('pydantic', 'jsonschema_rs')])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("model", [JsonSchemaConfig, QualityReportConfig])
def test_unknown_keys_are_errors(model: type[tuneport.Config]) -> None:
    """A misspelt key is not ignored."""
    with pytest.raises(ValidationError, match="extra_forbidden"):
        model.model_validate({"reject_invalid_sample": True})


def test_defaults() -> None:
    """Documented defaults."""
    assert JsonSchemaConfig().model_dump() == {
        "json_schema": "",
        "reject_invalid_samples": True,
        "log_validation_errors": True,
    }
    assert all(QualityReportConfig().model_dump().values())


def test_only_public_names_of_the_host_are_used() -> None:
    """Whatever this plugin imports from the host, another plugin could import as well."""
    seen = set()
    for text in SOURCES.values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "tuneport":
                seen.add(node.module)
                assert node.module in ("tuneport", "tuneport.errors", "tuneport.hookspecs", "tuneport.schemas")
                if node.module == "tuneport":
                    assert {name.name for name in node.names} <= set(tuneport.__all__)
    assert "tuneport" in seen


def test_one_safe_way_into_the_schema_library() -> None:
    """`validator_for`, offline, is called at one place; nothing else of the library could fetch a schema."""
    used: list[str] = []
    calls: list[ast.Call] = []
    for name, text in SOURCES.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import) and any(one.name == "jsonschema_rs" for one in node.names):
                assert [one.asname for one in node.names] == [None]
            assert not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("jsonschema_rs")), name
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "jsonschema_rs"
            ):
                used.append(node.attr)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "jsonschema_rs.validator_for":
                calls.append(node)
    assert set(used) == {"validator_for", "RegexOptions", "ValidationError", "ReferencingError"}
    (call,) = calls
    options = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    assert options == {"offline": "True", "pattern_options": "limits", "mask": "'***'"}
