"""Whose answer a hook gives, and who may wrap it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from host.plugin_manager.exporting import ENTITIES, Whole, exporter
from host.plugin_manager.making import Site
from tuneport import ExportOptions, ExportStats, PluginManager, Stages, hookimpl
from tuneport.errors import PluginError


@pytest.fixture
def manager() -> PluginManager:
    """A manager with the bundled plugins."""
    return PluginManager()


class Partial:
    """A plugin that answers one hook of somebody else's exporter."""

    @hookimpl
    def getQualityMetricsReport(self) -> str:
        return "mine"


@pytest.mark.parametrize("name", ["jsonl_llm", "whole"])
def test_another_plugins_partial_answer_is_an_error_naming_both(manager: PluginManager, name: str) -> None:
    """Of two answers one would be lost silently."""
    manager.register(Whole(), "whole")
    manager.register(Partial(), "acme")
    with pytest.raises(PluginError, match=f"plugin acme answers getQualityMetricsReport, and so does exporter {name}"):
        manager.load(name)


class Beside(Partial):
    """A plugin whose exporter is made of stages, and who answers one hook beside it."""

    @hookimpl
    def register_exporters(self, register: Callable[..., None]) -> None:
        register("acme", lambda _config: Stages(style="text_completion", formats=["tuneport"]))


def test_an_exporters_own_plugin_may_answer_beside_its_stages(manager: PluginManager, tmp_path: Path) -> None:
    """The exporter's own answer is used; the engine still exports."""
    manager.register(Beside(), "acme")
    one = exporter(manager, "acme")
    assert one.getQualityMetricsReport() == "mine"
    stats = one.exportEntities([{"content": "Some text"}], ExportOptions(output_path=tmp_path / "o.jsonl"))
    assert stats.exported_entities == 1


class Telemetry:
    """A plugin of wrappers only."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.seen: list[Any] = []

    @hookimpl(wrapper=True)
    def export_entities(self, options: ExportOptions) -> Generator[None, ExportStats, ExportStats]:
        self.seen.append(options.path)
        stats = yield
        stats.errors.append(self.tag)
        return stats

    @hookimpl(wrapper=True)
    def getQualityMetricsReport(self) -> Generator[None, str, str]:
        report = yield
        return f"{self.tag}({report})"


@pytest.mark.parametrize("name", ["jsonl_llm", "whole"])
def test_wrappers_of_other_plugins_see_and_may_change_every_call(
    manager: PluginManager, name: str, tmp_path: Path
) -> None:
    """Every loaded plugin's wrappers surround the one answer, the engine's or a plugin's own."""
    first, second = Telemetry("first"), Telemetry("second")
    manager.register(Whole("x"), "whole")
    manager.register(first, "first")
    manager.register(second, "second")
    one = exporter(manager, name)
    path = tmp_path / "o.jsonl"
    stats = one.exportEntities(ENTITIES, ExportOptions(output_path=path))
    assert stats.errors == ["first", "second"]
    assert first.seen == second.seen == [path]
    assert one.getQualityMetricsReport() == f"second(first({'x' if name == 'whole' else '{}'}))"


class WholeAndWrapping(Whole):
    """An exporter that also wraps the calls of others."""

    @hookimpl(wrapper=True)
    def getAdapterMetadataJson(self) -> Generator[None, str, str]:
        text = yield
        return f"wrapped({text})"


def test_an_exporter_may_wrap_others(manager: PluginManager) -> None:
    """Its answers stay its own, its wrappers are everybody's."""
    manager.register(WholeAndWrapping("own"), "whole")
    one = exporter(manager)
    assert (one.getQualityMetricsReport(), one.getAdapterMetadataJson()) == ("{}", "wrapped({})")


def test_wrappers_of_an_auto_loaded_plugin_take_part(site: Site) -> None:
    """A plugin that asks to be loaded with the host wraps without being named."""
    hook = "@hookimpl(wrapper=True)\ndef get_adapter_metadata_json():\n    yield\n    return 'w'\n"
    code = f"from tuneport import hookimpl\n{hook}"
    site.plugin("acme", code, {"name": "acme", "auto_load": True, "provides": {}})
    assert exporter(PluginManager()).getAdapterMetadataJson() == "w"


class Forgetful:
    """A wrapper that loses the answer."""

    @hookimpl(wrapper=True)
    def exportEntities(self) -> Iterator[None]:
        yield


def test_a_wrapper_that_loses_the_answer_is_an_error(manager: PluginManager, tmp_path: Path) -> None:
    """None instead of statistics is told at once, with the fix."""
    manager.register(Forgetful(), "acme")
    with pytest.raises(PluginError, match="returned NoneType, not ExportStats"):
        exporter(manager).exportEntities(ENTITIES, ExportOptions(output_path=tmp_path / "o.jsonl"))
