"""The format `axolotl`: messages that are learnt or not, pairs, text."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.formats.rules_table import GONE, changed, wrong
from plugins.formats.samples import ALL_TURNS, CALLED, PAIR, TOOL_TEXT, chat, context
from tuneport import Chat, Instruction, Message, Preference, Reject, Sample, Text
from tuneport_formats._open_targets import AxolotlConfig
from tuneport_formats.axolotl import Axolotl, check

NOTHING = dict.fromkeys(("tool_calls", "tool_call_id", "name", "reasoning_content", "weight"))


def row(sample: Sample, *turns: str, **config: Any) -> Any:
    """A sample's row in a run of its kind."""
    return Axolotl(AxolotlConfig(**config), context(type(sample), turns, tools=bool(sample.tools)))(sample)


def test_plain_conversations() -> None:
    """The developer speaks as the system, and no weight of the sample is written."""
    talk = [{"role": "system", "content": "S"}, {"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    messages = [Message("developer", "S"), Message("user", "Q"), Message("assistant", "A")]
    assert row(Chat(messages=messages, weight=2.0)) == {"messages": talk}
    assert row(Instruction(instruction="Q", output="A")) == {"messages": talk[1:]}
    assert row(Text(text="T")) == {"text": "T"}


def test_a_conversation_with_everything() -> None:
    """All messages have the same keys; a weight is 0 or 1, and arguments are text, which axolotl reads back."""
    function = {"name": "find", "arguments": '{"q":1}'}
    call = {"id": "call_1", "type": "function", "function": function}
    assert row(CALLED, *ALL_TURNS) == {
        "messages": [
            {**NOTHING, "role": "system", "content": "S"},
            {**NOTHING, "role": "user", "content": "Q"},
            {**NOTHING, "role": "assistant", "content": "", "tool_calls": [call], "reasoning_content": "R"},
            {**NOTHING, "role": "tool", "content": "found", "tool_call_id": "call_1", "name": "find"},
            {**NOTHING, "role": "assistant", "content": "A", "weight": 1},
        ],
        "tools": TOOL_TEXT,
    }
    masked = Chat(messages=[Message("user", "Q"), Message("assistant", "A", weight=0.0)])
    assert [turn["weight"] for turn in row(masked, "weight")["messages"]] == [None, 0]


def test_a_pair() -> None:
    """One answer is an object of role and content, and reasoning stands before it."""
    assert row(PAIR, "reasoning") == {
        "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "Q"}],
        "chosen": {"role": "assistant", "content": "<think>\nR\n</think>\n\nyes"},
        "rejected": {"role": "assistant", "content": "no"},
    }
    assert row(PAIR, "reasoning", reasoning="drop")["chosen"] == {"role": "assistant", "content": "yes"}
    made = row(Preference(prompt=PAIR.prompt, chosen=[*PAIR.chosen, *PAIR.chosen], rejected=PAIR.rejected))
    assert isinstance(made, Reject)
    assert made.code == "not_one_answer"


def test_what_is_carried_depends_on_what_is_written() -> None:
    """A pair has no tools, names and weights of turns; reasoning may be dropped."""
    assert Axolotl(AxolotlConfig(), context(Preference)).carries == {"reasoning"}
    assert "turn_masks" in Axolotl(AxolotlConfig(), context(Chat)).carries
    assert "reasoning" not in Axolotl(AxolotlConfig(reasoning="drop"), context(Chat)).carries


RIGHT: dict[str, dict[str, Any]] = {
    "talk": row(CALLED, *ALL_TURNS),
    "plain": row(chat("Q", "A")),
    "pair": row(PAIR),
    "text": {"text": "T"},
}


@pytest.mark.parametrize(
    ("name", "path", "value", "code", "at"),
    [
        ("talk", "messages/0/role", "developer", "unknown_role", "/messages/0/role"),
        ("talk", "messages/0/thinking", "R", "unknown_key", "/messages/0/thinking"),
        ("talk", "messages/4/weight", 0.5, "bad_weight", "/messages/4/weight"),
        ("talk", "messages/4/weight", True, "bad_weight", "/messages/4/weight"),
        ("talk", "messages/2/tool_calls/0/function/arguments", "{", "not_json", None),
        ("talk", "tools", "{", "not_json", "/tools"),
        ("talk", "weight", 1.0, "unknown_key", "/weight"),
        ("plain", "messages", GONE, "no_layout", ""),
        ("plain", "messages", [], "empty_list", "/messages"),
        ("plain", "messages/1", GONE, "nothing_to_learn", "/messages"),
        ("plain", "messages/1/content", "", "empty_text", "/messages/1/content"),
        ("pair", "messages", GONE, "missing_key", ""),
        ("pair", "rejected", GONE, "missing_key", ""),
        ("pair", "rejected", "no", "not_an_object", "/rejected"),
        ("pair", "rejected/content", "", "empty_text", "/rejected/content"),
        ("pair", "rejected/role", "user", "bad_last_turn", "/rejected/role"),
        ("pair", "messages/1/role", "assistant", "bad_last_turn", "/messages/1/role"),
        ("pair", "tools", TOOL_TEXT, "unknown_key", "/tools"),
        ("text", "text", "", "empty_text", "/text"),
        ("text", "weight", 1.0, "unknown_key", "/weight"),
    ],
)
def test_wrong_rows(name: str, path: str, value: Any, code: str, at: str | None) -> None:
    """A right row with one thing changed is refused for it."""
    assert list(check(RIGHT[name])) == []
    assert (code, f"/{path}" if at is None else at) in wrong(check, changed(RIGHT[name], path, value))


def test_any_role_may_be_learnt() -> None:
    """Axolotl trains the turn of whoever has the key."""
    messages = [{"role": "user", "content": "Q", "weight": 1}, {"role": "assistant", "content": "A", "weight": 0}]
    assert list(check({"messages": messages})) == []
