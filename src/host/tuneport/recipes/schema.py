"""JSON Schemas of what we read and write."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import msgspec.json
from pydantic import BaseModel

from tuneport.dataset import DatasetManifest, SplitInfo
from tuneport.errors import PluginError
from tuneport.options import ExportStats, FormatStats
from tuneport.plugin_manager import PluginManager
from tuneport.recipes.models import Recipe
from tuneport.recipes.sections import DEFAULT_EXPORTER
from tuneport.references import KINDS

_SINGLE = {"string", "integer", "number", "boolean"}


def schema_of(what: str, manager: PluginManager) -> dict[str, Any]:
    """The schema of `recipe`, `manifest` or `result`."""
    if what == "recipe":
        return recipe_schema(manager)
    return msgspec.json.schema(DatasetManifest if what == "manifest" else Published | Unchanged | Failed)


class FormatDone(FormatStats):
    """One format's ledger; how it carries weights, and of how many samples its rows do not hold what."""

    weights: str = "column"
    not_carried: dict[str, int] = {}


class Published(ExportStats, tag_field="status", tag="published"):
    """What `export --json` prints for a run that ended well.

    `splits` has the samples of each split, `split` how they were split (None where nothing is kept apart), `weights`
    their summary as the manifest has it, and `notes` what the terminal says under `note`.
    """

    path: str = ""
    digest: str = ""
    formats: dict[str, FormatDone] = {}  # type: ignore[assignment]  # a ledger with more in it
    splits: dict[str, int] = {}
    split: SplitInfo | None = None
    weights: dict[str, Any] = {}
    notes: list[str] = []


class Unchanged(Published, tag="unchanged"):
    """What `export --json` prints where the same dataset stood there already."""


class Misplaced(msgspec.Struct):
    """One thing that is wrong in a recipe; line and column are 0 where it has no place in the text."""

    path: str
    message: str
    hint: str
    line: int
    column: int


class Fault(msgspec.Struct):
    """What went wrong, and how to mend it."""

    code: str
    message: str
    hint: str
    problems: list[Misplaced] = msgspec.field(default_factory=list)


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
    _with_references(schema)
    # A section may be written as a path alone, and one source without a list.
    source, path = {"$ref": "#/$defs/SourceSection"}, {"type": "string"}
    several = {"type": "array", "items": {"anyOf": [path, source]}}
    schema["properties"]["source"] = {"anyOf": [path, source, several]}
    schema["properties"]["output"] = {"anyOf": [path, schema["properties"]["output"]]}
    output = definitions["Output"]["properties"]
    output["output_path"] = output["path"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _with_references(schema: dict[str, Any]) -> None:
    """Let every key that takes a single value take a reference to one as well."""
    definitions = schema["$defs"]
    reference = {"$ref": "#/$defs/Reference"}
    tables = [{"properties": {kind: {"type": "string"}}, "required": [kind]} for kind in KINDS]
    values = [schema["properties"]["params"]]
    values += [one for definition in definitions.values() for one in definition.get("properties", {}).values()]
    for value in values:
        inner = value["additionalProperties"] if value is values[0] else value
        choices = inner.get("anyOf", [inner])
        if any(choice.get("type") in _SINGLE or "enum" in choice for choice in choices):
            kept = {name: inner.pop(name) for name in ("title", "description", "default") if name in inner}
            choices = inner["anyOf"] if "anyOf" in inner else [dict(inner)]
            inner.clear()
            inner |= {**kept, "anyOf": [*choices, reference]}
    definitions["Reference"] = {
        "description": "A value that stands in an environment variable or a file: read late, shown nowhere.",
        "anyOf": [{"type": "object", "additionalProperties": False, **table} for table in tables],
    }


def _join(section: dict[str, Any], definitions: dict[str, Any], config: type[BaseModel]) -> None:
    """Add a plugin's keys to a section, which then knows them all."""
    inner = config.model_json_schema()
    definitions |= inner.get("$defs", {})
    section["properties"] = {**inner.get("properties", {}), **section["properties"]}
    section["additionalProperties"] = False
