"""The format `sharegpt`: who speaks when, and calls as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.formats.rules_table import GONE, changed, wrong
from plugins.formats.samples import CALLED, TOOL_TEXT, chat, context
from tuneport import Chat, Config, Instruction, Message, Reject, Sample, ToolCall
from tuneport_formats.sharegpt import ShareGPT, check


def row(sample: Sample) -> Any:
    """A sample's row in a run of its kind."""
    return ShareGPT(Config(), context(type(sample), tools=bool(sample.tools)))(sample)


def said(*turns: str) -> list[dict[str, str]]:
    """Turns as `speaker: text`."""
    return [dict(zip(("from", "value"), turn.split(": ", 1), strict=True)) for turn in turns]


def test_a_conversation() -> None:
    """Everybody has another name here."""
    expected = said("system: S", "human: Q", "gpt: A")
    assert row(chat("Q", "A", system="S")) == {"conversations": expected}
    assert row(Instruction(instruction="I", output="O")) == {"conversations": said("human: I", "gpt: O")}


def test_calls_and_tools() -> None:
    """One call is an object, several are a list, reasoning stands before; tools are JSON text, "" for none."""
    call = 'function_call: <think>\nR\n</think>\n\n{"name":"find","arguments":{"q":1}}'
    made = row(CALLED)
    assert made == {
        "conversations": said("system: S", "human: Q", call, "observation: found", "gpt: A"),
        "tools": TOOL_TEXT,
    }
    assert list(check(made)) == []
    two = Chat(messages=[Message("user", "Q"), Message("assistant", "", (ToolCall("a", {}), ToolCall("b", {})))])
    assert row(two)["conversations"][1]["value"] == '[{"name":"a","arguments":{}},{"name":"b","arguments":{}}]'
    untooled = ShareGPT(Config(), context(Chat, tools=True))(chat("Q", "A"))
    assert not isinstance(untooled, Reject)
    assert untooled["tools"] == ""


def test_a_turn_that_says_and_calls() -> None:
    """There is no place for what is said."""
    made = row(Chat(messages=[Message("user", "Q"), Message("assistant", "Wait.", (ToolCall("a", {}),))]))
    assert isinstance(made, Reject)
    assert made.code == "said_and_called"


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ('<think>\nhm\n</think>\n\n{"name": "f", "arguments": {"q": "</think>"}}', []),
        ('{"name": "f", "arguments": {"q": "<think>a</think>"}}', []),
        ('<think>a</think>b</think>{"name": "f", "arguments": {}}', ["bad_call"]),
        ('hm</think>{"name": "f", "arguments": {}}', ["bad_call"]),
    ],
)
def test_a_thought_before_a_call_ends_at_its_first_end(value: str, codes: list[str]) -> None:
    """LLaMA-Factory takes that away, and reads the rest as JSON."""
    turns = [{"from": "human", "value": "Q"}, {"from": "function_call", "value": value}]
    assert [problem.code for problem in check({"conversations": turns})] == codes


RIGHT = {
    "conversations": said(
        "system: S", "human: Q", 'function_call: {"name": "f", "arguments": {}}', "observation: ", "gpt: A"
    ),
    "tools": TOOL_TEXT,
}


@pytest.mark.parametrize(
    ("path", "value", "code", "at"),
    [
        ("conversations", GONE, "missing_key", ""),
        ("conversations", [], "empty_list", "/conversations"),
        ("conversations", "Q", "not_a_list", "/conversations"),
        ("conversations/0", "S", "not_an_object", "/conversations/0"),
        ("conversations/0/from", "user", "unknown_role", "/conversations/0/from"),
        ("conversations/1/from", "gpt", "out_of_turn", "/conversations/1/from"),
        ("conversations/1/from", "system", "out_of_turn", "/conversations/1/from"),
        ("conversations/3", GONE, "out_of_turn", "/conversations/3/from"),
        ("conversations/4", GONE, "bad_last_turn", "/conversations"),
        ("conversations/4/value", "", "empty_text", "/conversations/4/value"),
        ("conversations/4/value", None, "not_a_text", "/conversations/4/value"),
        ("conversations/2/value", "find it", "bad_call", "/conversations/2/value"),
        ("conversations/2/value", "[]", "bad_call", "/conversations/2/value"),
        ("conversations/2/value", '{"name": "f"}', "bad_call", "/conversations/2/value"),
        ("tools", "find", "not_json", "/tools"),
        ("tools", [{}], "not_a_text", "/tools"),
        ("weight", 1.0, "unknown_key", "/weight"),
    ],
)
def test_wrong_rows(path: str, value: Any, code: str, at: str) -> None:
    """A right row with one thing changed is refused for it."""
    assert list(check(RIGHT)) == []
    assert wrong(check, changed(RIGHT, path, value)) == [(code, at)]


def test_rows_without_a_system_message_or_tools() -> None:
    """Both may be missing."""
    assert list(check({"conversations": said("human: Q", "gpt: A"), "tools": ""})) == []
