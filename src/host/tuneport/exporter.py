"""What `PluginManager.load` returns: an exporter, dispatched through hooks that others may wrap."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tuneport.config import validate
from tuneport.errors import PluginError, RecipeError, TuneportError, UnknownNameError
from tuneport.hookspecs import Stages, hookimpl
from tuneport.model import Entity, Problem
from tuneport.options import ExportOptions, ExportStats
from tuneport.plugin_manager.contributions import Contribution
from tuneport.plugin_manager.hooks import Hooks
from tuneport.source import Source

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager, PluginRecord


class Exporter:
    """A configured exporter. It runs one export at a time; load another for a second one at once.

    Attributes:
        name: the name it was loaded by.
        config: its configuration, as given.
    """

    def __init__(self, manager: PluginManager, plugin: PluginRecord, name: str, config: Any, own: object) -> None:
        self.name = name
        self.config = config
        self._busy = threading.Lock()
        self._hooks = _run_hooks(manager, plugin, own, _engine(manager, name, config))

    def exportEntities(self, entities: Iterable[Entity], options: ExportOptions) -> ExportStats:
        """Export the entities; they are read once, so a generator does.

        Raises:
            TuneportError: see `tuneport.errors`; nothing is visible at the output path then.
        """
        if not self._busy.acquire(blocking=False):
            raise TuneportError(f"exporter {self.name} is exporting already", "load another one: each is independent")
        try:
            stats: ExportStats = self._hooks.hook.exportEntities(entities=entities, options=options)
        finally:
            self._busy.release()
        return stats

    def getAdapterMetadataJson(self) -> str:
        """The adapter's metadata as JSON; "{}" where tracking is off."""
        text: str = self._hooks.hook.getAdapterMetadataJson()
        return text

    def getQualityMetricsReport(self) -> str:
        """The quality report as JSON; "{}" where metrics are off."""
        text: str = self._hooks.hook.getQualityMetricsReport()
        return text

    export_entities = exportEntities
    get_adapter_metadata_json = getAdapterMetadataJson
    get_quality_metrics_report = getQualityMetricsReport


def load(manager: PluginManager, name: str, config: Any) -> Exporter | Source:
    """See `PluginManager.load`."""
    try:
        contribution = manager.resolve("exporters", name)
    except UnknownNameError as error:
        found = _source(manager, name, config) or _implementor(manager, name, config)
        if found is None:
            raise UnknownNameError(f"no exporter or importer {name!r}", error.hint) from None
        return found
    made = contribution.factory(_validated(contribution, config))
    own = None if isinstance(made, Stages) else made
    return Exporter(manager, manager.get(contribution.plugin), contribution.qualified, config, own)


def _source(manager: PluginManager, name: str, config: Any) -> Source | None:
    from tuneport.runs.sources import open_source

    try:
        contribution = manager.resolve("importers", name)
    except UnknownNameError:
        return None
    return open_source(contribution, _validated(contribution, config))


def _implementor(manager: PluginManager, name: str, config: Any) -> Exporter | None:
    """A plugin that implements IExporter itself, loaded by the plugin's name."""
    known = {record.name for record in manager.list()}
    if name not in known:
        return None
    record = manager.get(name)
    instance = manager.load_plugin(record)
    if "exportEntities" not in manager.hooks.answers(instance):
        return None
    if config:
        raise PluginError(f"plugin {name} implements the exporter itself and takes no configuration")
    return Exporter(manager, record, name, config, instance)


def _validated(contribution: Contribution, config: Any) -> Any:
    if isinstance(config, contribution.config):
        return config
    problems: list[Problem] = []
    # The recipe's own lists are not the exporter's to know: the run splits them off as well.
    own = {key: value for key, value in (config or {}).items() if key not in RECIPE_LISTS}
    model = validate(contribution.config, own if contribution.kind == "exporters" else config or {}, "", problems)
    if problems:
        raise RecipeError(problems, contribution.qualified)
    return model


RECIPE_LISTS = frozenset({"use", "filters", "weightings", "formats", "artifacts"})


def _engine(manager: PluginManager, name: str, config: Any) -> dict[str, Any]:
    """The engine's own answers, by hook name."""

    @hookimpl
    def exportEntities(entities: Iterable[Entity], options: ExportOptions) -> ExportStats:
        from tuneport.runs import export_entities

        return export_entities(manager, name, config, entities, options)

    @hookimpl
    def getAdapterMetadataJson() -> str:
        return "{}"

    @hookimpl
    def getQualityMetricsReport() -> str:
        return "{}"

    return {
        "exportEntities": exportEntities,
        "getAdapterMetadataJson": getAdapterMetadataJson,
        "getQualityMetricsReport": getQualityMetricsReport,
    }


def _run_hooks(manager: PluginManager, plugin: PluginRecord, own: object, engine: dict[str, Any]) -> Hooks:
    """A pluggy manager with one answer to each exporter hook, and everybody's wrappers.

    Raises:
        PluginError: another plugin answers one of the hooks as well, so that one answer would be lost.
    """
    hooks = Hooks()
    answered: set[str] = set()
    if own is not None:
        hooks.register(own, plugin.name)
        answered = hooks.answers(own)
        if "exportEntities" not in answered:
            raise PluginError(
                f"exporter {plugin.name} implements no exportEntities", "mark it with @hookimpl, or return Stages"
            )
    hooks.register(SimpleNamespace(**{k: v for k, v in engine.items() if k not in answered}), "tuneport")
    for record in manager.list(state="loaded"):
        if record.name == plugin.name or record.instance is own:
            continue
        _join(hooks, record, manager.hooks.answers(record.instance), plugin.name)
    return hooks


def _join(hooks: Hooks, record: PluginRecord, answers: set[str], exporter: str) -> None:
    if "exportEntities" in answers:
        return  # an exporter of its own: it answers where it is loaded by name, and wraps nothing
    if answers:
        named = ", ".join(sorted(answers))
        raise PluginError(
            f"plugin {record.name} answers {named}, and so does exporter {exporter}",
            "a plugin that adds to another's answer is a wrapper: @hookimpl(wrapper=True)",
        )
    hooks.register(record.instance, record.name)
