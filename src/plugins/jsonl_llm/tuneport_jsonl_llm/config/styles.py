"""What styles are told: where the parts of a sample are found, and how conversations are read."""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from tuneport import Config
from tuneport_jsonl_llm.mapping import parse
from tuneport_jsonl_llm.values import describe

MetadataType = Literal["string", "integer", "number", "bool", "list[string]", "list[integer]", "list[number]"]
METADATA_TYPES: tuple[str, ...] = get_args(MetadataType)
DEFAULT_METADATA = ["source", "category", "tags"]
STYLES = (
    *("instruction_tuning", "chat_completion", "text_completion"),
    *("prompt_completion", "preference", "unpaired_preference"),
)
Role = Literal["system", "developer", "user", "assistant", "tool"]
TurnField = Literal["tool_calls", "tool_call_id", "name", "reasoning", "weight", "reasoning_weight"]
TURN_FIELDS: tuple[TurnField, ...] = get_args(TurnField)
"""What a turn may have beside role and content, in the order in which rows have it."""
_MAY_BE_EMPTY = {"input_field", "system_field", "messages_field", "tools_field", "reasoning_field"}
_HOLDS_A_VALUE = {"messages_field", "tools_field", "label_field"}
"""What is no text, so that no template can make it."""


class FieldMapping(Config):
    """Where in a record each part of a sample is found.

    Each is a field, a dotted path into nested objects (`payload.question`), or a template
    (`{title}: {payload.body}`). A field that is named here, rather than left to its default, must exist
    where the source knows all its fields.
    """

    instruction_field: str = "question"
    """What is asked (instruction_tuning)."""
    input_field: str = "context"
    """What the instruction is about (instruction_tuning); "" means none."""
    output_field: str = "answer"
    """What is learnt (instruction_tuning)."""
    text_field: str = "content"
    """What is learnt (text_completion)."""
    system_field: str = "system_prompt"
    """The system message (chat_completion), put before a conversation that has none; "" means none."""
    user_field: str = "user_message"
    """What the user says (chat_completion)."""
    assistant_field: str = "assistant_response"
    """What the assistant answers, and what is learnt (chat_completion)."""
    messages_field: str = "messages"
    """A whole conversation (chat_completion): a list of turns, or JSON text of one, each with `role` and `content` or
    with `from` and `value`. By default `messages`, else `conversations`, where the source shows it and no
    `user_message`. "" means none. Content is text, or blocks of text, which are put together as they are."""
    tools_field: str = "tools"
    """The tools that an assistant may call in a conversation: a list, or JSON text of one; "" means none."""
    prompt_field: str = "prompt"
    """What is asked: text, or a list of turns (prompt_completion, preference, unpaired_preference). Where a record has
    none, and two conversations to choose from, it is what both begin with (preference)."""
    completion_field: str = "completion"
    """The answer: text, or a list of turns (prompt_completion, unpaired_preference)."""
    chosen_field: str = "chosen"
    """The better answer: text, or a list of turns (preference)."""
    rejected_field: str = "rejected"
    """The worse answer: text, or a list of turns (preference)."""
    label_field: str = "label"
    """Whether an answer is a good one (unpaired_preference): true or false, 1 or 0 or -1, yes or no, up or down, good
    or bad, like or dislike, thumbs_up or thumbs_down, in whatever case; `labels` names others."""
    reasoning_field: str = ""
    """What the assistant thinks before it answers (instruction_tuning, prompt_completion, and chat_completion of one
    question and answer); "" means none. Turns of a conversation have their own."""

    @field_validator("*")
    @classmethod
    def _readable(cls, mapping: str, info: ValidationInfo) -> str:
        if mapping or info.field_name not in _MAY_BE_EMPTY:
            parse(mapping)
        if info.field_name in _HOLDS_A_VALUE and ("{" in mapping or "}" in mapping):
            raise ValueError("a template makes text: name a field or a dotted path")
        return mapping

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        """Refuse a conversation and parts of one; whoever writes every default down gives both, and means neither."""
        chat = ("messages_field", "user_field", "assistant_field")
        given = [name for name in chat if name in self.model_fields_set and getattr(self, name)]
        defaults = all(getattr(self, name) == type(self).model_fields[name].default for name in chat)
        if given[:1] == ["messages_field"] and len(given) > 1 and not defaults:
            raise ValueError(f"messages_field and {given[1]} are both given: name a conversation, or its two parts")
        return self


class StyleConfig(Config):
    """What the styles are told."""

    field_mapping: FieldMapping = Field(default_factory=FieldMapping)
    """Where each part of a sample is found."""
    include_metadata: bool = True
    """Whether samples carry metadata."""
    metadata_fields: list[str] | dict[str, MetadataType] = Field(default_factory=DEFAULT_METADATA.copy)
    """Fields kept as metadata: their names, with the types the source knows or shows; or name to type, one of
    string, integer, number, bool, list[string], list[integer], list[number]."""

    roles: dict[str, Role] = Field(default_factory=dict)
    """What the roles of a conversation mean, beside the well-known names: `{ agent = "assistant", customer = "user" }`;
    one of system, developer, user, assistant, tool."""
    labels: dict[str, bool] = Field(default_factory=dict)
    """What labels mean (unpaired_preference), beside the well-known words: `{ helpful = true, "2 stars" = false }`."""
    trailing_turns: Literal["reject", "drop"] = "reject"
    """What becomes of a conversation that does not end with the assistant: `reject` leaves it out, `drop` what follows
    the assistant's last turn."""
    message_fields: list[TurnField] | None = None
    """What turns keep beside role and content, of tool_calls, tool_call_id, name, reasoning, weight, reasoning_weight;
    None for what the first 10,000 records show. Every turn of a run has the same keys."""
    reasoning_weight: float | None = Field(None, ge=0)
    """How much reasoning counts beside an answer, which counts 1; None leaves it to the trainer. A turn that says
    it itself keeps its own."""

    @field_validator("metadata_fields", mode="before")
    @classmethod
    def _names_or_types(cls, given: Any) -> Any:
        """Say in one sentence what a union of two types would say in two."""
        if isinstance(given, dict):
            for name, kind in given.items():
                if kind not in METADATA_TYPES:
                    found = f"has the type {kind!r}" if isinstance(kind, str) else f"is {describe(kind)}, not a type"
                    raise ValueError(f'"{name}" {found}; known: {", ".join(METADATA_TYPES)}')
        elif not (isinstance(given, (list, tuple)) and all(isinstance(name, str) for name in given)):
            raise ValueError("a list of field names, or a table of field name to type")
        return list(given) if isinstance(given, tuple) else given
