"""preview: what a run would make of the first records, by the same code, and nothing on the disk."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, faq_lines, recipe, rows

from tuneport import (
    FormatTraits,
    PluginManager,
    Problem,
    Recipe,
    Reject,
    Sample,
    export,
    hookimpl,
    preview,
)
from tuneport.errors import RecipeError, SourceError, SourceNotFoundError, TargetExistsError, UsageError
from tuneport.runs import execute, plan_export
from tuneport.runs.plain import plain_value
from tuneport.runs.planning.facts import plan_facts
from tuneport.runs.preview import Preview, PreviewItem
from tuneport.runs.storage import Storage
from tuneport.runs.weights.policy import Carriage

LONG = "An answer that is long enough to be kept."


class Acme:
    """A plugin with something of each kind. Its importer gives the records it was made with."""

    def __init__(self, records: Callable[[], Iterator[Any]] = lambda: iter(())) -> None:
        self._records = records

    @hookimpl
    def register_importers(self, register: Any) -> None:
        register("feed", lambda _config, _ctx: self._records())

    @hookimpl
    def register_filters(self, register: Any) -> None:
        def test(entity: dict[str, Any], _sample: Sample) -> Reject | None:
            if entity.get("answer") == "raise this, and not too late":
                raise RuntimeError("never mind")
            entity["answer"] = "changed by a filter"
            return Reject("internal", "For us alone") if "internal" in entity else None

        register("internal", lambda _config, _ctx: test)

    @hookimpl
    def register_formats(self, register: Any) -> None:
        def picky(sample: Sample) -> dict[str, Any] | Reject:
            if "picky" in sample.text:
                return Reject("too_picky", "Cannot say that")
            return {"q": sample.messages[0].content, "a": sample.completion.content}

        register("picky", lambda _config, _ctx: picky, traits=FormatTraits(weight="none"))

    @hookimpl
    def register_validators(self, register: Any) -> None:
        def quiet(row: dict[str, Any]) -> Iterator[Problem]:
            if row["output"].isupper():
                yield Problem("output", "It shouts", code="loud")

        register("quiet", lambda _config, _ctx: quiet)


def manager_of(records: list[Any] | Callable[[], Iterator[Any]]) -> PluginManager:
    """What is installed, and acme."""
    manager = PluginManager()
    manager.register(Acme(records if callable(records) else lambda: iter(records)), "acme")
    return manager


def fed(records: list[Any], count: int = 20, **export: Any) -> list[PreviewItem]:
    """A preview of records that acme gives, without an output."""
    data = {"source": {"importer": "acme:feed"}, "export": export, "run": {"now": NOW}}
    return preview(data, count=count, manager=manager_of(records)).items


def record(number: int, **fields: Any) -> dict[str, Any]:
    """A record that is exported, unless fields say otherwise."""
    return {"id": number, "question": f"What is number {number}?", "answer": f"{LONG} {number}", **fields}


def lines(path: Path, *records: dict[str, Any] | str) -> Path:
    """A file of JSON lines."""
    texts = [one if isinstance(one, str) else json.dumps(one) for one in records]
    path.write_text("".join(text + "\n" for text in texts))
    return path


def everything(path: Path) -> dict[str, tuple[int, int]]:
    """Every path below a folder, with what would tell that it was touched."""
    return {str(one.relative_to(path)): (one.lstat().st_mtime_ns, one.lstat().st_size) for one in path.rglob("*")}


def both_formats(source: Path, output: Path) -> dict[str, Any]:
    """A recipe with two formats, a condition and an index."""
    asked = recipe(source, output)
    asked["export"] = {
        "formats": ["tuneport", {"use": "acme:picky", "weights": "ignore"}],
        "where": "category != 'c4'",
        "weighting": {"weight_field": "importance", "normalize": "log"},
    }
    asked["output"]["index"] = True
    return asked


@pytest.mark.parametrize("normalize", ["log", "percentile"])
def test_a_preview_of_all_records_is_the_export(normalize: str, tmp_path: Path) -> None:
    """Rows, weights, outcomes and rejects are those a run over the same records publishes, in the same order."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(400))
    asked = both_formats(tmp_path / "faq.jsonl", tmp_path / "out")
    asked["export"]["weighting"]["normalize"] = normalize
    manager = manager_of([])
    shown = preview(asked, count=1000, manager=manager)
    result = export(asked, manager=manager)

    assert shown.notes == []
    assert bool(shown.plan.waits) == (normalize == "percentile")
    for name in ("tuneport", "picky"):
        files = sorted((tmp_path / f"out/data/{name}/train").iterdir())
        assert [row for item in shown.items for row in item.rows.get(name, [])] == [r for f in files for r in rows(f)]
    outcomes = Counter(str(item.outcome) for item in shown.items)
    stats = result.stats
    assert outcomes["exported"] == stats.exported_entities > 100
    assert outcomes["filtered"] == stats.filtered_entities > 0
    assert outcomes["errored"] == stats.errored_entities > 0
    assert sum(outcomes.values()) == stats.total_entities == 400
    published = [json.loads(line) for line in (tmp_path / "out/rejects/00000.jsonl").read_text().splitlines()]
    told = [(i.key, i.locator, w.stage, w.code, w.reason) for i in shown.items for w in (i.reject,) if w is not None]
    assert told == [(r["key"], r["locator"], r["stage"], r["code"], r["reason"]) for r in published]
    (index,) = (tmp_path / "out/index").iterdir()
    weights = [json.loads(line)["weight"] for line in gzip.decompress(index.read_bytes()).splitlines()]
    assert [item.weight for item in shown.items] == weights


def test_the_first_records_are_those_of_a_streaming_run(tmp_path: Path) -> None:
    """A few of many are shown as the run writes them, in source order; unreadable ones count."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(300))
    asked = both_formats(tmp_path / "faq.jsonl", tmp_path / "out")
    few, all_ = (preview(asked, count=count, manager=manager_of([])).items for count in (30, 300))

    assert few == all_[:30]
    assert [item.locator for item in few[:3]] == ["faq.jsonl:1", "faq.jsonl:2", "faq.jsonl:3"]
    assert few[11].reject is not None
    assert few[11].reject.code == "bad_json"
    assert few[11].entity is None
    assert few[11].locator == "faq.jsonl:12"


def test_every_outcome_with_its_reason() -> None:
    """Exported, filtered by style, filter, condition and validator, duplicate, errored: each says which stage."""
    items = fed(
        [
            record(1),
            record(2, answer="yes"),
            record(3, internal=True),
            record(4, product="x"),
            record(5, answer="THIS SHOUTS AT WHOEVER READS IT"),
            {**record(1), "id": 6},
            record(7, answer="raise this, and not too late"),
            {"id": 8, "question": "No answer?"},
            record(9, question="A lone \ud800, which nobody can write"),
            ["no", "record"],
        ],
        filters=["acme:internal"],
        validators=["acme:quiet"],
        where="not (product == 'x')",
    )
    told = [(i.key, str(i.outcome), i.reject and (i.reject.stage, i.reject.code)) for i in items]

    assert told == [
        ("1", "exported", None),
        ("2", "filtered", ("jsonl_llm:length", "text_too_short")),
        ("3", "filtered", ("acme:internal", "acme:internal")),
        ("4", "filtered", ("where", "where")),
        ("5", "filtered", ("acme:quiet", "acme:loud")),
        ("6", "duplicate", ("admit", "duplicate")),
        ("7", "errored", ("acme:internal", "hook:acme")),
        ("8", "filtered", ("jsonl_llm:instruction_tuning", "missing_field")),
        ("9", "errored", ("jsonl_llm:instruction_tuning", "bad_utf8")),
        (None, "errored", ("source", "bad_type")),
    ]
    assert [list(item.rows) for item in items] == [["tuneport"], *[[]] * 9]
    assert items[0].weight == 1.0
    assert items[1].weight is None
    assert [item.locator for item in items] == [f"row {number}" for number in range(1, 11)]


def test_an_entity_is_shown_as_it_was_read(tmp_path: Path) -> None:
    """Whole, though the run reads a few fields; unchanged, though a filter changes its own; without what is hidden."""
    whole = record(1, unread={"a": [1, 2]}, secret="s")  # noqa: S106  -- a field's name
    (item,) = fed([whole.copy()], filters=["acme:internal"])
    assert item.entity == whole

    source = lines(tmp_path / "in.jsonl", whole)
    (item,) = preview(recipe(source, tmp_path / "out")).items
    assert item.entity == whole

    asked = recipe(source, tmp_path / "out")
    asked["output"]["exclude_fields"] = ["secret"]
    (item,) = preview(asked).items
    assert item.entity == {name: value for name, value in whole.items() if name != "secret"}
    asked["output"]["include_fields"] = ["id", "question", "answer"]
    (item,) = preview(asked).items
    assert item.entity == record(1)


def test_one_format_refuses_what_another_writes() -> None:
    """The record is exported, its row is there, and so is why the other format has none; none at all is a reject."""
    records = [record(1, question="A picky question?"), record(2)]
    first, second = fed(records, formats=["tuneport", "acme:picky"])
    alone, _ = fed(records, formats=["acme:picky"])

    assert (str(first.outcome), list(first.rows), list(first.refusals)) == ("exported", ["tuneport"], ["picky"])
    assert first.refusals["picky"].code == "acme:too_picky"
    assert first.refusals["picky"].reason == "Cannot say that"
    assert first.reject is None
    assert (list(second.rows), second.refusals) == (["tuneport", "picky"], {})
    assert second.rows["picky"] == [{"q": "What is number 2?", "a": f"{LONG} 2"}]
    assert alone.reject is not None
    assert (str(alone.outcome), alone.reject.code, alone.refusals) == ("filtered", "acme:too_picky", {})


def weighted(source: Path, count: int, **section: Any) -> Preview:
    """A preview with weights that need all samples."""
    weighting = {"weight_field": "votes", "normalize": "minmax"}
    return preview({"source": {"path": str(source), **section}, "export": {"weighting": weighting}}, count=count)


def test_weights_that_need_all_samples_are_over_the_records_shown(tmp_path: Path) -> None:
    """They say so, with the reason, unless the records shown are all there are."""
    source = lines(tmp_path / "in.jsonl", *(record(number, votes=number) for number in range(9)))
    some, one, limited, all_ = (
        weighted(source, 3),
        weighted(source, 1),
        weighted(source, 3, limit=3),
        weighted(source, 50),
    )
    reason = "jsonl_llm:field needs the values of all samples"

    assert [item.weight for item in some.items] == [0.5, 1.0, 1.5]
    assert some.notes == [f"weights are over these 3 records only: {reason}"]
    assert one.notes == [f"weights are over this record only: {reason}"]
    assert some.plan.waits == [reason]
    assert [item.weight for item in limited.items] == [0.5, 1.0, 1.5]
    assert limited.notes == all_.notes == []
    assert all_.items[8].weight == 1.5


@pytest.mark.parametrize("normalize", ["log", "minmax"])
def test_nothing_on_the_disk_changes(normalize: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither at the target, nor in staging, nor where temporary files go."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(100))
    asked = recipe(
        Path("faq.jsonl"), Path("new/out"), export={"weighting": {"weight_field": "x", "normalize": normalize}}
    )
    before = everything(tmp_path)

    assert len(preview(asked).items) == 5
    assert len(preview({"source": "faq.jsonl", "export": asked["export"]}).items) == 5
    assert everything(tmp_path) == before


def test_a_target_in_use_and_one_that_exists_are_left_alone(tmp_path: Path) -> None:
    """The staging of a stopped run stands, its lock may be held, and what was published is no error."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(200))
    asked = recipe(tmp_path / "faq.jsonl", tmp_path / "out")
    plan = plan_export(asked)

    def stop(_progress: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(plan, on_progress=stop)
    before = everything(tmp_path)
    assert ".out.staging/plan.json" in before
    with Storage().lock(plan.target.lock):
        locked = everything(tmp_path)
        items = preview(asked).items
        assert everything(tmp_path) == locked
    export(asked)
    published = everything(tmp_path)
    with pytest.raises(TargetExistsError):
        export(asked)

    assert preview(asked).items == items
    assert everything(tmp_path) == published


def test_staged_work_lends_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run that will be taken up again has pinned is what its preview shows, however that run cut its parts."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(50))
    asked = {"source": str(tmp_path / "faq.jsonl"), "output": str(tmp_path / "out")}

    def stop(_progress: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    with pytest.raises(KeyboardInterrupt):
        execute(plan_export(asked), on_progress=stop)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")

    assert preview(asked).plan.now == "2023-11-14T22:13:20+00:00"
    assert len(preview(asked, count=7).items) == 7


def test_no_output_is_needed(tmp_path: Path) -> None:
    """Not in a mapping, a file or a Recipe, whatever formats it names; what else is wrong is told all the same."""
    source = lines(tmp_path / "in.jsonl", record(1))
    formats = ["tuneport", "acme:picky"]
    manager = manager_of([])
    asked: dict[str, Any] = {"source": str(source), "export": {"formats": formats}}
    file = tmp_path / "faq.toml"
    file.write_text(f"source = 'in.jsonl'\nexport.formats = {formats}\n")
    for one in (asked, file, str(file), {**asked, "output": {}}, Recipe.model_validate({**asked, "output": {}})):
        shown = preview(one, manager=manager)

        assert list(shown.items[0].rows) == ["tuneport", "picky"]
        assert (shown.plan.target, shown.plan.digest) == (None, None)

    file.write_text("source = 'in.jsonl'\nexport.stile = 1\nexport.formats = ['nope']\n")
    with pytest.raises(RecipeError) as caught:
        preview(file)
    assert {problem.path for problem in caught.value.problems} == {"export.stile", 'export.formats[0] = "nope"'}
    file.write_text("source = 'in.jsonl'\noutput = 5\n")
    with pytest.raises(RecipeError, match="output = 5"):
        preview(file)
    with pytest.raises(RecipeError, match="one stream holds one format"):
        preview({**asked, "output": "-"}, manager=manager)
    with pytest.raises(RecipeError, match="not TOML"):
        preview(lines(tmp_path / "bad.toml", "source ="))


def test_the_plan_is_that_of_the_run(tmp_path: Path) -> None:
    """All facts, its digest among them."""
    asked = recipe(lines(tmp_path / "in.jsonl", record(1)), tmp_path / "out", export={"where": "id < 3"})
    facts = preview(asked).plan

    assert facts == plan_facts(plan_export(asked))
    assert (facts.title, facts.where, facts.target) == ("in.jsonl", ["id < 3"], str(tmp_path / "out"))
    assert facts.formats == ["jsonl_llm:tuneport"]
    assert facts.weights == {"tuneport": Carriage("column")}
    assert facts.reads is not None
    assert {"id", "question", "answer"} <= set(facts.reads)


def test_problems_and_sources_that_fail_are_the_usual_errors(tmp_path: Path) -> None:
    """As in a run; a count below one is one more."""
    with pytest.raises(RecipeError, match="source"):
        preview({"output": "out"})
    with pytest.raises(SourceNotFoundError):
        preview(tmp_path / "missing.toml")
    with pytest.raises(UsageError, match="at least one record"):
        preview({"source": "in.jsonl"}, count=0)

    def failing() -> Iterator[Any]:
        yield record(1)
        raise OSError("the line is dead")

    with pytest.raises(SourceError, match="the line is dead"):
        preview({"source": {"importer": "acme:feed"}}, manager=manager_of(failing))


def test_a_generator_is_read_once_and_let_go() -> None:
    """No more of it is asked for than a plan looks at, and it is closed when the preview is there."""
    events: list[str] = []

    def records() -> Iterator[Any]:
        events.append("opened")
        try:
            for number in range(30_000):
                yield record(number)
            events.append("read to its end")
        finally:
            events.append("closed")

    items = preview({"source": {"importer": "acme:feed"}}, count=3, manager=manager_of(records)).items

    assert [item.key for item in items] == ["0", "1", "2"]
    assert events == ["opened", "closed"]


def test_blank_lines_and_limits(tmp_path: Path) -> None:
    """A record is what counts, a limit holds, and nothing to read is no error."""
    source = lines(tmp_path / "in.jsonl", "", record(1), "", "{", record(2), "", "")
    places = [item.locator for item in preview({"source": str(source)}).items]
    limited = preview({"source": {"path": str(source), "limit": 2}}).items

    assert places == ["in.jsonl:2", "in.jsonl:4", "in.jsonl:5"]
    assert [item.locator for item in limited] == places[:2]
    assert preview({"source": str(lines(tmp_path / "blank.jsonl", "", ""))}).items == []
    assert preview({"source": str(lines(tmp_path / "empty.jsonl"))}).items == []


class Mute:
    """Something that has no text."""

    def __str__(self) -> str:
        raise RuntimeError


def test_odd_values_are_shown_as_texts() -> None:
    """JSON has no bytes, NaN, lone surrogates or endless lists: the preview is one document all the same."""
    endless: list[Any] = []
    endless += [endless, endless]
    deep: list[Any] = []
    for _ in range(50):
        deep = [deep]
    odd = {
        "raw": b"\xff" * 1200,
        "nan": float("nan"),
        "huge": 10**5000,
        "large": 10**30,
        "lone": "\ud800",
        "deep": deep,
        "mute": Mute(),
        3: {1},
    }
    data = {"source": {"importer": "acme:feed"}}
    shown = preview(data, manager=manager_of([{**record(1), **odd}, 7, {**record(2), "endless": endless}]))
    entity = json.loads(shown.to_json())["items"][0]["entity"]

    assert shown.items[0].entity is not None
    assert shown.items[0].entity["raw"] == b"\xff" * 1200
    assert entity["raw"] == "1,200 bytes"
    assert (entity["nan"], entity["huge"], entity["large"], entity["lone"]) == ("nan", "int", str(10**30), "?")
    assert json.dumps(entity["deep"]) == "[" * 31 + '"..."' + "]" * 31
    assert (entity["mute"], entity["3"]) == ("Mute", [1])
    assert [one["entity"] for one in json.loads(shown.to_json())["items"][1:]] == [None, None]
    assert shown.items[2].reject is not None
    assert shown.items[2].reject.reason == "Holds more than 4,194,304 values"
    assert plain_value({"endless": endless}) == {"endless": ["...", "..."]}
    assert plain_value({"a": (1, 2.5, True, None, "x")}) == {"a": [1, 2.5, True, None, "x"]}


@pytest.mark.parametrize(
    ("where", "fix"),
    [
        (
            "question != 'x' and upvotes >= 3",
            "upvotes is text: write number(upvotes), or for a CSV file set source.types",
        ),
        ("question >= 3", "a text stands in quotes, a number does not"),
    ],
)
def test_records_left_out_because_kinds_differ_are_told(where: str, fix: str, tmp_path: Path) -> None:
    """The note says how many and how to mend it; a condition that suits the records has none."""
    path = tmp_path / "faq.csv"
    path.write_text("question,answer,upvotes\n" + "".join(f"What is {n}?,{LONG},{n}\n" for n in range(12)))
    asked = recipe(path, tmp_path / "out")
    shown = preview(asked, where=where)

    assert shown.items == []
    (note,) = shown.notes
    assert note.startswith("where left 12 records out because it compares values of two kinds; ")
    assert fix in note
    suits = preview(asked, where="number(upvotes) >= 10")
    assert ([item.locator for item in suits.items], suits.notes) == (["faq.csv:12", "faq.csv:13"], [])
