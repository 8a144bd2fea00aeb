"""Loading by name, and the exporter contract that host applications call."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from host.plugin_manager.making import Site, new_site
from tuneport import Config, Entity, Exporter, ExportOptions, ExportStats, PluginManager, Source, Stages, hookimpl
from tuneport.errors import PluginError, RecipeError, TuneportError, UnknownNameError
from tuneport_jsonl_llm import JSONLLLMConfig

ENTITIES: list[Entity] = [
    {"question": f"What is {number}?", "answer": f"It is the number {number}.", "upvotes": number}
    for number in range(5)
]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty folder on sys.path."""
    with new_site(tmp_path / "site", monkeypatch) as made:
        yield made


@pytest.fixture
def manager() -> PluginManager:
    """A manager with the bundled plugins."""
    return PluginManager()


def exporter(manager: PluginManager, name: str = "jsonl_llm", config: Any = None) -> Exporter:
    """A loaded exporter."""
    loaded = manager.load(name, config)
    assert isinstance(loaded, Exporter)
    return loaded


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def export(one: Exporter, path: Path) -> list[dict[str, Any]]:
    """The rows an exporter writes for ENTITIES."""
    stats = one.exportEntities(iter(ENTITIES), ExportOptions(output_path=path))
    assert stats.exported_entities == len(ENTITIES)
    return rows(path)


# Loading


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
        ({"quality": {"min_text_length": "many"}}, "quality.min_text_length = 'many'", ""),
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
    assert caught.value.hint == 'did you mean "jsonl_llm"? known: jsonl, jsonl_llm, sqlite'
    for name in ("formats", "acme:jsonl_llm", "sources:parquet"):
        with pytest.raises(UnknownNameError, match=f"no exporter or importer '{name}'"):
            manager.load(name)


# Importers


def test_loading_an_importer_returns_its_source(
    manager: PluginManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path starts from the working directory; the three methods of a source work."""
    (tmp_path / "faq.jsonl").write_text("".join(json.dumps(entity) + "\n" for entity in ENTITIES))
    monkeypatch.chdir(tmp_path)
    source = manager.load("jsonl", {"path": "faq.jsonl"})
    assert isinstance(source, Source)
    assert source.validateSource()
    assert list(source.importEntities()) == ENTITIES
    assert isinstance(source.getSourceSchema(), dict)
    errors: list[str] = []
    missing = manager.load("jsonl", {"path": "nowhere.jsonl"})
    assert isinstance(missing, Source)
    assert not missing.validateSource(errors)
    assert "nowhere.jsonl" in errors[0]


def test_a_wrong_importer_configuration_names_its_path(manager: PluginManager) -> None:
    """An importer's configuration is validated as an exporter's is."""
    with pytest.raises(RecipeError) as caught:
        manager.load("jsonl", {"pth": "faq.jsonl"})
    assert {problem.path for problem in caught.value.problems} == {"path", "pth"}


class Letters:
    """A plugin with three importers: a generator, one that raises, one that returns nothing to read."""

    @hookimpl
    def register_importers(self, register: Callable[..., None]) -> None:
        register("letters", lambda _config, _ctx: ({"letter": letter} for letter in "abc"))
        register("raising", lambda _config, _ctx: 1 / 0)
        register("nothing", lambda _config, _ctx: 7)


def test_an_importer_may_return_any_iterable(manager: PluginManager) -> None:
    """A generator of dicts is a source."""
    manager.register(Letters(), "letters")
    source = manager.load("letters")
    assert isinstance(source, Source)
    assert source.validateSource()
    assert source.getSourceSchema() == {}
    assert [entity["letter"] for entity in source.importEntities()] == ["a", "b", "c"]


@pytest.mark.parametrize(("name", "reason"), [("raising", "ZeroDivisionError"), ("nothing", "returned int, no source")])
def test_an_importer_that_fails_is_named(manager: PluginManager, name: str, reason: str) -> None:
    """Whatever a factory raises or returns instead of a source is a PluginError with its name."""
    manager.register(Letters(), "letters")
    with pytest.raises(PluginError, match=f"letters:{name}.*{reason}"):
        manager.load(name)


# Exporters of other plugins


class Whole:
    """A plugin that implements the exporter itself."""

    def __init__(self, report: str = '{"rows": 0}') -> None:
        self.report = report
        self.seen: list[Entity] = []

    @hookimpl
    def exportEntities(self, entities: Iterable[Entity], options: ExportOptions) -> ExportStats:
        self.seen = list(entities)
        assert options.path is not None
        return ExportStats(total_entities=len(self.seen), exported_entities=len(self.seen))

    @hookimpl
    def getQualityMetricsReport(self) -> str:
        return self.report


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
    with pytest.raises(RecipeError, match="factor = 'x'"):
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
    def export_entities(self, options: ExportOptions) -> Iterator[None]:
        self.seen.append(options.path)
        stats = yield
        assert isinstance(stats, ExportStats)  # type: ignore[unreachable]
        stats.errors.append(self.tag)
        return stats

    @hookimpl(wrapper=True)
    def getQualityMetricsReport(self) -> Iterator[None]:
        report = yield
        return f"{self.tag}({report})"  # type: ignore[return-value]


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
    def getAdapterMetadataJson(self) -> Iterator[None]:
        text = yield
        return f"wrapped({text})"  # type: ignore[return-value]


def test_an_exporter_may_wrap_others(manager: PluginManager) -> None:
    """Its answers stay its own, its wrappers are everybody's."""
    manager.register(WholeAndWrapping("own"), "whole")
    one = exporter(manager)
    assert (one.getQualityMetricsReport(), one.getAdapterMetadataJson()) == ("{}", "wrapped({})")


def test_wrappers_of_an_auto_loaded_plugin_take_part(site: Site) -> None:
    """A plugin that asks to be loaded with the host wraps without being named."""
    code = "from tuneport import hookimpl\n@hookimpl(wrapper=True)\ndef getAdapterMetadataJson():\n    yield\n    return 'w'\n"
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
        return SimpleNamespace(exportEntities=lambda entities, options: None)

    def typo(self) -> object:
        @hookimpl
        def exportEntitys(entities: Any, options: Any) -> None: ...

        return SimpleNamespace(exportEntitys=exportEntitys)

    def argument(self) -> object:
        @hookimpl
        def exportEntities(records: Any) -> None: ...

        return SimpleNamespace(exportEntities=exportEntities)

    def raising(self) -> object:
        raise KeyError("x")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("nothing", "returned NoneType, neither Stages nor an exporter"),
        ("plain", "implements no exportEntities"),
        ("typo", "unknown hook 'exportEntitys'"),
        ("argument", "Argument\\(s\\) {'records'}"),
        ("raising", "exporter wrong:wrong: KeyError: 'x'"),
    ],
)
def test_what_is_no_exporter_is_told_at_load(manager: PluginManager, wrong: str, reason: str) -> None:
    """An object that does not answer exportEntities, or raises, names its plugin."""
    manager.register(Wrong(), "wrong")
    with pytest.raises(PluginError, match=reason):
        manager.load("wrong", {"wrong": wrong})


class Both:
    """A plugin with an exporter of an importer's name."""

    @hookimpl
    def register_exporters(self, register: Callable[..., None]) -> None:
        register("jsonl", lambda _config: Stages(style="text_completion"))


def test_an_exporter_with_an_importers_name_is_ambiguous(manager: PluginManager) -> None:
    """`load` never chooses between two plugins; qualified names choose."""
    manager.register(Both(), "acme")
    with pytest.raises(PluginError, match="'jsonl' is an exporter and an importer") as caught:
        manager.load("jsonl", {"path": "x"})
    assert caught.value.hint == "name one of them: acme:jsonl, sources:jsonl"
    assert isinstance(manager.load("acme:jsonl"), Exporter)
    assert isinstance(manager.load("sources:jsonl", {"path": "x"}), Source)


# One at a time, many at once


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
