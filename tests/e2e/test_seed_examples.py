"""The documented examples of the exporter, as a host application runs them: rows number for number."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, rows

from tuneport import ExportOptions, ExportStats, PluginManager, export
from tuneport_jsonl_llm import JSONLLLMConfig, JSONLLLMExporter

QA = {
    "pk": "qa_001",
    "question": "What is the capital of France?",
    "context": "France is a country in Western Europe",
    "answer": "Paris is the capital of France.",
    "importance": 0.9,
}
CHAT = {
    "pk": "chat_001",
    "system_prompt": "You are a helpful assistant.",
    "user_message": "Explain quantum computing",
    "assistant_response": "Quantum computing uses quantum bits...",
    "importance": 1.2,
}


def exported(config: Any, entities: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """The rows that a loaded exporter writes."""
    JSONLLLMExporter(config).exportEntities(entities, ExportOptions(output_path=path))
    return rows(path)


def test_instruction_tuning_row(tmp_path: Path) -> None:
    """The documented question and answer make the documented line, key order included."""
    config = JSONLLLMConfig()
    config.style = "INSTRUCTION_TUNING"
    config.field_mapping.instruction_field = "question"
    config.field_mapping.input_field = "context"
    config.field_mapping.output_field = "answer"
    exported(config, [QA], tmp_path / "a.jsonl")

    assert (tmp_path / "a.jsonl").read_text() == (
        '{"instruction":"What is the capital of France?","input":"France is a country in Western Europe",'
        '"output":"Paris is the capital of France.","weight":0.9}\n'
    )


def test_chat_completion_row_keeps_importance_1_2(tmp_path: Path) -> None:
    """The documented chat makes the documented line; its importance of 1.2 stays 1.2."""
    config = JSONLLLMConfig(style="chat_completion")
    config.field_mapping.system_field = "system_prompt"
    config.field_mapping.user_field = "user_message"
    config.field_mapping.assistant_field = "assistant_response"

    assert exported(config, [CHAT], tmp_path / "a.jsonl") == [
        {
            "messages": [
                {"role": "system", "content": "You are a helpful assistant."},
                {"role": "user", "content": "Explain quantum computing"},
                {"role": "assistant", "content": "Quantum computing uses quantum bits..."},
            ],
            "weight": 1.2,
        }
    ]


def test_text_completion_row(tmp_path: Path) -> None:
    """Plain text makes a row of text and weight."""
    config = JSONLLLMConfig(style="text_completion")
    config.field_mapping.text_field = "content"

    assert exported(config, [{"pk": "t", "content": "Once upon a time."}], tmp_path / "a.jsonl") == [
        {"text": "Once upon a time.", "weight": 1.0}
    ]


def test_explicit_weight_and_default_weight(tmp_path: Path) -> None:
    """A record's own field weighs it; one without the field has the default."""
    config = JSONLLLMConfig(weighting={"weight_field": "importance", "default_weight": 0.5})
    entities = [QA, {**QA, "pk": "b", "question": "And of Spain?", "importance": None}]

    assert [row["weight"] for row in exported(config, entities, tmp_path / "a.jsonl")] == [0.9, 0.5]


@pytest.mark.parametrize(("length", "factor"), [(100, 1.05), (500, 1.25), (1000, 1.5), (4000, 1.5)])
def test_auto_weight_by_length(length: int, factor: float, tmp_path: Path) -> None:
    """The length factor is 1 + min(0.5, length / 2000), in characters."""
    config = JSONLLLMConfig(weighting={"auto_weight_by_length": True})
    entity = {"question": "Long?", "answer": "ü" * length}

    (row,) = exported(config, [entity], tmp_path / "a.jsonl")
    assert row["weight"] == pytest.approx(factor, abs=1e-12)


def test_combined_strategies_multiply(tmp_path: Path) -> None:
    """Explicit weight, length factor and freshness factor are multiplied."""
    data = recipe(
        tmp_path / "in.jsonl",
        tmp_path / "out.jsonl",
        export={
            "weighting": {
                "enable_weights": True,
                "weight_field": "importance",
                "auto_weight_by_length": True,
                "auto_weight_by_freshness": True,
            }
        },
    )
    # 90 days before the run, which is the half-life; 500 characters.
    entity = {"question": "Q", "answer": "a" * 500, "importance": 0.8, "created_at": "2026-08-24T00:00:00Z"}
    (tmp_path / "in.jsonl").write_text(json.dumps(entity) + "\n")
    export(data)

    (row,) = rows(tmp_path / "out.jsonl")
    assert row["weight"] == pytest.approx(0.8 * 1.25 * 0.5, abs=1e-12)


def test_metadata_row(tmp_path: Path) -> None:
    """Metadata keeps its types and lists; a field that no record has is left out of every row."""
    config = JSONLLLMConfig(include_metadata=True, metadata_fields=["source", "category", "tags", "author"])
    entity = {
        "question": "What is light?",
        "answer": "An electromagnetic wave.",
        "source": "wikipedia",
        "category": "science",
        "tags": ["physics", "quantum"],
    }

    assert exported(config, [entity], tmp_path / "a.jsonl") == [
        {
            "instruction": "What is light?",
            "output": "An electromagnetic wave.",
            "weight": 1.0,
            "metadata": {"source": "wikipedia", "category": "science", "tags": ["physics", "quantum"]},
        }
    ]


def test_faq_example_with_upvotes(tmp_path: Path) -> None:
    """Example 1: upvotes are the weights, one by one; progress is called; folders are made as needed."""
    faqs = [
        {"pk": f"faq_{votes}", "question": f"How {votes}?", "answer": f"Like that, {votes} times.", "upvotes": votes}
        for votes in (0, 1, 2, 57)
    ]
    told: list[int] = []
    config = JSONLLLMConfig()
    config.field_mapping.instruction_field = "question"
    config.field_mapping.output_field = "answer"
    config.weighting.enable_weights = True
    config.weighting.weight_field = "upvotes"
    options = ExportOptions(
        output_path=tmp_path / "training_data/faq_lora.jsonl",
        progress_callback=lambda stats: told.append(stats.exported_entities),
    )
    stats = JSONLLLMExporter(config).exportEntities(faqs, options)

    written = rows(tmp_path / "training_data/faq_lora.jsonl")
    assert [row["weight"] for row in written] == [0.0, 1.0, 2.0, 57.0]
    assert [type(row["weight"]) for row in written] == [float] * 4
    assert told[-1] == stats.exported_entities == 4
    assert stats.bytes_written == (tmp_path / "training_data/faq_lora.jsonl").stat().st_size


def test_chat_logs_example(tmp_path: Path) -> None:
    """Example 2: chats shorter than 100 characters are left out, longer answers weigh more."""
    data = recipe(
        tmp_path / "in.jsonl",
        tmp_path / "chat_qlora.jsonl",
        export={
            "style": "chat_completion",
            "field_mapping": {"user_field": "user_query", "assistant_field": "bot_response"},
            "weighting": {"auto_weight_by_length": True},
            "quality": {"min_text_length": 100},
        },
    )
    chats = [{"id": n, "user_query": f"Tell me {n}", "bot_response": "x" * n} for n in (99, 100, 400)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(chat) + "\n" for chat in chats))
    stats = export(data).stats

    assert [row["weight"] for row in rows(tmp_path / "chat_qlora.jsonl")] == [1.05, 1.2]
    assert stats.errors == ["Entity 99: Text too short (99 chars)"]


def test_knowledge_base_example(tmp_path: Path) -> None:
    """Example 3: newer articles weigh more, and the publishing date stays text that loaders leave alone."""
    articles = [
        {"full_text": "New article text.", "author": "Ada", "topic": "x", "published_date": "2026-11-22"},
        {"full_text": "Old article text.", "author": "Bob", "topic": "y", "published_date": "2026-08-24"},
        {"full_text": "Ancient article text.", "author": "Bob", "topic": "y", "published_date": "2001-01-01"},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    export(
        recipe(
            tmp_path / "in.jsonl",
            tmp_path / "kb.jsonl",
            export={
                "style": "text_completion",
                "field_mapping": {"text_field": "full_text"},
                "weighting": {"auto_weight_by_freshness": True, "timestamp_field": "published_date"},
                "include_metadata": True,
                "metadata_fields": ["author", "topic", "published_date"],
            },
        )
    )

    written = rows(tmp_path / "kb.jsonl")
    assert [row["weight"] for row in written] == [1.0, 0.5, 0.1]
    assert written[1]["metadata"] == {"author": "Bob", "topic": "y", "published_date": "2026-08-24T00:00:00.000Z"}


def test_statistics_keys_and_arithmetic(tmp_path: Path) -> None:
    """The documented statistics: six keys, their types, and errors in the documented words."""
    entities: list[dict[str, Any]] = [
        QA,
        {"pk": "qa_123", "question": "Where?", "importance": 1},
        {"pk": "qa_456", "question": "Who?", "answer": "Short"},
        {**QA, "pk": "qa_again", "importance": 0.1},
    ]
    stats = JSONLLLMExporter(JSONLLLMConfig()).exportEntities(entities, ExportOptions(output_path=tmp_path / "a.jsonl"))
    told = json.loads(stats.to_json())

    assert {key: type(told[key]) for key in list(told)[:6]} == {
        "total_entities": int,
        "exported_entities": int,
        "failed_entities": int,
        "bytes_written": int,
        "duration_ms": int,
        "errors": list,
    }
    assert told["errors"] == [
        "Entity qa_123: Missing required field 'output'",
        "Entity qa_456: Text too short (5 chars)",
    ]
    assert (told["total_entities"], told["exported_entities"], told["failed_entities"]) == (4, 1, 3)
    assert told["filtered_entities"] + told["duplicate_entities"] + told["errored_entities"] == 3
    assert told["rejects"] == {"missing_field": 1, "text_too_short": 1, "duplicate": 1}
    assert told["formats"] == {"tuneport": {"rows": 1, "refused": 0, "left_out": 0, "copies": 0}}


def test_plugin_loading_snippet(tmp_path: Path) -> None:
    """A host application loads the exporter by its alias, and by its name."""
    plugins = PluginManager()
    for name in ("jsonl_llm_exporter", "jsonl_llm"):
        exporter = plugins.load(name, config={"style": "instruction_tuning"})
        stats = exporter.exportEntities([QA], ExportOptions(output_path=tmp_path / f"{name}.jsonl"))
        assert isinstance(stats, ExportStats)
        assert (exporter.getQualityMetricsReport(), exporter.getAdapterMetadataJson()) == ("{}", "{}")
    assert rows(tmp_path / "jsonl_llm.jsonl") == rows(tmp_path / "jsonl_llm_exporter.jsonl")


# What the original did otherwise, and the document overrules


def test_duplicates_differ_in_weight_and_metadata(tmp_path: Path) -> None:
    """The same question and answer is a duplicate whatever its weight and source."""
    entities = [{**QA, "importance": weight, "source": source} for weight, source in ((0.5, "a"), (0.6, "b"))]

    assert len(exported(JSONLLLMConfig(), entities, tmp_path / "a.jsonl")) == 1


def test_excluded_fields_reach_no_row(tmp_path: Path) -> None:
    """A field in exclude_fields is in no row; include_fields keeps all others out."""
    entity = {**QA, "source": "secret", "category": "open"}
    exporter = JSONLLLMExporter(JSONLLLMConfig())
    exporter.exportEntities([entity], ExportOptions(output_path=tmp_path / "a.jsonl", exclude_fields=["source"]))
    only = ["question", "answer", "category"]
    exporter.exportEntities([entity], ExportOptions(output_path=tmp_path / "b.jsonl", include_fields=only))

    assert rows(tmp_path / "a.jsonl")[0]["metadata"] == {"category": "open"}
    assert rows(tmp_path / "b.jsonl") == [
        {
            "instruction": QA["question"],
            "output": QA["answer"],
            "weight": 1.0,
            "metadata": {"category": "open"},
        }
    ]


def test_compress_means_gzip(tmp_path: Path) -> None:
    """compress = true writes gzip, which any gzip reader opens."""
    import gzip

    options = ExportOptions(output_path=tmp_path / "a.jsonl", compress=True)
    JSONLLLMExporter(JSONLLLMConfig()).exportEntities([QA], options)

    assert json.loads(gzip.decompress((tmp_path / "a.jsonl").read_bytes()))["weight"] == 0.9


def test_max_errors_caps_the_list_and_not_the_run(tmp_path: Path) -> None:
    """max_errors limits the texts that are kept; every record is still handled and counted."""
    entities = [{"pk": n, "question": f"Q{n}", "answer": "short"} for n in range(8)] + [QA]
    options = ExportOptions(output_path=tmp_path / "a.jsonl", max_errors=3)
    stats = JSONLLLMExporter(JSONLLLMConfig()).exportEntities(entities, options)

    assert len(stats.errors) == 3
    assert (stats.filtered_entities, stats.exported_entities) == (8, 1)


def test_progress_fires_at_multiples_and_at_the_end(tmp_path: Path) -> None:
    """With an interval of 3 and 10 rows, progress is told at 3, 6, 9, and once more at the end."""
    told: list[int] = []
    options = ExportOptions(
        output_path=tmp_path / "a.jsonl",
        progress_interval=3,
        progress_callback=lambda stats: told.append(stats.exported_entities),
    )
    entities = [{"question": f"Q{n}", "answer": f"An answer, number {n}."} for n in range(10)]
    JSONLLLMExporter(JSONLLLMConfig()).exportEntities(entities, options)

    assert told == [3, 6, 9, 10]


def test_two_runs_are_the_same_whatever_the_clock_says(tmp_path: Path) -> None:
    """Age counts from the run's pinned time, not from the clock."""
    entity = {"question": "Q", "answer": "A long enough answer.", "created_at": "2020-01-01"}
    (tmp_path / "in.jsonl").write_text(json.dumps(entity) + "\n")
    for name, year in (("a", 2020), ("b", 2020)):
        data = recipe(
            tmp_path / "in.jsonl",
            tmp_path / f"{name}.jsonl",
            export={"weighting": {"auto_weight_by_freshness": True, "freshness_half_life_days": 366}},
        )
        data["run"] = {"now": datetime(year + 1, 1, 1, tzinfo=UTC)}
        export(data)

    assert rows(tmp_path / "a.jsonl") == rows(tmp_path / "b.jsonl")
    assert rows(tmp_path / "a.jsonl")[0]["weight"] == pytest.approx(0.5)
