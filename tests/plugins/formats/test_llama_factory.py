"""The formats `llama_factory` and `llama_factory_v1`: rows, rules, and what the trainer is told of them."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.formats.rules_table import GONE, changed, wrong
from plugins.formats.samples import CALLED, JUDGED, PAIR, TOOL_TEXT, chat, context
from tuneport import Chat, Config, Instruction, Message, Preference, Reject, Sample, Text
from tuneport_formats import llama_factory, llama_factory_v1


def row(sample: Sample, kind: type[Sample] | None = None) -> Any:
    """A sample's row in a run of its kind."""
    return llama_factory.LlamaFactory(Config(), context(kind or type(sample), tools=bool(sample.tools)))(sample)


def v1(sample: Sample, **more: Any) -> Any:
    """A sample's row for the v1 engine."""
    ctx = context(type(sample), tools=bool(sample.tools), **more)
    return llama_factory_v1.LlamaFactoryV1(Config(), ctx)(sample)


def said(*turns: str) -> list[dict[str, str]]:
    """Turns as `speaker: text`."""
    return [dict(zip(("from", "value"), turn.split(": ", 1), strict=True)) for turn in turns]


THINKS = "<think>\nR\n</think>\n\n"


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (
            Instruction(instruction="I", input="N", output="O", reasoning="R"),
            {"instruction": "I", "input": "N", "output": f"{THINKS}O"},
        ),
        (Instruction(instruction="I", output="O"), {"instruction": "I", "input": "", "output": "O"}),
        (Text(text="T"), {"text": "T"}),
        (chat("Q", "A", system="S"), {"conversations": said("system: S", "human: Q", "gpt: A")}),
        (JUDGED, {"conversations": said("human: Q", "gpt: A"), "kto_tag": False}),
        (
            PAIR,
            {
                "conversations": said("system: S", "human: Q"),
                "chosen": {"from": "gpt", "value": f"{THINKS}yes"},
                "rejected": {"from": "gpt", "value": "no"},
            },
        ),
    ],
)
def test_each_kind_has_its_layout(sample: Sample, expected: dict[str, Any]) -> None:
    """The sample's weight has no place in any of them."""
    assert row(sample) == expected
    assert list(llama_factory.check(expected)) == []


def test_a_run_of_several_kinds_has_conversations() -> None:
    """All rows of a file have the same columns."""
    sample = Instruction(instruction="I", input="N", output="O")
    assert row(sample, Sample) == {"conversations": said("human: I\n\nN", "gpt: O")}


def test_an_answer_of_a_pair_is_one_turn() -> None:
    """The layout has an object for each answer."""
    long = Preference(
        prompt=PAIR.prompt, chosen=PAIR.chosen, rejected=[Message("assistant", "a"), Message("user", "b")]
    )
    made = row(long)
    assert isinstance(made, Reject)
    assert made.code == "not_one_answer"


TALK = {"conversations": said("human: Q", "gpt: A"), "tools": TOOL_TEXT}
RIGHT: dict[str, dict[str, Any]] = {
    "talk": TALK,
    "pair": {
        "conversations": said("human: Q"),
        "chosen": {"from": "gpt", "value": "A"},
        "rejected": {"from": "gpt", "value": "B"},
    },
    "kto": {**TALK, "kto_tag": True},
    "alpaca": {"instruction": "I", "input": "", "output": "O", "history": [["Q", "A"]]},
    "text": {"text": "T"},
}


@pytest.mark.parametrize(
    ("name", "path", "value", "code", "at"),
    [
        ("talk", "conversations", GONE, "no_layout", ""),
        ("talk", "conversations/1", GONE, "bad_last_turn", "/conversations"),
        ("talk", "weight", 1.0, "unknown_key", "/weight"),
        ("talk", "tools", "[", "not_json", "/tools"),
        ("pair", "chosen", GONE, "missing_key", ""),
        ("pair", "rejected", "B", "not_an_object", "/rejected"),
        ("pair", "rejected/from", "human", "unknown_role", "/rejected/from"),
        ("pair", "rejected/value", "", "empty_text", "/rejected/value"),
        ("pair", "conversations/0/from", "gpt", "out_of_turn", "/conversations/0/from"),
        ("pair", "conversations", said("human: Q", "gpt: A"), "bad_last_turn", "/conversations"),
        ("kto", "kto_tag", "yes", "bad_label", "/kto_tag"),
        ("alpaca", "output", "", "empty_text", "/output"),
        ("alpaca", "metadata", {}, "unknown_key", "/metadata"),
        ("text", "text", "", "empty_text", "/text"),
        ("text", "weight", 1.0, "unknown_key", "/weight"),
        ("text", "text", GONE, "no_layout", ""),
    ],
)
def test_wrong_rows(name: str, path: str, value: Any, code: str, at: str) -> None:
    """A right row with one thing changed is refused for it."""
    assert list(llama_factory.check(RIGHT[name])) == []
    assert wrong(llama_factory.check, changed(RIGHT[name], path, value)) == [(code, at)]


def part(kind: str, value: str) -> dict[str, str]:
    """A part of a message."""
    return {"type": kind, "value": value}


def test_v1_messages_carry_the_weight() -> None:
    """The assistant's have the sample's times their own, all others 0; calls and reasoning are parts."""
    assert v1(CALLED) == {
        "messages": [
            {"role": "system", "content": [part("text", "S")], "loss_weight": 0.0},
            {"role": "user", "content": [part("text", "Q")], "loss_weight": 0.0},
            {
                "role": "assistant",
                "content": [part("reasoning", "R"), part("tool_call", '{"name":"find","arguments":{"q":1}}')],
                "loss_weight": 2.0,
            },
            {"role": "tool", "content": [part("text", "found")], "loss_weight": 0.0},
            {"role": "assistant", "content": [part("text", "A")], "loss_weight": 1.0},
        ],
        "tools": TOOL_TEXT,
    }
    assert [turn["loss_weight"] for turn in v1(CALLED, weighted=False)["messages"]] == [0.0, 0.0, 1.0, 0.0, 0.5]


def test_v1_is_given_the_input_in_the_instruction() -> None:
    """Its own converter would join them with nothing between."""
    made = v1(Instruction(instruction="I", input="N", output="O"))
    assert made["messages"][0]["content"] == [part("text", "I\n\nN")]


V1 = v1(CALLED)


@pytest.mark.parametrize(
    ("path", "value", "code", "at"),
    [
        ("messages", GONE, "missing_key", ""),
        ("messages", [], "empty_list", "/messages"),
        ("messages/0", 1, "not_an_object", "/messages/0"),
        ("messages/0/role", "developer", "unknown_role", "/messages/0/role"),
        ("messages/0/weight", 1.0, "unknown_key", "/messages/0/weight"),
        ("messages/1/content", "Q", "not_a_list", "/messages/1/content"),
        ("messages/1/content", GONE, "missing_key", "/messages/1"),
        ("messages/1/content/0", "Q", "not_an_object", "/messages/1/content/0"),
        ("messages/1/content/0/type", "image", "unknown_part", "/messages/1/content/0/type"),
        ("messages/1/content/0/value", "", "empty_text", "/messages/1/content/0/value"),
        ("messages/2/content/1/value", "find", "bad_call", "/messages/2/content/1/value"),
        ("messages/2/content/1/value", '{"name": 1}', "bad_call", "/messages/2/content/1/value"),
        ("messages/4/loss_weight", None, "bad_weight", "/messages/4/loss_weight"),
        ("messages/4/loss_weight", -1.0, "bad_weight", "/messages/4/loss_weight"),
        ("tools", "[", "not_json", "/tools"),
        ("weight", 1.0, "unknown_key", "/weight"),
    ],
)
def test_wrong_rows_of_v1(path: str, value: Any, code: str, at: str) -> None:
    """A right row with one thing changed is refused for it."""
    assert list(llama_factory_v1.check(V1)) == []
    assert wrong(llama_factory_v1.check, changed(V1, path, value)) == [(code, at)]


def test_v1_learns_something_or_ends_with_the_assistant() -> None:
    """A row of which nothing is learnt is rendered whole, and that fails where the assistant is not last."""
    asked, answered = ({"role": role, "content": [part("text", "T")]} for role in ("user", "assistant"))
    unlearnt = {**answered, "loss_weight": 0.0}
    for messages, found in [
        ([asked], [("nothing_to_learn", "/messages")]),
        ([asked, answered, asked], []),
        ([asked, unlearnt, asked], [("bad_last_turn", "/messages/2/role")]),
        ([asked, unlearnt], []),
    ]:
        assert wrong(llama_factory_v1.check, {"messages": messages}) == found


def test_the_columns_for_the_card() -> None:
    """Every column has one type."""
    turn = {"struct": {"from": "string", "value": "string"}}
    pairs = llama_factory.LlamaFactory(Config(), context(Preference, tools=True))
    assert pairs.features == {"conversations": {"list": turn}, "chosen": turn, "rejected": turn, "tools": "string"}
    kinds = {"struct": {"type": "string", "value": "string"}}
    message = {"role": "string", "content": {"list": kinds}, "loss_weight": "float64"}
    engine = llama_factory_v1.LlamaFactoryV1(Config(), context(Chat))
    assert engine.features == {"messages": {"list": {"struct": message}}}
