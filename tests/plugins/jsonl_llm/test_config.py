"""The configuration: names, defaults, what is refused, and the stages it asks for."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from tuneport import Config
from tuneport_jsonl_llm import JSONLLLMConfig
from tuneport_jsonl_llm.exporter import stages


def test_names_and_defaults_are_the_documented_ones() -> None:
    """Every key of the mission has its name and default."""
    assert JSONLLLMConfig().model_dump() == {
        "style": "instruction_tuning",
        "field_mapping": {
            "instruction_field": "question",
            "input_field": "context",
            "output_field": "answer",
            "text_field": "content",
            "system_field": "system_prompt",
            "user_field": "user_message",
            "assistant_field": "assistant_response",
            "messages_field": "messages",
            "tools_field": "tools",
            "prompt_field": "prompt",
            "completion_field": "completion",
            "chosen_field": "chosen",
            "rejected_field": "rejected",
            "label_field": "label",
            "reasoning_field": "",
        },
        "weighting": {
            "enable_weights": True,
            "weight_field": "importance",
            "weight_expression": "",
            "default_weight": 1.0,
            "auto_weight_by_length": False,
            "auto_weight_by_freshness": False,
            "timestamp_field": "created_at",
            "normalize": "none",
            "freshness_half_life_days": 90.0,
            "freshness_floor": 0.1,
            "min_weight": 0.0,
            "max_weight": None,
            "mean_one": False,
        },
        "quality": {
            "min_text_length": 10,
            "max_text_length": 8192,
            "skip_empty_outputs": True,
            "skip_duplicates": True,
        },
        "include_metadata": True,
        "metadata_fields": ["source", "category", "tags"],
        "roles": {},
        "labels": {},
        "trailing_turns": "reject",
        "message_fields": None,
        "reasoning_weight": None,
        "metadata_encoding": "object",
        "structured_gen": {
            "enable_schema_validation": False,
            "json_schema": "",
            "include_schema_in_output": False,
            "schema_encoding": "object",
            "reject_invalid_samples": True,
            "log_validation_errors": True,
        },
        "quality_metrics": {
            "enable_metrics": False,
            "track_per_sample": False,
            "aggregate_stats": True,
            "track_schema_compliance": True,
            "track_length_distribution": True,
            "track_diversity_score": True,
        },
        "adapter_metadata": {
            "enable_tracking": False,
            "adapter_id": "",
            "adapter_version": "1.0.0",
            "base_model_name": "",
            "base_model_version": "",
            "task_type": "",
            "domain": "",
            "language": "en",
            "training_config": {
                "dataset_name": "",
                "num_samples": 0,
                "epochs": 0,
                "learning_rate": 0.0,
                "lora_rank": 8,
                "lora_alpha": 16.0,
                "lora_dropout": 0.1,
                "target_modules": [],
            },
            "created_by": "",
            "data_source_uri": "",
            "parent_adapter_id": "",
            "custom_metadata": {},
            "vllm_config": {
                "enabled": False,
                "adapter_path": "",
                "vllm_version": ">=0.4.0",
                "max_lora_rank": 16,
                "enable_multi_lora": True,
                "serving_config": {},
            },
        },
    }


@pytest.mark.parametrize(
    "spelling",
    ["CHAT_COMPLETION", "Chat_Completion", "JSONFormat::Style::CHAT_COMPLETION", "chat_completion"],
)
def test_a_style_may_be_written_as_the_constant(spelling: str) -> None:
    """The C++ spelling of a style is the style, in its own table too."""
    assert JSONLLLMConfig(style=spelling).style == "chat_completion"
    assert JSONLLLMConfig(style={"use": spelling}).style == {"use": "chat_completion"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"style": 3}, "a style's name"),
        ({"style": ""}, "a style's name"),
        ({"style": {"threshold": 1}}, "a style's name"),
        ({"quality": {"min_text_length": 11, "max_text_length": 10}}, "11 is more than max_text_length = 10"),
        ({"quality": {"min_text_length": -1}}, "greater than or equal to 0"),
        ({"weighting": {"freshness_half_life_days": 0}}, "greater than 0"),
        ({"weighting": {"freshness_floor": 1.5}}, "less than or equal to 1"),
        ({"weighting": {"default_weight": float("nan")}}, "finite"),
        ({"weighting": {"min_weight": -1}}, "greater than or equal to 0"),
        ({"weighting": {"min_weight": 2, "max_weight": 1}}, "min_weight = 2 is more than max_weight = 1"),
        ({"weighting": {"weight_field": "votes", "weight_expression": "votes"}}, "are both given: name one"),
        ({"weighting": {"weight_expression": ""}}, "weight_expression is empty: write one"),
        ({"weighting": {"weight_expression": " \n"}}, "weight_expression is empty: write one"),
        ({"weighting": {"normalize": "sqrt"}}, "'none', 'log', 'minmax' or 'percentile'"),
        ({"metadata_fields": "source"}, "a list of field names"),
        ({"metadata_fields": ["source", 3]}, "a list of field names"),
        ({"metadata_fields": {"year": "int"}}, "\"year\" has the type 'int'; known: string, integer"),
        ({"metadata_fields": {"year": {"env": "SEC"}}}, '"year" is an object, not a type; known: string, integer'),
        ({"metadata_fields": {"year": 3}}, '"year" is an integer, not a type; known: string, integer'),
        ({"metadata_encoding": "xml"}, "'object' or 'json'"),
        ({"field_mapping": {"output_field": "{answer!r}"}}, "no conversions"),
        ({"field_mapping": {"output_field": ""}}, "empty"),
        ({"styel": "chat_completion"}, "Extra inputs"),
        ({"field_mapping": {"messages_field": "{a}{b}"}}, "a template makes text"),
        ({"field_mapping": {"label_field": "{a}"}}, "a template makes text"),
        ({"field_mapping": {"messages_field": "m", "user_field": "u"}}, "messages_field and user_field are both given"),
        ({"roles": {"agent": "bot"}}, "'system', 'developer', 'user', 'assistant' or 'tool'"),
        ({"trailing_turns": "keep"}, "'reject' or 'drop'"),
        ({"reasoning_weight": -1}, "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(config: dict[str, Any], said: str) -> None:
    """A wrong value is one error, at the key that holds it."""
    with pytest.raises(ValidationError) as caught:
        JSONLLLMConfig.model_validate(config)
    (error,) = caught.value.errors()
    assert said in error["msg"]
    key = next(iter(config))
    assert error["loc"][0] == key
    assert "list[str]" not in error["loc"]


def test_assignment_is_validated() -> None:
    """A wrong value is refused when it is assigned, not when the export starts."""
    config = JSONLLLMConfig()
    with pytest.raises(ValidationError):
        config.weighting.freshness_floor = 2


def test_configurations_do_not_share_their_sections() -> None:
    """Changing one configuration leaves every other as it was."""
    first, second = JSONLLLMConfig(), JSONLLLMConfig()
    first.field_mapping.output_field = "reply"
    first.metadata_fields.append("author")  # type: ignore[union-attr]
    assert second == JSONLLLMConfig()


def test_the_default_stages() -> None:
    """Empty outputs first, then length, the explicit weight, one format, no duplicates."""
    made = stages(JSONLLLMConfig())
    assert made.style == {"use": "instruction_tuning", "at": ""}
    assert made.filters == [
        {"use": "empty_output", "at": "quality"},
        {"use": "length", "at": "quality", "min_text_length": 10, "max_text_length": 8192},
    ]
    assert made.weightings == [{"use": "field", "at": "weighting", "default_weight": 1.0, "normalize": "none"}]
    assert (made.formats, made.dedup) == (["tuneport"], True)


def test_every_default_written_down_is_the_default() -> None:
    """A configuration that was dumped is one that can be given, and names no conversation."""
    config = JSONLLLMConfig.model_validate(JSONLLLMConfig().model_dump())
    assert config.field_mapping.messages_field == "messages"


def test_how_conversations_are_read_reaches_the_style() -> None:
    """Roles, trailing turns, fields of turns and the weight of reasoning are the style's affair."""
    given = {
        "roles": {"agent": "assistant"},
        "trailing_turns": "drop",
        "message_fields": ["name"],
        "reasoning_weight": 0.5,
    }
    config = JSONLLLMConfig.model_validate({"style": "preference", **given})
    assert stages(config).style == {"use": "preference", "at": "", **given}


def test_weights_may_be_one_on_average() -> None:
    """Where there are weights at all."""
    weightings: tuple[dict[str, bool], ...] = ({"mean_one": True}, {}, {"mean_one": True, "enable_weights": False})
    made = [stages(JSONLLLMConfig.model_validate({"weighting": one})).mean_one for one in weightings]
    assert made == [True, False, False]


def test_a_weight_is_bounded_where_there_is_one() -> None:
    """The bounds are the run's own; without them, or without weights, there are none."""
    bounds = {"min_weight": 0.5, "max_weight": 4}
    bounded = stages(JSONLLLMConfig.model_validate({"weighting": bounds}))
    off = stages(JSONLLLMConfig.model_validate({"weighting": {**bounds, "enable_weights": False}}))
    assert [(one.min_weight, one.max_weight) for one in (bounded, stages(JSONLLLMConfig()), off)] == [
        (0.5, 4.0),
        (0.0, math.inf),
        (0.0, math.inf),
    ]


def test_an_expression_stands_in_for_the_field() -> None:
    """The weighting is told of what was given, and of no default field beside it."""
    weighting = {"weight_expression": "log1p(upvotes)", "normalize": "log"}
    (field,) = stages(JSONLLLMConfig.model_validate({"weighting": weighting})).weightings
    assert field == {"use": "field", "at": "weighting", "default_weight": 1.0, **weighting}


def test_what_is_off_costs_no_stage() -> None:
    """Without schema, metrics and tracking there is no validator, no metric, no artifact, and no adapter to judge."""
    made = stages(JSONLLLMConfig())
    assert [made.validators, made.metrics, made.artifacts, made.adapter] == [[], [], [], None]


def test_switches_choose_the_stages_of_other_plugins() -> None:
    """Schema, metrics and tracking become stages by name, each with the keys of its section."""
    made = stages(
        JSONLLLMConfig(
            structured_gen={"enable_schema_validation": True, "json_schema": "{}", "reject_invalid_samples": False},
            quality_metrics={"enable_metrics": True, "track_diversity_score": False},
            adapter_metadata={"enable_tracking": True, "adapter_id": "faq"},
        )
    )
    schema, *checks = made.validators
    assert schema == {
        "use": "quality:json_schema",
        "at": "structured_gen",
        "json_schema": "{}",
        "reject_invalid_samples": False,
        "log_validation_errors": True,
    }
    assert [check["use"] for check in checks] == [  # type: ignore[index]
        "lora_metadata:adapter_ids",
        "lora_metadata:adapter_versions",
        "lora_metadata:adapter_ranks",
        "lora_metadata:adapter_language",
    ]
    assert made.metrics == [{"use": "quality:length_distribution", "per_sample": False, "at": "quality_metrics"}]
    chosen = [artifact["use"] for artifact in made.artifacts if isinstance(artifact, dict)]
    assert chosen == ["quality:quality_report", "lora_metadata:adapter_metadata"]
    assert made.adapter is not None
    assert made.adapter.adapter_id == "faq"


def test_a_style_is_told_only_what_was_given() -> None:
    """Naming a field, even by its default name, reaches the style; a default does not."""
    config = JSONLLLMConfig()
    config.field_mapping.input_field = "context"
    config.include_metadata = True
    assert stages(config).style == {
        "use": "instruction_tuning",
        "at": "",
        "include_metadata": True,
        "field_mapping": {"input_field": "context"},
    }


def test_a_list_that_was_changed_in_place_reaches_the_style() -> None:
    """Adding to the default list names fields as much as writing a list does."""
    config = JSONLLLMConfig()
    config.metadata_fields.append("author")  # type: ignore[union-attr]
    made = stages(config).style
    assert made == {
        "use": "instruction_tuning",
        "at": "",
        "metadata_fields": ["source", "category", "tags", "author"],
    }


def test_another_plugins_style_gets_exactly_its_own() -> None:
    """A foreign style is told nothing of keys nobody wrote, and keeps its own table."""
    assert stages(JSONLLLMConfig(style="acme:thing")).style == {"use": "acme:thing"}
    own = {"use": "acme:thing", "threshold": 0.8}
    assert stages(JSONLLLMConfig(style=own)).style == own
    given = JSONLLLMConfig(style=own, metadata_fields=["a"])
    assert stages(given).style == {**own, "metadata_fields": ["a"]}


def test_a_styles_own_table_comes_first() -> None:
    """What stands in the style's table is not overruled from outside it."""
    own = {"use": "text_completion", "include_metadata": False}
    assert stages(JSONLLLMConfig(style=own, include_metadata=True)).style == own


def test_filters_can_be_turned_off() -> None:
    """Empty outputs and duplicates are kept where the configuration says so."""
    made = stages(JSONLLLMConfig.model_validate({"quality": {"skip_empty_outputs": False, "skip_duplicates": False}}))
    assert [use["use"] for use in made.filters] == ["length"]  # type: ignore[index]
    assert made.dedup is False


def test_all_weightings_take_part() -> None:
    """Explicit weight, length and freshness stand side by side; an explicit one does not end the others."""
    weighting = {"weight_field": "upvotes", "auto_weight_by_length": True, "auto_weight_by_freshness": True}
    assert stages(JSONLLLMConfig.model_validate({"weighting": weighting})).weightings == [
        {"use": "field", "at": "weighting", "weight_field": "upvotes", "default_weight": 1.0, "normalize": "none"},
        {"use": "length", "at": "weighting"},
        {
            "use": "freshness",
            "at": "weighting",
            "timestamp_field": "created_at",
            "freshness_half_life_days": 90.0,
            "freshness_floor": 0.1,
        },
    ]


def test_without_weights_nothing_is_weighted() -> None:
    """`enable_weights = false` turns the automatic weights off as well."""
    weighting = {"enable_weights": False, "auto_weight_by_length": True}
    assert stages(JSONLLLMConfig.model_validate({"weighting": weighting})).weightings == []


def test_the_metadata_encoding_reaches_the_format() -> None:
    """Metadata as text is the format's affair."""
    assert stages(JSONLLLMConfig(metadata_encoding="json")).formats == [
        {"use": "tuneport", "at": "", "metadata_encoding": "json"}
    ]


def test_every_model_documents_its_keys() -> None:
    """Each key carries a description, which editors show."""
    models: list[type[Config]] = [JSONLLLMConfig]
    for model in models:
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
            if isinstance(field.annotation, type) and issubclass(field.annotation, Config):
                models.append(field.annotation)
    assert len(models) == 9
