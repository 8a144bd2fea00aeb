"""What holds for the rules of every format: they take whatever JSON an object may hold, and say what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuneport import PluginManager

MANAGER = PluginManager()
CHECKS = {name: check for name in MANAGER.names("formats") if (check := MANAGER.resolve("formats", name).check)}
ROLES = ("system", "user", "assistant", "model", "tool", "tool_call", "human", "gpt", "function_call", "observation")
TURN_KEYS = ("role", "from", "content", "value", "parts", "tool_calls", "tool_call_id", "weight", "loss_weight")
PART_KEYS = ("type", "text", "value", "id", "function", "name", "arguments", "parameters", "functionCall")
LISTS = ("messages", "conversations", "contents", "prompt", "completion", "preferred_output", "rejected_messages")
REST = ("text", "input", "instruction", "output", "history", "system", "tools", "weight", "label", "schemaVersion")
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(2**63) - 1])
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=4) | st.sampled_from(["text", "tool_call", "function"])
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(TURN_KEYS + PART_KEYS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
SPEAKER = st.sampled_from(ROLES) | JSON
TURN = st.fixed_dictionaries(
    {}, optional={"role": SPEAKER, "from": SPEAKER, **dict.fromkeys((*TURN_KEYS[2:], "loss", "loss_scale"), JSON)}
)
TURNS = st.lists(TURN | JSON, max_size=4)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(LISTS, TURNS | JSON),
        **dict.fromkeys(("chosen", "rejected"), TURNS | TURN | JSON),
        "input": st.fixed_dictionaries({"messages": TURNS}) | JSON,
        "completions": st.lists(st.fixed_dictionaries({"score": JSON, "completion": TURN}) | JSON, max_size=2),
        **dict.fromkeys(REST, JSON),
    },
)
FORMER: list[dict[str, Any]] = [
    {"messages": [{"role": ["user"], "content": [{"type": "text", "value": "Q"}]}]},
    {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A", "loss_scale": 10**400}]},
    {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "tool_calls": [{"id": "a", "type": "x"}]}]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "Q"}]}, {"role": "assistant", "weight": 1}]},
]


@given(row=ROWS)
@settings(max_examples=200)
def test_a_check_takes_any_row(row: dict[str, Any]) -> None:
    """Files that somebody else wrote hold anything: a check never fails, and gives every problem a code and a fix."""
    for check in CHECKS.values():
        assert all(one.code and one.message and one.hint for one in check(row))


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("row", FORMER)
def test_a_row_that_a_check_once_failed_on_is_judged(name: str, row: dict[str, Any]) -> None:
    """Roles that are lists, numbers beyond all floats, and messages that only call a tool."""
    list(CHECKS[name](row))


@pytest.mark.parametrize("name", ["openai", "together", "fireworks", "mistral", "trl", "axolotl"])
def test_a_message_of_two_keys_is_looked_at_whole(name: str) -> None:
    """What stands beside the role is judged whether the content is left out, null or empty."""
    asked = {"role": "user", "content": "Q"}
    for content in ({}, {"content": None}):
        row = {"messages": [asked, {"role": "assistant", **content, "tool_calls": "look_up"}]}

        assert [(one.path, one.code) for one in CHECKS[name](row)] == [("/messages/1/tool_calls", "not_a_list")]


def test_a_warning_leaves_the_other_rules_on() -> None:
    """A whole number as a weight is only warned of; that the user speaks last is still told."""
    row = {
        "messages": [
            {"role": "user", "content": "Q"},
            {"role": "assistant", "content": "A", "loss_scale": 1},
            {"role": "user", "content": "Q"},
        ]
    }

    assert [one.code for one in CHECKS["ms_swift"](row)] == ["whole_weight", "bad_last_turn"]


@pytest.mark.parametrize(
    ("name", "key"), [("ms_swift", "loss_scale"), ("llama_factory_v1", "loss_weight"), ("openai", None), ("trl", None)]
)
def test_a_weight_of_a_turn_is_told_once(name: str, key: str | None) -> None:
    """With the name it has at this target, where that has one."""
    content: Any = [{"type": "text", "value": "A"}] if name == "llama_factory_v1" else "A"
    row = {"messages": [{"role": "user", "content": content}, {"role": "assistant", "content": content, "weight": 0.5}]}
    (problem,) = CHECKS[name](row)

    assert problem.path == "/messages/1/weight"
    if key:
        assert problem.hint == f'call it "{key}"'


@pytest.mark.parametrize(("weight", "hint"), [(1.0, "write 1,"), (0.0, "write 0,"), (0.5, "write 0 for a turn")])
def test_a_float_where_0_or_1_is_wanted_says_what_to_write(weight: float, hint: str) -> None:
    """The integer, where it is one."""
    asked, answer = {"role": "user", "content": "Q"}, {"role": "assistant", "content": "A", "weight": weight}
    (problem,) = CHECKS["openai"]({"messages": [asked, answer]})

    assert problem.hint.startswith(hint)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"messages": [{"role": "user", "content": "Q"}]}, "no_layout"),
        ({"conversations": [{"role": "user", "content": "Q"}, {"from": "gpt", "value": "A"}]}, "missing_key"),
    ],
)
def test_messages_where_conversations_are_wanted_say_what_to_rename(row: dict[str, Any], code: str) -> None:
    """Once a turn, and nothing else of it."""
    (problem,) = CHECKS["llama_factory"](row)

    assert problem.code == code
    assert 'call "role" "from" and "content" "value"' in problem.hint


def test_a_speaker_of_other_layouts_is_told_its_name() -> None:
    """And where the count of turns is wrong, the count is told."""
    renamed, odd = (
        CHECKS["llama_factory"]({"conversations": [{"from": one, "value": "Q"} for one in speakers]})
        for speakers in (("user", "gpt"), ("human", "gpt", "human"))
    )

    assert [one.hint for one in renamed] == ['call it "human"']
    assert "an even number" in next(iter(odd)).hint
