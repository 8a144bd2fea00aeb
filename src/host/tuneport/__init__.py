"""tuneport: database rows into fine-tuning files your trainer accepts.

Every public name is imported from here. The imports are lazy (PEP 562), so that `import tuneport`
and `tuneport --help` cost nothing that is not used.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuneport.adapter import AdapterMetadata
    from tuneport.config import Config
    from tuneport.context import Context, SampleShape
    from tuneport.dataset import Dataset
    from tuneport.errors import TuneportError
    from tuneport.exporter import Exporter
    from tuneport.hookspecs import DeferredWeighting, Metric, Stages, hookimpl
    from tuneport.inspection import inspect
    from tuneport.model import Artifact, Batch, Entity, Malformed, Outcome, Partition, Problem, Reject
    from tuneport.options import ExportOptions, ExportStats
    from tuneport.plugin_manager import API_VERSION, PluginManager, default_manager
    from tuneport.recipes import Recipe
    from tuneport.runs import export
    from tuneport.runs.preview import preview
    from tuneport.sample import Chat, Instruction, Message, Preference, Sample, Text, ToolCall, Unpaired
    from tuneport.source import Source, SourceInfo, Table
    from tuneport.summary import Summary
    from tuneport.traits import ASPECTS, FormatTraits
    from tuneport.validation import validate

_HOMES = {
    "API_VERSION": "plugin_manager",
    "ASPECTS": "traits",
    "AdapterMetadata": "adapter",
    "Artifact": "model",
    "Batch": "model",
    "Chat": "sample",
    "Config": "config",
    "Context": "context",
    "Dataset": "dataset",
    "DeferredWeighting": "hookspecs",
    "Entity": "model",
    "ExportOptions": "options",
    "ExportStats": "options",
    "Exporter": "exporter",
    "FormatTraits": "traits",
    "Instruction": "sample",
    "Malformed": "model",
    "Message": "sample",
    "Metric": "hookspecs",
    "Outcome": "model",
    "Partition": "model",
    "PluginManager": "plugin_manager",
    "Preference": "sample",
    "Problem": "model",
    "Recipe": "recipes",
    "Reject": "model",
    "Sample": "sample",
    "SampleShape": "context",
    "Source": "source",
    "SourceInfo": "source",
    "Stages": "hookspecs",
    "Summary": "summary",
    "Table": "source",
    "Text": "sample",
    "ToolCall": "sample",
    "TuneportError": "errors",
    "Unpaired": "sample",
    "default_manager": "plugin_manager",
    "export": "runs",
    "hookimpl": "hookspecs",
    "inspect": "inspection",
    "preview": "runs.preview",
    "validate": "validation",
}

__version__ = "0.1.0"

# Without a handler of its own, Python would print our warnings for an application that set up no logging.
logging.getLogger("tuneport").addHandler(logging.NullHandler())
__all__ = [
    "API_VERSION",
    "ASPECTS",
    "AdapterMetadata",
    "Artifact",
    "Batch",
    "Chat",
    "Config",
    "Context",
    "Dataset",
    "DeferredWeighting",
    "Entity",
    "ExportOptions",
    "ExportStats",
    "Exporter",
    "FormatTraits",
    "Instruction",
    "Malformed",
    "Message",
    "Metric",
    "Outcome",
    "Partition",
    "PluginManager",
    "Preference",
    "Problem",
    "Recipe",
    "Reject",
    "Sample",
    "SampleShape",
    "Source",
    "SourceInfo",
    "Stages",
    "Summary",
    "Table",
    "Text",
    "ToolCall",
    "TuneportError",
    "Unpaired",
    "default_manager",
    "export",
    "hookimpl",
    "inspect",
    "preview",
    "validate",
]


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'tuneport' has no attribute {name!r}") from None
    return getattr(importlib.import_module(f"tuneport.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
