"""Metrics of third parties: measured part by part, merged exactly, in the manifest and the report."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, Killed, Mortal, tree

from tuneport import Config, Context, Entity, Exporter, ExportOptions, PluginManager, Sample, export, hookimpl
from tuneport.errors import PluginError, RecipeError
from tuneport.runs import Sizes, execute, plan_export

ENTITIES: list[Entity] = [
    {"pk": number, "question": f"What is {number}?", "answer": "word " * (number % 7 + 2) + str(number)}
    for number in range(60)
]


class Kept(Config):
    """What the metric `words` is told."""

    most: int = 3


class Words:
    """Words by length, their number, the first and last samples, and nested data: every kind of state there is."""

    def __init__(self, most: int) -> None:
        self._most = most

    def new(self) -> dict[str, Any]:
        return {"lengths": {}, "order": [], "nested": {"total": [0, 0.0], "none": None, "seen": False}}

    def add(self, state: dict[str, Any], sample: Sample, split: str) -> None:
        words = len(sample.completion.content.split())
        state["lengths"][words] = state["lengths"].get(words, 0) + 1
        state["order"] = [*state["order"], [sample.prompt[0].content, split]]
        total = state["nested"]["total"]
        state["nested"] = {"total": [total[0] + words, total[1] + 0.25], "none": None, "seen": True}

    def merge(self, left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
        lengths = dict(left["lengths"])
        for words, count in right["lengths"].items():
            assert isinstance(words, int)
            lengths[words] = lengths.get(words, 0) + count
        totals = [one + other for one, other in zip(left["nested"]["total"], right["nested"]["total"], strict=True)]
        seen = left["nested"]["seen"] or right["nested"]["seen"]
        return {
            "lengths": lengths,
            "order": [*left["order"], *right["order"]],
            "nested": {"total": totals, "none": None, "seen": seen},
        }

    def result(self, state: dict[str, Any]) -> dict[str, Any]:
        return {
            "lengths": {str(words): state["lengths"][words] for words in sorted(state["lengths"])},
            "first": state["order"][: self._most],
            "last": state["order"][-1:],
            "total": state["nested"]["total"],
            "seen": state["nested"]["seen"],
        }


class Rows:
    """A metric that counts; a test replaces one of its methods."""

    def new(self) -> Any:
        return {"rows": 0}

    def add(self, state: Any, _sample: Sample, _split: str) -> None:
        state["rows"] += 1

    def merge(self, left: Any, right: Any) -> Any:
        return {"rows": left["rows"] + right["rows"]}

    def result(self, state: Any) -> Any:
        return state["rows"]


class Measuring:
    """A plugin of metrics."""

    def __init__(self, **factories: Callable[[Any, Context], Any]) -> None:
        self._factories = factories

    @hookimpl
    def register_metrics(self, register: Any) -> None:
        register("words", lambda config, _ctx: Words(config.most), config=Kept, doc="Words of answers")
        for name, factory in self._factories.items():
            register(name, factory)


def plugged(**factories: Callable[[Any, Context], Any]) -> PluginManager:
    """A manager with the bundled plugins and `acme`."""
    manager = PluginManager()
    manager.register(Measuring(**factories), "acme")
    return manager


def replaced(**methods: Callable[..., Any]) -> Callable[[Any, Context], Any]:
    """The factory of `Rows` with other methods."""
    return lambda _config, _ctx: type("Replaced", (Rows,), methods)()


def exporter(manager: PluginManager, *metrics: Any, **config: Any) -> Exporter:
    """A loaded exporter with these metrics."""
    loaded = manager.load("jsonl_llm", {"metrics": list(metrics), **config})
    assert isinstance(loaded, Exporter)
    return loaded


def measured(one: Exporter, path: Path, entities: Iterable[Entity] = ENTITIES) -> Any:
    """The metrics in the manifest of what an exporter writes."""
    one.exportEntities(entities, ExportOptions(output_path=path, min_rows=0))
    return json.loads((path / "manifest.json").read_text())["metrics"]


EXPECTED = {
    "lengths": {str(words): sum(number % 7 + 3 == words for number in range(60)) for words in range(3, 10)},
    "first": [["What is 0?", "train"], ["What is 1?", "train"], ["What is 2?", "train"]],
    "last": [["What is 59?", "train"]],
    "total": [sum(number % 7 + 3 for number in range(60)), 15.0],
    "seen": True,
}


# Chosen in a recipe


def test_metrics_are_chosen_by_name_and_with_a_configuration(tmp_path: Path) -> None:
    """Results stand in the manifest under their names; a configuration reaches the metric."""
    manager = plugged(rows=replaced())
    found = measured(exporter(manager, {"use": "words", "most": 1}, "acme:rows"), tmp_path / "out")

    assert found == {"words": {**EXPECTED, "first": EXPECTED["first"][:1]}, "rows": 60}  # type: ignore[index]


@pytest.mark.parametrize(
    ("chosen", "path", "text"),
    [
        (["wrds"], 'export.metrics[0] = "wrds"', "words"),
        ([{"use": "words", "mots": 2}], "export.metrics[0].mots", 'did you mean "most"?'),
        (["words", "acme:words"], "export.metrics", "acme:words is named twice; each metric is measured once"),
        (["words", {"use": "words", "most": 9}], "export.metrics", "is named twice"),
        (["length"], 'export.metrics[0] = "length"', ""),
    ],
)
def test_a_metric_that_is_wrong_in_a_recipe_is_a_problem(chosen: Any, path: str, text: str, tmp_path: Path) -> None:
    """An unknown name or key, the same metric twice, a weighting's name."""
    with pytest.raises(RecipeError) as caught:
        measured(exporter(plugged(), *chosen), tmp_path / "out")
    (problem,) = caught.value.problems
    assert problem.path == path
    assert text in f"{problem.message}; {problem.hint}"
    assert list(tmp_path.iterdir()) == []


def _lacks(name: str) -> Callable[[Any, Context], Any]:
    return replaced(**{name: None})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make", [lambda _config, _ctx: None, lambda _config, _ctx: len, *map(_lacks, ("new", "add", "merge", "result"))]
)
def test_a_factory_that_returns_no_metric_is_a_problem(make: Callable[[Any, Context], Any], tmp_path: Path) -> None:
    """All four methods have to be there, and the problem names them."""
    with pytest.raises(RecipeError) as caught:
        measured(exporter(plugged(odd=make), "acme:odd"), tmp_path / "out")
    (problem,) = caught.value.problems
    assert problem.path == "export.metrics[0]"
    assert problem.message.startswith("acme:odd cannot be set up: its factory returned ")
    assert problem.message.endswith("nothing with new, add, merge, result")
    assert problem.code == "hook:acme"


def test_a_factory_that_raises_is_a_problem(tmp_path: Path) -> None:
    """Before anything is written."""

    def make(_config: Any, _ctx: Context) -> Any:
        raise KeyError("x")

    with pytest.raises(RecipeError) as caught:
        measured(exporter(plugged(odd=make), "acme:odd"), tmp_path / "out")
    assert [problem.message for problem in caught.value.problems] == ["acme:odd cannot be set up: KeyError: 'x'"]


def test_a_metric_of_ours_and_one_of_the_same_name_stand_side_by_side(tmp_path: Path) -> None:
    """Each is called by its plugin then."""
    manager = plugged(diversity_score=replaced())
    found = measured(exporter(manager, "quality:diversity_score", "acme:diversity_score"), tmp_path / "out")

    assert set(found) == {"quality-diversity_score", "acme-diversity_score"}
    assert found["acme-diversity_score"] == 60


# Merged


SIZES = {
    "one by one": Sizes(part_entities=1, seek=False, savepoint_bytes=1),
    "seven": Sizes(part_entities=7, seek=False),
    "all": Sizes(part_entities=None, seek=False),
    "deferred": Sizes(part_entities=11, seek=False, defer=True),
    "ranges": Sizes(part_bytes=700, savepoint_bytes=1),
    "one range": Sizes(part_bytes=1 << 30),
}


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A recipe over ENTITIES in a file, with metrics and a validator of ours."""
    monkeypatch.chdir(tmp_path)
    Path("in.jsonl").write_text("".join(json.dumps(entity) + "\n" for entity in [*ENTITIES, ENTITIES[3]]))
    return {
        "source": "in.jsonl",
        "export": {
            "metrics": ["acme:words", "rows"],
            "quality_metrics": {"enable_metrics": True},
            "structured_gen": {
                "enable_schema_validation": True,
                "json_schema": {"properties": {"output": {"minLength": 15}}},
                "reject_invalid_samples": False,
            },
        },
        "output": {"path": "out"},
        "run": {"now": NOW},
    }


def test_part_sizes_change_no_result(recipe: dict[str, Any]) -> None:
    """However the samples are cut, states merge in their order to the same files."""
    manager = plugged(rows=replaced())
    found = {}
    for name, sizes in SIZES.items():
        result = execute(plan_export(recipe, manager=manager, sizes=sizes))
        assert result.dataset.manifest.metrics["words"] == EXPECTED, name
        found[name] = tree(Path("out"))
        Path("out").rename(name)

    assert "quality_report.json" in found["all"]
    assert all(one == found["all"] for one in found.values())


@pytest.mark.parametrize("sizes", ["seven", "deferred"])
def test_a_run_that_died_is_taken_up_with_its_states(recipe: dict[str, Any], sizes: str) -> None:
    """Integer keys, lists and nested tables come back from the disk as they were: the same files."""
    manager, cut = plugged(rows=replaced()), SIZES[sizes]
    cut = Sizes(part_entities=cut.part_entities, seek=False, savepoint_bytes=1, defer=cut.defer)
    whole = Mortal(10**9)
    execute(plan_export(recipe, manager=manager, sizes=cut), storage=whole)
    expected = tree(Path("out"))
    taken_up = 0
    for last in range(8, whole.operations - 1, max(1, whole.operations // 7)):
        Path("out").rename(f"out{last}")
        with pytest.raises(Killed):
            execute(plan_export(recipe, manager=manager, sizes=cut), storage=Mortal(last))
        taken_up += any(Path(".out.staging").glob("*")) if Path(".out.staging").exists() else 0
        execute(plan_export(recipe, manager=manager, sizes=cut))
        assert tree(Path("out")) == expected, last
    assert taken_up > 3


def test_only_what_is_written_is_measured(tmp_path: Path) -> None:
    """No duplicates, nothing filtered; and a sample once, however many formats write it."""
    entities = [*ENTITIES[:3], ENTITIES[0], {"question": "Short?", "answer": "s"}, {"question": "No answer"}]
    assert measured(exporter(plugged(rows=replaced()), "rows"), tmp_path / "out", entities) == {"rows": 3}


def test_nothing_measured_has_a_result_too(tmp_path: Path) -> None:
    """A run without rows asks for the result of a new state."""
    found = measured(exporter(plugged(rows=replaced()), "rows", "words"), tmp_path / "out", [])
    assert found["rows"] == 0
    assert found["words"]["lengths"] == {}


def test_each_export_starts_with_new_states(tmp_path: Path) -> None:
    """An exporter's second export knows nothing of its first."""
    one = exporter(plugged(rows=replaced()), "rows")
    assert measured(one, tmp_path / "a") == {"rows": 60}
    assert measured(one, tmp_path / "b", ENTITIES[:7]) == {"rows": 7}


# In the report


def test_results_stand_in_the_quality_report(tmp_path: Path) -> None:
    """After the report's own metrics, under their names; before a run, those of nothing."""
    one = exporter(plugged(rows=replaced()), "rows", quality_metrics={"enable_metrics": True})
    before = json.loads(one.getQualityMetricsReport())
    measured(one, tmp_path / "out")
    after = json.loads(one.getQualityMetricsReport())

    assert list(before) == list(after) == ["length_distribution", "diversity_score", "rows"]
    assert (before["rows"], after["rows"]) == (0, 60)
    assert json.loads((tmp_path / "out/quality_report.json").read_text()) == after


# That fails


def _fail(*_arguments: Any) -> Any:
    raise ZeroDivisionError("hopeless")


@pytest.mark.parametrize("method", ["new", "add", "merge", "result"])
def test_a_metric_that_raises_ends_the_run(method: str, tmp_path: Path) -> None:
    """Exit 70, naming it; nothing is published, and what stood there stays."""
    manager = plugged(odd=replaced(**{method: _fail}), rows=replaced())
    measured(exporter(manager, "rows"), tmp_path / "out")
    before = tree(tmp_path / "out", frozenset())
    options = ExportOptions(output_path=tmp_path / "out", on_exists="replace", progress_interval=10)
    with pytest.raises(PluginError, match=r"metric acme:odd raised ZeroDivisionError at test_metrics\.py:") as caught:
        exporter(manager, "rows", "odd").exportEntities(ENTITIES[:30], options)

    assert caught.value.exit_code == 70
    assert tree(tmp_path / "out", frozenset()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("method", ["new", "add", "result"])
@pytest.mark.parametrize("error", [GeneratorExit, asyncio.CancelledError, BaseException])
def test_what_no_except_exception_catches_is_an_error_of_its_metric(
    method: str, error: type[BaseException], tmp_path: Path
) -> None:
    """Like any other: it does not reach the caller as it is."""

    def fail(*_arguments: Any) -> None:
        raise error

    manager = plugged(odd=replaced(**{method: fail}))
    with pytest.raises(PluginError, match=rf"metric acme:odd raised {error.__name__} at test_metrics\.py:"):
        measured(exporter(manager, "odd"), tmp_path / "out", ENTITIES[:2])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("state", [{"rows": 0, "x": object()}, {"rows": 0, "x": 2**70}, {"rows": 0, "x": "\ud800"}])
def test_a_state_that_cannot_be_kept_ends_the_run(state: Any, tmp_path: Path) -> None:
    """Even where the run is never interrupted: it would be otherwise on another day."""
    with pytest.raises(PluginError, match="metric acme:odd"):
        measured(exporter(plugged(odd=replaced(new=lambda _self: dict(state))), "odd"), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("result", [object(), "\ud800"], ids=["object", "surrogate"])
@pytest.mark.parametrize("report", [True, False])
def test_a_result_that_is_no_json_ends_the_run_naming_the_metric(result: Any, report: bool, tmp_path: Path) -> None:
    """Not the report that shows it, and not with an error that is none of ours."""
    manager = plugged(odd=replaced(result=lambda _self, _state: result))
    with pytest.raises(PluginError, match="metric acme:odd"):
        measured(exporter(manager, "odd", quality_metrics={"enable_metrics": report}), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("result", [float("nan"), float("inf"), {"deep": [float("-inf")]}])
def test_a_result_that_is_not_finite_leaves_the_report_json(result: Any, tmp_path: Path) -> None:
    """Refused, or null as in the manifest; never NaN."""

    def constant(name: str) -> None:
        raise AssertionError(name)

    manager = plugged(odd=replaced(result=lambda _self, _state: result))
    one = exporter(manager, "odd", quality_metrics={"enable_metrics": True})
    try:
        measured(one, tmp_path / "out")
    except PluginError as error:
        assert "metric acme:odd" in error.message  # noqa: PT017  -- either is right
    else:
        json.loads((tmp_path / "out/quality_report.json").read_text(), parse_constant=constant)


def test_a_metric_that_has_no_result_before_a_run_is_named(tmp_path: Path) -> None:
    """A share of nothing is the usual slip; after a run it has one."""
    manager = plugged(share=replaced(result=lambda _self, state: 1 / state["rows"]))
    one = exporter(manager, "share", quality_metrics={"enable_metrics": True})
    with pytest.raises(PluginError, match="metric acme:share raised ZeroDivisionError"):
        one.getQualityMetricsReport()
    measured(one, tmp_path / "out")
    assert json.loads(one.getQualityMetricsReport())["share"] == 1 / 60


# Of each sample


class Longest(Rows):
    """A metric that says something of each sample as well."""

    def of(self, sample: Sample) -> int:
        return len(sample.completion.content)


def test_a_metric_may_say_something_of_each_sample(tmp_path: Path) -> None:
    """The index is written then, and holds it beside each record that was exported."""
    import gzip

    manager = plugged(longest=lambda _config, _ctx: Longest(), rows=replaced())
    one = exporter(manager, "longest", "rows")
    one.exportEntities([*ENTITIES[:2], {"pk": "x", "question": "Why?"}], ExportOptions(output_path=tmp_path / "out"))
    lines = map(json.loads, gzip.decompress((tmp_path / "out/index/00000.jsonl.gz").read_bytes()).splitlines())

    assert [(line["key"], line.get("metrics")) for line in lines] == [
        ("0", {"longest": 11}),
        ("1", {"longest": 16}),
        ("x", None),
    ]


def test_a_metric_that_fails_on_a_sample_of_the_index_ends_the_run(tmp_path: Path) -> None:
    """As any other failure of a metric."""
    manager = plugged(odd=replaced(of=_fail))
    with pytest.raises(PluginError, match="metric acme:odd raised ZeroDivisionError"):
        measured(exporter(manager, "odd"), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_metrics_of_a_single_file_are_told_by_its_result(tmp_path: Path) -> None:
    """There is no manifest on the disk, but the result has it, and so does the stream's."""
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(entity) + "\n" for entity in ENTITIES))
    data = {
        "source": str(tmp_path / "in.jsonl"),
        "export": {"metrics": ["acme:words"]},
        "output": {"path": str(tmp_path / "out.jsonl")},
    }
    assert export(data, manager=plugged()).dataset.manifest.metrics == {"words": EXPECTED}
