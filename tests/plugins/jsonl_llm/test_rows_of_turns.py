"""The format `tuneport` for conversations and preferences: keys of turns, columns, and its rules for a row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugins.jsonl_llm.support import STYLES, context, showing
from tuneport import Chat, Instruction, Message, Preference, Sample, Text, ToolCall, Unpaired
from tuneport.context import SampleShape
from tuneport.traits import ASPECTS
from tuneport_jsonl_llm import register_formats, rows
from tuneport_jsonl_llm.config import RowConfig, StyleConfig
from tuneport_jsonl_llm.row_check import check

USER, ANSWER = Message("user", "Q"), Message("assistant", "A")
CALLING = Message("assistant", "", (ToolCall("f", {"a": 1}, "c"),))
TOOL = {"type": "function", "function": {"name": "f"}}


def written(sample: Sample, **shape: Any) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A sample's row where its run has this shape, and the columns that are announced."""
    one = SampleShape(type(sample), **{**shape, "turns": frozenset(shape.get("turns", ()))})
    made = rows.tuneport(RowConfig(), context(sample=one))
    row = made(sample)
    assert made.features is None or list(made.features) == list(row)
    assert check(json.loads(json.dumps(row))) == []
    return row, made.features


def test_every_turn_has_the_keys_of_the_run() -> None:
    """In one order, with nothing where a turn has nothing; arguments of calls and tools are JSON text."""
    chat = Chat(messages=[USER, CALLING, Message("tool", "x", tool_call_id="c"), ANSWER], tools=[TOOL])
    row, features = written(chat, turns=["tool_call_id", "tool_calls"], tools=True)
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    assert row == {
        "messages": [
            {"role": "user", "content": "Q", "tool_calls": [], "tool_call_id": ""},
            {"role": "assistant", "content": "", "tool_calls": [call], "tool_call_id": ""},
            {"role": "tool", "content": "x", "tool_calls": [], "tool_call_id": "c"},
            {"role": "assistant", "content": "A", "tool_calls": [], "tool_call_id": ""},
        ],
        "tools": '[{"type":"function","function":{"name":"f"}}]',
        "weight": 1.0,
    }
    assert features is not None
    function = {"struct": {"name": "string", "arguments": "string"}}
    assert features["messages"]["list"]["struct"] == {
        "role": "string",
        "content": "string",
        "tool_calls": {"list": {"struct": {"id": "string", "type": "string", "function": function}}},
        "tool_call_id": "string",
    }
    assert features["tools"] == "string"


def test_weights_and_reasoning_of_turns() -> None:
    """A number is a float, and null leaves it to the trainer."""
    turns = [USER, Message("assistant", "A", reasoning="R", weight=1, reasoning_weight=0.5)]
    row, _ = written(Chat(messages=turns), turns=["weight", "reasoning", "reasoning_weight", "name"])
    assert [list(turn.values())[2:] for turn in row["messages"]] == [["", "", None, None], ["", "R", 1.0, 0.5]]
    assert type(row["messages"][1]["weight"]) is float
    assert row["messages"] == json.loads(json.dumps(row["messages"]))


def test_reasoning_of_an_instruction() -> None:
    """After the output, in every row of a run that has some."""
    sample = Instruction(instruction="I", output="O", reasoning="R", reasoning_weight=0.5)
    row, features = written(sample, turns=["reasoning", "reasoning_weight"])
    assert list(row.items())[1:4] == [("output", "O"), ("reasoning", "R"), ("reasoning_weight", 0.5)]
    assert features is not None
    assert features["reasoning_weight"] == "float64"
    without, _ = written(Instruction(instruction="I", output="O"), turns=["reasoning"])
    assert without == {"instruction": "I", "output": "O", "reasoning": "", "weight": 1.0}


def test_pairs_and_judged_answers() -> None:
    """Prompts and answers are lists of turns."""
    pair = Preference(prompt=[USER], chosen=[ANSWER], rejected=[Message("assistant", "B", reasoning="R")])
    row, features = written(pair, turns=["reasoning"])
    assert [row[name] for name in ("prompt", "chosen", "rejected")] == [
        [{"role": "user", "content": "Q", "reasoning": ""}],
        [{"role": "assistant", "content": "A", "reasoning": ""}],
        [{"role": "assistant", "content": "B", "reasoning": "R"}],
    ]
    assert features is not None
    assert features["prompt"] == features["rejected"]
    judged, features = written(Unpaired(prompt=[], completion=ANSWER, label=False))
    assert judged == {
        "prompt": [],
        "completion": [{"role": "assistant", "content": "A"}],
        "label": False,
        "weight": 1.0,
    }
    assert features is not None
    assert features["label"] == "bool"


def test_where_the_style_did_not_say_each_sample_decides() -> None:
    """Nothing of it is lost, and plain turns stay plain."""
    write = rows.tuneport(RowConfig(), context(sample=None))
    row = write(Chat(messages=[USER, Message("assistant", "A", name="n")], tools=[TOOL]))
    assert [list(turn) for turn in row["messages"]] == [["role", "content", "name"]] * 2
    assert list(row) == ["messages", "tools", "weight"]
    assert list(write(Chat(messages=[USER, ANSWER]))["messages"][0]) == ["role", "content"]
    assert list(write(Instruction(instruction="I", output="O", reasoning="R"))) == [
        *("instruction", "output", "reasoning", "weight"),
    ]


def test_what_is_written_reads_back_as_the_same_sample() -> None:
    """A row of any kind of conversation is a record of the style that made it."""
    call = {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}],
    }
    turns = [
        {"role": "user", "content": "Q", "name": "ann"},
        {**call, "reasoning": "R", "reasoning_weight": 0.5, "weight": 0},
        {"role": "tool", "content": "x", "tool_call_id": "c"},
        {"role": "assistant", "content": "A", "weight": 2},
    ]
    other = {"role": "assistant", "content": "B"}
    for style, record in (
        ("chat_completion", {"messages": turns, "tools": [TOOL]}),
        ("preference", {"prompt": turns[:3], "chosen": [turns[3]], "rejected": [other], "tools": [TOOL]}),
        ("unpaired_preference", {"prompt": turns[:3], "completion": [turns[3]], "label": True, "tools": [TOOL]}),
    ):
        ctx = showing(record)
        sample = STYLES[style](StyleConfig(), ctx)(record)
        row = json.loads(json.dumps(rows.tuneport(RowConfig(), ctx)(sample)))  # type: ignore[arg-type]
        assert check(row) == []
        assert STYLES[style](StyleConfig(), showing(row))(row) == sample


FINE = {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}
PAIR = {"prompt": [], "chosen": FINE["messages"], "rejected": FINE["messages"]}
JUDGED = {"prompt": [], "completion": FINE["messages"], "label": True}


@pytest.mark.parametrize("row", [FINE, PAIR, JUDGED, {"text": ""}, {"instruction": "", "input": "", "output": ""}])
def test_a_row_of_each_layout_is_right(row: dict[str, Any]) -> None:
    """With and without weight and metadata, as objects or as text."""
    assert check(row) == []
    assert check({**row, "weight": 1, "metadata": {"a": None}, "__schema__": {}, "tools": "[]"}) == []
    assert check({**row, "weight": 0.0, "metadata": "{}", "schema_id": "x"}) == []


def turned(**more: Any) -> dict[str, Any]:
    """A conversation whose answer has this beside role and content."""
    return {"messages": [FINE["messages"][0], {**FINE["messages"][1], **more}]}


@pytest.mark.parametrize(
    ("row", "path", "code"),
    [
        ({}, "", "no_content"),
        ({"question": "Q", "answer": "A"}, "", "no_content"),
        ({"instruction": "I"}, "/output", "bad_column"),
        ({"instruction": "I", "output": None}, "/output", "bad_column"),
        ({"instruction": "I", "output": "O", "input": None}, "/input", "bad_column"),
        ({"text": 3}, "/text", "bad_column"),
        ({**JUDGED, "label": 1}, "/label", "bad_column"),
        ({**FINE, "metadata": []}, "/metadata", "bad_column"),
        ({**FINE, "tools": []}, "/tools", "bad_column"),
        ({**FINE, "tools": "{"}, "/tools", "bad_column"),
        ({**FINE, "weight": -1.0}, "/weight", "bad_weight"),
        ({**FINE, "weight": True}, "/weight", "bad_weight"),
        ({**FINE, "weight": None}, "/weight", "bad_weight"),
        ({"messages": []}, "/messages", "no_turns"),
        ({"messages": "text"}, "/messages", "no_turns"),
        ({**PAIR, "rejected": None}, "/rejected", "no_turns"),
        ({"messages": ["Q"]}, "/messages/0", "bad_turn"),
        ({"messages": [{"role": "", "content": "Q"}]}, "/messages/0", "bad_turn"),
        ({"messages": [{"role": "user", "content": None}]}, "/messages/0/content", "bad_turn"),
        (turned(name=3), "/messages/1/name", "bad_turn"),
        (turned(weight="1"), "/messages/1/weight", "bad_weight"),
        (turned(tool_calls="f"), "/messages/1/tool_calls", "bad_call"),
        (turned(tool_calls=[{"function": {"name": "f", "arguments": {}}}]), "/messages/1/tool_calls", "bad_call"),
        (turned(tool_calls=[{"function": {"name": "", "arguments": "{}"}}]), "/messages/1/tool_calls", "bad_call"),
        ({"messages": FINE["messages"][::-1]}, "/messages/1/role", "last_turn"),
    ],
)
def test_what_is_wrong_with_a_row(row: dict[str, Any], path: str, code: str) -> None:
    """One problem, with its place; a conversation that ends otherwise is only warned of."""
    (problem,) = check(row)
    assert (problem.path, problem.code, bool(problem.hint)) == (path, code, True)
    assert (problem.severity == "warning") is (code == "last_turn")


def test_the_format_carries_everything() -> None:
    """It is the one that loses nothing, whatever a sample has."""
    offered: dict[str, Any] = {}
    register_formats(lambda *_, **more: offered.update(more))
    traits = offered["traits"]
    assert (traits.carries, traits.kinds, traits.weight, traits.uniform) == (frozenset(ASPECTS), None, "row", True)
    assert offered["check"] is check


def test_text_is_written_as_before() -> None:
    """No run that was possible before has another row now."""
    assert written(Text(text="T"))[0] == {"text": "T", "weight": 1.0}
    assert written(Chat(messages=[USER, ANSWER]))[0] == {"messages": FINE["messages"], "weight": 1.0}
