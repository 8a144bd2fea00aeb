"""What the system this one goes back to did wrong, and its documents promised: each case by name.

Adapter metadata, schema validation and its report, and what happens to files when something fails.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tools import faq_lines, recipe, rows, tree, watched

from tuneport import (
    Batch,
    Config,
    Entity,
    Exporter,
    ExportOptions,
    ExportStats,
    Partition,
    PluginManager,
    Source,
    SourceInfo,
    export,
    hookimpl,
)
from tuneport.errors import DataError, RecipeError, SourceError, StorageError, TryAgainError, TuneportError
from tuneport.runs import Sizes, execute, plan_export
from tuneport_jsonl_llm import JSONLLLMConfig, JSONLLLMExporter
from tuneport_lora_metadata.schema import adapter_schema

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["instruction", "output"],
    "properties": {"instruction": {"type": "string", "minLength": 10}, "output": {"type": "string"}},
}
TRACKED = {"enable_tracking": True, "adapter_id": "faq", "base_model_name": "mistral-7b-v0.1"}


def entities(count: int, *short: int) -> list[Entity]:
    """Records of which some have an instruction of fewer than ten characters."""
    return [
        {"pk": n, "question": f"{n}?" if n in short else f"What is number {n}?", "answer": f"It is the number {n}."}
        for n in range(count)
    ]


def loaded(config: Any = None) -> Exporter:
    """A loaded exporter."""
    exporter = PluginManager().load("jsonl_llm", config)
    assert isinstance(exporter, Exporter)
    return exporter


def exported(exporter: Exporter, path: Path, records: list[Entity], **options: Any) -> ExportStats:
    """Export the records; nothing left over is no failure."""
    return exporter.exportEntities(records, ExportOptions(output_path=path, min_rows=0, **options))


def checked(schema: Any = SCHEMA, metrics: dict[str, Any] | None = None, **structured_gen: Any) -> Exporter:
    """An exporter that validates, and measures."""
    structured_gen = {"enable_schema_validation": True, "json_schema": schema, **structured_gen}
    quality_metrics = {"enable_metrics": True, **(metrics or {})}
    return loaded({"structured_gen": structured_gen, "quality_metrics": quality_metrics})


def report(exporter: Exporter) -> Any:
    """The quality report, as data."""
    return json.loads(exporter.getQualityMetricsReport())


def metadata(exporter: Exporter) -> Any:
    """The adapter's metadata, as data."""
    return json.loads(exporter.getAdapterMetadataJson())


# Adapter metadata


def test_off_means_an_empty_object(tmp_path: Path) -> None:
    """Without enable_tracking and enable_metrics both answers are "{}", and no file is written."""
    exporter = loaded({"adapter_metadata": {"adapter_id": "faq"}, "quality_metrics": {"track_per_sample": True}})
    exported(exporter, tmp_path / "out", entities(3))

    assert (exporter.getAdapterMetadataJson(), exporter.getQualityMetricsReport()) == ("{}", "{}")
    assert {"adapter_metadata.json", "quality_report.json"}.isdisjoint(tree(tmp_path / "out"))


def test_an_adapter_of_defaults_has_every_documented_key() -> None:
    """Empty texts and documented defaults; no `custom` and no `vllm`, which nobody asked for."""
    assert list(metadata(loaded({"adapter_metadata": {"enable_tracking": True}})).items())[:-1] == [
        ("adapter_id", ""),
        ("adapter_version", "1.0.0"),
        ("base_model", {"name": "", "version": ""}),
        ("task", {"type": "", "domain": "", "language": "en"}),
        (
            "training",
            {
                "dataset_name": "",
                "num_samples": 0,
                "epochs": 0,
                "learning_rate": 0.0,
                "lora_rank": 8,
                "lora_alpha": 16.0,
                "lora_dropout": 0.1,
                "target_modules": [],
            },
        ),
        ("provenance", {"created_by": "", "data_source_uri": "", "parent_adapter_id": ""}),
    ]


def test_custom_and_vllm_are_there_where_they_are_used() -> None:
    """`vllm` with its keys in order, and `serving_config` only where it holds something."""
    adapter: dict[str, Any] = {**TRACKED, "custom_metadata": {"b": "1", "a": "2"}, "vllm_config": {"enabled": True}}
    said = metadata(loaded({"adapter_metadata": adapter}))
    assert list(said)[-3:] == ["custom", "vllm", "exported_at"]
    assert list(said["custom"].items()) == [("b", "1"), ("a", "2")]
    assert list(said["vllm"].items()) == [
        ("enabled", True),
        ("adapter_path", ""),
        ("vllm_version", ">=0.4.0"),
        ("max_lora_rank", 16),
        ("enable_multi_lora", True),
    ]
    adapter["vllm_config"]["serving_config"] = {"port": "80"}
    assert metadata(loaded({"adapter_metadata": adapter}))["vllm"]["serving_config"] == {"port": "80"}


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2020-02-29T23:59:59.999Z", "2020-02-29T23:59:59Z"),
        ("2024-01-01T00:30:00+02:00", "2023-12-31T22:30:00Z"),
    ],
)
def test_exported_at_is_the_runs_time(now: str, shown: str, tmp_path: Path) -> None:
    """Not the clock's: UTC, to the second, and the same document each time."""
    (tmp_path / "in.jsonl").write_text(json.dumps(entities(1)[0]) + "\n")
    found = []
    for name in "ab":
        data = recipe(tmp_path / "in.jsonl", tmp_path / "out", export={"adapter_metadata": TRACKED})
        data["run"] = {"now": now}
        export(data)
        (tmp_path / "out").rename(tmp_path / name)
        found.append((tmp_path / name / "adapter_metadata.json").read_text())
    assert json.loads(found[0])["exported_at"] == shown
    assert found[0] == found[1]


def test_exported_at_without_a_time_is_when_it_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same form, and within the day."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    told = metadata(loaded({"adapter_metadata": TRACKED}))["exported_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told)
    assert abs(datetime.fromisoformat(told) - datetime.now(UTC)) < timedelta(days=1)


def test_metadata_is_indented_by_two() -> None:
    """As documented, whether or not side files are."""
    text = loaded({"adapter_metadata": TRACKED}).getAdapterMetadataJson()
    assert text == json.dumps(json.loads(text), indent=2) + "\n"


def test_metadata_is_written_as_utf_8() -> None:
    """Umlauts stand as themselves."""
    text = loaded({"adapter_metadata": {**TRACKED, "created_by": "Zoë"}}).getAdapterMetadataJson()
    assert '"created_by": "Zoë"' in text


def test_an_import_merges_what_the_text_names_and_turns_tracking_on() -> None:
    """The rest stays as it was configured."""
    exporter = loaded({"adapter_metadata": {"adapter_id": "a", "domain": "legal"}})
    assert exporter.setAdapterMetadataFromJson('{"adapter_id": "b", "training": {"epochs": 2}}') is True
    said = metadata(exporter)
    assert (said["adapter_id"], said["task"]["domain"], said["training"]["epochs"]) == ("b", "legal", 2)


def test_an_import_leaves_exported_at_to_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text may hold it, and what a run wrote beside it; neither is carried over."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    exporter = loaded()
    text = '{"adapter_id": "b", "exported_at": "2024-11-21T08:30:00Z", "dataset": {"samples": 3}}'
    assert exporter.setAdapterMetadataFromJson(text) is True
    assert metadata(exporter)["exported_at"] == "1970-01-01T00:00:00Z"
    assert "dataset" not in metadata(exporter)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"adapter_nam": "x"}', ["adapter_nam"]),
        ('{"training": {"lora_rnk": 4}, "task": {"kind": "qa"}}', ["training.lora_rnk", "task.kind"]),
        ('{"vllm": {"gpu": true}}', ["vllm.gpu"]),
    ],
)
def test_unknown_keys_on_import_are_told(text: str, told: list[str]) -> None:
    """Not dropped in silence; keys of others begin with `x_`."""
    errors: list[str] = []
    assert loaded().setAdapterMetadataFromJson(text, errors) is False
    assert [error.partition(":")[0] for error in errors] == told
    assert loaded().setAdapterMetadataFromJson('{"x_team": {"any": 1}}') is True


@pytest.mark.parametrize("value", ["5", "true", "null", '["a"]', '{"b": "c"}'])
@pytest.mark.parametrize("place", ['"custom": {"a": %s}', '"vllm": {"serving_config": {"a": %s}}'])
def test_custom_values_must_be_text(place: str, value: str) -> None:
    """Of both tables that hold whatever else is worth keeping."""
    errors: list[str] = []
    assert loaded().setAdapterMetadataFromJson("{%s}" % (place % value), errors) is False
    assert len(errors) == 1
    assert "not text" in errors[0]


def test_a_failed_import_leaves_everything_as_it_was() -> None:
    """The keys before the wrong one, and those after it; tracking too."""
    text = '{"adapter_id": "b", "task": {"domain": "x"}, "training": {"epochs": "three"}, "custom": {"a": "b"}}'
    exporter = loaded({"adapter_metadata": {**TRACKED, "domain": "legal", "custom_metadata": {"k": "v"}}})
    off = loaded({"adapter_metadata": {"adapter_id": "faq"}})
    before = exporter.getAdapterMetadataJson()

    assert exporter.setAdapterMetadataFromJson(text) is False
    assert off.setAdapterMetadataFromJson(text) is False
    said, was = metadata(exporter), json.loads(before)
    assert {**said, "exported_at": ""} == {**was, "exported_at": ""}
    assert off.getAdapterMetadataJson() == "{}"


def test_num_samples_is_filled_from_the_run(tmp_path: Path) -> None:
    """With what was exported, after duplicates and rejects; one that was given stays."""
    exporter = loaded({"adapter_metadata": TRACKED})
    records = [*entities(5), entities(1)[0], {"question": "No answer?"}]
    exported(exporter, tmp_path / "out", records)
    given = loaded({"adapter_metadata": {**TRACKED, "training_config": {"num_samples": 9}}})
    exported(given, tmp_path / "given", records)

    assert metadata(exporter)["training"]["num_samples"] == 5
    assert json.loads((tmp_path / "out/adapter_metadata.json").read_text())["training"]["num_samples"] == 5
    assert metadata(given)["training"]["num_samples"] == 9
    assert metadata(given)["dataset"]["samples"] == 5


def test_metadata_says_which_dataset_it_belongs_to(tmp_path: Path) -> None:
    """By the digest of its rows: other rows, another digest; the same rows elsewhere, the same."""
    digests = []
    for name, count in (("a", 3), ("b", 3), ("c", 4)):
        exported(exporter := loaded({"adapter_metadata": TRACKED}), tmp_path / name, entities(count))
        made = metadata(exporter)["dataset"]
        digests.append(made["digest"])
        assert made["digest"] == json.loads((tmp_path / name / "manifest.json").read_text())["digest"]
    assert digests[0] == digests[1] != digests[2]


def test_metadata_has_a_schema(tmp_path: Path) -> None:
    """What is written fits the JSON Schema that is published for it, before a run and after it."""
    fits = jsonschema_rs.validator_for(adapter_schema()).is_valid
    exporter = loaded(
        {"adapter_metadata": {**TRACKED, "vllm_config": {"enabled": True}, "custom_metadata": {"a": "b"}}}
    )
    assert fits(metadata(exporter))
    exported(exporter, tmp_path / "out", entities(2))
    assert fits(metadata(exporter))
    assert not fits({**metadata(exporter), "adapter_version": "1.2"})


@pytest.mark.parametrize(
    ("adapter", "path"),
    [
        ({"adapter_version": "1.2"}, "adapter_version"),
        ({"adapter_version": "v1.2.0"}, "adapter_version"),
        ({"adapter_version": "1.1.0", "parent_adapter_id": "faq@1.1.1"}, "adapter_version"),
        ({"parent_adapter_id": "faq"}, "parent_adapter_id"),
        ({"parent_adapter_id": "faq@1.0.0"}, "parent_adapter_id"),
    ],
)
def test_versions_and_lineage_are_checked(adapter: dict[str, Any], path: str, tmp_path: Path) -> None:
    """No version that cannot be compared, none that is not above its parent's, no adapter that is its own parent."""
    exporter = loaded({"adapter_metadata": {**TRACKED, **adapter}})
    with pytest.raises(RecipeError) as caught:
        exported(exporter, tmp_path / "out", entities(1))
    assert [problem.path for problem in caught.value.problems] == [f"export.adapter_metadata.{path}"]
    assert list(tmp_path.iterdir()) == []


def test_metadata_is_not_written_under_pefts_own_name(tmp_path: Path) -> None:
    """`adapter_config.json` is what PEFT reads, and wants r and peft_type in it."""
    exported(loaded({"adapter_metadata": TRACKED}), tmp_path / "out", entities(1))
    assert (tmp_path / "out/adapter_metadata.json").is_file()
    for file in (tmp_path / "out").rglob("adapter_config.json"):
        assert {"r", "peft_type"} <= json.loads(file.read_text()).keys()


# Schema validation


def test_a_wrong_type_is_a_violation_not_only_a_missing_field(tmp_path: Path) -> None:
    """Text where a number is wanted, and an instruction of one character, do not fit."""
    schema = {"properties": {"instruction": {"minLength": 10}, "metadata": {"properties": {"tags": {"type": "array"}}}}}
    exporter = checked(schema)
    records = [{**entities(1)[0], "tags": "a"}, {**entities(1)[0], "question": "?", "tags": "a"}]
    stats = exported(exporter, tmp_path / "a.jsonl", records)

    assert stats.exported_entities == 0
    assert report(exporter)["schema_validation"]["compliance_rate"] == 0.0
    assert report(exporter)["schema_validation"]["recent_errors"] == [
        "Field 'metadata.tags' is not an array",
        "Field 'instruction' too short (min 10 chars)",
        "Field 'metadata.tags' is not an array",
    ]


def test_every_missing_field_is_named(tmp_path: Path) -> None:
    """Not only the first, and not only of the top level."""
    schema = {"required": ["instruction", "grade", "source"], "properties": {"metadata": {"required": ["licence"]}}}
    exporter = checked(schema)
    stats = exported(exporter, tmp_path / "a.jsonl", [{**entities(1)[0], "source": "s"}])

    assert stats.errors == [
        (
            "Entity 0: Missing required field: grade; Missing required field: source; "
            "Missing required field: metadata.licence (at /metadata)"
        )
    ]


def test_the_schema_is_compiled_once_not_per_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many times for five hundred rows as for one, however many parts they are cut into."""
    compiled: list[Any] = []
    compile_schema = jsonschema_rs.validator_for

    def counting(*arguments: Any, **options: Any) -> Any:
        compiled.append(arguments[0])
        return compile_schema(*arguments, **options)

    monkeypatch.setattr(jsonschema_rs, "validator_for", counting)
    for count, interval in ((1, 1000), (500, 10)):
        compiled.clear()
        stats = exported(checked(), tmp_path / f"{count}.jsonl", entities(count), progress_interval=interval)
        assert stats.exported_entities == count
        assert compiled == [SCHEMA]


def test_a_schema_file_is_read_once_not_per_row(tmp_path: Path) -> None:
    """It may be changed or removed while a run reads its records: the run's schema is the one it began with."""
    file = tmp_path / "row.json"
    file.write_text(json.dumps(SCHEMA))

    def records() -> Iterator[Entity]:
        for number, entity in enumerate(entities(30, 7, 25)):
            if number == 20:
                file.unlink()
            yield entity

    class Late(Source):
        """A source that knows its fields, so that nothing is read before the schema is compiled."""

        def info(self) -> SourceInfo:
            return SourceInfo(title="late", fields={"pk": "integer", "question": "string", "answer": "string"})

        def partitions(self, target_bytes: int) -> list[Partition]:  # noqa: ARG002  -- it cannot seek
            return []

        def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:  # noqa: ARG002
            for number, entity in enumerate(records()):
                yield Batch([entity], [0], 1) if number == 0 else Batch([entity], [number], number + 1)

    class Plugin:
        @hookimpl
        def register_importers(self, register: Any) -> None:
            register("late", lambda _config, _ctx: Late(), config=Config)

    manager = PluginManager()
    manager.register(Plugin(), "acme")
    structured_gen = {"enable_schema_validation": True, "json_schema": {"file": str(file)}}
    data = {
        "source": {"importer": "late"},
        "export": {"structured_gen": structured_gen},
        "output": {"path": str(tmp_path / "out")},
    }
    stats = execute(plan_export(data, manager=manager, sizes=Sizes(part_entities=4))).stats

    assert not file.exists()
    assert stats.rejects == {"schema_violation": 2}


@pytest.mark.parametrize("schema", ["", "  ", "{", "[]", '"x"', {"type": "objekt"}, {"required": "output"}])
def test_an_empty_schema_is_a_recipe_problem_before_anything_is_read(schema: Any, tmp_path: Path) -> None:
    """Told once and at its key, so is one that is wrong: no row fails for it, and nothing is written."""
    reads: list[str] = []

    class Unread(Source):
        def info(self) -> SourceInfo:
            return SourceInfo(title="unread", fields={"question": "string", "answer": "string"}, closed=True)

        def partitions(self, target_bytes: int) -> list[Partition]:  # noqa: ARG002  -- it cannot seek
            return []

        def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:  # noqa: ARG002
            reads.append("read")
            yield from ()

    class Plugin:
        @hookimpl
        def register_importers(self, register: Any) -> None:
            register("unread", lambda _config, _ctx: Unread())

    manager = PluginManager()
    manager.register(Plugin(), "acme")
    structured_gen = {"enable_schema_validation": True, "json_schema": schema}
    data = {
        "source": {"importer": "unread"},
        "export": {"structured_gen": structured_gen},
        "output": {"path": str(tmp_path / "out")},
    }
    with pytest.raises(RecipeError) as caught:
        export(data, manager=manager)

    assert [problem.path for problem in caught.value.problems] == ["export.structured_gen.json_schema"]
    assert caught.value.exit_code == 78
    assert reads == []
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_needs_no_list_to_be_told_in() -> None:
    """Leaving the list of errors out is no crash, whatever is wrong."""
    exporter = checked()
    for text in ("{}", "nope", ""):
        assert exporter.validateAgainstSchema(text) is False
        assert exporter.setAdapterMetadataFromJson(text) is (text == "{}")
    assert loaded().validateAgainstSchema("{}") is False


def test_a_kept_violation_is_written_counted_and_reported(tmp_path: Path) -> None:
    """With reject_invalid_samples off every row is there, none failed, and the report says how many do not fit."""
    exporter = checked(reject_invalid_samples=False)
    stats = exported(exporter, tmp_path / "a.jsonl", entities(10, 2, 5))

    assert (stats.exported_entities, stats.failed_entities, stats.errors) == (10, 0, [])
    assert [row["instruction"] for row in rows(tmp_path / "a.jsonl")][2:6:3] == ["2?", "5?"]
    assert report(exporter)["schema_validation"] == {
        "total_validated": 10,
        "compliant": 8,
        "violations": 2,
        "compliance_rate": 0.8,
        "recent_errors": ["Field 'instruction' too short (min 10 chars)"] * 2,
    }


def test_a_rejected_violation_is_counted_as_failed_and_reported(tmp_path: Path) -> None:
    """Left out, and counted in both places."""
    exporter = checked()
    stats = exported(exporter, tmp_path / "a.jsonl", entities(10, 2, 5))

    assert (stats.exported_entities, stats.failed_entities) == (8, 2)
    assert report(exporter)["schema_validation"]["violations"] == 2
    assert len(rows(tmp_path / "a.jsonl")) == 8


def test_a_schema_judges_the_row_as_it_is_written(tmp_path: Path) -> None:
    """A schema without further fields has to know weight and metadata, and need not know `__schema__`."""
    closed = {**SCHEMA, "additionalProperties": False}
    told = exported(checked(closed), tmp_path / "a.jsonl", [{**entities(1)[0], "source": "s"}]).errors
    assert told == ["Entity 0: Unknown fields: weight, metadata"]
    closed["properties"] = {**SCHEMA["properties"], "weight": {"const": 1.0}, "metadata": {"required": ["source"]}}
    exporter = checked(closed, include_schema_in_output=True)
    assert exported(exporter, tmp_path / "b.jsonl", [{**entities(1)[0], "source": "s"}]).exported_entities == 1
    assert rows(tmp_path / "b.jsonl")[0]["__schema__"] == closed


# Errors and how many are kept


def test_max_errors_caps_the_list_and_stops_nothing(tmp_path: Path) -> None:
    """Eight failures with max_errors = 3: all ran, all are counted, three texts are kept."""
    exporter = checked()
    stats = exported(exporter, tmp_path / "a.jsonl", entities(10, *range(8)), max_errors=3)

    assert [error.partition(":")[0] for error in stats.errors] == ["Entity 0", "Entity 1", "Entity 2"]
    assert (stats.total_entities, stats.exported_entities, stats.failed_entities) == (10, 2, 8)
    assert report(exporter)["schema_validation"]["violations"] == 8


def test_no_list_of_errors_grows_with_the_data(tmp_path: Path) -> None:
    """A hundred texts by default, ten in the report and the manifest: the first ones there, the last ones here."""
    exporter = checked({"properties": {"output": {"const": "x"}}})
    stats = exported(exporter, tmp_path / "out", entities(400))
    said = json.loads((tmp_path / "out/manifest.json").read_text())["validators"]["json_schema"]

    assert stats.failed_entities == 400
    assert [len(stats.errors), len(said["problems"])] == [100, 10]
    assert len(report(exporter)["schema_validation"]["recent_errors"]) == 10


def test_recent_errors_are_the_last_ten(tmp_path: Path) -> None:
    """In the order of the records, whatever came before."""
    exporter = checked({"properties": {"instruction": {"minLength": 10}, "output": {"maxLength": 20}}})
    exported(exporter, tmp_path / "a.jsonl", entities(105, 0, 1, 2, 3, 4, 101, 102))
    short, long = "Field 'instruction' too short (min 10 chars)", "Field 'output' too long (max 20 chars)"

    # 100 to 104 are five long answers, two of them to short questions.
    expected = [short, short, short, long, short, long, short, long, long, long]
    assert report(exporter)["schema_validation"]["recent_errors"] == expected


@pytest.mark.parametrize(("short", "log"), [((), True), ((1, 2), False)])
def test_no_recent_errors_when_there_are_none_or_logging_is_off(
    short: tuple[int, ...], log: bool, tmp_path: Path
) -> None:
    """The key is left out; the counts are there."""
    exporter = checked(log_validation_errors=log)
    exported(exporter, tmp_path / "a.jsonl", entities(4, *short))

    assert report(exporter)["schema_validation"] == {
        "total_validated": 4,
        "compliant": 4 - len(short),
        "violations": len(short),
        "compliance_rate": 1 - len(short) / 4,
    }


def test_without_validation_the_report_has_no_block_of_it(tmp_path: Path) -> None:
    """A schema that is configured and not enabled judges nothing."""
    exporter = checked(enable_schema_validation=False)
    exported(exporter, tmp_path / "a.jsonl", entities(3, 1))

    assert list(report(exporter)) == ["length_distribution", "diversity_score"]


# Metrics


def test_length_distribution_is_an_object_with_string_keys(tmp_path: Path) -> None:
    """Not a list of pairs, in the answer and in the files; buckets in the order of their lengths."""
    records: list[Entity] = [{"question": f"Q{n}", "answer": "x" * n} for n in (1050, 99, 100, 199, 200, 250)]
    exporter = checked({})
    exported(exporter, tmp_path / "out", records)
    expected = [("0", 1), ("100", 2), ("200", 2), ("1000", 1)]

    assert list(report(exporter)["length_distribution"].items()) == expected
    for file in ("quality_report.json", "manifest.json"):
        held = json.loads((tmp_path / "out" / file).read_text())
        assert list(held.get("metrics", held)["length_distribution"].items()) == expected


@pytest.mark.parametrize(
    ("style", "record"),
    [
        ("instruction_tuning", {"question": "q" * 300, "context": "c" * 300, "answer": "ü" * 150}),
        ("chat_completion", {"system_prompt": "s" * 300, "user_message": "u" * 300, "assistant_response": "ü" * 150}),
        ("text_completion", {"content": "ü" * 150}),
    ],
)
def test_lengths_are_characters_of_the_trained_text(style: str, record: Entity, tmp_path: Path) -> None:
    """Not bytes, and not the whole line with its weight, metadata and schema."""
    config = {
        "style": style,
        "metadata_fields": ["source"],
        "structured_gen": {"include_schema_in_output": True, "json_schema": SCHEMA},
        "quality_metrics": {"enable_metrics": True},
    }
    exported(exporter := loaded(config), tmp_path / "a.jsonl", [{**record, "source": "w" * 500}])

    assert report(exporter)["length_distribution"] == {"100": 1}


def test_duplicates_are_not_measured(tmp_path: Path) -> None:
    """What is left out, for whatever reason, is in no metric, and is not judged."""
    exporter = checked()
    records = [*entities(3), *entities(3), {"question": "What is left out?", "answer": "short"}]
    exported(exporter, tmp_path / "a.jsonl", records)

    assert report(exporter)["length_distribution"] == {"0": 3}
    assert report(exporter)["schema_validation"]["total_validated"] == 3


def test_diversity_is_computed(tmp_path: Path) -> None:
    """One where no pair of words comes twice, near nothing where all answers are alike, between where some are."""
    scores = {}
    for name, answers in {
        "all different": [f"w{n}a w{n}b w{n}c" for n in range(40)],
        "all the same": ["ever the same words"] * 40,
        "half": [f"w{n // 2}a w{n // 2}b w{n // 2}c" for n in range(40)],
    }.items():
        records: list[Entity] = [{"question": f"Q{n}", "answer": answer} for n, answer in enumerate(answers)]
        exported(exporter := checked({}), tmp_path / f"{name}.jsonl", records)
        scores[name] = report(exporter)["diversity_score"]

    assert scores == {"all different": 1.0, "all the same": round(3 / 120, 4), "half": 0.5}


def test_metrics_start_afresh_with_each_export(tmp_path: Path) -> None:
    """A second export of the same exporter reports itself alone: counts, lengths, diversity and errors."""
    exporter = checked()
    exported(exporter, tmp_path / "a.jsonl", entities(10, 2, 5))
    exported(exporter, tmp_path / "b.jsonl", entities(4))
    fresh = checked()
    exported(fresh, tmp_path / "c.jsonl", entities(4))

    assert report(exporter) == report(fresh)
    assert report(exporter)["schema_validation"]["total_validated"] == 4
    assert "recent_errors" not in report(exporter)["schema_validation"]


def test_track_per_sample_says_the_length_of_each(tmp_path: Path) -> None:
    """In the index, beside what became of the record."""
    exported(checked({}, {"track_per_sample": True}), tmp_path / "out", [*entities(2), {"pk": "x"}])
    lines = map(json.loads, gzip.decompress((tmp_path / "out/index/00000.jsonl.gz").read_bytes()).splitlines())

    assert [(line["key"], line.get("metrics")) for line in lines] == [
        ("0", {"length_distribution": 19}),
        ("1", {"length_distribution": 19}),
        ("x", None),
    ]


def test_aggregate_stats_off_leaves_compliance_alone(tmp_path: Path) -> None:
    """Lengths and diversity are neither measured nor reported."""
    exported(exporter := checked(SCHEMA, {"aggregate_stats": False}), tmp_path / "a.jsonl", entities(3))

    assert list(report(exporter)) == ["schema_validation"]


# Files, when something fails


@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_a_failed_export_leaves_the_previous_one(name: str, tmp_path: Path) -> None:
    """Replacing is one step at the end: what fails before it, of records, rows or a source, changes nothing."""
    target = tmp_path / name
    config = JSONLLLMConfig(structured_gen={"enable_schema_validation": True, "json_schema": SCHEMA})
    JSONLLLMExporter(config).exportEntities(entities(5), ExportOptions(output_path=target))
    before = tree(tmp_path, frozenset())

    def breaking() -> Iterator[Entity]:
        yield from entities(3)
        raise OSError("the line went dead")

    wrong: list[Any] = [*entities(3), 7]
    options: dict[str, Any] = {"output_path": target, "on_exists": "replace"}
    with pytest.raises(DataError, match="6; nothing published"):
        JSONLLLMExporter(config).exportEntities(entities(5), ExportOptions(**options, min_rows=6))
    with pytest.raises(DataError):
        JSONLLLMExporter(config).exportEntities(entities(3, 0, 1, 2), ExportOptions(**options))
    with pytest.raises(DataError):
        JSONLLLMExporter(config).exportEntities(wrong, ExportOptions(**options, continue_on_error=False))
    with pytest.raises(SourceError, match="the line went dead"):
        JSONLLLMExporter(config).exportEntities(breaking(), ExportOptions(**options, progress_interval=1))
    assert tree(tmp_path, frozenset()) == before


def test_what_stands_there_is_not_written_over_unasked(tmp_path: Path) -> None:
    """A second export to the same path is an error, and says so before it reads."""
    exported(loaded(), tmp_path / "a.jsonl", entities(5))
    before = (tmp_path / "a.jsonl").read_bytes()
    with pytest.raises(TuneportError) as caught:
        exported(loaded(), tmp_path / "a.jsonl", entities(2))
    assert caught.value.exit_code == 73
    assert (tmp_path / "a.jsonl").read_bytes() == before


@pytest.mark.parametrize("name", ["out", "out.jsonl", "out.jsonl.gz"])
@pytest.mark.parametrize("stands", [False, True])
def test_no_truncated_file_is_ever_visible(name: str, stands: bool, tmp_path: Path) -> None:
    """Before every single disk operation, the target is what stood there, or all of what is new."""
    (tmp_path / "in.jsonl").write_bytes(faq_lines(300))
    target = tmp_path / "place" / name
    target.parent.mkdir()
    if stands:
        (tmp_path / "old.jsonl").write_bytes(faq_lines(40))
        export(recipe(tmp_path / "old.jsonl", target))
    old = content(target)
    seen: list[Any] = []
    data = recipe(tmp_path / "in.jsonl", target)
    data["output"]["on_exists"] = "replace"
    watching = watched(lambda _operation, _path: seen.append(content(target)))
    execute(plan_export(data, sizes=Sizes(part_bytes=9_000, savepoint_bytes=1)), storage=watching)
    new = content(target)

    changes = [now for before, now in zip([old, *seen], [*seen, new], strict=True) if before != now]
    assert len(seen) > 30
    assert changes == [new]
    assert (old is not None) is stands


def content(target: Path) -> Any:
    """What anybody would read at a path."""
    if target.is_dir():
        return tree(target, frozenset())
    return target.read_bytes() if target.exists() else None


def test_everything_is_durable_before_it_is_visible(tmp_path: Path) -> None:
    """Each file of the folder is synced before the rename, and the rename itself afterwards."""
    (tmp_path / "in.jsonl").write_bytes(faq_lines(100))
    done: list[tuple[str, Path]] = []
    execute(
        plan_export(recipe(tmp_path / "in.jsonl", tmp_path / "out")),
        storage=watched(lambda call, path: done.append((call, path))),
    )
    published = done.index(("rename_new", tmp_path / "out"))
    paths = [path for call, path in done[:published] if call in {"sync", "sync_file"}]
    synced = {path.name for path in paths}

    names = {file.name for file in (tmp_path / "out").rglob("*") if file.is_file() and file.suffix != ".jsonl"}
    assert {"manifest.json", "SHA256SUMS", "recipe.json", "stats.json"} <= names <= synced
    assert "train" in synced
    assert any(path.parent == tmp_path / ".out.staging/out" for path in paths)  # what is renamed
    assert ("sync", tmp_path) in done[published:]


@pytest.mark.parametrize("call", ["write", "create", "sync", "sync_file", "close", "mkdir", "rename_new"])
@pytest.mark.parametrize(("number", "error"), [(28, TryAgainError), (5, StorageError)])
def test_a_disk_that_fails_is_an_error_and_publishes_nothing(
    call: str, number: int, error: type[TuneportError], tmp_path: Path
) -> None:
    """No space and I/O errors, of any call: neither is passed over, and neither leaves half a dataset."""
    (tmp_path / "in.jsonl").write_bytes(faq_lines(100))
    failed: list[Path] = []

    def before(name: str, path: Path) -> None:
        if name == call:
            failed.append(path)
            raise OSError(number, "broken")

    with pytest.raises(error):
        execute(plan_export(recipe(tmp_path / "in.jsonl", tmp_path / "out")), storage=watched(before))
    assert failed
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_an_exception(tmp_path: Path) -> None:
    """Not statistics with an error among them."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        exported(loaded(), tmp_path / "file/a.jsonl", entities(1))


@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_continue_on_error_off_always_raises(name: str, tmp_path: Path) -> None:
    """At the first record that cannot be handled, of whatever kind; nothing is published. A filtered one is none."""
    for odd in (7, {"question": "What?", "answer": float("nan")}, {"question": "What?", "answer": "\ud800 and more"}):
        records: list[Any] = [*entities(3, 1), odd, *entities(9)]
        with pytest.raises(DataError, match="stopped at an error") as caught:
            exported(loaded(), tmp_path / name, records, continue_on_error=False)
        assert caught.value.exit_code == 65
        assert list(tmp_path.iterdir()) == []
    stats = exported(checked(), tmp_path / name, entities(5, 1, 2), continue_on_error=False)
    assert stats.exported_entities == 3
