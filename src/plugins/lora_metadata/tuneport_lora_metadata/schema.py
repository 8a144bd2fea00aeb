"""The JSON Schema of `adapter_metadata.json`.

The layout is ThemisDB's. LoRAExchange.ai, to whose standard it is often ascribed, publishes no schema; this one is
ours. It asks for what the checks of this package ask for, as far as a schema can say it.
"""

from __future__ import annotations

from typing import Any

from tuneport import AdapterMetadata
from tuneport_lora_metadata.ids import LONGEST_ID, UNSEEN
from tuneport_lora_metadata.language import TAG
from tuneport_lora_metadata.layout import EXTENSION, LAYOUT
from tuneport_lora_metadata.ranks import VLLM_RANKS
from tuneport_lora_metadata.versions import LONGEST_VERSION, SEMVER

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_OPTIONAL = {"custom", "vllm", "serving_config"}
_SECTIONS = {
    "base_model": "The model it adapts.",
    "task": "What it is for.",
    "training": "How it is, or was, trained.",
    "provenance": "Where it comes from.",
    "vllm": "How vLLM serves it.",
}
_ID = {
    "maxLength": LONGEST_ID,
    "pattern": rf"^(?!\s)(?!.*\s$)(?!(?:.*/)?\.{{0,2}}(?:/|$))[^\\{UNSEEN}]*$|^$",
}
_LIMITS: dict[str, dict[str, Any]] = {
    "adapter_id": _ID,
    "parent_adapter_id": _ID,
    "adapter_version": {"maxLength": LONGEST_VERSION, "pattern": f"^{SEMVER}$"},
    "language": {"pattern": f"^{TAG}$"},
    "training_config.learning_rate": {"minimum": 0, "exclusiveMaximum": 1},
    "training_config.lora_rank": {"minimum": 1},
    "training_config.lora_alpha": {"exclusiveMinimum": 0},
    "training_config.lora_dropout": {"minimum": 0, "exclusiveMaximum": 1},
    "training_config.target_modules": {"uniqueItems": True, "items": {"type": "string", "pattern": r"\S"}},
    "vllm_config.enabled": {"const": True},
    "vllm_config.max_lora_rank": {"enum": list(VLLM_RANKS)},
}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def adapter_schema() -> dict[str, Any]:
    """The schema, draft 2020-12, of a document as this package writes it.

    A document that is read may hold some of the keys only; one that is written holds all but `custom`, `vllm` and
    `dataset`. Keys of others begin with `x_`.
    """
    model = AdapterMetadata.model_json_schema()
    properties = {key: _described(model, key, place) for key, place in LAYOUT.items()}
    schema = _object(properties, "An adapter's metadata, as tuneport writes it beside the data.")
    schema["required"].append("exported_at")
    schema["properties"] |= {"exported_at": _EXPORTED_AT, "dataset": _DATASET, "$schema": {"type": "string"}}
    schema["patternProperties"] = {f"^{EXTENSION}": True}
    return {"$schema": DIALECT, "title": "adapter_metadata.json", **schema}


def _described(model: dict[str, Any], key: str, place: str | dict[str, str]) -> dict[str, Any]:
    if isinstance(place, str):
        return _property(model, place)
    return _object({inner: _property(model, name) for inner, name in place.items()}, _SECTIONS[key])


def _property(model: dict[str, Any], name: str) -> dict[str, Any]:
    """A field of the model as a property: its type and description, and the limits of the checks."""
    section, _, key = name.rpartition(".")
    if section:
        model = model["$defs"][model["properties"][section]["$ref"].rpartition("/")[2]]
    kept = {word: value for word, value in model["properties"][key].items() if word not in ("default", "title")}
    return kept | _LIMITS.get(name, {})


def _object(properties: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": [key for key in properties if key not in _OPTIONAL],
        "additionalProperties": False,
    }


_EXPORTED_AT = {
    "type": "string",
    "description": "The run's time, UTC.",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
}
_DATASET = _object(
    {
        "name": {"type": "string", "description": "What the dataset is called."},
        "digest": _SHA256 | {"description": "SHA-256 of the sorted SHA256SUMS lines of its rows."},
        "samples": {"type": "integer", "minimum": 0, "description": "Samples the run exported."},
        "recipe": _SHA256 | {"description": "SHA-256 of its recipe.json."},
        "source": {"type": "string", "description": "What was read."},
        "tuneport": {"type": "string", "description": "The version that wrote it."},
    },
    "The data the adapter is made of; absent before a run.",
)
