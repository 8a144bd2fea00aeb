"""What a loaded exporter answers outside a run: report, metadata, and whether a text fits its schema."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tuneport import (
    Config,
    Entity,
    Exporter,
    ExportOptions,
    ExportStats,
    PluginManager,
    Problem,
    Stages,
    hookimpl,
)
from tuneport.errors import DataError, PluginError, RecipeError, TuneportError
from tuneport_jsonl_llm import JSONLLLMConfig

ENTITIES: list[Entity] = [
    {"pk": number, "question": f"What is {number}?", "answer": f"It is the number {number}."} for number in range(5)
]
SCHEMA = {"properties": {"instruction": {"minLength": 10}, "output": {"type": "string", "maxLength": 19}}}
CHECKED = {"enable_schema_validation": True, "json_schema": SCHEMA}
EVERYTHING: dict[str, Any] = {
    "structured_gen": CHECKED,
    "quality_metrics": {"enable_metrics": True},
    "adapter_metadata": {"enable_tracking": True, "adapter_id": "faq-1", "base_model_name": "m"},
}


@pytest.fixture(autouse=True)
def _pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same time in every answer."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1732177800")


def loaded(config: Any = None, manager: PluginManager | None = None, name: str = "jsonl_llm") -> Exporter:
    """A loaded exporter."""
    one = (manager or PluginManager()).load(name, config)
    assert isinstance(one, Exporter)
    return one


def exported(one: Exporter, path: Path, count: int = 5) -> ExportStats:
    """Export so many entities."""
    return one.exportEntities(ENTITIES[:count], ExportOptions(output_path=path))


def report(one: Exporter) -> Any:
    """The report, as data."""
    return json.loads(one.getQualityMetricsReport())


def metadata(one: Exporter) -> Any:
    """The adapter's metadata, as data."""
    return json.loads(one.getAdapterMetadataJson())


# Report and metadata


def test_before_a_run_both_are_over_nothing() -> None:
    """The same keys as after one, all counts zero; the metadata says nothing of a dataset."""
    one = loaded(EVERYTHING)
    assert report(one) == {
        "schema_validation": {"total_validated": 0, "compliant": 0, "violations": 0, "compliance_rate": 0.0},
        "length_distribution": {},
        "diversity_score": 0.0,
    }
    said = metadata(one)
    assert (said["adapter_id"], said["training"]["num_samples"], said["exported_at"]) == (
        "faq-1", 0, "2024-11-21T08:30:00Z",
    )  # fmt: skip
    assert "dataset" not in said


@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_after_a_run_both_are_over_what_it_wrote(name: str, tmp_path: Path) -> None:
    """Of a folder they are the very files that stand in it; of a single file they are told alone."""
    one = loaded(EVERYTHING)
    exported(one, tmp_path / name)
    assert report(one)["schema_validation"]["total_validated"] == 5
    assert report(one)["length_distribution"] == {"0": 5}
    assert metadata(one)["dataset"]["samples"] == metadata(one)["training"]["num_samples"] == 5
    assert metadata(one)["training"]["dataset_name"] == metadata(one)["dataset"]["name"] == name
    if name == "out":
        assert (tmp_path / "out/quality_report.json").read_text() == one.getQualityMetricsReport()
        assert (tmp_path / "out/adapter_metadata.json").read_text() == one.getAdapterMetadataJson()


def test_an_answer_needs_nothing_of_what_was_written(tmp_path: Path) -> None:
    """Whoever moves the folder away may still ask."""
    one = loaded(EVERYTHING)
    exported(one, tmp_path / "out")
    before = one.getQualityMetricsReport(), one.getAdapterMetadataJson()
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    assert (one.getQualityMetricsReport(), one.getAdapterMetadataJson()) == before


def test_each_export_has_its_own_answers(tmp_path: Path) -> None:
    """The last one's, whole: nothing is added to what was said before."""
    one = loaded(EVERYTHING)
    exported(one, tmp_path / "a")
    exported(one, tmp_path / "b", 2)
    assert report(one)["schema_validation"]["total_validated"] == 2
    assert report(one)["length_distribution"] == {"0": 2}
    assert metadata(one)["dataset"]["name"] == "b"


def test_a_failing_run_leaves_the_previous_answers(tmp_path: Path) -> None:
    """Whether it failed before reading, or of too few rows."""
    one = loaded(EVERYTHING)
    exported(one, tmp_path / "a", 3)
    before = one.getQualityMetricsReport(), one.getAdapterMetadataJson()
    with pytest.raises(TuneportError):
        exported(one, tmp_path / "a")
    with pytest.raises(DataError):
        one.exportEntities(ENTITIES, ExportOptions(output_path=tmp_path / "b", min_rows=6))
    assert (one.getQualityMetricsReport(), one.getAdapterMetadataJson()) == before


def test_an_unchanged_export_answers_as_the_first_did(tmp_path: Path) -> None:
    """Nothing is written, and the answers are those of what stands there."""
    one, other = loaded(EVERYTHING), loaded(EVERYTHING)
    exported(one, tmp_path / "out")
    options = ExportOptions(output_path=tmp_path / "out", on_exists="replace")
    other.exportEntities(ENTITIES, options)
    assert other.getQualityMetricsReport() == (tmp_path / "out/quality_report.json").read_text()
    assert other.getAdapterMetadataJson() == (tmp_path / "out/adapter_metadata.json").read_text()


def test_exporters_at_once_answer_each_for_itself(tmp_path: Path) -> None:
    """Four of one manager, in four threads, each with a count of its own."""
    manager = PluginManager()
    ones = [loaded({**EVERYTHING, "adapter_metadata": {"enable_tracking": True, "adapter_id": f"a-{n}"}}, manager)
            for n in range(4)]  # fmt: skip
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: exported(ones[n], tmp_path / f"out{n}", n + 1), range(4)))
    assert [report(one)["schema_validation"]["total_validated"] for one in ones] == [1, 2, 3, 4]
    assert [(metadata(one)["adapter_id"], metadata(one)["dataset"]["samples"]) for one in ones] == [
        ("a-0", 1), ("a-1", 2), ("a-2", 3), ("a-3", 4),
    ]  # fmt: skip


@pytest.mark.parametrize("config", [None, {}, JSONLLLMConfig(), {"structured_gen": CHECKED}])
def test_what_is_off_is_an_empty_object(config: Any, tmp_path: Path) -> None:
    """Before a run and after it; and no such file is written."""
    one = loaded(config)
    assert (one.getQualityMetricsReport(), one.getAdapterMetadataJson()) == ("{}", "{}")
    exported(one, tmp_path / "out")
    assert (one.getQualityMetricsReport(), one.getAdapterMetadataJson()) == ("{}", "{}")
    assert not (tmp_path / "out/quality_report.json").exists()
    assert not (tmp_path / "out/adapter_metadata.json").exists()


def test_snake_case_twins_are_the_same(tmp_path: Path) -> None:
    """Five methods, both spellings."""
    one = loaded(EVERYTHING)
    one.export_entities(ENTITIES, ExportOptions(output_path=tmp_path / "out"))
    errors: list[str] = []
    assert one.validate_against_schema('{"instruction": "x"}', errors) is False
    assert len(errors) == 1
    assert one.set_adapter_metadata_from_json('{"adapter_id": "faq-2"}', errors) is True
    assert len(errors) == 1
    assert one.get_adapter_metadata_json() == one.getAdapterMetadataJson()
    assert one.get_quality_metrics_report() == one.getQualityMetricsReport()
    assert metadata(one)["adapter_id"] == "faq-2"


# validateAgainstSchema


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ('{"instruction": "What is 1?", "output": "x"}', []),
        ("{}", []),
        ('{"instruction": "x"}', ["Field 'instruction' too short (min 10 chars) (at /instruction)"]),
        (
            '{"instruction": "x", "output": "It is the number ten."}',
            [
                "Field 'instruction' too short (min 10 chars) (at /instruction)",
                "Field 'output' too long (max 19 chars) (at /output)",
            ],
        ),
        ('{"output": 5}', ["Field 'output' is not a string (at /output)"]),
    ],
)
@pytest.mark.parametrize("rejects", [True, False])
def test_a_text_is_judged_by_the_configured_schema(text: str, errors: list[str], rejects: bool) -> None:
    """With every problem and its place; it fits or does not, whatever is done with rows that do not."""
    one = loaded({"structured_gen": {**CHECKED, "reject_invalid_samples": rejects}})
    found: list[str] = ["before"]
    assert one.validateAgainstSchema(text, found) is (errors == [])
    assert found == ["before", *errors]
    assert one.validateAgainstSchema(text) is (errors == [])


@pytest.mark.parametrize("text", ["", "nope", '{"a": NaN}', "{'a': 1}", '{"a": 1', '"\ud800"', "[" * 100_000])
def test_a_text_that_is_no_json_is_told(text: str) -> None:
    """False and one sentence; no traceback, however odd the text."""
    errors: list[str] = []
    assert loaded({"structured_gen": CHECKED}).validateAgainstSchema(text, errors) is False
    assert len(errors) == 1
    assert errors[0].startswith("Not JSON: ")


@pytest.mark.parametrize("config", [None, {"structured_gen": {"json_schema": SCHEMA}}])
def test_without_a_schema_nothing_fits_and_the_error_says_what_to_set(config: Any) -> None:
    """A schema that nobody is asked to check is none."""
    errors: list[str] = []
    assert loaded(config).validateAgainstSchema("{}", errors) is False
    assert errors == ["No schema is configured: structured_gen.enable_schema_validation and json_schema"]


@pytest.mark.parametrize("schema", ["", "{", {"type": "objekt"}])
def test_a_schema_that_is_wrong_raises(schema: Any) -> None:
    """It is the configuration's fault, not the text's."""
    one = loaded({"structured_gen": {"enable_schema_validation": True, "json_schema": schema}})
    with pytest.raises(RecipeError) as caught:
        one.validateAgainstSchema("{}")
    assert [problem.path for problem in caught.value.problems] == ["export.structured_gen.json_schema"]


def test_several_schemas_are_all_asked() -> None:
    """One of the recipe's own list counts as well."""
    listed = {"use": "quality:json_schema", "json_schema": {"required": ["weight"]}}
    errors: list[str] = []
    one = loaded({"structured_gen": CHECKED, "validators": [listed]})
    assert one.validateAgainstSchema('{"instruction": "x"}', errors) is False
    assert errors == [
        "Field 'instruction' too short (min 10 chars) (at /instruction)",
        "Missing required field: weight",
    ]


def test_a_schema_from_a_file_is_found_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an export finds it."""
    (tmp_path / "row.json").write_text(json.dumps(SCHEMA))
    monkeypatch.chdir(tmp_path)
    one = loaded({"structured_gen": {"enable_schema_validation": True, "json_schema": {"file": "row.json"}}})
    assert one.validateAgainstSchema('{"instruction": "What is 1?"}') is True
    assert one.validateAgainstSchema('{"instruction": "x"}') is False


# setAdapterMetadataFromJson


@pytest.mark.parametrize("as_model", [True, False])
def test_metadata_from_json_is_merged_and_turns_tracking_on(as_model: bool, tmp_path: Path) -> None:
    """What the text does not name stays; the next export publishes it."""
    given: Any = {"adapter_metadata": {"adapter_id": "faq-1", "domain": "legal", "training_config": {"epochs": 3}}}
    one = loaded(JSONLLLMConfig.model_validate(given) if as_model else given)
    assert one.getAdapterMetadataJson() == "{}"
    text = '{"adapter_id": "faq-2", "training": {"lora_rank": 4}, "custom": {"a": "b"}}'
    assert one.setAdapterMetadataFromJson(text) is True

    said = metadata(one)
    assert (said["adapter_id"], said["task"]["domain"], said["custom"]) == ("faq-2", "legal", {"a": "b"})
    assert (said["training"]["epochs"], said["training"]["lora_rank"]) == (3, 4)
    exported(one, tmp_path / "out")
    assert json.loads((tmp_path / "out/adapter_metadata.json").read_text())["adapter_id"] == "faq-2"
    assert given["adapter_metadata"]["adapter_id"] == "faq-1"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"adapter_id": "b", "adapter_version": 5}', "adapter_version"),
        ('{"adapter_id": "b", "custom": {"a": 5}}', "custom.a"),
        ('{"adapter_id": "b", "training": {"epochs": "3"}}', "training.epochs"),
        ('{"adapter_id": "b", "adapter_version": "1.2"}', "adapter_version"),
        ('{"adapter_id": "b", "task": {"language": "german"}}', "task.language"),
        ('{"adapter_id": "b", "adapter_idd": "c"}', "adapter_idd"),
        ('{"adapter_id": "b", "adapter_id": "c"}', "adapter_id"),
        ('{"adapter_id": "b"', "not JSON"),
        ("[]", "is a list, not an object"),
        ("\ud800", "not JSON"),
    ],
)
@pytest.mark.parametrize("as_model", [True, False])
def test_metadata_from_json_is_all_or_nothing(text: str, error: str, as_model: bool, tmp_path: Path) -> None:
    """Where anything is wrong, nothing has changed: not the configuration, not an answer, not the next export."""
    given = {**EVERYTHING, "adapter_metadata": {"adapter_id": "a"}}
    one = loaded(JSONLLLMConfig.model_validate(given) if as_model else given)
    before = str(one.config)
    errors: list[str] = []
    assert one.setAdapterMetadataFromJson(text, errors) is False
    assert len(errors) == 1
    assert errors[0].startswith(error)
    assert str(one.config) == before
    assert one.getAdapterMetadataJson() == "{}"
    exported(one, tmp_path / "out")
    assert not (tmp_path / "out/adapter_metadata.json").exists()


def test_everything_that_is_wrong_with_metadata_is_told() -> None:
    """One sentence each, with the place in the text."""
    errors: list[str] = []
    text = '{"adapter_version": "1", "custom": {"a": 1}, "training": {"epochs": 1.5}, "vlm": {}}'
    assert loaded().setAdapterMetadataFromJson(text, errors) is False
    assert [error.partition(":")[0] for error in errors] == ["vlm", "training.epochs", "custom.a", "adapter_version"]


def test_an_unknown_key_of_metadata_names_the_closest() -> None:
    """As an unknown key of a recipe does."""
    errors: list[str] = []
    assert loaded().setAdapterMetadataFromJson('{"adapter_idd": "a"}', errors) is False
    assert 'did you mean "adapter_id"?' in errors[0]


def test_metadata_goes_from_one_exporter_to_another(tmp_path: Path) -> None:
    """What one says the other takes: after a run as well, the dataset being its own affair."""
    one, other = loaded(EVERYTHING), loaded()
    exported(one, tmp_path / "out")
    assert other.setAdapterMetadataFromJson(one.getAdapterMetadataJson()) is True
    said = metadata(one)
    assert said.pop("dataset")["name"] == "out"
    # What the run filled in is left for the other's own run.
    said["training"] |= {"num_samples": 0, "dataset_name": ""}
    assert metadata(other) == said


# Exporters of others


class Plain(Config):
    """A configuration that knows no adapter."""

    size: int = 1


class Staged:
    """A plugin whose exporter is made of stages."""

    @hookimpl
    def register_exporters(self, register: Any) -> None:
        stages = Stages(
            style="instruction_tuning",
            formats=["tuneport"],
            validators=[{"use": "json_schema", "json_schema": SCHEMA}],
            metrics=["length_distribution"],
            artifacts=["quality_report"],
        )
        register("staged", lambda _config: stages, config=Plain)


def test_an_exporter_of_stages_is_answered_for_by_the_engine(tmp_path: Path) -> None:
    """Report and schema are its stages', whoever wrote it; it has no metadata."""
    manager = PluginManager()
    manager.register(Staged(), "staged")
    one = loaded({"size": 2}, manager, "staged")
    exported(one, tmp_path / "out")
    assert report(one)["schema_validation"]["compliant"] == 5
    assert one.validateAgainstSchema('{"output": 5}') is False
    assert one.getAdapterMetadataJson() == "{}"


@pytest.mark.parametrize("config", [{"size": 2}, Plain(size=2)], ids=["mapping", "model"])
def test_an_exporter_that_keeps_no_metadata_says_so(config: Any, tmp_path: Path) -> None:
    """A clear error, and the exporter works on."""
    manager = PluginManager()
    manager.register(Staged(), "staged")
    one = loaded(config, manager, "staged")
    with pytest.raises(TuneportError, match="metadata"):
        one.setAdapterMetadataFromJson('{"adapter_id": "a"}')
    assert exported(one, tmp_path / "out").exported_entities == 5


class Whole:
    """A plugin that exports by itself."""

    @hookimpl
    def exportEntities(self, entities: Iterable[Entity], options: ExportOptions) -> ExportStats:
        return ExportStats(total_entities=len(list(entities)), bytes_written=len(str(options.path)))

    @hookimpl
    def getAdapterMetadataJson(self) -> str:
        return '{"own": true}'


class WholeWithMore(Whole):
    """The same, with the methods beside the hooks."""

    def validateAgainstSchema(self, text: str, errors: list[str]) -> bool:
        errors.append(f"own: {text}")
        return False

    def setAdapterMetadataFromJson(self, text: str, errors: list[str]) -> bool:
        return text == "{}" and not errors


def test_a_whole_exporters_own_methods_are_used() -> None:
    """Each it has is its own; a report it does not have is empty, and asks no recipe."""
    manager = PluginManager()
    manager.register(WholeWithMore(), "whole")
    one = loaded(None, manager, "whole")
    assert one.exportEntities(iter(ENTITIES), ExportOptions(output_path="x")).total_entities == 5
    assert (one.getAdapterMetadataJson(), one.getQualityMetricsReport()) == ('{"own": true}', "{}")
    errors: list[str] = []
    assert one.validateAgainstSchema("text", errors) is False
    assert errors == ["own: text"]
    assert one.setAdapterMetadataFromJson("{}") is True
    assert one.validate_against_schema("text") is False


def test_a_whole_exporter_without_them_says_so() -> None:
    """Nobody answers in its place."""
    manager = PluginManager()
    manager.register(Whole(), "whole")
    one = loaded(None, manager, "whole")
    with pytest.raises(PluginError, match="exporter whole:whole exports by itself, and has no validateAgainstSchema"):
        one.validateAgainstSchema("{}")
    with pytest.raises(PluginError, match="has no setAdapterMetadataFromJson"):
        one.setAdapterMetadataFromJson("{}")


class Wrapping:
    """A plugin that adds to everybody's report."""

    @hookimpl(wrapper=True)
    def getQualityMetricsReport(self) -> Generator[None, str, str]:
        told = yield
        return json.dumps({**json.loads(told), "checked_by": "acme"})

    @hookimpl(wrapper=True)
    def get_adapter_metadata_json(self) -> Generator[None, str, str]:
        told = yield
        return json.dumps({**json.loads(told), "x_seen": True})


def test_a_wrapper_adds_to_the_engines_answers_and_not_to_the_files(tmp_path: Path) -> None:
    """Host applications see it, before and after a run; what is published is the run's own."""
    manager = PluginManager()
    manager.register(Wrapping(), "acme")
    one = loaded(EVERYTHING, manager)
    assert report(one)["checked_by"] == "acme"
    exported(one, tmp_path / "out")
    published = json.loads((tmp_path / "out/quality_report.json").read_text())
    assert report(one) == {**published, "checked_by": "acme"}
    assert "checked_by" not in published
    assert metadata(one)["x_seen"] is True
    assert loaded().setAdapterMetadataFromJson(one.getAdapterMetadataJson()) is True


class Broken:
    """A plugin with an artifact that fails, and a validator of another kind called `json_schema`."""

    @hookimpl
    def register_artifacts(self, register: Any) -> None:
        register("quality_report", lambda _config, _ctx: self.fail)

    @hookimpl
    def register_validators(self, register: Any) -> None:
        register("json_schema", lambda _config, _ctx: lambda row: [Problem("", f"odd: {sorted(row)}")])

    def fail(self, _dataset: Any) -> Any:
        raise ZeroDivisionError("hopeless")


def test_an_answer_that_fails_names_whose_it_is() -> None:
    """A third party's report that raises is its plugin's fault."""
    manager = PluginManager()
    manager.register(Broken(), "acme")
    one = loaded({"artifacts": ["acme:quality_report"]}, manager)
    with pytest.raises(PluginError, match="artifact acme:quality_report: ZeroDivisionError: hopeless"):
        one.getQualityMetricsReport()


def test_a_schema_validator_of_others_is_asked_too() -> None:
    """A validator called `json_schema` is one, whoever offers it."""
    manager = PluginManager()
    manager.register(Broken(), "acme")
    errors: list[str] = []
    assert loaded({"validators": ["acme:json_schema"]}, manager).validateAgainstSchema('{"b": 1, "a": 2}', errors) is (
        False
    )
    assert errors == ["odd: ['a', 'b']"]
