"""`chat_completion`: a question and its answer, or a whole conversation."""

from __future__ import annotations

from tuneport import Chat, Context, Entity, Message, Reject, Sample
from tuneport_jsonl_llm import metadata
from tuneport_jsonl_llm.config import FieldMapping, StyleConfig
from tuneport_jsonl_llm.shortcut import Inline, shortened
from tuneport_jsonl_llm.styles.conversation import conversation
from tuneport_jsonl_llm.styles.parts import (
    Style,
    inline_optional,
    inline_text,
    keep_structures,
    missing,
    reasoning,
    reasoning_fields,
    required,
    system,
    text_in,
)

_CONVERSATIONS = ("messages", "conversations")
"""The fields in which a conversation is looked for without being asked."""


_TURNS = Inline(
    "turns = ({Message}('user', user), {Message}('assistant', assistant))\n"
    "if told: turns = ({Message}('system', told), *turns)",
    {"Message": Message},
)
_MADE = "{kind}(messages=turns, metadata=values, weight=weight)"


def chat_completion(config: StyleConfig, ctx: Context) -> Style:
    """Read a whole conversation where there is one, else a user's message and the assistant's answer."""
    field = _conversation_field(config.field_mapping, ctx)
    return conversation(config, field, ctx) if field else _question_and_answer(config, ctx)


def _conversation_field(mapping: FieldMapping, ctx: Context) -> str:
    """Where the conversation is; "" for its two parts.

    It is named, or neither it nor its parts are (or all three by their defaults) and the source shows one.
    """
    named = "messages_field" in mapping.model_fields_set
    parts = not {"user_field", "assistant_field"}.isdisjoint(mapping.model_fields_set)
    if named and (not parts or not mapping.messages_field):
        return mapping.messages_field
    if named != parts or mapping.user_field in ctx.fields:
        return ""
    return next((name for name in _CONVERSATIONS if name in ctx.fields), "")


def _question_and_answer(config: StyleConfig, ctx: Context) -> Style:
    """Read a user's message, the assistant's answer, and a system message where it is not empty."""
    asked, learnt = (required(config.field_mapping, key, ctx) for key in ("user_field", "assistant_field"))
    read_user, read_assistant = asked.read, learnt.read
    said = system(config.field_mapping, ctx)
    thought, thought_weight = reasoning(config.field_mapping, ctx), config.reasoning_weight
    types, late = metadata.declare(config, ctx)
    read_metadata = metadata.reader(types, late)
    ctx.makes(Chat, metadata=types, turns=reasoning_fields(thought, thought_weight))
    no_user, no_assistant = missing("user"), missing("assistant")

    def style(entity: Entity) -> Sample | Reject:
        user = read_user(entity)
        if not isinstance(user, str):
            return user or no_user
        assistant = read_assistant(entity)
        if not isinstance(assistant, str):
            return assistant or no_assistant
        told = text_in(said, entity)
        if isinstance(told, Reject):
            return told
        thoughts = text_in(thought, entity)
        if isinstance(thoughts, Reject):
            return thoughts
        values = read_metadata(entity)
        if isinstance(values, Reject):
            return values
        answer = Message("assistant", assistant)
        if thoughts:
            answer = Message("assistant", assistant, reasoning=thoughts, reasoning_weight=thought_weight)
        turns = (Message("user", user), answer)
        sample = Chat(messages=(Message("system", told), *turns) if told else turns, metadata=values)
        first = len(sample.messages) - 2
        written = (
            (f"messages.{first}.content", asked, user),
            (f"messages.{first + 1}.content", learnt, assistant),
        )
        keep_structures(sample, (("messages.0.content", said, told), *written) if said and told else written, entity)
        return sample

    if thought is not None:
        return style
    lead = Inline("told = ''", {}) if said is None else inline_optional("told", said)
    parts = [inline_text("user", asked), inline_text("assistant", learnt), lead, metadata.inline(types, late), _TURNS]
    return shortened(style, parts, "assistant", _MADE, Chat)
