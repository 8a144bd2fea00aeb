"""Turns as messages: which keys they have, and the ids of calls and answers."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.formats.samples import CALLED, PAIR, context
from tuneport import Chat, Message, Preference, ToolCall
from tuneport_formats._calls import with_ids
from tuneport_formats._pairs import pair
from tuneport_formats._turns import Turns

ALL = ("tool_calls", "tool_call_id", "name", "reasoning", "weight")
PLAIN = [Message("user", "Q"), Message("assistant", "A")]


def turns(*has: str, weighted: bool = False, **config: Any) -> Turns:
    """What writes turns that may have these keys."""
    given: dict[str, Any] = {"arguments": "text", "reasoning": "reasoning_content", "uniform": True, **config}
    return Turns(context(Chat, has, weighted=weighted), **given)


def test_plain_turns_have_role_and_content() -> None:
    """No key stands in a turn that no turn of the run has."""
    assert turns()(PLAIN) == [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    assert turns().feature == {"list": {"struct": {"role": "string", "content": "string"}}}


def test_uniform_turns_all_have_the_same_keys() -> None:
    """Null stands where one does not apply, and the card knows the type of each."""
    write = turns(*ALL, weights="float")
    rows = write(CALLED.messages)
    assert {tuple(row) for row in rows} == {tuple(write.feature["list"]["struct"])}
    assert rows[0] == {
        **dict.fromkeys(("tool_calls", "tool_call_id", "name", "reasoning_content", "weight")),
        "role": "system",
        "content": "S",
    }
    function = {"name": "find", "arguments": '{"q":1}'}
    assert rows[2]["tool_calls"] == [{"id": "call_1", "type": "function", "function": function}]
    assert (rows[3]["tool_call_id"], rows[3]["name"], rows[4]["weight"]) == ("call_1", "find", 0.5)


def test_other_turns_have_the_keys_that_apply() -> None:
    """The card declares every key that a turn may have: loaders read one that is not there as null."""
    write = turns(*ALL, uniform=False, null_content=True)
    rows = write(CALLED.messages)
    assert [list(row)[2:] for row in rows] == [
        [],
        [],
        ["tool_calls", "reasoning_content"],
        ["tool_call_id", "name"],
        [],
    ]
    assert rows[2]["content"] is None
    assert write.feature == turns(*ALL).feature


def test_what_a_style_did_not_say_is_taken_from_each_turn() -> None:
    """Without a shape there is no promise of keys."""
    write = Turns(context(None, weighted=False), arguments="object", reasoning="thinking", uniform=True)
    assert [list(row)[2:] for row in write(CALLED.messages)] == [
        [],
        [],
        ["tool_calls", "thinking"],
        ["tool_call_id", "name"],
        [],
    ]
    assert write.feature is None


@pytest.mark.parametrize(
    ("own", "weight", "binary", "number"),
    [(None, None, None, None), (0.0, None, 0, 0.0), (0.5, None, 1, 0.5), (None, 2.0, None, 2.0), (0.5, 2.0, 1, 1.0)],
)
def test_weights_of_turns(own: float | None, weight: float | None, binary: int | None, number: float | None) -> None:
    """0 or 1 where a turn has a weight; or a number, times the sample's, in every turn of the assistant."""
    messages = [Message("user", "Q", weight=1.0), Message("assistant", "A", weight=own)]
    for way, expected in (("binary", binary), ("float", number)):
        rows = turns("weight", weights=way)(messages, weight)
        assert [row["weight"] for row in rows] == [None, expected]
        assert type(rows[1]["weight"]) is type(expected)


def test_a_sample_weight_is_written_though_no_turn_has_one() -> None:
    """The run has weights, so every row has the key."""
    assert [row["loss"] for row in turns(weights="float", weight_key="loss", weighted=True)(PLAIN, 2.0)] == [None, 2.0]
    assert "loss" not in turns(weights="float", weight_key="loss")(PLAIN)[1]


def test_roles_and_names_as_a_target_has_them() -> None:
    """A role may be called otherwise, and names may be left out."""
    messages = [Message("developer", "S", name="N"), *PLAIN]
    rows = turns("name", roles={"developer": "system"}, names=False)(messages)
    assert rows[0] == {"role": "system", "content": "S"}


def calls(*ids: str) -> Message:
    """A turn that calls `a`, `b`, ... with these ids."""
    return Message("assistant", "", tuple(ToolCall("abc"[place], {}, one) for place, one in enumerate(ids)))


def answer(given: str = "", name: str = "") -> Message:
    """A tool's answer."""
    return Message("tool", "", tool_call_id=given, name=name)


@pytest.mark.parametrize(
    ("messages", "ids", "answered"),
    [
        ([calls("", ""), answer(), answer()], ["call_1", "call_2"], ["call_1", "call_2"]),
        ([calls("", ""), answer(name="b"), answer(name="a")], ["call_1", "call_2"], ["call_2", "call_1"]),
        ([calls("x", ""), answer(), answer("x")], ["x", "call_1"], ["x", "x"]),
        ([calls("call_1", ""), answer("call_1"), answer()], ["call_1", "call_2"], ["call_1", "call_2"]),
        ([calls(""), answer(), calls(""), answer()], ["call_1", "call_2"], ["call_1", "call_2"]),
        ([calls("x"), answer("y"), answer()], ["x"], ["y", "x"]),
        ([calls("x"), answer("x"), answer()], ["x"], ["x", ""]),
        ([answer()], [], [""]),
    ],
)
def test_ids_of_calls_and_answers(messages: list[Message], ids: list[str], answered: list[str]) -> None:
    """Calls without an id get one; an answer without one is that of the open call of its name, else of the first."""
    made = with_ids(messages)
    assert [call.id for turn in made for call in turn.tool_calls] == ids
    assert [turn.tool_call_id for turn in made if turn.role == "tool"] == answered


def test_ids_that_a_service_wants_otherwise() -> None:
    """All are made anew, and answers follow their calls."""
    made = with_ids([calls("x", "y"), answer("y"), answer("x")], "{:09d}", keep=False)
    assert [call.id for call in made[0].tool_calls] == ["000000001", "000000002"]
    assert [turn.tool_call_id for turn in made[1:]] == ["000000002", "000000001"]


def test_plain_conversations_are_left_alone() -> None:
    """Nothing is copied where there are no tools."""
    assert with_ids(PLAIN) is PLAIN


def test_an_answer_of_a_pair_may_answer_a_call_of_the_prompt() -> None:
    """Both answers are written together with the prompt."""
    sample = Preference(
        prompt=[Message("user", "Q"), calls("")],
        chosen=[answer(), Message("assistant", "yes")],
        rejected=[Message("assistant", "no")],
    )
    prompt, chosen, rejected = pair(turns("tool_calls", uniform=False), sample)
    assert prompt[1]["tool_calls"][0]["id"] == chosen[0]["tool_call_id"] == "call_1"
    assert rejected == [{"role": "assistant", "content": "no"}]
    assert [len(one) for one in pair(turns(), PAIR)] == [2, 1, 1]
