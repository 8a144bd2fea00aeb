"""Records, plugins and recipes that mean harm, or are only careless: an answer in words, and never a lost run."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tools import rows

from tuneport import (
    Artifact,
    Batch,
    ExportOptions,
    ExportStats,
    Malformed,
    PluginManager,
    Reject,
    Source,
    SourceInfo,
    Stages,
    Text,
    export,
    hookimpl,
    validate,
)
from tuneport.errors import DataError, PluginError, RecipeError, SourceError, TuneportError
from tuneport.runs import ExportResult, execute, plan_export

GOOD: dict[Any, Any] = {"question": "Q", "answer": "An answer, long enough."}


def exported(entities: Any, path: Path, config: dict[str, Any] | None = None, **options: Any) -> ExportStats:
    """What jsonl_llm makes of some entities."""
    stats: ExportStats = (
        PluginManager().load("jsonl_llm", config).exportEntities(entities, ExportOptions(output_path=path, **options))
    )
    return stats


def deep(levels: int) -> list[Any]:
    """A list in a list in a list."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


class Items:
    """Something with an `items` that is no mapping."""

    def items(self) -> None:
        """Raise."""
        raise RuntimeError


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    "odd",
    [
        5,
        None,
        "text",
        Items(),
        [1],
        {None: 1, **GOOD},
        {1: 2, **GOOD},
        {"\ud800": 1, **GOOD},
        {**GOOD, "other": deep(5000)},
        {**GOOD, "other": CYCLE},
        {**GOOD, "importance": 1e300},
        {**GOOD, "importance": "1e308"},
        {**GOOD, "importance": 10**400},
        {**GOOD, "id": {"a": "secret"}},
        {**GOOD, "tags": {1, 2}},
        {**GOOD, "category": b"\xff"},
        {**GOOD, "source": object()},
        {"question": object(), "answer": "x" * 20},
        {"question": "lone \ud800", "answer": "x" * 20},
    ],
    ids=lambda _odd: "",
)
def test_one_odd_record_costs_one_record_at_most(odd: Any, tmp_path: Path) -> None:
    """Whatever one record is, the others are exported and the sums add up."""
    others = [{**GOOD, "question": f"Q{n}"} for n in range(3)]
    stats = exported([*others, odd], tmp_path / "a.jsonl", {"weighting": {"auto_weight_by_length": True}})

    assert stats.exported_entities >= 3
    assert stats.exported_entities + stats.failed_entities == stats.total_entities == 4
    assert all(row["weight"] < 1e309 for row in rows(tmp_path / "a.jsonl"))


def test_composite_and_missing_keys(tmp_path: Path) -> None:
    """A record is named by pk, else id, else its place; `key = ["pk", "id"]` is a key of two fields."""
    lines: list[dict[str, Any]] = [{"pk": None, "id": 7}, {"pk": 8, "id": 9}, {}, {"id": {"a": 1}}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({**line, "answer": "x"}) + "\n" for line in lines))
    reasons = []
    keys: list[dict[str, Any]] = [{}, {"key": ["pk", "id"]}]
    for key in keys:
        data: dict[str, Any] = {
            "source": {"path": str(tmp_path / "in.jsonl"), **key},
            "output": {"path": "-", "min_rows": 0},
        }
        reasons.append([error.split(":")[0] for error in export(data).stats.errors])

    assert reasons[0] == ["Entity 7", "Entity 8", "Entity in.jsonl", "Entity in.jsonl"]
    assert reasons[1] == ["Entity /7", "Entity 8/9", "Entity /", "Entity /"]


def test_rejects_hold_no_raw_values(tmp_path: Path) -> None:
    """Neither a weight, nor a key that is a structure, nor what a plugin raises, brings a value into the rejects."""
    secret = "canary-4711"
    entities = [
        {**GOOD, "importance": secret},
        {"id": {"name": secret}, "question": "Q"},
        {"question": {"a": b"x"}, "answer": secret * 2},
        {**GOOD, "tags": [{"a": secret}]},
        {**GOOD, "source": "raise", "secret": secret},
    ]
    manager = PluginManager()
    manager.register(Third(weigh=lambda entity, _sample: 1.0 if "secret" not in entity else _raise(secret)), "third")
    data = {"weightings": ["third:weigh"], "weighting": {"weight_field": "importance"}}
    stats = manager.load("jsonl_llm", data).exportEntities(
        [*entities, GOOD], ExportOptions(output_path=tmp_path / "out", max_errors=50)
    )

    assert stats.errored_entities >= 3
    assert secret not in (tmp_path / "out/rejects/00000.jsonl").read_text()
    assert secret not in stats.to_json()


def _raise(text: str) -> float:
    raise KeyError(text)


class Third:
    """A third party whose parts are made for each test."""

    def __init__(
        self,
        style: Callable[..., Any] | None = None,
        write: Callable[..., Any] | None = None,
        weigh: Callable[..., Any] | None = None,
        artifacts: Callable[..., Any] | None = None,
        source: Any = None,
        stages: Callable[..., Any] | None = None,
    ) -> None:
        self.made: dict[str, Any] = {
            "style": style or (lambda entity: Text(text=entity["text"])),
            "write": write or (lambda sample: {"t": sample.text}),
            "weigh": weigh or (lambda _entity, _sample: 1.0),
            "artifacts": artifacts or (lambda _dataset: []),
            "source": source,
            "stages": stages or (lambda _config: Stages(style="third:style", formats=["third:write"])),
        }

    @hookimpl
    def register_styles(self, register: Any) -> None:
        register("style", lambda _config, _ctx: self.made["style"])

    @hookimpl
    def register_formats(self, register: Any) -> None:
        register("write", lambda _config, _ctx: self.made["write"])

    @hookimpl
    def register_weightings(self, register: Any) -> None:
        register("weigh", lambda _config, _ctx: self.made["weigh"])

    @hookimpl
    def register_artifacts(self, register: Any) -> None:
        register("artifacts", lambda _config, _ctx: self.made["artifacts"])

    @hookimpl
    def register_importers(self, register: Any) -> None:
        register("source", lambda _config, ctx: ctx.log.debug("opened") or self.made["source"])

    @hookimpl
    def register_exporters(self, register: Any) -> None:
        register("exporter", self.made["stages"])


def through(path: Path, third: Third, **sections: Any) -> ExportResult:
    """Four texts through a third party's style and format."""
    manager = PluginManager()
    manager.register(third, "third")
    sections.setdefault("export", {})
    data = {"output": {"path": str(path)}, **sections, "export": {"use": "third:exporter", **sections["export"]}}
    entities = None if "source" in sections else [{"text": f"text {n}"} for n in range(4)]
    return execute(plan_export(data, manager=manager, entities=entities))


def first_odd(value: Any) -> Callable[[Text], Any]:
    """A format that answers the second sample with something odd."""
    return lambda sample: value if sample.text == "text 1" else {"t": sample.text}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (None, "hook:third"),
        ([1], "hook:third"),
        ("text", "hook:third"),
        ({}, "hook:third"),
        ({"other": 1}, "hook:third"),
        ({"t": "a", "more": 1}, "hook:third"),
        ({1: "a"}, "hook:third"),
        ({"t": float("nan")}, "hook:third"),
        ({"t": [float("inf")]}, "hook:third"),
        ({"t": b"bytes"}, "hook:third"),
        ({"t": {1, 2}}, "hook:third"),
        ({"t": dt.datetime(2024, 1, 1, tzinfo=dt.UTC)}, "hook:third"),
        ({"t": {1: 2}}, "hook:third"),
        ({"t": 2**63}, "int_range"),
        ({"t": "lone \ud800"}, "bad_utf8"),
        (Reject("no", "Not this one"), "third:no"),
        (Reject(5, Ellipsis), "third:5"),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_a_row_that_no_loader_reads_back_is_refused(answer: Any, code: str, tmp_path: Path) -> None:
    """One bad row is one reject, told by its code; the rows beside it are written, each with the same keys."""
    stats = through(tmp_path / "out", Third(write=first_odd(answer))).stats

    assert stats.rejects == {code: 1}
    assert rows(tmp_path / "out") == [{"t": "text 0"}, {"t": "text 2"}, {"t": "text 3"}]


class Loose:
    """A format whose column holds objects of any kind, as it says itself."""

    features: ClassVar[dict[str, Any]] = {"t": {"struct": {"about": "json"}}}

    def __call__(self, sample: Text) -> dict[str, Any]:
        about = {"text 0": {"n": 1}, "text 1": {"n": 2**63}, "text 2": {"n": "two"}}
        return {"t": {"about": about.get(sample.text, {"m": None})}}


def test_what_has_no_type_is_left_to_the_loader(tmp_path: Path) -> None:
    """Nothing declares types that are not there, and validate compares nothing within them; each value is looked at."""
    result = through(tmp_path / "out", Third(write=Loose()))

    assert result.stats.rejects == {"int_range": 1}
    assert [one.features for one in result.dataset.formats.values()] == [None]
    report = validate(tmp_path / "out")
    assert (report.problems, report.rows) == ([], 3)


@pytest.mark.parametrize("answer", [None, 5, "text", {"text": "a"}], ids=repr)
def test_a_style_that_gives_no_sample_is_blamed_itself(answer: Any, tmp_path: Path) -> None:
    """What a style answers in place of a sample is its own fault, record by record."""
    third = Third(style=lambda entity: answer if entity["text"] == "text 1" else Text(text=entity["text"]))
    stats = through(tmp_path / "out", third, export={"filters": ["empty_output"]}).stats

    assert stats.rejects == {"hook:third": 1}


def test_a_plugin_that_ends_the_process_ends_one_record(tmp_path: Path) -> None:
    """SystemExit from a plugin is an error of the record, or of the recipe, and no silent end."""

    def leave(entity: dict[str, Any], _sample: object) -> float:
        raise SystemExit(0) if entity["text"] == "text 1" else ZeroDivisionError

    stats = through(tmp_path / "a", Third(weigh=leave), export={"weightings": ["weigh"]}, output=_empty(tmp_path)).stats
    assert stats.rejects == {"hook:third": 4}

    def stages(_config: object) -> Stages:
        raise ValueError("not today")

    with pytest.raises(RecipeError, match="not today"):
        through(tmp_path / "b", Third(stages=stages))


def _empty(folder: Path) -> dict[str, Any]:
    return {"path": str(folder / "empty"), "min_rows": 0}


def test_what_a_plugin_raises_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The author of a plugin that raises sees its message in the log, once per stage, and no other place."""
    third = Third(weigh=lambda entity, _sample: float(entity["text"]))
    through(tmp_path / "a", third, export={"weightings": ["weigh"]}, output=_empty(tmp_path))

    (record,) = [record for record in caplog.records if "third:weigh" in record.getMessage()]
    assert "could not convert string to float: 'text 0'" in record.getMessage()
    assert "could not convert" not in (tmp_path / "empty/rejects/00000.jsonl").read_text()


def test_nothing_exported_may_be_published_on_request(tmp_path: Path) -> None:
    """With min_rows = 0 a dataset without rows is published: no data files, and sums that hold."""
    result = through(tmp_path / "a", Third(style=lambda _entity: Reject("no", "No")), output=_empty(tmp_path))

    assert result.stats.exported_entities == 0
    assert not (tmp_path / "empty/data").exists()
    assert json.loads((tmp_path / "empty/manifest.json").read_text())["counts"]["filtered"] == 4


@pytest.mark.parametrize(
    ("stages", "text"),
    [
        (lambda _config: Stages(style="third:style"), "no format"),
        (lambda _config: Stages(style=None, formats=["third:write"]), "a stage is a name"),  # type: ignore[arg-type]
        (lambda _config: Stages(style="third:style", formats=["third:write", "third:write"]), "named twice"),
        (lambda _config: Stages(style="third:stile", formats=["third:write"]), 'did you mean "style"'),
    ],
)
def test_stages_that_make_no_run_are_problems(stages: Any, text: str, tmp_path: Path) -> None:
    """An exporter whose stages cannot run is a problem of the recipe, before anything is read."""
    with pytest.raises(RecipeError, match=text):
        through(tmp_path / "out", Third(stages=stages))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path", ["./x", "manifest.json", "SHA256SUMS/x", "data/x", "../x", "/x", "a\nb", "a\\b", "", "x/", "rejects"]
)
def test_artifacts_stay_where_they_belong(path: str, tmp_path: Path) -> None:
    """An artifact outside the folder, over one of ours, or with a name no tool can read is an error of its plugin."""
    third = Third(artifacts=lambda _dataset: [Artifact(path, b"x")])
    with pytest.raises(PluginError, match="may not write"):
        through(tmp_path / "out", third, export={"artifacts": ["third:artifacts"]})

    assert not (tmp_path / "out").exists()


def test_two_artifacts_of_one_name_are_an_error(tmp_path: Path) -> None:
    """A file and a folder of one name, or one name twice, cannot both be published."""
    for names in (("a", "a"), ("a", "a/b"), ("a/b", "a")):
        made = [Artifact(name, b"x") for name in names]
        with pytest.raises(PluginError, match="may not write"):
            through(
                tmp_path / "out",
                Third(artifacts=lambda _dataset, made=made: made),
                export={"artifacts": ["third:artifacts"]},
            )


class Odd(Source):
    """A third party's source: parts of it are replaced by the tests."""

    def info(self) -> SourceInfo:
        """No schema, one pass only."""
        return SourceInfo(title="odd")

    def partitions(self, target_bytes: int) -> Any:  # noqa: ARG002
        """It cannot seek."""
        return ()

    def read(self, partition: Any, fields: Any) -> Iterator[Batch]:  # noqa: ARG002
        """Read four texts, once."""
        if not hasattr(self, "_rest"):
            self._rest = iter([Batch([{"text": f"text {n}"}], [n], n + 1, []) for n in range(4)])
        yield from self._rest


def test_a_source_that_can_be_read_once_is_read_once(tmp_path: Path) -> None:
    """Looking at the first records of a one-shot source takes none of them away; importers get a context."""
    result = through(tmp_path / "out", Third(source=Odd()), source={"importer": "third:source"})

    assert [row["t"] for row in rows(tmp_path / "out")] == [f"text {n}" for n in range(4)]
    assert {plugin.name for plugin in result.dataset.manifest.plugins} >= {"third"} if result.dataset else False


def _broken(name: str, answer: Any) -> Source:
    def replaced(*_arguments: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    broken: Source = type("Broken", (Odd,), {name: replaced})()
    return broken


@pytest.mark.parametrize(
    "source",
    [
        _broken("info", ValueError("no")),
        _broken("info", None),
        _broken("partitions", ValueError("no")),
        _broken("read", ValueError("no")),
        _broken("read", [Batch([{"text": "a"}], [], 1)]),
    ],
)
def test_a_broken_source_is_a_source_error(source: Source, tmp_path: Path) -> None:
    """Whatever a third party's source raises or returns, the run ends with a SourceError that names it."""
    with pytest.raises(SourceError):
        through(tmp_path / "out", Third(source=source), source={"importer": "third:source"})

    assert not (tmp_path / "out").exists()


def test_a_source_that_cannot_say_where_gets_a_number(tmp_path: Path) -> None:
    """Where `locate` fails, a reject still has a place."""
    source = _broken("locate", ValueError("no"))
    source.read = lambda *_: iter([Batch([{"text": "a"}], [0], 2, [Malformed(1, "bad_json", "Not JSON")])])  # type: ignore[method-assign]
    stats = through(tmp_path / "out", Third(source=source), source={"importer": "third:source"}).stats

    assert stats.errors == ["Entity record 2: Not JSON"]


def test_a_generator_that_raises_is_a_source_error(tmp_path: Path) -> None:
    """What the entities themselves raise, early or late, ends the run; nothing is published or left."""

    def entities(good: int) -> Iterator[dict[str, Any]]:
        for number in range(good):
            yield {**GOOD, "question": f"Q{number}"}
        raise ValueError("the cursor died")

    for good in (0, 5, 10_500):
        with pytest.raises(SourceError, match="the cursor died"):
            exported(entities(good), tmp_path / "a.jsonl")
    with pytest.raises(TypeError, match="iterable of dicts"):
        exported(5, tmp_path / "a.jsonl")

    assert list(tmp_path.iterdir()) == []


def test_a_callback_that_raises_publishes_nothing(tmp_path: Path) -> None:
    """A progress callback that raises, even in the last call, ends the run before anything is visible."""

    def callback(_stats: ExportStats) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        exported([GOOD], tmp_path / "a.jsonl", progress_callback=callback)
    assert list(tmp_path.iterdir()) == []

    def meddle(stats: ExportStats) -> None:
        stats.total_entities = 0

    assert exported([GOOD], tmp_path / "a.jsonl", progress_callback=meddle).total_entities == 1


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (None, "a table is wanted"),
        ([1], "a table is wanted"),
        ({"source": "a\ud800.jsonl", "output": "x"}, "not Unicode"),
        ({"source": "in.jsonl", "output": "x\0y"}, "NUL"),
        ({"source": {"path": "in.jsonl", "key": deep(900)}, "output": "x"}, "nested more than 100 levels deep"),
        ({"source": "in.jsonl", "output": "x", "run": {"now": 2026}}, "run.now"),
        ({"source": "in.jsonl", "output": "x", "run": {"now": "20260101"}}, "run.now"),
        ({"source": "in.jsonl", "output": "x", "run": {"now": "0001-01-01T00:00:00+14:00"}}, "run.now"),
        ({"source": {"path": "in.jsonl", "key": ""}, "output": "x"}, "source.key"),
        ({"source": "in.jsonl", "output": {"path": "x.jsonl.gz", "compression": "zstd"}}, "the name says gzip"),
        ({"source": "in.jsonl", "output": "x", "export": {"formats": [{"use": 5}]}}, "a stage is a name"),
        ({"source": "in.jsonl", "output": "x", "export": {"formats": 5}}, "export.formats"),
        ({"source": "missing.jsonl", "output": "x", "export": {"stile": 1}}, "missing.jsonl"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_hostile_recipe_is_told_in_words(data: Any, text: str, tmp_path: Path, monkeypatch: Any) -> None:
    """Whatever a recipe holds, what is wrong is a RecipeError that says where, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_text(json.dumps(GOOD) + "\n")
    with pytest.raises(RecipeError) as caught:
        export(data)

    assert text in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_every_error_survives_pickling() -> None:
    """Errors cross process boundaries with their texts, problems and exit codes."""
    import pickle

    from tuneport import Problem

    originals = [RecipeError([Problem("a.b", "wrong", "mend it")], "x.toml"), DataError("few", "get more")]
    for original in originals:
        copy = pickle.loads(pickle.dumps(original))  # noqa: S301
        assert isinstance(copy, TuneportError)
        assert (str(copy), copy.exit_code, copy.code) == (str(original), original.exit_code, original.code)
