"""Conversations, read turn by turn, with the rules that any trainer has for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import structs

from tuneport import Message, Reject
from tuneport_jsonl_llm.config import TURN_FIELDS, StyleConfig
from tuneport_jsonl_llm.turns.fault import FaultError
from tuneport_jsonl_llm.turns.plain import decoded, turns_in
from tuneport_jsonl_llm.turns.roles import known_roles
from tuneport_jsonl_llm.turns.turn import messages_in
from tuneport_jsonl_llm.values import bad_type, plain_text

Turns = list[Message]


class TurnReader:
    """Reads turns, and keeps the same fields of all of them.

    Args:
        config: what roles mean, and what becomes of turns after the assistant's last.
        keep: what turns keep beside role and content.
        named: others are left out, as asked; else they come too late, and reject their record.

    Attributes:
        keep: what turns keep beside role and content.
        named: whether that was asked for.
    """

    def __init__(self, config: StyleConfig, keep: Iterable[str], *, named: bool) -> None:
        self.keep = frozenset(keep)
        if "reasoning" in self.keep and config.reasoning_weight is not None:
            self.keep |= {"reasoning_weight"}
        self._dropped = [name for name in TURN_FIELDS if name not in self.keep]
        self.named = named
        self._roles = known_roles(config.roles)
        self._drop = config.trailing_turns == "drop"
        self._reasoning_weight = config.reasoning_weight

    def conversation(self, value: object, name: str) -> Turns | Reject:
        """A whole conversation, which ends with the assistant.

        Args:
            value: a list of turns, or JSON text of one.
            name: the field, for the reject.
        """
        held = decoded(value) if isinstance(value, str) else value
        if value is None or value == "":
            return Reject("missing_field", f"Missing required field '{name}'")
        if not isinstance(held, list | tuple):
            if isinstance(value, str):
                return Reject("bad_type", f"Field '{name}' is text, and no JSON list of turns")
            return bad_type(f"Field '{name}'", value, "a list of turns")
        turns = self._read(held, name)
        return turns if isinstance(turns, Reject) else self.whole([], turns, name)

    def said(self, value: object, name: str, role: str) -> Turns | Reject | None:
        """The turns of a value that is a conversation, or text that somebody says; None where there is nothing."""
        if value is None or value == []:
            return None
        held = turns_in(value)
        if held is not None:
            return self._read(held, name)
        text = plain_text(value)
        return bad_type(f"Field '{name}'", value, "text") if text is None else [Message(role, text)]

    def whole(self, before: Turns, after: Turns, name: str) -> Turns | Reject:
        """Both together, up to the assistant's last turn where those that follow it are dropped.

        Args:
            before: what is asked.
            after: what ends with the assistant.
            name: the field of `after`, for the reject.
        """
        last = next((n for n in range(len(after), 0, -1) if after[n - 1].role == "assistant"), 0)
        if not last or (last < len(after) and not self._drop):
            fix = '; trailing_turns = "drop" leaves out what follows the last answer' if last else ""
            return Reject("no_answer", f"The conversation in '{name}' does not end with the assistant{fix}")
        turns = [*before, *after[:last]]
        if all(map(_is_fine, turns)):
            return turns
        return _silent(turns, name) or _unasked(turns, name) or self._late(turns, name) or turns

    def _read(self, held: Sequence[object], name: str) -> Turns | Reject:
        turns: Turns = []
        for number, one in enumerate(held, 1):
            try:
                for message in messages_in(one, self._roles):
                    kept = self._kept(message)
                    # A system prompt of no words is none, as in a field of its own.
                    if kept.role not in ("system", "developer") or kept.content.strip():
                        turns.append(kept)
            except FaultError as fault:
                return Reject(fault.code, f"Turn {number} of '{name}' {fault.text}")
        return turns or Reject("no_turns", f"The conversation in '{name}' has no turns")

    def _kept(self, message: Message) -> Message:
        """The message with the fields that turns keep."""
        if plain(message):
            return message
        if message.reasoning and self._reasoning_weight is not None and message.reasoning_weight is None:
            message = structs.replace(message, reasoning_weight=self._reasoning_weight)
        strange = [name for name in self._dropped if has(message, name)] if self.named else []
        return structs.replace(message, **{name: _NOTHING[name] for name in strange}) if strange else message

    def _late(self, turns: Turns, name: str) -> Reject | None:
        """The reject of a conversation with a turn that has what no turn of the first records has."""
        for number, turn in enumerate(turns, 1):
            strange = () if plain(turn) else (field for field in self._dropped if has(turn, field))
            field = next(iter(strange), None)
            if field is not None:
                text = f"Message {number} of the conversation in '{name}' has the field '{field}', which first appears"
                return Reject("late_field", f"{text} after the first 10,000 records; name it in message_fields")
        return None


_NOTHING: dict[str, Any] = {name: getattr(Message("", ""), name) for name in TURN_FIELDS}


def has(message: Message, name: str) -> bool:
    """Whether a message says something in this field."""
    return bool(getattr(message, name) != _NOTHING[name])


def plain(message: Message) -> bool:
    """Whether a message has role and content alone."""
    said = message.tool_calls or message.tool_call_id or message.name or message.reasoning
    return not said and message.weight is None and message.reasoning_weight is None


def _is_fine(turn: Message) -> bool:
    """Whether nothing can be wrong with a turn, whatever stands before it."""
    return plain(turn) and turn.role != "tool" and bool(turn.content) and not turn.content.isspace()


def _silent(turns: Turns, name: str) -> Reject | None:
    """The reject of a conversation in which somebody says nothing, but for its last answer: filters look at that."""
    for number, turn in enumerate(turns[:-1], 1):
        if turn.role != "tool" and not turn.tool_calls and not turn.content.strip():
            return Reject("empty_turn", f"Message {number} of the conversation in '{name}' says nothing")
    return None


def _unasked(turns: Turns, name: str) -> Reject | None:
    """The reject of a conversation in which a tool answers that nobody called; the ids agree where both have one."""
    calls: list[str] = []
    for number, turn in enumerate(turns, 1):
        if turn.tool_calls:
            calls += [call.id for call in turn.tool_calls]
        if turn.role != "tool" or (calls and (not turn.tool_call_id or turn.tool_call_id in calls or "" in calls)):
            continue
        text = f"Message {number} of the conversation in '{name}' is the answer of a tool that no message before calls"
        return Reject("tool_without_call", text)
    return None
