"""An exporter that was loaded: its names, its configuration, one export at a time, many at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from host.plugin_manager.exporting import ENTITIES, export, exporter, rows
from tuneport import Entity, ExportOptions, PluginManager
from tuneport.errors import RecipeError, TuneportError, UnknownNameError
from tuneport_jsonl_llm import JSONLLLMConfig


@pytest.fixture
def manager() -> PluginManager:
    """A manager with the bundled plugins."""
    return PluginManager()


@pytest.mark.parametrize("name", ["jsonl_llm", "jsonl_llm:jsonl_llm", "jsonl_llm_exporter"])
def test_an_exporter_is_loaded_by_name_qualified_name_and_alias(
    manager: PluginManager, name: str, tmp_path: Path
) -> None:
    """All three spellings are the same exporter, which exports a generator of entities."""
    one = exporter(manager, name)
    assert one.name == "jsonl_llm:jsonl_llm"
    assert export(one, tmp_path / "o.jsonl")[0]["instruction"] == "What is 0?"
    assert (one.getAdapterMetadataJson(), one.getQualityMetricsReport()) == ("{}", "{}")
    assert (one.get_adapter_metadata_json(), one.get_quality_metrics_report()) == ("{}", "{}")


def test_each_load_is_independent(manager: PluginManager, tmp_path: Path) -> None:
    """Two exporters of one name keep their own configurations, and what a host changes later reaches neither."""
    config = {"weighting": {"weight_field": "upvotes"}}
    weighted = exporter(manager, config=config)
    config["weighting"]["weight_field"] = "answer"
    plain = exporter(manager, config={"weighting": {"enable_weights": False}})
    assert [row["weight"] for row in export(weighted, tmp_path / "a.jsonl")] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert "weight" not in export(plain, tmp_path / "b.jsonl")[0]
    assert [row["weight"] for row in export(weighted, tmp_path / "c.jsonl")][4] == 4.0


def test_a_configuration_may_be_the_model(manager: PluginManager, tmp_path: Path) -> None:
    """A model that was assigned to works as a mapping does, and is the exporter's own from then on."""
    config = JSONLLLMConfig()
    config.weighting.weight_field = "upvotes"
    one = exporter(manager, config=config)
    config.weighting.weight_field = "answer"
    assert [row["weight"] for row in export(one, tmp_path / "a.jsonl")] == [0.0, 1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("config", "path", "hint"),
    [
        ({"weighting": {"weight_fild": "upvotes"}}, "weighting.weight_fild", 'did you mean "weight_field"?'),
        ({"quality": {"min_text_length": "many"}}, 'quality.min_text_length = "many"', ""),
        ({"use": "other"}, "use", ""),
        ([1], "", ""),
        (SimpleNamespace(), "", ""),
    ],
)
def test_a_wrong_configuration_names_its_path(manager: PluginManager, config: Any, path: str, hint: str) -> None:
    """`load` raises a RecipeError whose problem stands at the key, with the closest one."""
    with pytest.raises(RecipeError) as caught:
        manager.load("jsonl_llm", config)
    (problem,) = caught.value.problems
    assert problem.path == path
    assert hint in problem.hint
    assert "jsonl_llm:jsonl_llm: 1 problem" in caught.value.message


def test_every_problem_of_a_configuration_is_told(manager: PluginManager) -> None:
    """Two wrong keys are two problems."""
    with pytest.raises(RecipeError) as caught:
        manager.load("jsonl_llm", {"stile": "x", "weighting": {"weight_field": 3}})
    assert {problem.path for problem in caught.value.problems} == {"stile", "weighting.weight_field = 3"}


def test_the_recipes_own_lists_belong_to_the_run(manager: PluginManager, tmp_path: Path) -> None:
    """`filters` and the like beside an exporter's keys take part in its run."""
    strict = exporter(manager, config={"filters": [{"use": "length", "min_text_length": 1000}]})
    stats = strict.exportEntities(ENTITIES, ExportOptions(output_path=tmp_path / "o.jsonl", min_rows=0))
    assert (stats.exported_entities, stats.filtered_entities) == (0, 5)


def test_an_unknown_name_lists_what_can_be_loaded(manager: PluginManager) -> None:
    """The hint has the closest name, and every exporter and importer."""
    with pytest.raises(UnknownNameError, match="no exporter or importer 'jsonl_lm'") as caught:
        manager.load("jsonl_lm")
    assert caught.value.hint == 'did you mean "jsonl_llm"? known: csv, json, jsonl, jsonl_llm, sqlite'
    for name in ("formats", "acme:jsonl_llm", "sources:parquet"):
        with pytest.raises(UnknownNameError, match=f"no exporter or importer '{name}'"):
            manager.load(name)


def test_one_exporter_runs_one_export_at_a_time(manager: PluginManager, tmp_path: Path) -> None:
    """A second export while one runs is an error, from the same thread or another; afterwards it works again."""
    one = exporter(manager)
    started, go = threading.Event(), threading.Event()

    def slow() -> Iterator[Entity]:
        started.set()
        assert go.wait(10)
        yield from ENTITIES

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(one.exportEntities, slow(), ExportOptions(output_path=tmp_path / "a.jsonl"))
        assert started.wait(10)
        with pytest.raises(TuneportError, match="is exporting already"):
            one.exportEntities(ENTITIES, ExportOptions(output_path=tmp_path / "b.jsonl"))
        go.set()
        assert running.result(10).exported_entities == 5
    assert not (tmp_path / "b.jsonl").exists()
    assert export(one, tmp_path / "c.jsonl")


def test_an_export_that_fails_frees_its_exporter(manager: PluginManager, tmp_path: Path) -> None:
    """After an error the exporter can be used again."""
    one = exporter(manager)
    with pytest.raises(TuneportError):
        one.exportEntities([], ExportOptions(output_path=tmp_path / "a.jsonl"))
    assert export(one, tmp_path / "b.jsonl")


def test_exporters_run_at_once_in_threads(manager: PluginManager, tmp_path: Path) -> None:
    """Four exporters that wait for each other all finish, with their own rows."""
    barrier = threading.Barrier(4)

    def run(number: int) -> list[float]:
        def entities() -> Iterator[Entity]:
            barrier.wait(10)
            yield from ({**entity, "w": number} for entity in ENTITIES)

        one = exporter(manager, config={"weighting": {"weight_field": "w"}})
        path = tmp_path / f"{number}.jsonl"
        one.exportEntities(entities(), ExportOptions(output_path=path))
        return [row["weight"] for row in rows(path)]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(run, range(4))) == [[float(number)] * 5 for number in range(4)]
