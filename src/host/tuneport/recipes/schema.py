"""JSON Schemas of what we read and write."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import msgspec.json
from pydantic import BaseModel

from tuneport.dataset import DatasetManifest
from tuneport.errors import PluginError
from tuneport.options import ExportStats
from tuneport.plugin_manager import PluginManager
from tuneport.recipes.models import DEFAULT_EXPORTER, Recipe


def schema_of(what: str, manager: PluginManager) -> dict[str, Any]:
    """The schema of `recipe`, `manifest` or `result`."""
    if what == "recipe":
        return recipe_schema(manager)
    return msgspec.json.schema(DatasetManifest if what == "manifest" else Published | Unchanged | Failed)


class Published(ExportStats, tag_field="status", tag="published"):
    """What `export --json` prints for a run that ended well."""

    path: str = ""
    digest: str = ""


class Unchanged(Published, tag="unchanged"):
    """What `export --json` prints where the same dataset stood there already."""


class Fault(msgspec.Struct):
    """What went wrong, and how to mend it."""

    code: str
    message: str
    hint: str


class Failed(msgspec.Struct, tag_field="status", tag="failed"):
    """What any command with `--json` prints where it fails."""

    error: Fault


def recipe_schema(manager: PluginManager) -> dict[str, Any]:
    """The recipe's schema with the keys of the default exporter and of every importer that can be loaded."""
    schema = Recipe.model_json_schema()
    definitions = schema["$defs"]
    exporter = manager.resolve("exporters", DEFAULT_EXPORTER)
    _join(definitions["ExportSection"], definitions, exporter.config)
    for name in manager.names("importers"):
        with contextlib.suppress(PluginError):
            _join(definitions["SourceSection"], definitions, manager.resolve("importers", name).config)
    schema["required"] = ["output"]
    for section in ("source", "output"):
        # Both may be written as a path alone.
        inner = schema["properties"][section]
        schema["properties"][section] = {"anyOf": [{"type": "string"}, *inner.get("anyOf", [inner])]}
    key = definitions["SourceSection"]["properties"]["key"]
    key["type"] = ["string", "array"]
    output = definitions["Output"]["properties"]
    output["output_path"] = output["path"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _join(section: dict[str, Any], definitions: dict[str, Any], config: type[BaseModel]) -> None:
    """Add a plugin's keys to a section, which then knows them all."""
    inner = config.model_json_schema()
    definitions |= inner.get("$defs", {})
    section["properties"] = {**inner.get("properties", {}), **section["properties"]}
    section["additionalProperties"] = False
