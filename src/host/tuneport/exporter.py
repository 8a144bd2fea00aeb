"""What `PluginManager.load` returns: an exporter, dispatched through hooks that others may wrap."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from tuneport.answers import Engine
from tuneport.config import closest, validate
from tuneport.errors import PluginError, RecipeError, TuneportError, UnknownNameError
from tuneport.hookspecs import Stages
from tuneport.model import Entity, Problem
from tuneport.options import ExportOptions, ExportStats
from tuneport.plugin_manager.contributions import Contribution
from tuneport.plugin_manager.hooks import EXPORTER_HOOKS, Hooks
from tuneport.source import Source

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager, PluginRecord

T = TypeVar("T")

RECIPE_LISTS = frozenset(
    {"where", "filters", "weightings", "fingerprints", "formats", "validators", "metrics", "artifacts"}
)
"""Keys of `[export]` that are the recipe's own, whatever the exporter."""


class Exporter:
    """A configured exporter. It runs one export at a time; load another for a second one at once.

    Attributes:
        name: `plugin:name`.
    """

    def __init__(self, manager: PluginManager, plugin: PluginRecord, name: str, config: Any, own: object) -> None:
        self.name = name
        self._busy = threading.Lock()
        self._own = own
        self._engine = Engine(manager, name, config, beside=own is not None)
        self._hooks = _run_hooks(manager, plugin, own, self._engine)

    @property
    def config(self) -> Any:
        """Its configuration, as given, and as setAdapterMetadataFromJson changed it."""
        return self._engine.config

    def exportEntities(self, entities: Iterable[Entity], options: ExportOptions) -> ExportStats:
        """Export the entities; they are read once, so a generator does.

        Raises:
            TuneportError: see `tuneport.errors`; nothing is visible at the output path then.
        """
        if not self._busy.acquire(blocking=False):
            raise TuneportError(f"exporter {self.name} is exporting already", "load another one: each is independent")
        try:
            return self._checked(ExportStats, "exportEntities", entities=entities, options=options)
        finally:
            self._busy.release()

    def getAdapterMetadataJson(self) -> str:
        """The adapter's metadata as JSON; "{}" where tracking is off. After an export, with its counts."""
        return self._checked(str, "getAdapterMetadataJson")

    def getQualityMetricsReport(self) -> str:
        """The quality report of the last export as JSON; "{}" where metrics are off."""
        return self._checked(str, "getQualityMetricsReport")

    def validateAgainstSchema(self, text: str, errors: list[str] | None = None) -> bool:
        """Say whether a JSON text fits the configured schema; what is wrong is added to `errors`.

        Raises:
            TuneportError: the schema itself is wrong, or this exporter has none.
        """
        return self._extra("validateAgainstSchema", text, errors)

    def setAdapterMetadataFromJson(self, text: str, errors: list[str] | None = None) -> bool:
        """Take the adapter's metadata from JSON, and turn tracking on: all of it, or nothing.

        What the text does not name stays as it is. What is wrong is added to `errors`.

        Raises:
            TuneportError: this exporter keeps no metadata.
        """
        return self._extra("setAdapterMetadataFromJson", text, errors)

    export_entities = exportEntities
    get_adapter_metadata_json = getAdapterMetadataJson
    get_quality_metrics_report = getQualityMetricsReport
    validate_against_schema = validateAgainstSchema
    set_adapter_metadata_from_json = setAdapterMetadataFromJson

    def _extra(self, name: str, text: str, errors: list[str] | None) -> bool:
        """Call a method beside the hooks: the engine's, or that of a plugin that exports by itself."""
        if not isinstance(text, str) or not isinstance(errors, list | None):
            raise TypeError(f"{name} takes a text, and a list for what is wrong with it")
        twin = re.sub(r"(?=[A-Z])", "_", name).lower()
        own = self._engine if self._own is None else self._own
        method = getattr(own, name, None) or getattr(own, twin, None)
        if method is None:
            raise PluginError(f"exporter {self.name} exports by itself, and has no {name}")
        return bool(method(text, [] if errors is None else errors))

    def _checked(self, kind: type[T], hook: str, **arguments: Any) -> T:
        answer = getattr(self._hooks.hook, hook)(**arguments)
        if not isinstance(answer, kind):
            raise PluginError(
                f"{hook} of {self.name} returned {type(answer).__name__}, not {kind.__name__}",
                "a wrapper returns what its yield gave it, or another of the same type",
            )
        return answer


def load(manager: PluginManager, name: str, config: Any) -> Exporter | Source:
    """See `PluginManager.load`."""
    contribution = _loadable(manager, name)
    if contribution.kind == "importers":
        from tuneport.runs.reading.sources import open_source

        return open_source(contribution, _validated(contribution, config), datetime.now(UTC))
    made = _made(contribution, config)
    own = None if isinstance(made, Stages) else made
    return Exporter(manager, manager.get(contribution.plugin), contribution.qualified, _kept(config, own), own)


def _loadable(manager: PluginManager, name: str) -> Contribution:
    """The exporter or importer of this name; of one plugin that has both, the exporter."""
    found = []
    for kind in ("exporters", "importers"):
        try:
            found.append(manager.resolve(kind, name))
        except UnknownNameError:
            continue
    if not found:
        raise _unknown(manager, name)
    if len({contribution.plugin for contribution in found}) > 1:
        choices = ", ".join(contribution.qualified for contribution in found)
        raise PluginError(f"{name!r} is an exporter and an importer", f"name one of them: {choices}")
    return found[0]


def _unknown(manager: PluginManager, name: str) -> PluginError:
    try:
        record = manager.get(name)
    except UnknownNameError:
        pass
    else:
        if not record.usable:
            return record.error()
    known = sorted({*manager.names("exporters"), *manager.names("importers")})
    parts = (closest(name, known), f"known: {', '.join(known)}" if known else "no plugin provides any")
    return UnknownNameError(f"no exporter or importer {name!r}", " ".join(part for part in parts if part))


def _made(contribution: Contribution, config: Any) -> object:
    """What the exporter's factory makes of its configuration."""
    given, lists = config, set[str]()
    if isinstance(config, Mapping):
        # The recipe's own lists are not the exporter's to know: the run splits them off as well.
        lists = {key for key in config if key in RECIPE_LISTS and key not in contribution.config.model_fields}
        given = {key: value for key, value in config.items() if key not in lists}
    model = _validated(contribution, given)
    try:
        made: object = contribution.factory(model)
    except TuneportError:
        raise
    except Exception as error:
        raise PluginError(f"exporter {contribution.qualified}: {type(error).__name__}: {error}") from error
    if made is None:
        raise PluginError(f"exporter {contribution.qualified} returned NoneType, neither Stages nor an exporter")
    if lists and not isinstance(made, Stages):
        # There is no run that could take them.
        problems = [Problem(key, "unknown key", f"{contribution.qualified} exports by itself") for key in sorted(lists)]
        raise RecipeError(problems, contribution.qualified)
    return made


def _validated(contribution: Contribution, config: Any) -> Any:
    if isinstance(config, contribution.config):
        return config
    problems: list[Problem] = []
    if config is not None and not isinstance(config, Mapping):
        text = f"a mapping or {contribution.config.__name__} is wanted, not {type(config).__name__}"
        raise RecipeError([Problem("", text)], contribution.qualified)
    model = validate(contribution.config, dict(config or {}), "", problems)
    if problems:
        raise RecipeError(problems, contribution.qualified)
    return model


def _kept(config: Any, own: object) -> Any:
    """The configuration as it is now: what its giver changes later is for the next exporter."""
    return copy.deepcopy(config) if own is None else config


def _run_hooks(manager: PluginManager, plugin: PluginRecord, own: object, engine: Engine) -> Hooks:
    """A pluggy manager with one answer to each exporter hook, and everybody's wrappers.

    Raises:
        PluginError: another plugin answers one of the hooks as well, so that one answer would be lost.
    """
    hooks = Hooks()
    answered = _own_answers(hooks, plugin, own)
    for record in manager.list(state="loaded"):
        if record.instance is own:
            continue
        answers = _answers_beside(manager.hooks.answers(record.instance), record, plugin, answered)
        if answers:
            hooks.register(record.instance, record.name)
            answered |= answers
        else:
            hooks.register_wrappers(record.instance, record.name)
    # Plugins have no colon in their names.
    rest = set(EXPORTER_HOOKS.values()) - answered
    hooks.register(SimpleNamespace(**{name: getattr(engine, name) for name in rest}), ":engine")
    return hooks


def _own_answers(hooks: Hooks, plugin: PluginRecord, own: object) -> set[str]:
    """What the object that an exporter's factory returned answers; nothing where it returned stages."""
    if own is None:
        return set()
    try:
        hooks.register(own, ":exporter")
        hooks.check_pending()
    except Exception as error:
        text = " ".join(str(error).split())
        raise PluginError(f"exporter of plugin {plugin.name}: {type(error).__name__}: {text}") from error
    answered = hooks.answers(own)
    if "exportEntities" not in answered:
        raise PluginError(
            f"the exporter that plugin {plugin.name} returned ({type(own).__name__}) implements no exportEntities",
            "mark its methods with @hookimpl, or return Stages",
        )
    return answered


def _answers_beside(answers: set[str], record: PluginRecord, plugin: PluginRecord, answered: set[str]) -> set[str]:
    """What a loaded plugin answers beside the exporter: nothing, unless it is the exporter's own plugin."""
    if "exportEntities" in answers:
        # An exporter itself: it answers where it is loaded by name.
        return set()
    wrong = answers if record.name != plugin.name else answers & answered
    if wrong:
        raise PluginError(
            f"plugin {record.name} answers {', '.join(sorted(wrong))}, and so does exporter {plugin.name}",
            "a plugin that adds to another's answer is a wrapper: @hookimpl(wrapper=True)",
        )
    return answers
