"""The documented examples of structured generation, adapter metadata and quality metrics, as a host runs them."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, rows

from tuneport import ExportOptions, ExportStats, export
from tuneport_jsonl_llm import JSONLLLMConfig, JSONLLLMExporter

EXPORTED_AT = "2024-11-21T08:30:00Z"

SCHEMA = """{
  "type": "object",
  "required": ["instruction", "output"],
  "properties": {
    "instruction": {"type": "string", "minLength": 10},
    "output": {"type": "string", "minLength": 20},
    "input": {"type": "string"}
  }
}"""
QUESTION = "What is the capital of France?"
ANSWER = "Paris is the capital and largest city of France."
FRANCE = {"pk": "qa_001", "question": QUESTION, "answer": ANSWER}
SHORT = {"pk": "qa_002", "question": "Capital?", "answer": ANSWER}
TERSE = {"pk": "qa_003", "question": "And of Italy?", "answer": "Rome is one."}
BOTH = {"pk": "qa_004", "question": "Spain?", "answer": "Madrid, Spain"}

METADATA = """{
  "adapter_id": "themis-legal-qa-v1",
  "adapter_version": "1.2.0",
  "base_model": {
    "name": "mistral-7b-v0.1",
    "version": "v0.1"
  },
  "task": {
    "type": "question-answering",
    "domain": "legal",
    "language": "de"
  },
  "training": {
    "dataset_name": "themis_legal_corpus_2024",
    "num_samples": 150000,
    "epochs": 3,
    "learning_rate": 0.0002,
    "lora_rank": 8,
    "lora_alpha": 16.0,
    "lora_dropout": 0.1,
    "target_modules": ["q_proj", "v_proj", "k_proj", "o_proj"]
  },
  "provenance": {
    "created_by": "themis-ml-team",
    "data_source_uri": "themisdb://prod/legal_corpus?version=2024.11",
    "parent_adapter_id": "themis-legal-qa-v1.1"
  },
  "custom": {
    "compliance": "GDPR-compliant",
    "quality_score": "0.92",
    "use_case": "legal-document-qa"
  },
  "exported_at": "2024-11-21T08:30:00Z"
}"""


@pytest.fixture(autouse=True)
def _documented_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run's time is the documented `exported_at`."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1732177800")


def schema_config() -> JSONLLLMConfig:
    """The documented configuration of JSON Schema validation."""
    config = JSONLLLMConfig()
    config.style = "JSONFormat::Style::INSTRUCTION_TUNING"
    config.structured_gen.enable_schema_validation = True
    config.structured_gen.reject_invalid_samples = True
    config.structured_gen.log_validation_errors = True
    config.structured_gen.json_schema = SCHEMA
    config.structured_gen.include_schema_in_output = True
    return config


def exported(config: JSONLLLMConfig, entities: list[dict[str, Any]], path: Path) -> ExportStats:
    """What a loaded exporter says of an export."""
    return JSONLLLMExporter(config).exportEntities(entities, ExportOptions(output_path=path))


def ordered(value: Any) -> Any:
    """A JSON value in which the order of keys counts."""
    if isinstance(value, dict):
        return [(key, ordered(inner)) for key, inner in value.items()]
    return [ordered(inner) for inner in value] if isinstance(value, list) else value


# 1. JSON Schema validation


def test_schema_example(tmp_path: Path) -> None:
    """The documented row: instruction, output, weight, then the schema as the object that was configured."""
    exported(schema_config(), [FRANCE], tmp_path / "a.jsonl")
    (row,) = rows(tmp_path / "a.jsonl")

    assert list(row) == ["instruction", "output", "weight", "__schema__"]
    assert (row["instruction"], row["output"]) == (QUESTION, ANSWER)
    assert type(row["weight"]) is float
    assert row["weight"] == 1.0
    assert ordered(row["__schema__"]) == ordered(json.loads(SCHEMA))


def test_schema_example_without_the_schema_in_rows(tmp_path: Path) -> None:
    """Rows carry the schema only where they are told to, and are judged all the same."""
    config = schema_config()
    config.structured_gen.include_schema_in_output = False
    stats = exported(config, [FRANCE, SHORT], tmp_path / "a.jsonl")

    assert [list(row) for row in rows(tmp_path / "a.jsonl")] == [["instruction", "output", "weight"]]
    assert stats.failed_entities == 1


def test_schema_example_carried_without_judging(tmp_path: Path) -> None:
    """Rows may carry the schema that nobody holds them to."""
    config = schema_config()
    config.structured_gen.enable_schema_validation = False
    stats = exported(config, [FRANCE, SHORT], tmp_path / "a.jsonl")

    assert [row["__schema__"] for row in rows(tmp_path / "a.jsonl")] == [json.loads(SCHEMA)] * 2
    assert stats.failed_entities == 0


def test_schema_example_rejects_in_the_documented_words(tmp_path: Path) -> None:
    """A record that does not fit is left out, and every problem is told with its place."""
    stats = exported(schema_config(), [FRANCE, SHORT, TERSE, BOTH], tmp_path / "a.jsonl")

    assert [row["instruction"] for row in rows(tmp_path / "a.jsonl")] == [QUESTION]
    assert stats.errors == [
        "Entity qa_002: Field 'instruction' too short (min 10 chars) (at /instruction)",
        "Entity qa_003: Field 'output' too short (min 20 chars) (at /output)",
        (
            "Entity qa_004: Field 'instruction' too short (min 10 chars) (at /instruction); "
            "Field 'output' too short (min 20 chars) (at /output)"
        ),
    ]
    assert stats.rejects == {"schema_violation": 3}
    assert (stats.exported_entities, stats.failed_entities, stats.filtered_entities) == (1, 3, 3)


def test_the_two_documented_errors() -> None:
    """Asked about a text that breaks both rules, the exporter says what the documented report says."""
    errors: list[str] = []

    assert JSONLLLMExporter(schema_config()).validateAgainstSchema('{"instruction": "Why?"}', errors) is False
    assert [error.removesuffix(" (at /instruction)") for error in errors] == [
        "Missing required field: output",
        "Field 'instruction' too short (min 10 chars)",
    ]


def test_validating_a_text_that_fits() -> None:
    """A JSON text that fits the schema is True, and nothing is said."""
    errors: list[str] = []
    text = json.dumps({"instruction": QUESTION, "output": ANSWER, "input": ""})

    assert JSONLLLMExporter(schema_config()).validateAgainstSchema(text, errors) is True
    assert errors == []


# 2. Adapter metadata


def metadata_config() -> JSONLLLMConfig:
    """The documented configuration of adapter metadata."""
    config = JSONLLLMConfig()
    config.adapter_metadata.enable_tracking = True
    config.adapter_metadata.adapter_id = "themis-legal-qa-v1"
    config.adapter_metadata.adapter_version = "1.2.0"
    config.adapter_metadata.base_model_name = "mistral-7b-v0.1"
    config.adapter_metadata.base_model_version = "v0.1"
    config.adapter_metadata.task_type = "question-answering"
    config.adapter_metadata.domain = "legal"
    config.adapter_metadata.language = "de"
    train = config.adapter_metadata.training_config
    train.dataset_name = "themis_legal_corpus_2024"
    train.num_samples = 150000
    train.epochs = 3
    train.learning_rate = 2e-4
    train.lora_rank = 8
    train.lora_alpha = 16.0
    train.lora_dropout = 0.1
    train.target_modules = ["q_proj", "v_proj", "k_proj", "o_proj"]
    config.adapter_metadata.created_by = "themis-ml-team"
    config.adapter_metadata.data_source_uri = "themisdb://prod/legal_corpus?version=2024.11"
    config.adapter_metadata.parent_adapter_id = "themis-legal-qa-v1.1"
    config.adapter_metadata.custom_metadata = {
        "compliance": "GDPR-compliant",
        "quality_score": "0.92",
        "use_case": "legal-document-qa",
    }
    return config


def test_metadata_example() -> None:
    """The documented metadata, key for key in order, number for number, type for type."""
    text = JSONLLLMExporter(metadata_config()).getAdapterMetadataJson()

    assert ordered(json.loads(text)) == ordered(json.loads(METADATA))
    assert [type(value) for value in json.loads(text)["training"].values()] == [
        str, int, int, float, int, float, float, list,
    ]  # fmt: skip
    assert text.startswith(
        '{\n  "adapter_id": "themis-legal-qa-v1",\n  "adapter_version": "1.2.0",\n  "base_model": {\n'
    )


def test_metadata_example_beside_the_data(tmp_path: Path) -> None:
    """A published folder holds the documented document, and after it what the adapter is made of."""
    exporter = JSONLLLMExporter(metadata_config())
    exporter.exportEntities([FRANCE, SHORT], ExportOptions(output_path=tmp_path / "out"))
    text = (tmp_path / "out/adapter_metadata.json").read_text()
    written = json.loads(text)
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    made_of = written.pop("dataset")

    assert ordered(written) == ordered(json.loads(METADATA))
    assert made_of["name"] == "out"
    assert made_of["samples"] == 2
    assert made_of["digest"] == manifest["digest"]
    assert made_of["recipe"] == sha256((tmp_path / "out/recipe.json").read_bytes()).hexdigest()
    assert exporter.getAdapterMetadataJson() == text
    assert "adapter_metadata.json" in (tmp_path / "out/SHA256SUMS").read_text()


def test_metadata_example_saved_by_the_host(tmp_path: Path) -> None:
    """The documented saving: what is asked for is written, read back, and says the same again."""
    text = JSONLLLMExporter(metadata_config()).getAdapterMetadataJson()
    (tmp_path / "adapter_metadata.json").write_text(text)

    other = JSONLLLMExporter(JSONLLLMConfig())
    errors: list[str] = []
    assert other.setAdapterMetadataFromJson((tmp_path / "adapter_metadata.json").read_text(), errors) is True
    assert errors == []
    assert other.getAdapterMetadataJson() == text


def test_metadata_example_as_a_recipe(tmp_path: Path) -> None:
    """The same keys in a recipe make the same file; the run's time may be the recipe's own."""
    (tmp_path / "in.jsonl").write_text(json.dumps(FRANCE) + "\n")
    data = recipe(
        tmp_path / "in.jsonl",
        tmp_path / "out",
        export={"adapter_metadata": metadata_config().adapter_metadata.model_dump()},
    )
    data["run"] = {"now": "2025-01-01T01:00:00+01:00"}
    export(data)
    written = json.loads((tmp_path / "out/adapter_metadata.json").read_text())

    assert written.pop("dataset")["source"]
    assert ordered(written) == ordered({**json.loads(METADATA), "exported_at": "2025-01-01T00:00:00Z"})


# 3. Quality metrics

SCALE = 50
DOCUMENTED = {
    "schema_validation": {
        "total_validated": 150000,
        "compliant": 148500,
        "violations": 1500,
        "compliance_rate": 0.99,
    },
    "length_distribution": {
        "0": 150,
        "100": 2500,
        "200": 15000,
        "300": 45000,
        "400": 60000,
        "500": 25000,
        "600": 2350,
    },
    "diversity_score": 0.87,
}
TOO_SHORT = ["Field 'instruction' too short (min 10 chars)"] * 7 + ["Field 'output' too short (min 20 chars)"] * 3


def corpus() -> list[dict[str, Any]]:
    """Records whose report is the documented one, at a fiftieth of its size.

    An answer is two words, so one pair of words. 390 of the 3,000 answers stand under two questions, so that 87
    in 100 pairs are different. 27 questions, and the three answers below 100 characters, are too short.
    """
    entities: list[dict[str, Any]] = []
    buckets: dict[str, int] = DOCUMENTED["length_distribution"]  # type: ignore[assignment]
    for bucket, count in reversed(buckets.items()):
        for index in range(count // SCALE):
            number = index % 390 if bucket == "400" and index < 780 else index
            length = 19 if bucket == "0" else int(bucket) + number % 100
            first = f"{bucket}:{number}"
            asked = f"{index}?" if bucket == "500" and index < 27 else f"What is meant by {bucket}:{index}?"
            answer = f"{first} {'x' * (length - len(first) - 1)}"
            entities.append({"pk": f"{bucket}:{index}", "question": asked, "answer": answer})
    return entities


def metrics_config() -> JSONLLLMConfig:
    """The documented configuration of quality metrics, with the documented schema."""
    config = schema_config()
    config.structured_gen.include_schema_in_output = False
    config.quality_metrics.enable_metrics = True
    config.quality_metrics.track_schema_compliance = True
    config.quality_metrics.track_length_distribution = True
    config.quality_metrics.track_diversity_score = True
    return config


def scaled(of: dict[str, Any]) -> dict[str, Any]:
    """The documented report, its counts divided."""
    return {
        key: scaled(value) if isinstance(value, dict) else value // SCALE if isinstance(value, int) else value
        for key, value in of.items()
    }


def test_quality_report_example(tmp_path: Path) -> None:
    """Rows that do not fit are kept and counted: the documented report, a fiftieth of it, number for number."""
    config = metrics_config()
    config.structured_gen.reject_invalid_samples = False
    exporter = JSONLLLMExporter(config)
    stats = exporter.exportEntities(corpus(), ExportOptions(output_path=tmp_path / "out"))
    text = exporter.getQualityMetricsReport()
    expected = scaled(DOCUMENTED)
    expected["schema_validation"]["recent_errors"] = TOO_SHORT

    assert ordered(json.loads(text)) == ordered(expected)
    assert (stats.exported_entities, stats.failed_entities, len(rows(tmp_path / "out"))) == (3000, 0, 3000)
    assert (tmp_path / "out/quality_report.json").read_text() == text


def test_quality_report_example_of_an_export_that_rejects(tmp_path: Path) -> None:
    """Rows that do not fit are left out: judged all the same, and measured no more."""
    exporter = JSONLLLMExporter(metrics_config())
    stats = exporter.exportEntities(corpus(), ExportOptions(output_path=tmp_path / "a.jsonl"))
    report = json.loads(exporter.getQualityMetricsReport())
    written = [row["output"] for row in rows(tmp_path / "a.jsonl")]
    pairs = [pair for text in written for pair in pairwise(text.split())]

    expected = scaled(DOCUMENTED)
    expected["schema_validation"]["recent_errors"] = TOO_SHORT
    assert report["schema_validation"] == expected["schema_validation"]
    buckets = {**expected["length_distribution"], "500": 500 - 27}
    del buckets["0"]
    assert report["length_distribution"] == buckets
    assert report["diversity_score"] == round(len(set(pairs)) / len(pairs), 4) == round(2580 / 2970, 4)
    assert (stats.exported_entities, stats.failed_entities) == (len(written), 30) == (2970, 30)


def test_metrics_can_be_switched_off_one_by_one(tmp_path: Path) -> None:
    """Each documented switch takes its own block out of the report, and nothing else."""
    for switch, block in (
        ("track_schema_compliance", "schema_validation"),
        ("track_length_distribution", "length_distribution"),
        ("track_diversity_score", "diversity_score"),
    ):
        config = metrics_config()
        setattr(config.quality_metrics, switch, False)
        exporter = JSONLLLMExporter(config)
        exporter.exportEntities([FRANCE], ExportOptions(output_path=tmp_path / f"{switch}.jsonl"))

        assert set(json.loads(exporter.getQualityMetricsReport())) == set(DOCUMENTED) - {block}


# Use cases


def test_multi_domain_example() -> None:
    """Use case 1: two configurations keep apart what they know, once tracking is on; as written it is off."""
    legal_config = JSONLLLMConfig()
    legal_config.adapter_metadata.adapter_id = "themis-legal-v1"
    legal_config.adapter_metadata.domain = "legal"
    legal_config.adapter_metadata.task_type = "question-answering"
    medical_config = JSONLLLMConfig()
    medical_config.adapter_metadata.adapter_id = "themis-medical-v1"
    medical_config.adapter_metadata.domain = "medical"
    medical_config.adapter_metadata.task_type = "diagnosis-support"
    as_written = [JSONLLLMExporter(config) for config in (legal_config, medical_config)]

    assert [exporter.getAdapterMetadataJson() for exporter in as_written] == ["{}", "{}"]
    for config in (legal_config, medical_config):
        config.adapter_metadata.enable_tracking = True
    tracked = [JSONLLLMExporter(config).getAdapterMetadataJson() for config in (legal_config, medical_config)]
    assert [(told["adapter_id"], told["task"]) for told in map(json.loads, tracked)] == [
        ("themis-legal-v1", {"type": "question-answering", "domain": "legal", "language": "en"}),
        ("themis-medical-v1", {"type": "diagnosis-support", "domain": "medical", "language": "en"}),
    ]


def test_incremental_training_example() -> None:
    """Use case 2: three versions of one configuration, each with its parent, its base model and its changelog."""
    config = JSONLLLMConfig()
    config.adapter_metadata.enable_tracking = True
    config.adapter_metadata.adapter_id = "themis-legal-qa"
    config.adapter_metadata.base_model_name = "mistral-7b-v0.1"
    told = []

    config.adapter_metadata.adapter_version = "1.0.0"
    config.adapter_metadata.parent_adapter_id = ""
    told.append(json.loads(JSONLLLMExporter(config).getAdapterMetadataJson()))
    config.adapter_metadata.adapter_version = "1.1.0"
    config.adapter_metadata.parent_adapter_id = "themis-legal-qa-v1.0"
    config.adapter_metadata.custom_metadata["changelog"] = "Added 20k recent court decisions"
    told.append(json.loads(JSONLLLMExporter(config).getAdapterMetadataJson()))
    config.adapter_metadata.adapter_version = "2.0.0"
    config.adapter_metadata.base_model_name = "mistral-7b-v0.2"
    config.adapter_metadata.parent_adapter_id = "themis-legal-qa-v1.1"
    told.append(json.loads(JSONLLLMExporter(config).getAdapterMetadataJson()))

    assert [one["adapter_version"] for one in told] == ["1.0.0", "1.1.0", "2.0.0"]
    assert [one["base_model"]["name"] for one in told] == ["mistral-7b-v0.1", "mistral-7b-v0.1", "mistral-7b-v0.2"]
    parents = [one["provenance"]["parent_adapter_id"] for one in told]
    assert parents == ["", "themis-legal-qa-v1.0", "themis-legal-qa-v1.1"]
    assert [one.get("custom") for one in told] == [None, *[{"changelog": "Added 20k recent court decisions"}] * 2]


def test_quality_assured_export_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use case 3: the schema from a file; what it rejects is among the failed entities, and in the report."""
    (tmp_path / "qa_schema.json").write_text(SCHEMA)
    monkeypatch.chdir(tmp_path)
    config = JSONLLLMConfig()
    config.quality.min_text_length = 50
    config.quality.max_text_length = 4096
    config.quality.skip_empty_outputs = True
    config.quality.skip_duplicates = True
    config.structured_gen.enable_schema_validation = True
    config.structured_gen.reject_invalid_samples = True
    config.structured_gen.json_schema = {"file": "qa_schema.json"}
    config.quality_metrics.enable_metrics = True
    exporter = JSONLLLMExporter(config)
    long = f"{ANSWER} It lies on the Seine."
    entities = [
        {**FRANCE, "answer": long},
        {**FRANCE, "answer": long},
        {**SHORT, "answer": long},
        {**TERSE},
        {**FRANCE, "answer": "x" * 4097},
        {**FRANCE, "answer": "x" * 4096},
        {**FRANCE, "answer": "x" * 50},
        {**FRANCE, "answer": "x" * 49},
    ]
    stats = exporter.exportEntities(entities, ExportOptions(output_path="qa.jsonl"))
    report = json.loads(exporter.getQualityMetricsReport())

    assert stats.failed_entities == 5
    assert stats.rejects == {"text_too_short": 2, "text_too_long": 1, "duplicate": 1, "schema_violation": 1}
    judged = {"total_validated": 4, "compliant": 3, "violations": 1, "compliance_rate": 0.75}
    assert report["schema_validation"] == judged | {"recent_errors": ["Field 'instruction' too short (min 10 chars)"]}
    assert report["length_distribution"] == {"0": 2, "4000": 1}


STRUCTURED = """{
  "type": "object",
  "required": ["instruction", "output"],
  "properties": {
    "instruction": {"type": "string"},
    "output": {
      "type": "object",
      "required": ["answer", "confidence"],
      "properties": {
        "answer": {"type": "string"},
        "confidence": {"type": "number", "minimum": 0.0, "maximum": 1.0},
        "sources": {"type": "array", "items": {"type": "string"}}
      }
    }
  }
}"""
SURE = {"answer": "Paris", "confidence": 0.93, "sources": ["atlas"]}


def structured_config(encoding: str = "object") -> JSONLLLMConfig:
    """The documented configuration of an export for a constrained decoder."""
    config = JSONLLLMConfig()
    config.style = "JSONFormat::Style::INSTRUCTION_TUNING"
    config.structured_gen.enable_schema_validation = True
    config.structured_gen.include_schema_in_output = True
    config.structured_gen.json_schema = STRUCTURED
    if encoding != "object":
        config.structured_gen.schema_encoding = encoding  # type: ignore[assignment]
    return config


def test_constrained_decoding_example(tmp_path: Path) -> None:
    """Use case 4: an output that is an object is judged as one, and written as JSON text."""
    entities = [
        {"pk": 1, "question": QUESTION, "answer": SURE},
        {"pk": 2, "question": "And of Italy?", "answer": {"answer": "Rome", "sources": ["atlas", 7]}},
        {"pk": 3, "question": "And of Spain?", "answer": {"answer": "Madrid", "confidence": 1.5}},
        {"pk": 4, "question": "And of Malta?", "answer": "Valletta, I think"},
    ]
    stats = exported(structured_config(), entities, tmp_path / "a.jsonl")
    (row,) = rows(tmp_path / "a.jsonl")

    assert isinstance(row["output"], str)
    assert json.loads(row["output"]) == SURE
    assert ordered(row["__schema__"]) == ordered(json.loads(STRUCTURED))
    assert stats.errors == [
        (
            "Entity 2: Missing required field: output.confidence (at /output); "
            "Field 'output.sources[1]' is not a string (at /output/sources/1)"
        ),
        "Entity 3: Field 'output.confidence' too large (max 1.0) (at /output/confidence)",
        "Entity 4: Field 'output' is not an object (at /output)",
    ]


def test_an_object_is_written_as_compact_text_in_its_own_order(tmp_path: Path) -> None:
    """The JSON text keeps the record's order of keys, and says nothing of how the record was laid out."""
    entities = [{"question": QUESTION, "answer": json.loads(json.dumps(SURE, indent=4))} for _ in range(2)]
    stats = exported(structured_config(), entities, tmp_path / "a.jsonl")

    (row,) = rows(tmp_path / "a.jsonl")
    assert row["output"] == '{"answer":"Paris","confidence":0.93,"sources":["atlas"]}'
    assert stats.duplicate_entities == 1


def test_the_schema_may_be_carried_as_text(tmp_path: Path) -> None:
    """For loaders that want the same type in every row, `__schema__` is JSON text."""
    exported(structured_config("string"), [{"question": QUESTION, "answer": SURE}], tmp_path / "a.jsonl")
    (row,) = rows(tmp_path / "a.jsonl")

    assert list(row) == ["instruction", "output", "weight", "__schema__"]
    assert isinstance(row["__schema__"], str)
    assert ordered(json.loads(row["__schema__"])) == ordered(json.loads(STRUCTURED))


def test_the_schema_may_be_carried_as_an_id(tmp_path: Path) -> None:
    """Rows carry the first 16 digits of its digest, and the folder the schema itself under that name."""
    exported(structured_config("id"), [{"question": QUESTION, "answer": SURE}], tmp_path / "out")
    (row,) = rows(tmp_path / "out")
    (file,) = (tmp_path / "out/schemas").iterdir()
    text = json.dumps(json.loads(STRUCTURED), separators=(",", ":"))

    assert list(row) == ["instruction", "output", "weight", "schema_id"]
    assert row["schema_id"] == sha256(text.encode()).hexdigest()[:16]
    assert file.name == f"{row['schema_id']}.json"
    assert ordered(json.loads(file.read_text())) == ordered(json.loads(STRUCTURED))
    assert f"schemas/{file.name}" in (tmp_path / "out/SHA256SUMS").read_text()


# Integration snippets


def test_peft_snippet(tmp_path: Path) -> None:
    """The four look-ups of the documented PEFT configuration, and the base model's, find what was configured."""
    exported(metadata_config(), [FRANCE], tmp_path / "out")
    with (tmp_path / "out/adapter_metadata.json").open() as f:
        metadata = json.load(f)

    assert metadata["training"]["lora_rank"] == 8
    assert metadata["training"]["lora_alpha"] == 16.0
    assert metadata["training"]["lora_dropout"] == 0.1
    assert metadata["training"]["target_modules"] == ["q_proj", "v_proj", "k_proj", "o_proj"]
    assert metadata["base_model"]["name"] == "mistral-7b-v0.1"


def test_outlines_snippet(tmp_path: Path) -> None:
    """The schema is taken from the first row, as an object that a constrained decoder is given."""
    exported(structured_config(), [{"question": QUESTION, "answer": SURE}], tmp_path / "training_sample.jsonl")
    with (tmp_path / "training_sample.jsonl").open() as f:
        sample = json.loads(f.readline())
    schema = sample.get("__schema__")

    assert schema == json.loads(STRUCTURED)
    assert sample["instruction"] == QUESTION
