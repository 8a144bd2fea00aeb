"""`chat_completion` of whole conversations: layouts, fields of turns, and what is no conversation."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.jsonl_llm.support import STYLES, attempt, context, read, showing
from tuneport import Chat, Context, Message, Reject, Sample, ToolCall
from tuneport.context import SampleShape
from tuneport.sample import TURN_FIELDS
from tuneport_jsonl_llm import config
from tuneport_jsonl_llm.config import StyleConfig

Q = {"role": "user", "content": "What is it?"}
A = {"role": "assistant", "content": "It is rain."}
THOUGHT_CALL = '<think>\nhm\n</think>\n\n{"name": "weather", "arguments": {"said": "</think>"}}'
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bonn"}'}}
CALLED = ToolCall("weather", {"city": "Bonn"}, "c1")
ASKED = (Message("user", "What is it?"), Message("assistant", "It is rain."))


def shape_of(ctx: Context) -> SampleShape:
    """What the style declared."""
    assert ctx.sample is not None
    return ctx.sample


def turns(*given: Any, **settings: Any) -> tuple[Message, ...]:
    """The messages of a conversation."""
    return tuple(read("chat_completion", settings, {"messages": list(given)}).messages)


def refused(*given: Any, **settings: Any) -> Reject:
    """The reject of a conversation."""
    result = attempt("chat_completion", settings, {"messages": list(given)})
    assert isinstance(result, Reject), result
    return result


LAYOUTS: dict[str, tuple[list[Any], tuple[Message, ...]]] = {
    "OpenAI": ([Q, A], ASKED),
    "ShareGPT": ([{"from": "human", "value": Q["content"]}, {"from": "gpt", "value": A["content"]}], ASKED),
    "other words": ([{"role": "Human", "content": Q["content"]}, {"role": "model ", "content": A["content"]}], ASKED),
    "blocks of text": (
        [{**Q, "content": [{"type": "text", "text": "What "}, {"type": "input_text", "text": "is it?"}]}, A],
        ASKED,
    ),
    "texts as blocks": ([{**Q, "content": ["What is", " it?"]}, A], ASKED),
    "a number": ([{**Q, "content": 42}, A], (Message("user", "42"), ASKED[1])),
    "an empty system prompt": ([{"role": "system", "content": " "}, Q, A], ASKED),
    "a developer": ([{"role": "developer", "content": "D"}, Q, A], (Message("developer", "D"), *ASKED)),
    "nulls": ([{**Q, "name": None, "tool_calls": None, "weight": None}, {**A, "tool_calls": []}], ASKED),
    "names": ([{**Q, "name": "ann"}, A], (Message("user", "What is it?", name="ann"), ASKED[1])),
    "weights": (
        [Q, {**A, "weight": 0}, Q, {**A, "weight": 1.5, "reasoning_weight": True}],
        (
            ASKED[0],
            Message("assistant", "It is rain.", weight=0.0),
            ASKED[0],
            Message("assistant", "It is rain.", weight=1.5, reasoning_weight=1.0),
        ),
    ),
    **{
        key: ([Q, {**A, key: "Hm."}], (ASKED[0], Message("assistant", "It is rain.", reasoning="Hm.")))
        for key in ("reasoning_content", "thinking", "reasoning")
    },
    "OpenAI tools": (
        [
            Q,
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "rain"},
            A,
        ],
        (
            ASKED[0],
            Message("assistant", "", (CALLED,)),
            Message("tool", "rain", tool_call_id="c1"),
            ASKED[1],
        ),
    ),
    "OpenAI's older call": (
        [Q, {"role": "assistant", "content": None, "function_call": CALL["function"]}],
        (ASKED[0], Message("assistant", "", (ToolCall("weather", {"city": "Bonn"}),))),
    ),
    "ShareGPT call after a thought": (
        [Q, {"from": "function_call", "value": THOUGHT_CALL}],
        (ASKED[0], Message("assistant", "", (ToolCall("weather", {"said": "</think>"}),), reasoning="hm")),
    ),
    "ShareGPT tools": (
        [
            {"from": "human", "value": Q["content"]},
            {"from": "function_call", "value": '{"name": "weather", "arguments": {"city": "Bonn"}}'},
            {"from": "observation", "value": "rain"},
            {"from": "gpt", "value": A["content"]},
        ],
        (
            ASKED[0],
            Message("assistant", "", (ToolCall("weather", {"city": "Bonn"}),)),
            Message("tool", "rain"),
            ASKED[1],
        ),
    ),
    "Anthropic blocks": (
        [
            {"role": "user", "content": [{"type": "text", "text": Q["content"]}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm."},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Bonn"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "rain"}]},
                    {"type": "text", "text": "And?"},
                ],
            },
            A,
        ],
        (
            ASKED[0],
            Message("assistant", "I look.", (CALLED,), reasoning="Hm."),
            Message("tool", "rain", tool_call_id="c1"),
            Message("user", "And?"),
            ASKED[1],
        ),
    ),
    "a call without arguments": (
        [Q, {"role": "assistant", "content": "", "tool_calls": [{"name": "now", "arguments": None}]}],
        (ASKED[0], Message("assistant", "", (ToolCall("now", {}),))),
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("as_text", [False, True])
def test_layouts(layout: str, as_text: bool) -> None:
    """A list of turns and JSON text of one are the same conversation, whoever's keys it has."""
    value, wanted = LAYOUTS[layout]
    sample = read("chat_completion", {}, {"messages": json.dumps(value) if as_text else value})
    assert (type(sample), tuple(sample.messages)) == (Chat, wanted)


REFUSED: dict[str, tuple[list[Any], str, str]] = {
    "the user last": ([Q, A, Q], "no_answer", "trailing_turns"),
    "no assistant": ([Q], "no_answer", "does not end with the assistant"),
    "no turns": ([], "no_turns", "has no turns"),
    "a system prompt alone": ([{"role": "system", "content": ""}], "no_turns", "has no turns"),
    "text": (["Hello", A], "bad_type", "Turn 1 of 'messages' is text, not an object"),
    "no role": ([{"content": "Q"}, A], "unknown_role", "has no role"),
    "a role": ([{"role": "customer", "content": "Q"}, A], "unknown_role", "roles = {"),
    "a list as a role": ([{"role": ["user"], "content": "Q"}, A], "unknown_role", "not known"),
    "an image": (
        [{**Q, "content": [{"type": "image_url", "image_url": {"url": "x"}}]}, A],
        "not_text",
        "Turn 1 of 'messages' has a block of the type image_url",
    ),
    "a block of no type": ([{**Q, "content": [{"text": "x"}]}, A], "not_text", "that is no text"),
    "a number as a block": ([{**Q, "content": [3]}, A], "not_text", "an integer"),
    "an object": ([{**Q, "content": {"a": 1}}, A], "bad_type", "is an object, not text"),
    "bytes": ([{**Q, "content": b"x"}, A], "bad_type", "is bytes, not text"),
    "a null answer": ([Q, {**A, "content": None}], "missing_field", "missing or null"),
    "silence": ([{**Q, "content": " \n"}, A], "empty_turn", "Message 1 of the conversation in 'messages'"),
    "a silent answer": ([Q, {**A, "content": ""}, Q, A], "empty_turn", "Message 2"),
    "an answer of no call": ([Q, {"role": "tool", "content": "x"}, A], "tool_without_call", "no message before"),
    "an answer of another call": (
        [Q, {**A, "tool_calls": [CALL]}, {"role": "tool", "content": "x", "tool_call_id": "c2"}, A],
        "tool_without_call",
        "Message 3",
    ),
    "a user's call": ([{**Q, "tool_calls": [CALL]}, A], "bad_call", "not the assistant's"),
    "a call without a name": ([Q, {**A, "tool_calls": [{"arguments": {}}]}], "bad_call", "without a name"),
    "arguments that are a list": (
        [Q, {**A, "tool_calls": [{"name": "f", "arguments": "[1]"}]}],
        "bad_call",
        "no object",
    ),
    "arguments that are no JSON": (
        [Q, {**A, "tool_calls": [{"name": "f", "arguments": "{"}]}],
        "bad_call",
        "no object",
    ),
    "arguments of NaN": (
        [Q, {**A, "tool_calls": [{"name": "f", "arguments": {"x": float("nan")}}]}],
        "bad_call",
        "cannot be written",
    ),
    "calls that are text": ([Q, {**A, "tool_calls": "weather"}], "bad_call", "no object with name"),
    "a call of nothing": ([Q, {"from": "function_call", "value": ""}], "bad_call", "has no call"),
    "a negative weight": ([Q, {**A, "weight": -1}], "bad_type", "below zero"),
    "a weight of text": ([Q, {**A, "weight": "1"}], "bad_type", "a weight that is text"),
    "an infinite weight": ([Q, {**A, "weight": float("inf")}], "bad_type", "a weight that is a number, not"),
    "reasoning of a list": ([Q, {**A, "reasoning": ["x"]}], "bad_type", "a reasoning that is a list"),
    "a name of a number": ([{**Q, "name": 3}, A], "bad_type", "a name that is an integer"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_conversation(case: str) -> None:
    """A stable code, which turn it is, and what is wrong; never what stands there."""
    given, code, said = REFUSED[case]
    result = refused(*given)
    assert result.code == code
    assert said in result.reason


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "missing_field"),
        ("", "missing_field"),
        ("Hello", "bad_type"),
        ("[", "bad_type"),
        ({}, "bad_type"),
        (3, "bad_type"),
    ],
)
def test_a_field_without_turns(value: Any, code: str) -> None:
    """Null is a missing field, and anything but a list of turns has the wrong type."""
    result = attempt("chat_completion", {"field_mapping": {"messages_field": "talk"}}, {"talk": value})
    assert isinstance(result, Reject)
    assert (result.code, "'talk'" in result.reason) == (code, True)


def test_what_follows_the_last_answer_may_be_dropped() -> None:
    """`trailing_turns = "drop"` keeps what ends with the assistant, if anything does."""
    assert turns(Q, A, Q, {"role": "user", "content": ""}, trailing_turns="drop") == ASKED
    assert refused(Q, trailing_turns="drop").code == "no_answer"


def test_roles_are_what_the_configuration_says() -> None:
    """Names of one's own, and other meanings of known ones, in small letters or not."""
    own = [
        {"role": "Customer", "content": Q["content"]},
        {"role": "bot", "content": "hm"},
        {"role": "agent", "content": A["content"]},
    ]
    roles = {"customer": "user", "agent": "assistant", "bot": "system"}
    assert [turn.role for turn in turns(*own, roles=roles)] == ["user", "system", "assistant"]


@pytest.mark.parametrize(
    ("fields", "mapping", "taken"),
    [
        (("messages",), {}, "messages"),
        (("conversations",), {}, "conversations"),
        (("conversations", "messages"), {}, "messages"),
        (("messages", "user_message", "assistant_response"), {}, ""),
        (("messages",), {"user_field": "u"}, ""),
        (("messages",), {"messages_field": ""}, ""),
        (("talk", "messages"), {"messages_field": "talk"}, "talk"),
        (("messages", "user_message"), {"messages_field": "messages"}, "messages"),
        (("talk",), {}, ""),
    ],
)
def test_where_the_conversation_is(fields: tuple[str, ...], mapping: dict[str, str], taken: str) -> None:
    """Named, or shown by the source under a usual name while nothing says that there are two parts."""
    ctx = context(dict.fromkeys(fields, "json"))
    STYLES["chat_completion"](StyleConfig.model_validate({"field_mapping": mapping}), ctx)
    assert ctx.declared is not None
    assert ctx.declared & {"messages", "conversations", "talk"} == ({taken} if taken else set())


def test_a_conversation_that_was_named_must_exist() -> None:
    """A misspelt field is a problem of the recipe; a path leads into an object."""
    ctx = context({"a": "json"}, closed=True)
    STYLES["chat_completion"](StyleConfig.model_validate({"field_mapping": {"messages_field": "msgs"}}), ctx)
    assert [(one.path, one.code) for one in ctx.problems] == [("field_mapping.messages_field", "unknown_field")]
    mapping = {"messages_field": "a.turns"}
    assert tuple(read("chat_completion", {"field_mapping": mapping}, {"a": {"turns": [Q, A]}}).messages) == ASKED


def test_the_system_field_is_put_before_a_conversation_that_has_none() -> None:
    """And not before one that has, whatever it is called there."""
    record = {"system_prompt": "Be kind.", "messages": [Q, A]}
    assert [turn.role for turn in read("chat_completion", {}, record).messages] == ["system", "user", "assistant"]
    for role in ("system", "developer"):
        own = {**record, "messages": [{"role": role, "content": "Own"}, Q, A]}
        assert read("chat_completion", {}, own).messages[0].content == "Own"


TOOL = {"type": "function", "function": {"name": "weather", "description": "d", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(
    "value",
    [
        [TOOL],
        json.dumps([TOOL]),
        TOOL,
        [TOOL["function"]],
        [{"name": "weather", "description": "d", "input_schema": {"type": "object"}}],
    ],
)
def test_tools(value: Any) -> None:
    """A list, JSON text of one, or one alone; as OpenAI, ShareGPT or Anthropic write them."""
    ctx = showing({"messages": [Q, A], "tools": value})
    sample = read("chat_completion", {}, {"messages": [Q, A], "tools": value}, ctx)
    assert (sample.tools, shape_of(ctx).tools) == ([TOOL], True)


@pytest.mark.parametrize("value", [None, "", [], "[]", {}])
def test_no_tools(value: Any) -> None:
    """Nothing in the field is no tools; the run may carry some all the same."""
    assert read("chat_completion", {}, {"messages": [Q, A], "tools": value}).tools == []


@pytest.mark.parametrize(
    "value", ["hammer", [3], [{"type": "web_search"}], [{"name": ""}], 3, [{"name": "f", "x": {1}}]]
)
def test_what_is_no_list_of_tools(value: Any) -> None:
    """A tool is a function with a name."""
    result = attempt("chat_completion", {}, {"messages": [Q, A], "tools": value})
    assert isinstance(result, Reject)
    assert result.code == "bad_tools"
    off = {"field_mapping": {"tools_field": ""}}
    assert read("chat_completion", off, {"messages": [Q, A], "tools": value}).tools == ()


def test_tools_that_turn_up_late_are_refused_with_the_fix() -> None:
    """The column would come too late for the rows before."""
    result = attempt("chat_completion", {}, {"messages": [Q, A], "tools": [TOOL]}, showing({"messages": [Q, A]}))
    assert isinstance(result, Reject)
    assert (result.code, "field_mapping.tools_field" in result.reason) == ("late_field", True)


THOUGHT = {"messages": [Q, {**A, "reasoning": "Hm.", "weight": 0.5}]}


def test_turns_have_what_the_first_records_show() -> None:
    """What none of them has comes too late, and the reject says how to name it."""
    ctx = showing({"messages": [{**Q, "name": "ann"}, A]}, {"messages": "broken"}, {"other": 1})
    style = STYLES["chat_completion"](StyleConfig(), ctx)
    assert shape_of(ctx).turns == {"name"}
    assert style(THOUGHT) == Reject(
        "late_field",
        "Message 2 of the conversation in 'messages' has the field 'reasoning', which first appears after the first"
        " 10,000 records; name it in message_fields",
    )


def test_turns_have_what_is_named_and_nothing_else() -> None:
    """Named fields are there though no record shows them; others are left out, as asked."""
    ctx = showing(THOUGHT)
    sample = read("chat_completion", {"message_fields": ["weight", "name"]}, THOUGHT, ctx)
    assert sample.messages[1] == Message("assistant", "It is rain.", weight=0.5)
    assert shape_of(ctx).turns == {"weight", "name"}


def test_the_weight_of_reasoning_is_set_for_all_turns_that_have_some() -> None:
    """But for one that says it itself."""
    own = {**A, "reasoning": "Hm.", "reasoning_weight": 1}
    ctx = showing(record := {"messages": [Q, own, Q, {**A, "reasoning": "Hm."}, Q, A]})
    weights = [
        turn.reasoning_weight for turn in read("chat_completion", {"reasoning_weight": 0.2}, record, ctx).messages
    ]
    assert weights == [None, 1.0, None, 0.2, None, None]
    assert shape_of(ctx).turns == {"reasoning", "reasoning_weight"}


ODD: dict[Any, Any] = {1: "a", None: date(2024, 1, 2), False: {2.5: (Decimal("1.50"), 10**30)}, "\ud800": []}
PLAIN = {"1": "a", "null": "2024-01-02", "false": {"2.5": ["1.50", 10**30]}, "\ud800": []}


def test_arguments_and_tools_of_python_are_those_of_their_json_text() -> None:
    """Keys that are no texts, pairs, dates: what is compared and written is what JSON has of them."""
    record = {
        "messages": [Q, {**A, "tool_calls": [{"name": "f", "arguments": ODD}]}],
        "tools": [{"name": "f", "parameters": ODD}],
    }
    sample = read("chat_completion", {}, record)
    assert sample.completion.tool_calls == (ToolCall("f", PLAIN),)
    assert sample.tools == [{"type": "function", "function": {"name": "f", "parameters": PLAIN}}]


def test_what_no_json_has_is_no_argument() -> None:
    """A key that JSON cannot have is a reject of its record, not an error of the run."""
    for odd in ({(1, 2): "a"}, {b"k": 1}, {"k": {"x"}}):
        called = attempt(
            "chat_completion", {}, {"messages": [Q, {**A, "tool_calls": [{"name": "f", "arguments": odd}]}]}
        )
        told = attempt("chat_completion", {}, {"messages": [Q, A], "tools": [{"name": "f", "parameters": odd}]})
        assert [one.code for one in (called, told) if isinstance(one, Reject)] == ["bad_call", "bad_tools"]


def test_the_fields_of_turns_are_the_hosts() -> None:
    """The configuration knows exactly what a message may have."""
    assert config.TURN_FIELDS == TURN_FIELDS


TEXT = st.text(min_size=1, max_size=20).filter(lambda text: bool(text.strip()))
NAMES = st.text("abc_", min_size=1, max_size=5)
ARGUMENTS = st.dictionaries(
    NAMES, st.none() | st.booleans() | st.integers() | TEXT | st.lists(TEXT, max_size=2), max_size=3
)
EXCHANGE = st.one_of(
    st.tuples(st.just("say"), TEXT, TEXT), st.tuples(st.just("call"), TEXT, NAMES, ARGUMENTS, TEXT, TEXT)
)


def openai(exchange: tuple[Any, ...]) -> list[dict[str, Any]]:
    """An exchange in OpenAI's keys."""
    if exchange[0] == "say":
        return [{"role": "user", "content": exchange[1]}, {"role": "assistant", "content": exchange[2]}]
    _, asked, name, arguments, answer, said = exchange
    call = {"type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
    return [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": answer},
        {"role": "assistant", "content": said},
    ]


def sharegpt(exchange: tuple[Any, ...]) -> list[dict[str, Any]]:
    """The same in ShareGPT's."""
    if exchange[0] == "say":
        return [{"from": "human", "value": exchange[1]}, {"from": "gpt", "value": exchange[2]}]
    _, asked, name, arguments, answer, said = exchange
    return [
        {"from": "human", "value": asked},
        {"from": "function_call", "value": json.dumps({"name": name, "arguments": arguments})},
        {"from": "observation", "value": answer},
        {"from": "gpt", "value": said},
    ]


@given(st.lists(EXCHANGE, min_size=1, max_size=4), st.booleans())
def test_openai_and_sharegpt_forms_of_a_conversation_are_the_same_sample(
    exchanges: list[tuple[Any, ...]], as_text: bool
) -> None:
    """As lists and as JSON text: the same turns, and the same identity."""
    samples: list[Sample] = []
    for form in (openai, sharegpt):
        whole = [turn for exchange in exchanges for turn in form(exchange)]
        samples.append(read("chat_completion", {}, {"messages": json.dumps(whole) if as_text else whole}))
    assert samples[0] == samples[1]
    assert samples[0].content() == samples[1].content()


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["role", "from", "content", "value", "type", "text", "tool_calls", "function", "name", "id"]
            )
            | st.text(max_size=3),
            inner | st.sampled_from(["user", "assistant", "tool", "function_call", "text", "tool_use", "tool_result"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JUNK, JUNK)
def test_nothing_raises(value: Any, tools: Any) -> None:
    """Whatever stands in the fields becomes a sample or a reject."""
    entity = {
        "messages": value,
        "tools": tools,
        "prompt": tools,
        "chosen": value,
        "rejected": tools,
        "completion": value,
        "label": tools,
    }
    for style in ("chat_completion", "preference", "prompt_completion", "unpaired_preference"):
        assert isinstance(attempt(style, {}, entity), Sample | Reject)
