"""The `jsonl_llm` exporter: instruction, chat, text and preference samples as JSON lines.

Public: `JSONLLLMConfig` (also `Config`) and `JSONLLLMExporter`. Both are imported when first asked for, and
each implementation when its hook is called, so that registering this plugin costs next to nothing.
There is no `__dir__`: the plugin manager looks at every name it lists, which would import them all.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tuneport import hookimpl

if TYPE_CHECKING:
    from tuneport_jsonl_llm.config import JSONLLLMConfig
    from tuneport_jsonl_llm.config import JSONLLLMConfig as Config
    from tuneport_jsonl_llm.exporter import JSONLLLMExporter

__all__ = ["Config", "JSONLLLMConfig", "JSONLLLMExporter"]

_HOMES = {
    "Config": ("config", "JSONLLLMConfig"),
    "JSONLLLMConfig": ("config", "JSONLLLMConfig"),
    "JSONLLLMExporter": ("exporter", "JSONLLLMExporter"),
}


def __getattr__(name: str) -> Any:
    try:
        home, attribute = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'tuneport_jsonl_llm' has no attribute {name!r}") from None
    return getattr(importlib.import_module(f"tuneport_jsonl_llm.{home}"), attribute)


@hookimpl
def register_exporters(register: Callable[..., None]) -> None:
    """Offer the exporter `jsonl_llm`."""
    from tuneport_jsonl_llm import config, exporter

    register(
        "jsonl_llm",
        exporter.stages,
        config=config.JSONLLLMConfig,
        doc="Instruction, chat, text and preference samples as JSON lines, weighted and filtered",
    )


@hookimpl
def register_styles(register: Callable[..., None]) -> None:
    """Offer the styles."""
    from tuneport_jsonl_llm import config, styles

    register(
        "instruction_tuning",
        styles.instruction_tuning,
        config=config.StyleConfig,
        doc="An instruction, an optional input, and the output to learn",
    )
    register(
        "chat_completion",
        styles.chat_completion,
        config=config.StyleConfig,
        doc="A whole conversation, or a user's message and the assistant's answer",
    )
    register(
        "text_completion",
        styles.text_completion,
        config=config.StyleConfig,
        doc="Plain text, trained whole",
    )
    register(
        "prompt_completion",
        styles.prompt_completion,
        config=config.StyleConfig,
        doc="A prompt and its completion, texts or conversations",
    )
    register(
        "preference",
        styles.preference,
        config=config.StyleConfig,
        doc="A prompt, the answer that is chosen and the one that is rejected",
    )
    register(
        "unpaired_preference",
        styles.unpaired_preference,
        config=config.StyleConfig,
        doc="A prompt, an answer, and whether it is a good one",
    )


@hookimpl
def register_filters(register: Callable[..., None]) -> None:
    """Offer the two filters."""
    from tuneport_jsonl_llm import config, filters

    register("empty_output", filters.empty_output, doc="Rejects a trained text of white space only")
    register(
        "length",
        filters.length,
        config=config.LengthConfig,
        doc="Rejects a sample whose trained text is too short or too long, in characters",
    )


@hookimpl
def register_weightings(register: Callable[..., None]) -> None:
    """Offer the three weightings."""
    from tuneport_jsonl_llm import config, weightings

    register(
        "field",
        weightings.field,
        config=config.FieldWeightConfig,
        doc="The number in a field of the record",
    )
    register("length", weightings.length, doc="From 1.0 for short texts to 1.5 for 1,000 characters and more")
    register(
        "freshness",
        weightings.freshness,
        config=config.FreshnessConfig,
        doc="Halves with every half-life of the record's age, down to a floor",
    )


@hookimpl
def register_artifacts(register: Callable[..., None]) -> None:
    """Offer the file with the schema whose id rows carry."""
    from tuneport_jsonl_llm import config, schema

    register("row_schema", schema.row_schema, config=config.SchemaConfig, doc="The JSON Schema that rows refer to")


@hookimpl
def register_formats(register: Callable[..., None]) -> None:
    """Offer the format `tuneport`."""
    from tuneport import ASPECTS, FormatTraits
    from tuneport_jsonl_llm import config, row_check, rows

    register(
        "tuneport",
        rows.tuneport,
        config=config.RowConfig,
        doc="Every kind of sample whole, with weight and metadata",
        traits=FormatTraits(weight="row", carries=frozenset(ASPECTS), weight_note="our trainer reads it"),
        check=row_check.check,
    )
