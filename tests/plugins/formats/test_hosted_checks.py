"""The rules of hosted services: for each a row that is refused, and rows that are right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from plugins.formats.hosted import CALL, TOOL, doubtful, offered, said, wrong

OFFERS = offered()
ASK, SAY = said("user: Hi", "assistant: Hello.")
SYSTEM, ANSWER = {"role": "system", "content": "Be brief."}, {"role": "tool", "content": "", "tool_call_id": "call_7"}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TALK = [SYSTEM, ASK, SAY]
USE = [ASK, CALLING, ANSWER, SAY]
PAIR: dict[str, Any] = {
    "input": {"messages": [SYSTEM, ASK]},
    "preferred_output": [SAY],
    "non_preferred_output": [{**SAY, "content": "What?"}],
}
CHAT = ("openai", "fireworks", "together", "mistral", "anthropic", "bedrock_claude")
PAIRS = ("openai", "fireworks", "together")
UNWEIGHTED = ("openai", "together", "mistral", "bedrock_claude", "anthropic")
STRICT = ("openai", "fireworks", "together", "mistral", "bedrock_claude")
MASKED = ("openai", "fireworks", "together", "mistral")
ONE_SIDE = ("openai", "fireworks", "mistral")
WEIGHT = "/messages/1/weight"
RIGHT: dict[str, list[Any]] = {
    "openai": [
        {"messages": TALK},
        {"messages": USE, "tools": [TOOL], "parallel_tool_calls": False},
        {
            "messages": [
                {"role": "developer", "content": "Be brief."},
                ASK,
                {**SAY, "weight": 0},
                ASK,
                {**SAY, "weight": 1},
            ]
        },
        {"messages": [{**ASK, "content": [{"type": "text", "text": "Hi"}, {"type": "image_url"}]}, SAY]},
        {"messages": [ASK, ASK, CALLING]},
        {"messages": TALK, "functions": [{"name": "f"}]},
    ],
    "fireworks": [
        {"messages": TALK},
        {"messages": TALK, "weight": -0.5},
        {"messages": [ASK, {**SAY, "weight": 0, "reasoning_content": "Hm."}, ASK, SAY], "weight": 1.0},
        {"messages": USE, "tools": [TOOL], "weight": 0.0},
    ],
    "together": [
        {"messages": TALK},
        {"messages": USE, "tools": [TOOL]},
        {"messages": [{**ASK, "weight": 0}, {**SAY, "weight": 1, "reasoning": "Hm."}]},
        {"messages": [ASK, {"role": "assistant", "tool_calls": [CALL]}]},
        {"text": "x"},
        {"prompt": "", "completion": "x"},
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "image_url"}], "weight": 0},
                {"role": "assistant", "content": [{"type": "text", "text": "x"}]},
            ]
        },
    ],
    "mistral": [
        {"messages": TALK},
        {"messages": [ASK, ASK, {**SAY, "weight": 0}, {**SAY, "weight": 1}]},
        {"text": "x"},
    ],
    "anthropic": [
        {"messages": [ASK, SAY]},
        {"system": "S", "messages": [ASK, ASK, SAY], "metadata": {"source": "faq"}},
        {"messages": [ASK, {**SAY, "content": [{"type": "text", "text": "x"}]}]},
    ],
    "bedrock_claude": [{"messages": [ASK, SAY]}, {"system": "S", "messages": [ASK, SAY, ASK, SAY]}],
}

REFUSED: list[tuple[tuple[str, ...], Any, str, str]] = [
    (CHAT, {}, "", "missing_key"),
    (CHAT, {"messages": {}}, "/messages", "not_a_list"),
    (CHAT, {"messages": []}, "/messages", "empty_list"),
    (CHAT, {"messages": [ASK, 5]}, "/messages/1", "not_an_object"),
    (CHAT, {"messages": [ASK, {"role": "gpt", "content": "x"}]}, "/messages/1/role", "unknown_role"),
    (CHAT, {"messages": [ASK, {"content": "x"}]}, "/messages/1/role", "unknown_role"),
    (CHAT, {"messages": [ASK, {"role": ["user"], "content": "x"}]}, "/messages/1/role", "unknown_role"),
    (CHAT, {"messages": [ASK, {**SAY, "content": ""}]}, "/messages/1/content", "empty_text"),
    (CHAT, {"messages": [ASK, {**SAY, "content": None}]}, "/messages/1/content", "not_a_text"),
    (CHAT, {"messages": [ASK, {**SAY, "content": 5}]}, "/messages/1/content", "not_a_text"),
    (CHAT, {"messages": [ASK, {**SAY, "text": "x"}]}, "/messages/1/text", "unknown_key"),
    (CHAT, {"messages": [ASK, SAY], "conversation": 1}, "/conversation", "unknown_key"),
    (CHAT, {"messages": [ASK, {**SAY, "content": [{"type": "sound"}]}]}, "/messages/1/content/0/type", "unknown_part"),
    (CHAT, {"messages": [ASK, {**SAY, "content": [5]}]}, "/messages/1/content/0", "not_an_object"),
    (
        ("openai", "fireworks", "together", "anthropic"),
        {"messages": [ASK]},
        "/messages",
        "nothing_to_learn",
    ),
    (
        ("openai", "together", "mistral", "bedrock_claude", "anthropic"),
        {"messages": TALK[1:], "weight": 1.0},
        "/weight",
        "unknown_key",
    ),
    (
        ("openai", "fireworks", "together", "mistral", "bedrock_claude"),
        {"messages": TALK[1:], "metadata": {}},
        "/metadata",
        "unknown_key",
    ),
    (
        ("openai", "fireworks", "together", "mistral"),
        {"messages": [ASK, {**SAY, "weight": 0.5}]},
        "/messages/1/weight",
        "bad_weight",
    ),
    (
        ("openai", "fireworks", "together", "mistral"),
        {"messages": [ASK, {**SAY, "weight": 1.0}]},
        "/messages/1/weight",
        "bad_weight",
    ),
    (
        ("openai", "fireworks", "together", "mistral"),
        {"messages": [ASK, {**SAY, "weight": 2}]},
        "/messages/1/weight",
        "bad_weight",
    ),
    (
        ("openai", "fireworks", "together", "mistral"),
        {"messages": [ASK, {**SAY, "weight": True}]},
        "/messages/1/weight",
        "bad_weight",
    ),
    (
        ("openai", "fireworks", "mistral"),
        {"messages": [{**ASK, "weight": 1}, SAY]},
        "/messages/0/weight",
        "misplaced_weight",
    ),
    (("anthropic", "bedrock_claude"), {"messages": [ASK, {**SAY, "weight": 1}]}, "/messages/1/weight", "unknown_key"),
    (("anthropic", "bedrock_claude"), {"messages": TALK}, "/messages/0/role", "unknown_role"),
    (("anthropic", "bedrock_claude"), {"messages": [ASK, SAY], "system": ""}, "/system", "empty_text"),
    (("anthropic",), {"messages": [ASK, SAY], "metadata": "x"}, "/metadata", "not_an_object"),
    (("bedrock_claude",), {"messages": [ASK, ASK, SAY]}, "/messages/1/role", "role_twice"),
    (("bedrock_claude",), {"messages": [SAY, ASK, SAY]}, "/messages/0/role", "bad_first_turn"),
    (("bedrock_claude",), {"messages": [ASK, SAY, ASK]}, "/messages/2/role", "bad_last_turn"),
    (("fireworks", "together"), {"messages": [ASK, SYSTEM, SAY]}, "/messages/1/role", "system_not_first"),
    (("fireworks", "together"), {"messages": [SYSTEM, SYSTEM, ASK, SAY]}, "/messages/1/role", "system_not_first"),
    (("fireworks",), {"messages": TALK, "weight": "1"}, "/weight", "bad_weight"),
    (("fireworks",), {"messages": TALK, "weight": None}, "/weight", "bad_weight"),
    (("fireworks",), {"messages": TALK, "weight": float("nan")}, "/weight", "bad_weight"),
    (("fireworks",), {**PAIR, "weight": 1.0}, "/weight", "unknown_key"),
    (("together",), {"messages": [SYSTEM, ASK, ASK, SAY]}, "/messages/2/role", "role_twice"),
    (("together",), {"messages": [SYSTEM, SAY, ASK]}, "/messages/1/role", "bad_first_turn"),
    (("together",), {"messages": TALK, "text": "x"}, "", "mixed_layouts"),
    (("together",), {"prompt": "x", "text": "x"}, "", "mixed_layouts"),
    (("together",), {"prompt": "x"}, "", "missing_key"),
    (("together",), {"prompt": "x", "completion": ""}, "/completion", "empty_text"),
    (("together", "mistral"), {"text": ""}, "/text", "empty_text"),
    (("together", "mistral"), {"text": "x", "source": "y"}, "/source", "unknown_key"),
    (
        ("together",),
        {"messages": [{**ASK, "content": [{"type": "text", "text": "x"}]}, SAY]},
        "/messages/1/content",
        "mixed_content",
    ),
    (
        ("together",),
        {
            "messages": [
                {**ASK, "content": [{"type": "image_url"}], "weight": 1},
                {**SAY, "content": [{"type": "text", "text": "x"}]},
            ]
        },
        "/messages/0/weight",
        "bad_weight",
    ),
    (("openai",), {"messages": TALK, "parallel_tool_calls": 1}, "/parallel_tool_calls", "bad_label"),
    (("openai",), {"messages": TALK, "functions": []}, "/functions", "empty_list"),
    (("openai",), {"messages": TALK, "functions": [{"name": "f"}] * 129}, "/functions", "too_many_functions"),
    (PAIRS, {"input": PAIR["input"], "preferred_output": [SAY]}, "", "missing_key"),
    (PAIRS, {**PAIR, "score": 1}, "/score", "unknown_key"),
    (PAIRS, {**PAIR, "input": []}, "/input", "not_an_object"),
    (PAIRS, {**PAIR, "input": {}}, "/input", "missing_key"),
    (PAIRS, {**PAIR, "input": {"messages": [ASK], "weight": 1}}, "/input/weight", "unknown_key"),
    (PAIRS, {**PAIR, "input": {"messages": [ASK, SAY]}}, "/input/messages/1/role", "bad_last_turn"),
    (PAIRS, {**PAIR, "input": {"messages": [ASK], "tools": []}}, "/input/tools", "empty_list"),
    (PAIRS, {**PAIR, "preferred_output": []}, "/preferred_output", "empty_list"),
    (PAIRS, {**PAIR, "preferred_output": [SAY, {**SAY, "content": "x"}]}, "/preferred_output", "not_one_answer"),
    (PAIRS, {**PAIR, "preferred_output": [ASK]}, "/preferred_output/0/role", "unknown_role"),
    (PAIRS, {**PAIR, "non_preferred_output": [{**SAY, "weight": 1}]}, "/non_preferred_output/0/weight", "unknown_key"),
]


def calling(**change: Any) -> dict[str, Any]:
    """A row whose call of a tool is wrong."""
    return {"messages": [ASK, {**CALLING, "tool_calls": [{**CALL, **change}]}, ANSWER, SAY]}


def function(**change: Any) -> dict[str, Any]:
    """The same, in its function."""
    return calling(function={**CALL["function"], **change})


def tool(**change: Any) -> dict[str, Any]:
    """A row whose tool is wrong."""
    return {"messages": TALK, "tools": [{**TOOL, "function": {**TOOL["function"], **change}}]}


TOOLED = ("openai", "fireworks", "together")
AT = "/messages/1/tool_calls/0"
TOOLS: list[tuple[tuple[str, ...], Any, str, str]] = [
    (TOOLED, {"messages": TALK, "tools": "[]"}, "/tools", "not_a_list"),
    (TOOLED, {"messages": TALK, "tools": []}, "/tools", "empty_list"),
    (TOOLED, {"messages": TALK, "tools": [5]}, "/tools/0", "not_an_object"),
    (TOOLED, {"messages": TALK, "tools": [{"name": "f"}]}, "/tools/0", "bad_tool"),
    (TOOLED, {"messages": TALK, "tools": [{**TOOL, "type": "code"}]}, "/tools/0/type", "bad_tool"),
    (TOOLED, tool(name="look up"), "/tools/0/function/name", "bad_tool_name"),
    (TOOLED, tool(name="x" * 65), "/tools/0/function/name", "bad_tool_name"),
    (TOOLED, tool(name=None), "/tools/0/function/name", "not_a_text"),
    (TOOLED, tool(parameters="{}"), "/tools/0/function/parameters", "bad_tool"),
    (TOOLED, tool(description=5), "/tools/0/function/description", "not_a_text"),
    (TOOLED, {"messages": [ASK, {**CALLING, "tool_calls": {"id": 1}}]}, "/messages/1/tool_calls", "not_a_list"),
    (TOOLED, calling(id=None), f"{AT}/id", "not_a_text"),
    (TOOLED, calling(function=None), AT, "bad_tool"),
    (TOOLED, function(name="look up"), f"{AT}/function/name", "bad_tool_name"),
    (TOOLED, function(arguments={"word": "fjord"}), f"{AT}/function/arguments", "bad_arguments"),
    (TOOLED, function(arguments="[1]"), f"{AT}/function/arguments", "bad_arguments"),
    (TOOLED, function(arguments="{word"), f"{AT}/function/arguments", "not_json"),
    (TOOLED, {"messages": [{**ASK, "tool_calls": [CALL]}, SAY]}, "/messages/0/tool_calls", "misplaced_tool_calls"),
    (TOOLED, {"messages": [{**ASK, "tool_call_id": "x"}, SAY]}, "/messages/0/tool_call_id", "misplaced_tool_call_id"),
    (
        TOOLED,
        {"messages": [ASK, CALLING, {"role": "tool", "content": "x"}, SAY]},
        "/messages/2/tool_call_id",
        "no_tool_call_id",
    ),
    (
        TOOLED,
        {"messages": [ASK, CALLING, {**ANSWER, "tool_call_id": ["call_7"]}, SAY]},
        "/messages/2/tool_call_id",
        "no_tool_call_id",
    ),
]


def cases(table: list[tuple[tuple[str, ...], Any, str, str]]) -> Iterator[Any]:
    """Each row with each format that refuses it."""
    for number, (names, row, path, code) in enumerate(table):
        for name in names:
            yield pytest.param(name, row, path, code, id=f"{name}-{code}-{number}")


@pytest.mark.parametrize(("name", "row"), [(name, row) for name, rows in RIGHT.items() for row in rows])
def test_a_right_row_is_right(name: str, row: Any) -> None:
    """Nothing refuses it, and nothing is said about it."""
    assert wrong(OFFERS[name].check, row) == []
    assert doubtful(OFFERS[name].check, row) == []


@pytest.mark.parametrize("name", PAIRS)
def test_a_right_pair_is_right(name: str) -> None:
    """It is the same at OpenAI, Azure, Fireworks and Together."""
    assert wrong(OFFERS[name].check, PAIR) == []


@pytest.mark.parametrize(("name", "row", "path", "code"), [*cases(REFUSED), *cases(TOOLS)])
def test_a_wrong_row_is_refused(name: str, row: Any, path: str, code: str) -> None:
    """For that one reason, and at its place."""
    assert wrong(OFFERS[name].check, row) == [(path, code)]


def test_an_answer_to_no_call_is_said_and_passes() -> None:
    """No service says that it refuses such rows."""
    row = {"messages": [ASK, CALLING, {**ANSWER, "tool_call_id": "call_8"}, SAY]}

    assert wrong(OFFERS["openai"].check, row) == []
    assert doubtful(OFFERS["openai"].check, row) == [("/messages/2/tool_call_id", "unknown_tool_call_id")]


def test_an_unknown_key_names_the_closest() -> None:
    """And what the row is."""
    (problem,) = OFFERS["openai"].check({"messages": TALK, "tool": []})

    assert problem.message == '"tool" is no key of this OpenAI row'
    assert problem.hint == 'leave it out; did you mean "tools"?'


def test_a_key_stands_in_its_path_as_a_pointer_has_it() -> None:
    """RFC 6901: `~` and `/` are written otherwise."""
    assert wrong(OFFERS["openai"].check, {"messages": TALK, "a/b~c": 1}) == [("/a~1b~0c", "unknown_key")]
