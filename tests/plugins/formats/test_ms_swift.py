"""The formats `ms_swift` and `ms_swift_rlhf`: weights of messages, calls as messages, pairs and labels."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.formats.rules_table import GONE, changed, wrong
from plugins.formats.samples import ALL_TURNS, CALLED, JUDGED, PAIR, TOOL_TEXT, chat, context
from tuneport import Chat, Config, Message, Preference, Sample, Text, ToolCall, Unpaired
from tuneport_formats._swift_rules import check, check_rlhf
from tuneport_formats.ms_swift import Swift, SwiftPairs

CALL = '{"name":"find","arguments":{"q":1}}'
THINKS = "<think>\nR\n</think>\n\n"


def row(sample: Sample, *turns: str, **more: Any) -> Any:
    """A sample's row in a run of its kind."""
    return Swift(Config(), context(type(sample), turns, tools=bool(sample.tools), **more))(sample)


def pair(sample: Sample, **more: Any) -> Any:
    """A row of preference data."""
    return SwiftPairs(Config(), context(type(sample), tools=bool(sample.tools), **more))(sample)


def turn(role: str, content: str, *rest: Any) -> dict[str, Any]:
    """A message, with what stands under `loss` and `loss_scale`."""
    return dict(zip(("role", "content", "loss", "loss_scale"), (role, content, *rest), strict=False))


def test_the_assistants_messages_carry_the_weight() -> None:
    """As `loss_scale`; others have null there, so that all have the same keys."""
    made = row(chat("Q", "A", "R", "B", weight=0.5))
    assert [message["loss_scale"] for message in made["messages"]] == [None, 0.5, None, 0.5]
    assert made["messages"][0] == {"role": "user", "content": "Q", "loss_scale": None}
    assert row(Text(text="T"))["messages"] == [{"role": "assistant", "content": "T", "loss_scale": 1.0}]
    assert row(chat("Q", "A"), weighted=False)["messages"][1] == turn("assistant", "A")


def test_tools_calls_and_weights_of_turns() -> None:
    """Calls are messages of their own; a turn's weight multiplies the sample's, and 0 is `loss: false`."""
    assert row(CALLED, *ALL_TURNS) == {
        "messages": [
            turn("system", "S", None, None),
            turn("user", "Q", None, None),
            turn("assistant", THINKS, None, 2.0),
            turn("tool_call", CALL, None, 2.0),
            turn("tool_response", "found", None, None),
            turn("assistant", "A", True, 1.0),
        ],
        "tools": TOOL_TEXT,
    }
    masked = Chat(messages=[Message("user", "Q"), Message("assistant", "A", weight=0.0)])
    assert row(masked, "weight")["messages"][1] == turn("assistant", "A", False, 0.0)


def test_reasoning_with_a_weight_of_its_own_is_a_message() -> None:
    """ms-swift joins messages of the assistant that stand side by side, and keeps the scale of each."""
    thought = Message("assistant", "A", reasoning="R", weight=2.0, reasoning_weight=0.5)
    made = row(Chat(messages=[Message("user", "Q"), thought]), *ALL_TURNS)
    assert made["messages"][1:] == [turn("assistant", THINKS, True, 0.5), turn("assistant", "A", True, 2.0)]
    same = Message("assistant", "A", reasoning="R")
    made = row(Chat(messages=[Message("user", "Q"), same]), *ALL_TURNS)
    assert made["messages"][1:] == [turn("assistant", f"{THINKS}A", None, 1.0)]


def test_two_calls_are_two_messages() -> None:
    """What is said stands before them."""
    calls = (ToolCall("find", {"q": 1}), ToolCall("find", {"q": 1}))
    made = row(Chat(messages=[Message("user", "Q"), Message("assistant", "Wait.", calls)]), weighted=False)
    assert made["messages"][1:] == [turn("assistant", "Wait."), turn("tool_call", CALL), turn("tool_call", CALL)]


def test_a_pair_and_a_label() -> None:
    """Both answers have the prompt before them; tools are said for the rejected one too."""
    prompt = [turn("system", "S"), turn("user", "Q")]
    assert pair(PAIR) == {
        "messages": [*prompt, turn("assistant", f"{THINKS}yes")],
        "rejected_messages": [*prompt, turn("assistant", "no")],
    }
    assert pair(JUDGED) == {"messages": [turn("user", "Q"), turn("assistant", "A")], "label": False}
    tooled = Preference(prompt=PAIR.prompt, chosen=PAIR.chosen, rejected=PAIR.rejected, tools=CALLED.tools)
    made = pair(tooled)
    assert made["tools"] == made["rejected_tools"] == TOOL_TEXT
    features = SwiftPairs(Config(), context(Preference, tools=True)).features
    assert features is not None
    assert list(made) == list(features)


def test_the_columns_for_the_card() -> None:
    """`loss` stands there where turns may be masked, `loss_scale` where anything is weighed."""
    plain = {"role": "string", "content": "string"}
    for ctx, columns in [
        (context(Chat, weighted=False), plain),
        (context(Chat), {**plain, "loss_scale": "float64"}),
        (context(Chat, ["weight"], weighted=False), {**plain, "loss": "bool", "loss_scale": "float64"}),
    ]:
        assert Swift(Config(), ctx).features == {"messages": {"list": {"struct": columns}}}
    labelled = SwiftPairs(Config(), context(Unpaired)).features
    assert labelled == {"messages": {"list": {"struct": plain}}, "label": "bool"}


RIGHT = row(CALLED, *ALL_TURNS)


@pytest.mark.parametrize(
    ("path", "value", "code", "at"),
    [
        ("messages", GONE, "missing_key", ""),
        ("messages", [], "empty_list", "/messages"),
        ("messages/0/role", "developer", "unknown_role", "/messages/0/role"),
        ("messages/1/role", "system", "system_not_first", "/messages/1/role"),
        ("messages/1/weight", 1.0, "unknown_key", "/messages/1/weight"),
        ("messages/1/content", None, "not_a_text", "/messages/1/content"),
        ("messages/1/loss_scale", 1.0, "misplaced_weight", "/messages/1/loss_scale"),
        ("messages/3/content", "find", "bad_call", "/messages/3/content"),
        ("messages/5", GONE, "bad_last_turn", "/messages/4/role"),
        ("messages/5/loss", 1, "bad_label", "/messages/5/loss"),
        ("messages/5/loss_scale", "1", "bad_weight", "/messages/5/loss_scale"),
        ("messages/5/loss_scale", -1.0, "bad_weight", "/messages/5/loss_scale"),
        ("tools", [{}], "not_a_text", "/tools"),
        ("weight", 1.0, "unknown_key", "/weight"),
        ("label", True, "unknown_key", "/label"),
    ],
)
def test_wrong_rows(path: str, value: Any, code: str, at: str) -> None:
    """A right row with one thing changed is refused for it."""
    assert list(check(RIGHT)) == []
    assert wrong(check, changed(RIGHT, path, value)) == [(code, at)]


PAIRED = {**pair(PAIR), "tools": TOOL_TEXT, "rejected_tools": TOOL_TEXT}
ANSWERED = {"messages": PAIRED["messages"], "rejected_response": "no"}
LABELLED = {"messages": PAIRED["messages"], "label": True}


@pytest.mark.parametrize(
    ("right", "path", "value", "code", "at"),
    [
        (PAIRED, "messages", GONE, "missing_key", ""),
        (PAIRED, "rejected_messages", GONE, "missing_key", ""),
        (PAIRED, "rejected_messages", [], "empty_list", "/rejected_messages"),
        (PAIRED, "rejected_messages", PAIRED["messages"], "same_answers", "/rejected_messages"),
        (PAIRED, "rejected_tools", None, "missing_key", "/rejected_tools"),
        (PAIRED, "weight", 1.0, "unknown_key", "/weight"),
        (ANSWERED, "rejected_response", "", "empty_text", "/rejected_response"),
        (ANSWERED, "rejected_response", None, "not_a_text", "/rejected_response"),
        (ANSWERED, "rejected_response", f"{THINKS}yes", "same_answers", "/rejected_response"),
        (LABELLED, "label", 1, "bad_label", "/label"),
        (LABELLED, "rejected_response", "no", "unknown_key", "/rejected_response"),
    ],
)
def test_wrong_rows_of_preference_data(right: dict[str, Any], path: str, value: Any, code: str, at: str) -> None:
    """A pair has two answers that differ, or one has a label."""
    assert list(check_rlhf(right)) == []
    assert wrong(check_rlhf, changed(right, path, value)) == [(code, at)]
