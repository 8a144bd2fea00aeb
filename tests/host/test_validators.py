"""Validators of third parties: of rows, of the finished dataset, and of the adapter."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, rows, tree

from tuneport import (
    AdapterMetadata,
    Batch,
    Config,
    Dataset,
    Entity,
    Exporter,
    ExportOptions,
    ExportStats,
    Partition,
    PluginManager,
    Problem,
    Reject,
    Source,
    SourceInfo,
    export,
    hookimpl,
)
from tuneport.errors import DataError, PluginError, RecipeError
from tuneport.runs import Sizes, execute, plan_export

ENTITIES: list[Entity] = [
    {"pk": number, "question": f"What is {number}?", "answer": f"It is the number {number}."} for number in range(5)
]
ADAPTER = {"enable_tracking": True, "adapter_id": "faq-1", "base_model_name": "m"}

Judge = Callable[[Any], Any]


class Judging:
    """A plugin of validators: what each judges, and how. A test gives it the functions."""

    def __init__(self, on: str = "row", **judges: Judge) -> None:
        self._on = on
        self._judges = judges

    @hookimpl
    def register_validators(self, register: Any) -> None:
        for name, judge in self._judges.items():
            register(name, lambda _config, _ctx, judge=judge: judge, on=self._on, doc="A validator")


class Refused:
    """Says something of the rows with these numbers, and nothing of others."""

    def __init__(self, numbers: set[int], *problems: Problem) -> None:
        self._numbers = numbers
        self._problems = problems
        self.seen: list[int] = []

    def __call__(self, row: Mapping[str, Any]) -> Iterable[Problem]:
        number = int(row["instruction"].removeprefix("What is ").removesuffix("?"))
        self.seen.append(number)
        return self._problems if number in self._numbers else ()


def plugged(*plugins: object) -> PluginManager:
    """A manager with the bundled plugins and these: `acme`, `other`."""
    manager = PluginManager()
    for plugin, name in zip(plugins, ("acme", "other"), strict=False):
        manager.register(plugin, name)
    return manager


def exporter(manager: PluginManager, **config: Any) -> Exporter:
    """A loaded exporter."""
    loaded = manager.load("jsonl_llm", config)
    assert isinstance(loaded, Exporter)
    return loaded


def exported(
    manager: PluginManager, path: Path, entities: Iterable[Entity] = ENTITIES, **config: Any
) -> tuple[ExportStats, list[dict[str, Any]]]:
    """Statistics and rows of one export; that nothing is left over is no failure."""
    stats = exporter(manager, **config).exportEntities(entities, ExportOptions(output_path=path, min_rows=0))
    return stats, rows(path) if stats.exported_entities else []


def manifest(path: Path) -> Any:
    """A dataset's manifest."""
    return json.loads((path / "manifest.json").read_text())


def numbers(written: list[dict[str, Any]]) -> list[int]:
    """Which of ENTITIES the rows are."""
    return [int(row["output"].split()[-1].removesuffix(".")) for row in written]


# Chosen in a recipe


class Most(Config):
    """What the validator `most` is told."""

    key: str = "instruction"
    most: int = 1000


class Long:
    """A plugin with a validator that is configured."""

    def __init__(self) -> None:
        self.made = 0

    @hookimpl
    def register_validators(self, register: Any) -> None:
        register("most", self.most, config=Most, doc="No column is too long")

    def most(self, config: Most, _ctx: Any) -> Judge:
        self.made += 1

        def judge(row: Mapping[str, Any]) -> Iterator[Problem]:
            if len(row[config.key]) > config.most:
                yield Problem(f"/{config.key}", f"More than {config.most} characters", code="too_long")

        return judge


def test_validators_are_chosen_by_name_and_with_a_configuration(tmp_path: Path) -> None:
    """Each entry of the list is a validator of its own, made once, with its own configuration."""
    plugin = Long()
    entities: list[Entity] = [
        {"question": "Why?", "answer": "Because it is so."},
        {"question": "Why is that?", "answer": "Because it is so."},
        {"question": "Why?", "answer": "Because it is so, and so it is."},
    ]
    chosen = ["acme:most", {"use": "most", "most": 10}, {"use": "acme:most", "key": "output", "most": 20}]
    stats, written = exported(plugged(plugin), tmp_path / "out", entities, validators=chosen)

    assert [row["instruction"] for row in written] == ["Why?"]
    assert stats.rejects == {"acme:too_long": 2}
    assert [error.partition(": ")[2] for error in stats.errors] == [
        "More than 10 characters (at /instruction)",
        "More than 20 characters (at /output)",
    ]
    told = manifest(tmp_path / "out")["validators"]
    assert [(judge["judged"], judge["refused"]) for judge in told.values()] == [(3, 0), (3, 1), (3, 1)]
    assert len(told) == 3
    assert plugin.made == 3


@pytest.mark.parametrize(
    ("chosen", "path", "hint"),
    [
        ("acme:mots", 'export.validators[0] = "acme:mots"', "most"),
        ({"use": "most", "mots": 3}, "export.validators[0].mots", 'did you mean "most"?'),
        ({"use": "most", "most": "many"}, 'export.validators[0].most = "many"', ""),
        ("length", 'export.validators[0] = "length"', ""),
        ({"most": 3}, "export.validators[0]", ""),
    ],
)
def test_a_validator_that_is_wrong_in_a_recipe_is_a_problem_at_its_place(
    chosen: Any, path: str, hint: str, tmp_path: Path
) -> None:
    """An unknown name, an unknown key, a wrong value, a filter's name, and no name at all."""
    with pytest.raises(RecipeError) as caught:
        exported(plugged(Long()), tmp_path / "a.jsonl", validators=[chosen])
    (problem,) = caught.value.problems
    assert problem.path == path
    assert hint in problem.message + problem.hint
    assert list(tmp_path.iterdir()) == []


def test_a_validator_that_says_it_judges_something_else_is_refused_when_it_is_registered() -> None:
    """There are rows, adapters and datasets."""
    with pytest.raises(PluginError, match="'v' judges 'rows', not one of row, adapter, dataset"):
        plugged(Judging("rows", v=lambda _row: []))


class Unmade:
    """A plugin whose factory fails in one of several ways."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @hookimpl
    def register_validators(self, register: Any) -> None:
        register("v", lambda _config, _ctx: self._make())


def _raises(error: Exception) -> Callable[[], Any]:
    def make() -> None:
        raise error

    return make


@pytest.mark.parametrize(
    ("make", "path", "message"),
    [
        (lambda: 5, "export.validators[0]", "acme:v cannot be set up: its factory returned int, no function"),
        (lambda: None, "export.validators[0]", "acme:v cannot be set up: its factory returned NoneType, no function"),
        (_raises(KeyError("x")), "export.validators[0]", "acme:v cannot be set up: KeyError: 'x'"),
        (_raises(RecipeError([Problem("words", "empty")])), "export.validators[0].words", "empty"),
    ],
)
def test_a_factory_that_fails_is_a_problem_of_the_recipe(
    make: Callable[[], Any], path: str, message: str, tmp_path: Path
) -> None:
    """What it returned or raised is told, with the plugin's name; a problem of its own stands at its own key."""
    with pytest.raises(RecipeError) as caught:
        exported(plugged(Unmade(make)), tmp_path / "a.jsonl", validators=["acme:v"])
    assert [(problem.path, problem.message) for problem in caught.value.problems] == [(path, message)]


# What it says of a row


def test_an_error_refuses_the_row_with_every_problem_and_its_place(tmp_path: Path) -> None:
    """The outcome is filtered; code, reason, stage and key stand in rejects/ and in the statistics."""
    odd = Refused({1, 3}, Problem("/a/0", "One", code="odd"), Problem("", "Two"), Problem("/b", "Three", code="even"))
    stats, written = exported(plugged(Judging(v=odd)), tmp_path / "out", validators=["acme:v"])

    assert numbers(written) == [0, 2, 4]
    assert (stats.filtered_entities, stats.errored_entities, stats.failed_entities) == (2, 0, 2)
    assert stats.rejects == {"acme:odd": 2}
    assert stats.errors == [f"Entity {number}: One (at /a/0); Two; Three (at /b)" for number in (1, 3)]
    rejects = rows(tmp_path / "out/rejects/00000.jsonl")
    assert [(reject["key"], reject["stage"], reject["code"]) for reject in rejects] == [
        ("1", "acme:v", "acme:odd"),
        ("3", "acme:v", "acme:odd"),
    ]
    assert {reject["reason"] for reject in rejects} == {"One (at /a/0); Two; Three (at /b)"}


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("", "acme:invalid"),
        ("schema_violation", "schema_violation"),
        ("acme:odd", "acme:odd"),
        ("odd", "acme:odd"),
        ("bad_json", "acme:bad_json"),
    ],
)
def test_codes_are_the_plugins_own_unless_they_are_shared(code: str, shown: str, tmp_path: Path) -> None:
    """`plugin:code`, once; a rule's shared code stays as it is, one of an error does not; no code is `invalid`."""
    judge = Refused({1}, Problem("", "No", code=code))
    stats, _ = exported(plugged(Judging(v=judge)), tmp_path / "a.jsonl", validators=["acme:v"])

    assert stats.rejects == {shown: 1}
    assert (stats.filtered_entities, stats.errored_entities) == (1, 0)


def test_a_warning_keeps_the_row_and_is_counted(tmp_path: Path) -> None:
    """The row is written as ever; the manifest counts it as flagged, and keeps the text."""
    judge = Refused({1, 3}, Problem("/a", "Hm", code="odd", severity="warning"))
    manager = plugged(Judging(v=judge))
    stats, written = exported(manager, tmp_path / "out", validators=["acme:v"])
    plain, _ = exported(manager, tmp_path / "plain")

    assert numbers(written) == [0, 1, 2, 3, 4]
    assert (stats.rejects, stats.errors) == (plain.rejects, plain.errors) == ({}, [])
    assert manifest(tmp_path / "out")["digest"] == manifest(tmp_path / "plain")["digest"]
    assert manifest(tmp_path / "out")["validators"] == {
        "v": {"plugin": "acme:v", "judged": 5, "refused": 0, "flagged": 2, "problems": ["Hm", "Hm"]}
    }


def test_a_row_with_an_error_and_a_warning_is_refused_for_the_error(tmp_path: Path) -> None:
    """The reason holds the errors, the manifest's problems hold all that was said."""
    judge = Refused({1}, Problem("", "Hm", code="mild", severity="warning"), Problem("", "No", code="odd"))
    stats, _ = exported(plugged(Judging(v=judge)), tmp_path / "out", validators=["acme:v"])

    assert (stats.errors, stats.rejects) == (["Entity 1: No"], {"acme:odd": 1})
    assert manifest(tmp_path / "out")["validators"]["v"] == {
        "plugin": "acme:v", "judged": 5, "refused": 1, "flagged": 0, "problems": ["Hm", "No"],
    }  # fmt: skip


def test_each_of_several_validators_judges_every_row(tmp_path: Path) -> None:
    """What one refuses the others are shown all the same; the first in the list gives the code."""
    first, second = Refused({1, 3}, Problem("", "One", code="a")), Refused({1, 2}, Problem("", "Two", code="b"))
    manager = plugged(Judging(v=first), Judging(v=second))
    chosen = ["other:v", "acme:v"]
    stats, written = exported(manager, tmp_path / "out", validators=chosen)

    assert first.seen == second.seen == [0, 1, 2, 3, 4]
    assert numbers(written) == [0, 4]
    assert stats.errors == ["Entity 1: Two", "Entity 2: Two", "Entity 3: One"]
    assert stats.rejects == {"other:b": 2, "acme:a": 1}
    assert manifest(tmp_path / "out")["validators"] == {
        "other-v": {"plugin": "other:v", "judged": 5, "refused": 2, "flagged": 0, "problems": ["Two", "Two"]},
        "acme-v": {"plugin": "acme:v", "judged": 5, "refused": 2, "flagged": 0, "problems": ["One", "One"]},
    }


def test_rows_that_were_left_out_before_are_not_judged(tmp_path: Path) -> None:
    """Only what would be written is: no duplicates, nothing that a filter took away."""
    judge = Refused(set())
    entities = [*ENTITIES, ENTITIES[2], {"question": "What is 7?", "answer": "short"}]
    stats, _ = exported(plugged(Judging(v=judge)), tmp_path / "out", entities, validators=["acme:v"])

    assert judge.seen == [0, 1, 2, 3, 4]
    assert stats.rejects == {"duplicate": 1, "text_too_short": 1}
    assert manifest(tmp_path / "out")["validators"]["v"]["judged"] == 5


@pytest.mark.parametrize("error", [ValueError("hunter2"), KeyError("hunter2"), SystemExit("hunter2")])
def test_a_validator_that_raises_is_an_error_of_that_row_only(
    error: BaseException, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """`hook:plugin`, an errored record; the reason shows no text of the record's, the log does once."""

    def judge(row: Mapping[str, Any]) -> Iterator[Problem]:
        if row["instruction"] in ("What is 1?", "What is 3?"):
            raise error
        yield from ()

    with caplog.at_level(logging.WARNING, "tuneport"):
        stats, written = exported(plugged(Judging(v=judge)), tmp_path / "out", validators=["acme:v"])

    assert numbers(written) == [0, 2, 4]
    assert stats.rejects == {"hook:acme": 2}
    assert (stats.errored_entities, stats.filtered_entities) == (2, 0)
    assert all(f"acme:v raised {type(error).__name__} at test_validators.py" in text for text in stats.errors)
    assert "hunter2" not in "".join(stats.errors)
    assert [record.message.count("hunter2") for record in caplog.records] == [1]
    assert manifest(tmp_path / "out")["validators"]["v"]["refused"] == 2


def test_a_validator_that_raises_can_stop_the_run(tmp_path: Path) -> None:
    """With continue_on_error = false the first such row ends it; a row that is refused does not."""

    def broken(_row: Any) -> Any:
        raise ValueError

    manager = plugged(Judging(broken=broken, strict=Refused({1}, Problem("", "No"))))
    options = ExportOptions(output_path=tmp_path / "a.jsonl", continue_on_error=False)
    with pytest.raises(DataError, match="stopped at an error"):
        exporter(manager, validators=["acme:broken"]).exportEntities(ENTITIES, options)
    assert not (tmp_path / "a.jsonl").exists()
    stats = exporter(manager, validators=["acme:strict"]).exportEntities(ENTITIES, options)
    assert stats.exported_entities == 4


NONSENSE = [
    pytest.param(None, id="nothing"),
    pytest.param(Problem("/a", "No"), id="a problem, not a list of them"),
    pytest.param(["No"], id="texts"),
    pytest.param("No", id="a text"),
    pytest.param([Problem("/a", None)], id="a problem without a text"),  # type: ignore[arg-type]
    pytest.param(
        [Problem("/a", "No", severity="fatal")],  # type: ignore[arg-type]
        id="a severity that nobody knows",
    ),
]


@pytest.mark.parametrize("said", NONSENSE)
def test_a_validator_that_answers_nonsense_is_an_error_of_that_row(said: Any, tmp_path: Path) -> None:
    """What is no list of problems is a fault of the plugin, and neither passes nor ends the run."""
    manager = plugged(Judging(v=lambda row: said if row["instruction"] == "What is 1?" else []))
    stats, written = exported(manager, tmp_path / "a.jsonl", validators=["acme:v"])

    assert numbers(written) == [0, 2, 3, 4]
    assert stats.rejects == {"hook:acme": 1}


# What it is shown


class Bare:
    """A plugin with a format of its own, and a validator that keeps what it is shown."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    @hookimpl
    def register_formats(self, register: Any) -> None:
        register("bare", lambda _config, _ctx: lambda sample: {"t": sample.text})
        register("picky", lambda _config, _ctx: lambda sample: Reject("no", "No") if "3" in sample.text else {"t": 1})

    @hookimpl
    def register_validators(self, register: Any) -> None:
        register("seen", lambda _config, _ctx: self.keep)

    def keep(self, row: Mapping[str, Any]) -> list[Problem]:
        self.seen.append(json.loads(json.dumps(row)))
        return []


SHOWN = {
    "instruction": "What is 1?",
    "input": "",
    "output": "It is the number 1.",
    "weight": 0.5,
    "metadata": {"source": "s", "tags": ["a"]},
}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"formats": ["acme:bare"]},
        {"formats": ["tuneport", "acme:bare"]},
        {"metadata_encoding": "json"},
        {"structured_gen": {"include_schema_in_output": True, "json_schema": "{}"}},
        {"structured_gen": {"include_schema_in_output": True, "json_schema": "{}", "schema_encoding": "id"}},
        {"formats": ["acme:bare"], "structured_gen": {"include_schema_in_output": True, "json_schema": "{}"}},
    ],
)
def test_validators_see_the_same_row_whatever_is_written(config: dict[str, Any], tmp_path: Path) -> None:
    """The row of the format `tuneport` by default: weight and metadata in it, the schema not."""
    plugin = Bare()
    entity = {**ENTITIES[1], "context": "", "importance": 0.5, "source": "s", "tags": ["a"]}
    one = exporter(plugged(plugin), validators=["acme:seen"], **config)
    one.exportEntities([entity], ExportOptions(output_path=tmp_path / "out"))

    assert plugin.seen == [SHOWN]
    assert list(plugin.seen[0]) == list(SHOWN)


STRUCTURE = {"a": [1, {"b": None}], "ü": 0.5}
LISTED = ["x", {"y": True}]


@pytest.mark.parametrize(
    ("config", "entity", "content"),
    [
        (
            {},
            {"question": STRUCTURE, "context": LISTED, "answer": STRUCTURE},
            {"instruction": STRUCTURE, "input": LISTED, "output": STRUCTURE},
        ),
        (
            {"field_mapping": {"output_field": "payload.answer"}},
            {"question": "{not json", "payload": {"answer": STRUCTURE}},
            {"instruction": "{not json", "output": STRUCTURE},
        ),
        (
            {"style": "chat_completion"},
            {"system_prompt": "Be kind.", "user_message": LISTED, "assistant_response": STRUCTURE},
            {
                "messages": [
                    {"role": "system", "content": "Be kind."},
                    {"role": "user", "content": LISTED},
                    {"role": "assistant", "content": STRUCTURE},
                ]
            },
        ),
        (
            {"style": "chat_completion"},
            {"user_message": "Why?", "assistant_response": STRUCTURE},
            {"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": STRUCTURE}]},
        ),
        ({"style": "text_completion"}, {"content": STRUCTURE}, {"text": STRUCTURE}),
        ({"style": "text_completion"}, {"content": json.dumps(STRUCTURE)}, {"text": json.dumps(STRUCTURE)}),
    ],
)
@pytest.mark.parametrize("deferred", [False, True])
def test_objects_and_lists_are_judged_as_such_and_written_as_text(
    deferred: bool, config: dict[str, Any], entity: Entity, content: dict[str, Any], tmp_path: Path
) -> None:
    """Of instruction, input, output, chat turns and text; text that only looks like JSON stays text."""
    plugin = Bare()
    weighting = {"normalize": "minmax"} if deferred else {}
    _, (row,) = exported(
        plugged(plugin), tmp_path / "a.jsonl", [entity], validators=["acme:seen"], weighting=weighting, **config
    )

    assert plugin.seen == [{**content, "weight": 1.0}]
    assert list(row) == [*content, "weight"]
    turns = row.get("messages", [])
    texts = [turn["content"] for turn in turns] or [row[name] for name in content]
    judged = [turn["content"] for turn in content.get("messages", [])] or list(content.values())
    assert all(isinstance(text, str) for text in texts)
    assert [
        text if isinstance(value, str) else json.loads(text) for text, value in zip(texts, judged, strict=True)
    ] == (judged)


def test_a_system_turn_that_is_an_object_is_judged_as_one(tmp_path: Path) -> None:
    """It is a turn as any other."""
    plugin = Bare()
    entity: Entity = {"system_prompt": STRUCTURE, "user_message": "Why?", "assistant_response": "Because it is."}
    exported(plugged(plugin), tmp_path / "a.jsonl", [entity], validators=["acme:seen"], style="chat_completion")

    assert plugin.seen[0]["messages"][0] == {"role": "system", "content": STRUCTURE}


class Namesake(Bare):
    """A plugin that calls a format of its own `tuneport`."""

    @hookimpl
    def register_formats(self, register: Any) -> None:
        register("tuneport", lambda _config, _ctx: lambda sample: {"t": sample.text})


def test_another_plugins_format_of_the_same_name_changes_nothing(tmp_path: Path) -> None:
    """Validators see the exporter's own `tuneport` row, whoever else has one."""
    plugin = Namesake()
    exported(plugged(plugin), tmp_path / "a.jsonl", ENTITIES[:1], validators=["acme:seen"])

    assert list(plugin.seen[0]) == ["instruction", "output", "weight"]


# What becomes of a row that is refused


class Counting:
    """A metric that counts."""

    def new(self) -> dict[str, int]:
        return {"rows": 0}

    def add(self, state: dict[str, int], _sample: Any, _split: str) -> None:
        state["rows"] += 1

    def merge(self, left: dict[str, int], right: dict[str, int]) -> dict[str, int]:
        return {"rows": left["rows"] + right["rows"]}

    def result(self, state: dict[str, int]) -> int:
        return state["rows"]


class Everything(Bare):
    """Formats, a metric, and a validator that refuses the first three."""

    @hookimpl
    def register_validators(self, register: Any) -> None:
        register("strict", lambda _config, _ctx: Refused({0, 1, 2}, Problem("", "No", code="odd")))

    @hookimpl
    def register_metrics(self, register: Any) -> None:
        register("rows", lambda _config, _ctx: Counting())


def test_a_refused_row_is_in_no_format_no_metric_and_its_duplicates_stay_duplicates(tmp_path: Path) -> None:
    """The record is filtered and none of its copies takes its place; a format's own refusals are counted apart."""
    entities = [*ENTITIES, *ENTITIES[:2]]
    config = {"validators": ["strict"], "formats": ["tuneport", "acme:bare", "picky"], "metrics": ["rows"]}
    options = ExportOptions(output_path=tmp_path / "out", index=True)
    stats = exporter(plugged(Everything()), **config).exportEntities(entities, options)
    made = manifest(tmp_path / "out")

    assert stats.rejects == {"acme:odd": 3, "duplicate": 2}
    assert (stats.exported_entities, stats.filtered_entities, stats.duplicate_entities) == (2, 3, 2)
    assert {name: (one.rows, one.refused) for name, one in stats.formats.items()} == {
        "tuneport": (2, 0),
        "bare": (2, 0),
        "picky": (1, 1),
    }
    assert [row["t"] for row in rows_of(tmp_path / "out", "bare")] == [
        f"What is {number}?\n\nIt is the number {number}." for number in (3, 4)
    ]
    assert made["metrics"] == {"rows": 2}
    assert made["counts"] == {"total": 7, "exported": 2, "filtered": 3, "duplicate": 2, "errored": 0}
    assert made["weights"]["count"] == 2
    outcomes = index(tmp_path / "out")
    assert [(line["key"], line["outcome"]) for line in outcomes] == [
        *((str(number), "filtered") for number in range(3)),
        *((str(number), "exported") for number in (3, 4)),
        *((str(number), "duplicate") for number in range(2)),
    ]
    assert outcomes[0]["id"] == outcomes[5]["id"]
    assert outcomes[0]["rows"] == []


def rows_of(path: Path, name: str) -> list[dict[str, Any]]:
    """One format's rows."""
    return rows(path / f"data/{name}/train/00000-of-00001.jsonl")


def index(path: Path) -> list[dict[str, Any]]:
    """The lines of a dataset's index."""
    import gzip

    return [json.loads(line) for line in gzip.decompress((path / "index/00000.jsonl.gz").read_bytes()).splitlines()]


def test_a_run_of_which_everything_is_refused_is_not_published(tmp_path: Path) -> None:
    """min_rows looks at what is left; the hint says what became of the rest."""
    judge = Refused(set(range(5)), Problem("", "No", code="odd"))
    with pytest.raises(DataError, match="0 of 5 records exported") as caught:
        exporter(plugged(Judging(v=judge)), validators=["acme:v"]).exportEntities(
            ENTITIES, ExportOptions(output_path=tmp_path / "out")
        )
    assert "5 acme:odd" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


SIZES = [
    Sizes(part_entities=1, seek=False),
    Sizes(part_entities=7, seek=False),
    Sizes(part_entities=7, seek=False, defer=True),
    Sizes(part_bytes=300),
    Sizes(part_bytes=1 << 30),
]


def test_the_last_ten_problems_are_kept_in_source_order_whatever_the_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the first, not those of the last part to end; and every file is the same."""
    monkeypatch.chdir(tmp_path)
    many = [{"question": f"What is {n}?", "answer": f"It is the number {n}."} for n in range(40)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(entity) + "\n" for entity in many))

    def judge(row: Mapping[str, Any]) -> Iterator[Problem]:
        if row["instruction"][-2] in "37":
            yield Problem("", f"{row['instruction']} a")
            yield Problem("", f"{row['instruction']} b", severity="warning")

    manager = plugged(Judging(v=judge))
    data = {
        "source": "in.jsonl",
        "export": {"validators": ["acme:v"]},
        "output": {"path": "out"},
        "run": {"now": NOW},
    }
    found = []
    for number, sizes in enumerate(SIZES):
        execute(plan_export(data, manager=manager, sizes=sizes))
        found.append(tree(Path("out")))
        said = manifest(tmp_path / "out")["validators"]["v"]
        assert said["problems"] == [f"What is {n}? {which}" for n in (17, 23, 27, 33, 37) for which in "ab"]
        assert (said["judged"], said["refused"], said["flagged"]) == (40, 8, 0)
        Path("out").rename(f"out{number}")
    assert all(one == found[0] for one in found)


# Of the finished dataset


def test_a_dataset_validator_refuses_and_nothing_is_published(tmp_path: Path) -> None:
    """Exit 65; up to three problems with their places; what stood there stays, to the byte."""
    problems = [Problem("data/tuneport", "Too plain", "add colour"), *(Problem("", f"Point {n}") for n in range(4))]
    manager = plugged(Judging("dataset", v=lambda _dataset: problems))
    exported(manager, tmp_path / "out")
    before = tree(tmp_path / "out", frozenset())
    one = exporter(manager, validators=["acme:v"])
    with pytest.raises(DataError) as caught:
        one.exportEntities(ENTITIES[:3], ExportOptions(output_path=tmp_path / "out", on_exists="replace"))

    assert caught.value.exit_code == 65
    assert caught.value.message.startswith(
        "acme:v refuses the dataset: Too plain (at data/tuneport); Point 0; Point 1; nothing published"
    )
    assert caught.value.hint.startswith("add colour")
    assert tree(tmp_path / "out", frozenset()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_dataset_validators_warning_is_a_note(tmp_path: Path) -> None:
    """It is published, and manifest and result count the warnings."""
    warned = [Problem("", "Plain", severity="warning"), Problem("", "Small", severity="warning")]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(entity) + "\n" for entity in ENTITIES))
    result = export(
        {
            "source": str(tmp_path / "in.jsonl"),
            "export": {"validators": ["acme:v"]},
            "output": {"path": str(tmp_path / "out")},
        },
        manager=plugged(Judging("dataset", v=lambda _dataset: warned)),
    )

    assert result.status == "published"
    assert result.notes == manifest(tmp_path / "out")["notes"] == {"warning of acme:v": 2}


def test_a_dataset_validator_is_shown_what_will_be_published(tmp_path: Path) -> None:
    """Counts, formats, metrics and what others said of rows; and the rows' files, before they are visible."""
    seen: list[Any] = []

    def judge(dataset: Dataset) -> list[Problem]:
        (shard,) = dataset.formats["tuneport"].splits["train"]
        text = (dataset.path / shard.path).read_text()
        seen.append((dataset.manifest, text, (tmp_path / "out").exists()))
        return []

    plugin = Everything()
    manager = plugged(plugin, Judging("dataset", v=judge))
    exported(manager, tmp_path / "out", validators=["acme:strict", "other:v"], metrics=["acme:rows"])
    ((shown, text, visible),) = seen

    assert not visible
    assert text == (tmp_path / "out/data/tuneport/train/00000-of-00001.jsonl").read_text()
    assert shown.counts == {"total": 5, "exported": 2, "filtered": 3, "duplicate": 0, "errored": 0}
    assert shown.metrics == {"rows": 2}
    assert shown.validators["strict"].refused == 3
    assert "v" not in manifest(tmp_path / "out")["validators"]


@pytest.mark.parametrize("said", [None, "raise", pytest.param(["No"])])
def test_a_dataset_validator_that_fails_ends_the_run(said: Any, tmp_path: Path) -> None:
    """Exit 70, naming it: nothing can be said of the dataset then, so it is not published."""

    def judge(_dataset: Dataset) -> Any:
        if said == "raise":
            raise ValueError("lost")
        return said

    with pytest.raises(PluginError, match="acme:v") as caught:
        exported(plugged(Judging("dataset", v=judge)), tmp_path / "out", validators=["acme:v"])
    assert caught.value.exit_code == 70
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.jsonl", "-"])
def test_a_dataset_validator_is_never_passed_over(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no folder to judge, it refuses as well, or the recipe is told that it cannot."""
    monkeypatch.chdir(tmp_path)
    manager = plugged(Judging("dataset", v=lambda _dataset: [Problem("", "No")]))
    one = exporter(manager, validators=["acme:v"])
    with pytest.raises((DataError, RecipeError)):
        one.exportEntities(ENTITIES, ExportOptions(output_path=name))
    assert list(tmp_path.iterdir()) == []


# Of the adapter


class Known(Source):
    """A source that knows its fields, and counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def info(self) -> SourceInfo:
        return SourceInfo(title="known", fields={"question": "string", "answer": "string"}, closed=True)

    def partitions(self, target_bytes: int) -> Iterable[Partition]:  # noqa: ARG002  -- it cannot seek
        return ()

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:  # noqa: ARG002
        self.reads += 1
        yield Batch(list(ENTITIES), range(len(ENTITIES)), len(ENTITIES))


class Importing:
    """A plugin with that source."""

    def __init__(self, source: Known) -> None:
        self._source = source

    @hookimpl
    def register_importers(self, register: Any) -> None:
        register("known", lambda _config, _ctx: self._source)


def adapter_problems(
    adapter: dict[str, Any] | None, path: Path, *judges: Judge, source: Known | None = None
) -> list[Problem]:
    """The problems of a recipe that describes this adapter, which validators judge; nothing was read."""
    source = source or Known()
    manager = plugged(
        Judging("adapter", **{f"v{number}": judge for number, judge in enumerate(judges)}), Importing(source)
    )
    chosen = {"validators": [f"acme:v{number}" for number in range(len(judges))]}
    described = {} if adapter is None else {"adapter_metadata": adapter}
    data = {"source": {"importer": "known"}, "export": {**chosen, **described}, "output": {"path": str(path)}}
    with pytest.raises(RecipeError) as caught:
        export(data, manager=manager)
    assert source.reads == 0
    assert not path.exists()
    return list(caught.value.problems)


def test_an_adapters_problems_are_the_recipes_before_anything_is_read(tmp_path: Path) -> None:
    """Each at its key below export.adapter_metadata, of all validators at once, hint and code kept."""
    seen: list[AdapterMetadata] = []

    def first(adapter: AdapterMetadata) -> list[Problem]:
        seen.append(adapter)
        return [Problem("domain", "is missing", 'such as "legal"', "no_domain"), Problem("", "is dull")]

    found = adapter_problems(
        ADAPTER,
        tmp_path / "out",
        first,
        lambda _adapter: [
            Problem("training_config.target_modules[1]", "is odd"),
            Problem("x", "w", severity="warning"),
        ],
    )
    assert found == [
        Problem("export.adapter_metadata.domain", "is missing", 'such as "legal"', "no_domain"),
        Problem("export.adapter_metadata", "is dull"),
        Problem("export.adapter_metadata.training_config.target_modules[1]", "is odd"),
    ]
    assert seen == [AdapterMetadata.model_validate(ADAPTER)]


def test_an_adapters_problems_stand_beside_those_of_our_own_checks(tmp_path: Path) -> None:
    """A version that is none is told together with what a third party finds."""
    found = adapter_problems(
        {**ADAPTER, "adapter_version": "v1"}, tmp_path / "out", lambda _adapter: [Problem("domain", "is missing")]
    )
    assert [problem.path.removeprefix("export.adapter_metadata.") for problem in found] == ["adapter_version", "domain"]


@pytest.mark.parametrize("adapter", [None, {}, {"enable_tracking": False, "adapter_id": "a"}])
def test_a_validator_of_adapters_wants_one(adapter: dict[str, Any] | None, tmp_path: Path) -> None:
    """Where none is described, choosing it is a mistake, and the hint says how to describe one."""
    (problem,) = adapter_problems(adapter, tmp_path / "out", lambda _adapter: [])
    assert problem.path == "export.validators[0]"
    assert problem.message == "acme:v0 judges adapters, and none is described"
    assert problem.hint == "adapter_metadata.enable_tracking = true"


@pytest.mark.parametrize(
    "said",
    [
        ValueError("lost"),
        SystemExit(3),
        None,
        ["No"],
    ],
)
def test_a_validator_of_adapters_that_fails_is_a_problem_that_names_it(said: Any, tmp_path: Path) -> None:
    """It does not end the host's process, and what is wrong elsewhere is told as well."""

    def judge(_adapter: AdapterMetadata) -> Any:
        if isinstance(said, BaseException):
            raise said
        return said

    first, second = adapter_problems(
        ADAPTER, tmp_path / "out", judge, lambda _adapter: [Problem("domain", "is missing")]
    )
    assert (first.path, first.code) == ("export.adapter_metadata", "hook:acme")
    assert first.message.startswith("acme:v0")
    assert second.path == "export.adapter_metadata.domain"


def test_warnings_of_an_adapter_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The run goes on."""
    warn = [Problem("domain", "is missing", severity="warning")]
    manager = plugged(Judging("adapter", v=lambda _adapter: warn))
    with caplog.at_level(logging.WARNING, "tuneport"):
        stats, _ = exported(manager, tmp_path / "a.jsonl", validators=["acme:v"], adapter_metadata=ADAPTER)

    assert stats.exported_entities == 5
    assert [record.message for record in caplog.records] == ["adapter_metadata.domain: is missing"]


def test_a_stream_is_not_begun_for_an_adapter_that_is_wrong(tmp_path: Path) -> None:
    """A generator can be read once only: whoever mends the configuration still has it whole."""
    read: Counter[str] = Counter()

    def entities() -> Iterator[Entity]:
        for entity in ENTITIES:
            read["entities"] += 1
            yield entity

    manager = plugged(Judging("adapter", v=lambda _adapter: [Problem("domain", "is missing")]))
    with pytest.raises(RecipeError):
        exported(manager, tmp_path / "a.jsonl", entities(), validators=["acme:v"], adapter_metadata=ADAPTER)
    assert read["entities"] == 0
