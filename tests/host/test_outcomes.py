"""What becomes of records at the hands of third parties and of a run's own limits."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, rows

from tuneport import ExportOptions, PluginManager, Reject, Text, hookimpl
from tuneport.errors import DataError
from tuneport.runs import Sizes, execute, plan_export


class Odd:
    """A third party's stages, each misbehaving on the record it is meant for."""

    @hookimpl
    def register_styles(self, register: Any) -> None:
        register("plain", lambda _config, _ctx: lambda entity: Text(text=entity["text"]))

    @hookimpl
    def register_filters(self, register: Any) -> None:
        def no_swearing(entity: dict[str, Any], _sample: Text) -> Reject | None:
            if entity["text"] == "raise":
                raise RuntimeError("never mind")
            return Reject("rude", "It swears") if entity["text"] == "damn" else None

        register("polite", lambda _config, _ctx: no_swearing)

    @hookimpl
    def register_weightings(self, register: Any) -> None:
        weights = {"negative": -1.0, "infinite": float("inf"), "nan": float("nan")}
        register("odd", lambda _config, _ctx: lambda entity, _sample: weights.get(entity["text"], 2.0))

    @hookimpl
    def register_formats(self, register: Any) -> None:
        def picky(sample: Text) -> dict[str, Any] | Reject:
            if sample.text == "refuse":
                return Reject("too_odd", "Cannot say that")
            return {"body": sample.text if sample.text != "set" else {1, 2}, "w": sample.weight}

        register("picky", lambda _config, _ctx: picky)
        register("all", lambda _config, _ctx: lambda sample: {"messages": [m.content for m in sample.messages]})


def odd(texts: list[Any], path: Path, formats: list[str], **options: Any) -> Any:
    """Export texts through the odd stages."""
    manager = PluginManager()
    manager.register(Odd(), "odd")
    data: dict[str, Any] = {
        "export": {"style": "odd:plain", "filters": ["polite"], "weightings": ["odd:odd"], "formats": formats},
        "output": {"path": str(path), **options},
    }
    data["export"]["quality"] = {"min_text_length": 0, "skip_empty_outputs": False}
    entities = [text if isinstance(text, dict) else {"text": text} for text in texts]
    return execute(plan_export(data, manager=manager, entities=entities))


def test_third_party_rejects_and_faults_are_told_apart(tmp_path: Path) -> None:
    """A plugin's code carries its name, what it raises is an error of the record, and the run goes on."""
    texts = ["fine", "damn", "raise", "negative", "infinite", "nan", "refuse", "set", "lone \ud800", {"no": "text"}]
    stats = odd(texts, tmp_path / "out.jsonl", ["picky"]).stats

    assert stats.rejects == {"odd:rude": 1, "hook:odd": 4, "weight_not_finite": 2, "odd:too_odd": 1, "bad_utf8": 1}
    assert (stats.exported_entities, stats.filtered_entities, stats.errored_entities) == (1, 2, 7)
    assert stats.formats["picky"].rows == 1


def test_refused_by_one_format_is_exported_by_another(tmp_path: Path) -> None:
    """A sample that one format refuses is exported if another writes it; each ledger counts its own."""
    result = odd(["fine", "refuse", "fine"], tmp_path / "out", ["picky", "all"])

    assert result.stats.exported_entities == 2
    assert result.stats.formats["picky"].rows == 1
    assert result.stats.formats["picky"].refused == 1
    assert result.stats.formats["all"].rows == 2
    assert result.stats.rejects == {"duplicate": 1}
    assert result.notes == {"odd:too_odd refused by picky": 1}
    listed = rows(tmp_path / "out/rejects/00000.jsonl")
    assert [(entry["stage"], entry["code"]) for entry in listed] == [
        ("odd:picky", "odd:too_odd"),
        ("admit", "duplicate"),
    ]


def test_a_format_that_wrote_nothing_is_in_no_config(tmp_path: Path) -> None:
    """A format that refused every sample has a ledger and reasons, and no config that would load another's rows."""
    result = odd(["refuse"], tmp_path / "out", ["picky", "all"])
    card = (tmp_path / "out/README.md").read_text()

    assert (result.stats.formats["picky"].rows, result.stats.formats["picky"].refused) == (0, 1)
    assert 'config_name: "all"' in card
    assert "picky" not in card.split("---")[1]
    assert "default: true" in card


def test_the_first_of_two_equal_samples_wins(tmp_path: Path) -> None:
    """Deduplication keeps the first record, over part boundaries too."""
    lines = [{"question": "Q?", "answer": f"The same answer {n % 40}.", "importance": n} for n in range(400)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    execute(plan_export(recipe(tmp_path / "in.jsonl", tmp_path / "out.jsonl"), sizes=Sizes(part_bytes=500)))

    assert [row["weight"] for row in rows(tmp_path / "out.jsonl")] == [float(n) for n in range(40)]


def test_too_many_errors_publish_nothing(faq: Path, tmp_path: Path) -> None:
    """Above max_error_rate nothing is published; the same run goes on when the rate is accepted."""
    data = recipe(faq, tmp_path / "out", run={"max_error_rate": 0.01, "now": "2026-11-22T00:00:00Z"})
    with pytest.raises(DataError, match=r"errors in 1,\d\d\d records \(\d%\), more than max_error_rate = 0.01"):
        execute(plan_export(data, sizes=Sizes(part_bytes=9_000)))
    assert not (tmp_path / "out").exists()

    data["run"] = {**data["run"], "max_error_rate": 0.5}
    resumed: list[int] = []
    stats = execute(
        plan_export(data, sizes=Sizes(part_bytes=9_000)), on_progress=lambda now: resumed.append(now.parts)
    ).stats
    assert stats.total_entities == 2000
    assert resumed[0] > 10


def test_stop_at_the_first_error(faq: Path, tmp_path: Path) -> None:
    """continue_on_error = false ends the run at an error and publishes nothing; filtered records do not end it."""
    data = recipe(faq, tmp_path / "out")
    data["output"]["continue_on_error"] = False
    with pytest.raises(DataError, match="stopped at an error"):
        execute(plan_export(data))
    with pytest.raises(DataError, match="stopped at an error"):
        execute(plan_export(data))
    assert not (tmp_path / "out").exists()

    filtered = [{"question": "Q", "answer": "short"}, {"question": "Q", "answer": "Long enough, surely."}]
    options = ExportOptions(output_path=tmp_path / "a.jsonl", continue_on_error=False)
    assert PluginManager().load("jsonl_llm").exportEntities(filtered, options).exported_entities == 1


def test_nothing_left_publishes_nothing(tmp_path: Path) -> None:
    """Without a row to publish the run is an error that says why, and leaves nothing behind."""
    exporter = PluginManager().load("jsonl_llm")
    with pytest.raises(DataError, match=r"0 of 1 records exported[\s\S]*1 text_too_short"):
        exporter.exportEntities([{"question": "Q", "answer": "no"}], ExportOptions(output_path=tmp_path / "a.jsonl"))

    assert list(tmp_path.iterdir()) == []


def test_a_generator_is_read_once(tmp_path: Path) -> None:
    """exportEntities reads its entities once, as they come, whatever looks at them first."""
    taken: list[int] = []

    def entities() -> Any:
        for number in range(12_000):
            taken.append(number)
            yield {"id": number, "question": f"Q{number}", "answer": f"An answer to {number}."}

    options = ExportOptions(output_path=tmp_path / "a.jsonl")
    stats = PluginManager().load("jsonl_llm").exportEntities(entities(), options)

    assert taken == list(range(12_000))
    assert stats.exported_entities == 12_000


def test_late_default_field_is_an_error_that_says_the_fix(tmp_path: Path) -> None:
    """A default field that first appears after 10,000 records is an error; named, it is in every row."""
    entities = [{"id": n, "question": f"Q{n}", "answer": f"An answer to {n}."} for n in range(10_001)]
    entities[-1]["context"] = "late"
    manager = PluginManager()
    stats = manager.load("jsonl_llm").exportEntities(entities, ExportOptions(output_path=tmp_path / "a.jsonl"))

    assert stats.rejects == {"late_field": 1}
    assert "field_mapping.input_field" in stats.errors[0]

    named = manager.load("jsonl_llm", {"field_mapping": {"input_field": "context"}})
    named.exportEntities(entities, ExportOptions(output_path=tmp_path / "b.jsonl"))
    assert {row["input"] for row in rows(tmp_path / "b.jsonl")} == {"", "late"}


def test_the_library_prints_nothing(
    faq: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An export writes nothing to stdout or stderr, and logs to `tuneport` alone."""
    # A command that ran in this process has left one.
    monkeypatch.setattr(logging.getLogger("tuneport"), "handlers", [])
    data = recipe(faq, tmp_path / "out", export={"weighting": {"weight_field": "importanc"}})
    with caplog.at_level(logging.INFO, "tuneport"):
        execute(plan_export(data))

    assert capfd.readouterr() == ("", "")
    assert "no field" not in caplog.text
    assert 'none of the first records has a field "importanc"; did you mean "importance"?' in caplog.text
