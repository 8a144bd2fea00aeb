"""What the engine answers for a loaded exporter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import BaseModel

from tuneport.errors import PluginError, RecipeError, told
from tuneport.hookspecs import hookimpl
from tuneport.model import Entity, Problem
from tuneport.nesting import read_json
from tuneport.options import ExportOptions, ExportStats
from tuneport.problems import problems_of, sentence

if TYPE_CHECKING:
    from tuneport.dataset import Dataset
    from tuneport.plugin_manager import PluginManager
    from tuneport.runs.ask import Asked

_ADAPTER = "adapter_metadata"
_REPORT = "quality_report"
_SCHEMA = "json_schema"


class Engine:
    """Answers every exporter hook from one configuration; reports are over its last export.

    Args:
        manager: where plugins come from.
        name: the exporter, as `plugin:name`.
        config: its configuration.
        beside: whether the exporter exports by itself, so that there is no recipe to ask.

    Attributes:
        config: the configuration, a model or a mapping.
    """

    def __init__(self, manager: PluginManager, name: str, config: Any, *, beside: bool) -> None:
        self.config = config
        self._beside = beside
        self._manager = manager
        self._name = name
        self._last: Dataset | None = None

    @hookimpl
    def exportEntities(self, entities: Iterable[Entity], options: ExportOptions) -> ExportStats:
        """Run the recipe that the configuration stands for."""
        from tuneport.runs import export_entities

        result = export_entities(self._manager, self._name, self.config, entities, options)
        self._last = result.dataset
        return result.stats

    @hookimpl
    def getAdapterMetadataJson(self) -> str:
        """The text of the artifact `adapter_metadata`."""
        return self._text(_ADAPTER)

    @hookimpl
    def getQualityMetricsReport(self) -> str:
        """The text of the artifact `quality_report`."""
        return self._text(_REPORT)

    def validateAgainstSchema(self, text: str, errors: list[str]) -> bool:
        """See `Exporter.validateAgainstSchema`."""
        validators = self._asked().validators(_SCHEMA)
        if not validators:
            errors.append("No schema is configured: structured_gen.enable_schema_validation and json_schema")
            return False
        try:
            row = read_json(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
            errors.append(f"Not JSON: {error}")
            return False
        try:
            problems = [problem for validate in validators for problem in problems_of(validate, row)]
        except (Exception, SystemExit) as error:
            raise PluginError(f"validator {_SCHEMA}: {told(error)}") from error
        errors.extend(map(sentence, problems))
        return not problems

    def setAdapterMetadataFromJson(self, text: str, errors: list[str]) -> bool:
        """See `Exporter.setAdapterMetadataFromJson`."""
        if _ADAPTER not in self._manager.resolve("exporters", self._name).config.model_fields:
            raise PluginError(f"exporter {self._name} keeps no adapter metadata")
        before = self._adapter()
        try:
            adapter = self._asked().maker({"use": f"lora_metadata:{_ADAPTER}", **before}).read(text)
        except RecipeError as error:
            errors.extend(_told(problem) for problem in error.problems)
            return False
        if isinstance(self.config, BaseModel):
            setattr(self.config, _ADAPTER, adapter)
        else:
            self.config = {**(self.config or {}), _ADAPTER: adapter.model_dump()}
        return True

    def _text(self, artifact: str) -> str:
        return "{}" if self._beside else self._asked().artifact(artifact, self._last) or "{}"

    def _adapter(self) -> dict[str, Any]:
        """The adapter as it is configured now."""
        if isinstance(self.config, BaseModel):
            adapter = getattr(self.config, _ADAPTER, None)
            return adapter.model_dump() if isinstance(adapter, BaseModel) else {}
        adapter = (self.config or {}).get(_ADAPTER)
        return dict(adapter) if isinstance(adapter, Mapping) else {}

    def _asked(self) -> Asked:
        from tuneport.runs import recipe_for
        from tuneport.runs.ask import Asked

        return Asked(recipe_for(self._name, self.config, "-"), self._manager)


def _told(problem: Problem) -> str:
    place = f"{problem.path}: " if problem.path else ""
    return f"{place}{problem.message}{f'; {problem.hint}' if problem.hint else ''}"
