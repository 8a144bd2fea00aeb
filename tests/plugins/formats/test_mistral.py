"""The format `mistral`, beside the validator of mistral-common itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.formats.hosted import AGENT, QUESTION, TALK, TURNS, context, doubtful, offered, wrong
from tuneport import Chat, Message, ToolCall

MISTRAL = offered()["mistral"]
Judge = Callable[[dict[str, Any]], bool]


@pytest.fixture(scope="module")
def judged(needs: Callable[[str], None]) -> Callable[[str], Judge]:
    """Whether mistral-common takes a row for tuning, by the version of its tokenizer."""
    needs("mistral")
    from mistral_common.exceptions import MistralCommonException
    from mistral_common.protocol.instruct.messages import (
        FinetuningAssistantMessage,
        SystemMessage,
        ToolMessage,
        UserMessage,
    )
    from mistral_common.protocol.instruct.tool_calls import Tool
    from mistral_common.protocol.instruct.validator import ValidationMode, get_validator
    from mistral_common.tokens.tokenizers.base import TokenizerVersion
    from pydantic import ValidationError

    kinds = {
        "assistant": FinetuningAssistantMessage,
        "system": SystemMessage,
        "tool": ToolMessage,
        "user": UserMessage,
    }

    def judge(version: str) -> Judge:
        validator = get_validator(TokenizerVersion(version), ValidationMode.finetuning)

        def takes(row: dict[str, Any]) -> bool:
            try:
                messages = [kinds[one["role"]].model_validate(one) for one in row["messages"]]
                validator.validate_messages(messages)
                validator._validate_tools([Tool.model_validate(one) for one in row.get("tools", ())])
            except (MistralCommonException, ValidationError):
                return False
            return True

        return takes

    return judge


@pytest.fixture(scope="module")
def right(judged: Callable[[str], Judge]) -> Judge:
    """What tokenizers of version 11 take."""
    return judged("v11")


@pytest.fixture(scope="module")
def right_for_all(judged: Callable[[str], Judge]) -> Judge:
    """What all tokenizers take that know tools."""
    judges = [judged(version) for version in ("v3", "v7", "v11", "v13", "v15")]
    return lambda row: all(judge(row) for judge in judges)


CALL: dict[str, Any] = {"id": "abcdefgh1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
OTHER = {**CALL, "id": "abcdefgh2"}
SYSTEM, ASK = {"role": "system", "content": "S"}, {"role": "user", "content": "Q"}
SAY = {"role": "assistant", "content": "A"}
CALLING, BOTH = ({"role": "assistant", "content": "", "tool_calls": calls} for calls in ([CALL], [CALL, OTHER]))
GIVEN, GIVEN_TOO = ({"role": "tool", "content": "x", "tool_call_id": one["id"]} for one in (CALL, OTHER))
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "f", "description": "", "parameters": {}}}
FUNCTION = TOOL["function"]


UNNAMED = {"role": "tool", "content": "x"}


def called(number: str) -> dict[str, Any]:
    """The assistant calls a tool, under this id."""
    return {**CALLING, "tool_calls": [{**CALL, "id": number}]}


REFUSED: list[tuple[list[dict[str, Any]], str, str]] = [
    ([SAY], "/messages", "bad_first_turn"),
    ([ASK], "/messages/0/role", "bad_last_turn"),
    ([ASK, SAY, ASK], "/messages/2/role", "bad_last_turn"),
    ([ASK, SAY, SYSTEM, ASK, SAY], "/messages/2/role", "bad_order"),
    ([ASK, GIVEN, SAY], "/messages/1/role", "bad_order"),
    ([{**ASK, "name": "Kim"}, SAY], "/messages/0/name", "unknown_key"),
    ([ASK, {**SAY, "reasoning_content": "Hm."}], "/messages/1/reasoning_content", "unknown_key"),
    ([ASK, {**SAY, "prefix": True}], "/messages/1/prefix", "unknown_key"),
    (
        [ASK, called("call_1"), {**GIVEN, "tool_call_id": "call_1"}, SAY],
        "/messages/1/tool_calls/0/id",
        "bad_tool_call_id",
    ),
    ([ASK, called("null"), GIVEN, SAY], "/messages/1/tool_calls/0/id", "bad_tool_call_id"),
    ([ASK, CALLING, {**GIVEN, "tool_call_id": "x"}, SAY], "/messages/2/tool_call_id", "bad_tool_call_id"),
    ([ASK, CALLING, UNNAMED, SAY], "/messages/2/tool_call_id", "bad_tool_call_id"),
    ([ASK, CALLING, GIVEN_TOO, SAY], "/messages/2/tool_call_id", "unknown_tool_call_id"),
    ([ASK, CALLING, GIVEN, GIVEN, SAY], "/messages/3/tool_call_id", "unknown_tool_call_id"),
    ([ASK, BOTH, GIVEN, SAY], "/messages/3", "unanswered_call"),
    ([ASK, CALLING, SAY], "/messages/2", "unanswered_call"),
    ([ASK, {**BOTH, "tool_calls": [CALL, CALL]}, GIVEN, SAY], "/messages/1/tool_calls/1/id", "bad_tool_call_id"),
    ([ASK, {**CALLING, "tool_calls": [{**CALL, "index": 0}]}], "/messages/1/tool_calls/0/index", "unknown_key"),
    (
        [ASK, {**CALLING, "tool_calls": [{**CALL, "function": {**CALL["function"], "strict": True}}]}],
        "/messages/1/tool_calls/0/function/strict",
        "unknown_key",
    ),
    ([ASK, CALLING, {**GIVEN, "name": "a b"}, SAY], "/messages/2/name", "bad_tool_name"),
    # What is only said of the text beside the call hides nothing.
    ([ASK, {**CALLING, "content": "Wait."}, GIVEN_TOO, SAY], "/messages/2/tool_call_id", "unknown_tool_call_id"),
    ([ASK, {**CALLING, "content": "Wait."}, SAY], "/messages/2", "unanswered_call"),
]
RIGHT = [
    [ASK, SAY],
    [SYSTEM, SYSTEM, ASK, ASK, SAY, SAY],
    [ASK, SYSTEM, SAY],
    [SAY, SAY],
    [ASK, BOTH, GIVEN_TOO, GIVEN, SAY],
    [ASK, CALLING, GIVEN, ASK, CALLING],
    [ASK, called("null")],
    [ASK, CALLING, {**GIVEN, "name": "f"}, SAY],
    [ASK, {**SAY, "weight": 0}, ASK, {**SAY, "weight": 1}],
]
TOOLS: list[tuple[Any, str, str]] = [
    ({**TOOL, "strict": True}, "/tools/0/strict", "unknown_key"),
    ({**TOOL, "function": {"name": "f", "description": ""}}, "/tools/0/function", "missing_key"),
    ({**TOOL, "function": {**FUNCTION, "name": "a b"}}, "/tools/0/function/name", "bad_tool_name"),
    ({**TOOL, "function": {**FUNCTION, "parameters": {"type": "x"}}}, "/tools/0/function/parameters/type", "bad_tool"),
    (
        {**TOOL, "function": {**FUNCTION, "parameters": {"properties": {"n": {"minimum": "1"}}}}},
        "/tools/0/function/parameters/properties/n/minimum",
        "bad_tool",
    ),
]


@pytest.mark.parametrize("messages", RIGHT)
def test_a_right_conversation_is_right_for_both(messages: list[Any], right: Judge) -> None:
    """For mistral-common, and for us."""
    assert right({"messages": messages})
    assert wrong(MISTRAL.check, {"messages": messages}) == []


@pytest.mark.parametrize(("messages", "path", "code"), REFUSED)
def test_a_wrong_conversation_is_refused_by_both(messages: list[Any], path: str, code: str, right: Judge) -> None:
    """We say at which place, and why."""
    assert not right({"messages": messages})
    assert wrong(MISTRAL.check, {"messages": messages})[0] == (path, code)


@pytest.mark.parametrize(("tool", "path", "code"), TOOLS)
def test_a_wrong_tool_is_refused_by_both(tool: Any, path: str, code: str, right: Judge) -> None:
    """Parameters are a JSON Schema of draft 7."""
    assert not right({"messages": [ASK, SAY], "tools": [tool]})
    assert wrong(MISTRAL.check, {"messages": [ASK, SAY], "tools": [tool]}) == [(path, code)]


def test_half_a_character_in_a_schema_is_said() -> None:
    """Nothing judges such a schema, and nothing dies of it."""
    tool = {**TOOL, "function": {**FUNCTION, "parameters": {"type": "\ud800"}}}
    assert wrong(MISTRAL.check, {"messages": [ASK, SAY], "tools": [tool]}) == [
        ("/tools/0/function/parameters", "bad_tool")
    ]


def test_what_only_some_refuse_is_said(right: Judge, right_for_all: Judge) -> None:
    """A text beside calls, which version 3 refuses, and a tool without description, which mistral-finetune does."""
    both = {"messages": [ASK, {**CALLING, "content": "Wait."}, GIVEN, SAY]}
    bare = {"messages": [ASK, SAY], "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}

    assert right(both)
    assert not right_for_all(both)
    for row, path, code in (
        (both, "/messages/1/content", "text_beside_calls"),
        (bare, "/tools/0/function", "no_description"),
    ):
        assert wrong(MISTRAL.check, row) == []
        assert doubtful(MISTRAL.check, row) == [(path, code)]


CONVERSATIONS = st.lists(
    st.sampled_from([SYSTEM, ASK, SAY, {**SAY, "weight": 0}, CALLING, BOTH, GIVEN, GIVEN_TOO]), min_size=1, max_size=7
)


@given(messages=CONVERSATIONS)
@settings(max_examples=400)
def test_we_refuse_what_mistral_refuses(messages: list[Any], right: Judge) -> None:
    """And nothing else, whoever speaks when."""
    assert (wrong(MISTRAL.check, {"messages": messages}) == []) == right({"messages": messages})


TEXTS = st.text(min_size=1, max_size=5)
ROUNDS = st.lists(
    st.tuples(TEXTS, st.lists(st.tuples(st.sampled_from(["f", "g_2"]), TEXTS, TEXTS), max_size=3), TEXTS),
    min_size=1,
    max_size=3,
)


@given(rounds=ROUNDS, system=st.none() | TEXTS)
def test_what_we_write_is_right_for_all_versions(rounds: list[Any], system: str | None, right_for_all: Judge) -> None:
    """Whatever ids calls have: some share one, others have none."""
    messages = [] if system is None else [Message("developer", system)]
    for asked, calls, answer in rounds:
        messages.append(Message("user", asked))
        if calls:
            made = tuple(ToolCall(name, {"x": value}, id=str(place)) for place, (name, value, _) in enumerate(calls))
            messages.append(Message("assistant", "", tool_calls=made))
            messages += [Message("tool", said, tool_call_id=str(place)) for place, (_, _, said) in enumerate(calls)]
        messages.append(Message("assistant", answer))
    sample = Chat(messages=messages)

    assert right_for_all(MISTRAL.row(sample, context(sample, turns=TURNS, tools=True)))


@pytest.mark.parametrize("sample", [QUESTION, TALK, AGENT])
def test_rows_are_right_for_all_versions(sample: Any, right_for_all: Judge) -> None:
    """With tools, and with masks."""
    assert right_for_all(MISTRAL.row(sample, context(sample, turns=TURNS, tools=True)))
