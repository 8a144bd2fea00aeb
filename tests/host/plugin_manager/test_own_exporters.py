"""Plugins that implement the exporter contract themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from host.plugin_manager.exporting import ENTITIES, Whole, export, exporter
from host.plugin_manager.making import Site
from tuneport import Config, ExportOptions, PluginManager, hookimpl
from tuneport.errors import PluginError, RecipeError


@pytest.fixture
def manager() -> PluginManager:
    """A manager with the bundled plugins."""
    return PluginManager()


WHOLE = """
from tuneport import ExportStats, hookimpl

{decorated}
"""
MODULE = WHOLE.format(
    decorated="""
@hookimpl
def exportEntities(entities, options):
    return ExportStats(exported_entities=len(list(entities)))
"""
)
SNAKE = WHOLE.format(
    decorated="""
@hookimpl
def export_entities(entities, options):
    return ExportStats(exported_entities=len(list(entities)))

@hookimpl
def get_adapter_metadata_json():
    return '{"snake": true}'
"""
)
CLASS = WHOLE.format(
    decorated="""
class Plugin:
    @hookimpl
    def exportEntities(self, entities, options):
        return ExportStats(exported_entities=len(list(entities)))

    @hookimpl
    def get_adapter_metadata_json(self):
        return '{"class": true}'
"""
)
RETURNED = WHOLE.format(
    decorated="""
from pydantic import BaseModel

class Settings(BaseModel):
    factor: int = 1

class Made:
    def __init__(self, settings):
        self.factor = settings.factor

    @hookimpl
    def exportEntities(self, entities, options):
        return ExportStats(exported_entities=self.factor * len(list(entities)))

@hookimpl
def register_exporters(register):
    register("acme", Made, config=Settings)
"""
)


@pytest.mark.parametrize(
    ("code", "target", "metadata"),
    [
        (MODULE, "acme_code", "{}"),
        (SNAKE, "acme_code", '{"snake": true}'),
        (CLASS, "acme_code:Plugin", '{"class": true}'),
        (RETURNED, "acme_code", "{}"),
    ],
    ids=["module", "snake_case", "class", "returned"],
)
@pytest.mark.parametrize("declared", [True, False])
def test_a_plugin_may_implement_the_exporter_itself(
    site: Site, code: str, target: str, metadata: str, declared: bool
) -> None:
    """In every form it is loaded by name, with a manifest and without; hooks it lacks the engine answers."""
    site.package("acme_code", code, {"name": "acme", "provides": {"exporters": ["acme"]}} if declared else None)
    site.distribution("x-acme", acme=target)
    manager = PluginManager()
    for name in ("acme", "acme:acme"):
        one = exporter(manager, name)
        stats = one.exportEntities(ENTITIES, ExportOptions(output_path="unused"))
        assert stats.exported_entities == 5
        assert (one.getAdapterMetadataJson(), one.getQualityMetricsReport()) == (metadata, "{}")
    assert "acme" in manager.names("exporters")


def test_a_returned_exporter_is_configured_each_time(site: Site) -> None:
    """Each load makes an object of its own from its own configuration."""
    site.plugin("acme", RETURNED)
    manager = PluginManager()
    one, two = exporter(manager, "acme", {"factor": 2}), exporter(manager, "acme", {"factor": 3})
    counts = [e.exportEntities(ENTITIES, ExportOptions(output_path="unused")).exported_entities for e in (one, two)]
    assert counts == [10, 15]
    with pytest.raises(RecipeError, match='factor = "x"'):
        manager.load("acme", {"factor": "x"})
    with pytest.raises(RecipeError, match="exports by itself"):
        manager.load("acme", {"filters": ["length"]})


def test_an_exporter_without_a_configuration_takes_none(manager: PluginManager) -> None:
    """A plugin that implements exportEntities as a hook has no configuration model."""
    manager.register(Whole(), "whole")
    with pytest.raises(RecipeError, match="unknown key"):
        manager.load("whole", {"style": "x"})


def test_whole_exporters_and_the_engines_live_in_one_manager(manager: PluginManager, tmp_path: Path) -> None:
    """Each exporter answers where it is loaded by name, and nowhere else."""
    one, two = Whole('"one"'), Whole('"two"')
    manager.register(one, "one")
    manager.register(two, "two")
    loaded = [exporter(manager, name) for name in ("one", "two", "jsonl_llm")]
    assert [each.getQualityMetricsReport() for each in loaded] == ['"one"', '"two"', "{}"]
    loaded[0].exportEntities(ENTITIES[:2], ExportOptions(output_path="unused"))
    assert export(loaded[2], tmp_path / "o.jsonl")
    assert (one.seen, two.seen) == (ENTITIES[:2], [])


class Settings(BaseModel):
    """Which wrong thing to return."""

    wrong: str


class Wrong:
    """A plugin whose exporter is none."""

    @hookimpl
    def register_exporters(self, register: Callable[..., None]) -> None:
        register("wrong", lambda config: getattr(self, config.wrong)(), config=Settings)

    def nothing(self) -> None: ...

    def plain(self) -> object:
        return SimpleNamespace(exportEntities=print)

    def typo(self) -> object:
        @hookimpl
        def export_entitys(entities: Any, options: Any) -> None: ...

        return SimpleNamespace(export_entitys=export_entitys)

    def argument(self) -> object:
        @hookimpl
        def exportEntities(records: Any) -> None: ...

        return SimpleNamespace(exportEntities=exportEntities)

    def raising(self) -> object:
        raise KeyError("x")

    def saying(self) -> object:
        raise PluginError("not without a licence", "buy one")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("nothing", "returned NoneType, neither Stages nor an exporter"),
        ("plain", "implements no exportEntities"),
        ("typo", "unknown hook 'export_entitys'"),
        ("argument", "Argument\\(s\\) {'records'}"),
        ("raising", "exporter wrong:wrong: KeyError: 'x'"),
        ("saying", "^not without a licence\\nbuy one$"),
    ],
)
def test_what_is_no_exporter_is_told_at_load(manager: PluginManager, wrong: str, reason: str) -> None:
    """An object that does not answer exportEntities, or raises, names its plugin."""
    manager.register(Wrong(), "wrong")
    with pytest.raises(PluginError, match=reason):
        manager.load("wrong", {"wrong": wrong})


class Own(Config):
    """A configuration with a field named as one of the recipe's lists."""

    formats: list[str] = []


def test_a_models_own_field_wins_over_the_recipes_list(manager: PluginManager) -> None:
    """An exporter that exports by itself may call a key `formats`."""
    got: list[Own] = []

    @hookimpl
    def register_exporters(register: Callable[..., None]) -> None:
        register("own", lambda config: got.append(config) or Whole(), config=Own)  # type: ignore[func-returns-value]

    manager.register(SimpleNamespace(register_exporters=register_exporters), "own")
    manager.load("own", {"formats": ["a"]})
    assert got == [Own(formats=["a"])]
