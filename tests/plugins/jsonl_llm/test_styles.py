"""Styles: what a record becomes, and what a style declares."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.jsonl_llm.support import STYLES, attempt, context, read, shape
from tuneport import Chat, Instruction, Reject, Text
from tuneport_jsonl_llm.config import StyleConfig

QA = {"question": "Why?", "answer": "Because of it."}


@pytest.mark.parametrize(
    ("style", "entity", "role"),
    [
        ("instruction_tuning", {"answer": "A"}, "instruction"),
        ("instruction_tuning", {"question": "Q", "answer": None}, "output"),
        ("chat_completion", {"assistant_response": "A"}, "user"),
        ("chat_completion", {"user_message": "U", "assistant_response": None}, "assistant"),
        ("text_completion", {}, "text"),
    ],
)
def test_a_required_field_that_is_missing_is_named_by_its_role(style: str, entity: dict[str, Any], role: str) -> None:
    """Absent and null alike give the documented sentence, with the role and not the column."""
    assert attempt(style, {}, entity) == Reject("missing_field", f"Missing required field '{role}'")


def test_an_empty_instruction_is_accepted() -> None:
    """An instruction of no characters is an instruction."""
    sample = read("instruction_tuning", {}, {"question": "", "answer": "Free text"})
    assert isinstance(sample, Instruction)
    assert sample.instruction == ""


@pytest.mark.parametrize("value", [None, ""])
def test_a_known_input_is_on_every_sample(value: str | None) -> None:
    """Where the source shows the input field, a record without one has "" and not None."""
    ctx = context({"question": "", "context": "", "answer": ""})
    assert read("instruction_tuning", {}, {**QA, "context": value}, ctx).input == ""  # type: ignore[attr-defined]
    assert ctx.sample == shape(Instruction, has_input=True)


def test_a_named_input_is_on_every_sample() -> None:
    """Where the configuration names the input field, it is there whatever the source shows."""
    ctx = context({})
    config = {"field_mapping": {"input_field": "passage"}}
    assert read("instruction_tuning", config, QA, ctx).input == ""  # type: ignore[attr-defined]
    assert ctx.sample == shape(Instruction, has_input=True)


def test_an_unknown_input_is_on_no_sample() -> None:
    """Where nobody names or shows an input, no sample has one."""
    ctx = context({"question": "", "answer": ""})
    assert read("instruction_tuning", {}, {**QA, "context": None}, ctx).input is None  # type: ignore[attr-defined]
    assert ctx.sample == shape(Instruction, has_input=False)


def test_an_input_that_turns_up_late_is_rejected_with_the_fix() -> None:
    """A default input first seen after the inference would change the rows' keys, so its record is refused."""
    ctx = context({"question": "", "answer": ""})
    assert attempt("instruction_tuning", {}, {**QA, "context": "C"}, ctx) == Reject(
        "late_field",
        "Field 'context' first appears after the first 10,000 records; name it in field_mapping.input_field",
    )
    assert ctx.declared is not None
    assert "context" in ctx.declared


def test_an_empty_input_field_means_no_input() -> None:
    """`input_field = ""` turns the input off even where the source has the default field."""
    ctx = context({"question": "", "answer": "", "context": ""})
    config = {"field_mapping": {"input_field": ""}}
    assert read("instruction_tuning", config, {**QA, "context": "C"}, ctx).input is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("system", [None, ""])
def test_an_empty_system_message_is_left_out(system: str | None) -> None:
    """A conversation has a system message only where there is something in it."""
    entity = {"system_prompt": system, "user_message": "U", "assistant_response": "A"}
    assert [turn.role for turn in read("chat_completion", {}, entity).messages] == ["user", "assistant"]


def test_an_empty_system_field_means_no_system_message() -> None:
    """`system_field = ""` turns the system message off."""
    entity = {"system_prompt": "S", "user_message": "U", "assistant_response": "A"}
    sample = read("chat_completion", {"field_mapping": {"system_field": ""}}, entity)
    assert [turn.role for turn in sample.messages] == ["user", "assistant"]


def test_mapped_fields_are_read_from_where_the_configuration_says() -> None:
    """Templates and paths work in a style as they do alone."""
    config = {"field_mapping": {"text_field": "{title}\n\n{doc.body}"}}
    sample = read("text_completion", config, {"title": "T", "doc": {"body": "B"}})
    assert sample == Text(text="T\n\nB")


def test_each_style_says_what_its_samples_are() -> None:
    """A style declares kind and metadata, so that formats know their columns before the first sample."""
    for style, kind in (("chat_completion", Chat), ("text_completion", Text)):
        ctx = context({"source": "string", "tags": "list[string]"})
        STYLES[style](StyleConfig(), ctx)
        assert ctx.sample == shape(kind, source="string", tags="list[string]")


def test_a_style_asks_for_exactly_its_fields() -> None:
    """Projection is safe: the declared fields are those the style reads, and no more."""
    ctx = context({"question": "", "answer": "", "context": "", "source": "", "unrelated": ""})
    STYLES["instruction_tuning"](StyleConfig(), ctx)
    assert ctx.declared == {"question", "answer", "context", "source", "category", "tags"}


def test_a_misspelt_field_is_a_problem_of_the_recipe() -> None:
    """A field the source lacks is found before a record is read, at the key that names it."""
    ctx = context({"question": "", "answer": ""}, closed=True)
    mapping = {"output_field": "anwser", "input_field": "{tilte}"}
    STYLES["instruction_tuning"](StyleConfig.model_validate({"field_mapping": mapping}), ctx)
    assert [(problem.path, problem.code) for problem in ctx.problems] == [
        ("field_mapping.output_field", "unknown_field"),
        ("field_mapping.input_field", "unknown_field"),
    ]


def test_a_misspelt_system_field_is_a_problem_of_the_recipe() -> None:
    """The system message is optional, but a field that was named for it must exist."""
    ctx = context({"user_message": "", "assistant_response": ""}, closed=True)
    STYLES["chat_completion"](StyleConfig.model_validate({"field_mapping": {"system_field": "sytem"}}), ctx)
    assert [(problem.path, problem.code) for problem in ctx.problems] == [
        ("field_mapping.system_field", "unknown_field")
    ]


def test_optional_defaults_that_do_not_exist_are_no_problem() -> None:
    """Nobody asked for the default input, system message and metadata, so their absence is fine."""
    ctx = context({"user_message": "", "assistant_response": ""}, closed=True)
    STYLES["chat_completion"](StyleConfig(), ctx)
    ctx.fields = {"question": "", "answer": ""}
    STYLES["instruction_tuning"](StyleConfig(), ctx)
    assert ctx.problems == []
    assert "context" not in (ctx.declared or ())


def test_a_value_that_is_no_text_is_rejected_by_every_role() -> None:
    """Bytes in any mapped field reject the record, optional fields included."""
    for key in ("question", "answer", "context"):
        result = attempt("instruction_tuning", {}, {**QA, "context": "", key: b"x"})
        assert result == Reject("bad_type", f"Field '{key}' is bytes, not text")
    for key in ("user_message", "assistant_response", "system_prompt"):
        result = attempt("chat_completion", {}, {"user_message": "U", "assistant_response": "A", key: b"x"})
        assert result == Reject("bad_type", f"Field '{key}' is bytes, not text")
