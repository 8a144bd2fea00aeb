"""The format `trl`: TRL's types of rows, one for each kind of sample, and TRL's rules."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.formats.rules_table import GONE, changed, wrong
from plugins.formats.samples import ALL_TURNS, CALLED, JUDGED, PAIR, TOOL_TEXT, chat, context
from tuneport import Chat, Instruction, Message, Preference, Sample, Text, Unpaired
from tuneport_formats._open_targets import TrlConfig
from tuneport_formats._trl_rules import check
from tuneport_formats.trl import Trl

TALK = chat("Q", "A", "R", "B", system="S", weight=0.5)
SPOKEN = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]


def row(sample: Sample, **config: Any) -> dict[str, Any]:
    """A sample's row in a run of its kind."""
    made = Trl(TrlConfig(**config), context(type(sample), tools=bool(sample.tools), turns=ALL_TURNS))(sample)
    assert isinstance(made, dict)
    return made


def turns(*texts: str) -> list[dict[str, str]]:
    """Messages as `role: text`."""
    return [dict(zip(("role", "content"), text.split(": "), strict=True)) for text in texts]


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        (
            "prompt_completion",
            {
                "prompt": turns("system: S", "user: Q", "assistant: A", "user: R"),
                "completion": turns("assistant: B"),
            },
        ),
        ("messages", {"messages": turns("system: S", "user: Q", "assistant: A", "user: R", "assistant: B")}),
        ("strings", {"prompt": "S\n\nQ\n\nA\n\nR\n\n", "completion": "B"}),
        ("text", {"text": "S\n\nQ\n\nA\n\nR\n\nB"}),
    ],
)
def test_a_conversation_in_each_layout(rows: str, texts: dict[str, Any]) -> None:
    """The columns are those of one of TRL's types, and the weight stands beside them as a float."""
    assert row(TALK, rows=rows) == {**texts, "weight": 0.5}


def test_an_instruction_is_a_prompt_and_a_completion() -> None:
    """The input follows the instruction after a blank line."""
    made = row(Instruction(instruction="I", input="N", output="O"))
    assert made == {"prompt": turns("user: I\n\nN"), "completion": turns("assistant: O"), "weight": 1.0}


def test_plain_text_is_one_text() -> None:
    """Whatever is asked of conversations; TRL itself adds the end of the sequence."""
    assert row(Text(text="T")) == row(Text(text="T"), rows="strings") == {"text": "T", "weight": 1.0}


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        (
            "prompt_completion",
            {
                "prompt": turns("system: S", "user: Q"),
                "chosen": [{"role": "assistant", "content": "yes", "reasoning_content": "R"}],
                "rejected": turns("assistant: no"),
            },
        ),
        ("strings", {"prompt": "S\n\nQ\n\n", "chosen": "<think>\nR\n</think>\n\nyes", "rejected": "no"}),
    ],
)
def test_a_pair(rows: str, texts: dict[str, Any]) -> None:
    """Prompt, chosen and rejected are lists of messages, or strings."""
    made = row(PAIR, rows=rows)
    made.pop("tools", None)
    assert made == {**texts, "weight": 2.0}


def test_an_unpaired_answer() -> None:
    """A prompt, a completion and a label."""
    assert row(JUDGED) == {"prompt": SPOKEN[:1], "completion": SPOKEN[1:], "label": False, "weight": 2.0}


@pytest.mark.parametrize(("arguments", "written"), [("object", {"q": 1}), ("text", '{"q":1}')])
def test_tools_and_calls(arguments: str, written: Any) -> None:
    """TRL reads tools from text, and never arguments: templates want an object. Messages have only keys that apply."""
    made = row(CALLED, rows="messages", arguments=arguments)
    call = {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": written}}
    assert made["tools"] == TOOL_TEXT
    assert made["messages"] == [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "Q"},
        {"role": "assistant", "content": "", "tool_calls": [call], "reasoning_content": "R"},
        {"role": "tool", "content": "found", "tool_call_id": "call_1", "name": "find"},
        {"role": "assistant", "content": "A"},
    ]


@pytest.mark.parametrize(
    ("reasoning", "answer"),
    [
        ("reasoning_content", {"content": "A", "reasoning_content": "R"}),
        ("thinking", {"content": "A", "thinking": "R"}),
        ("inline", {"content": "<think>\nR\n</think>\n\nA"}),
        ("drop", {"content": "A"}),
    ],
)
def test_where_reasoning_goes(reasoning: str, answer: dict[str, str]) -> None:
    """Under the key that a template reads, before the answer, or nowhere; and the format says whether it is carried."""
    sample = Instruction(instruction="I", output="A", reasoning="R")
    write = Trl(TrlConfig(reasoning=reasoning), context(Instruction, turns=["reasoning"]))
    assert write(sample)["completion"] == [{"role": "assistant", **answer}]
    assert ("reasoning" in write.carries) == (reasoning != "drop")


@pytest.mark.parametrize(
    ("rows", "carried"),
    [
        ("prompt_completion", {"tools", "names", "reasoning"}),
        ("messages", {"tools", "names", "reasoning", "turns"}),
        ("strings", {"reasoning"}),
        ("text", {"reasoning", "turns"}),
    ],
)
def test_what_is_carried_depends_on_the_layout(rows: str, carried: set[str]) -> None:
    """Earlier turns of the assistant are learnt where rows are one list or one text."""
    write = Trl(TrlConfig(rows=rows), context(Chat))
    assert write.carries == carried


def test_without_a_weight_there_is_no_column() -> None:
    """Where the recipe carries weights otherwise, rows have none."""
    assert Trl(TrlConfig(), context(Text, weighted=False))(Text(text="T")) == {"text": "T"}


def test_the_columns_for_the_card() -> None:
    """Every key of a message has its type; but for arguments as objects, which no card can declare."""
    plain = {"list": {"struct": {"role": "string", "content": "string"}}}
    assert Trl(TrlConfig(), context(Chat)).features == {"prompt": plain, "completion": plain, "weight": "float64"}
    thought = {"list": {"struct": {"role": "string", "content": "string", "reasoning_content": "string"}}}
    write = Trl(TrlConfig(rows="messages"), context(Chat, ["reasoning"]))
    assert write.features == {"messages": thought, "weight": "float64"}
    for arguments, kind in (("object", "json"), ("text", "string")):
        write = Trl(TrlConfig(rows="messages", arguments=arguments), context(Chat, ["tool_calls"], tools=True))
        function = {"struct": {"name": "string", "arguments": kind}}
        calls = {"list": {"struct": {"id": "string", "type": "string", "function": function}}}
        assert write.features is not None
        assert write.features["messages"]["list"]["struct"]["tool_calls"] == calls
    pair = Trl(TrlConfig(rows="strings"), context(Preference, weighted=False))
    assert pair.features == dict.fromkeys(("prompt", "chosen", "rejected"), "string")
    assert Trl(TrlConfig(), context(Unpaired, weighted=False)).features == {
        "prompt": plain,
        "completion": plain,
        "label": "bool",
    }
    assert Trl(TrlConfig(), context(None)).features is None


@pytest.mark.parametrize(
    ("turns_have", "config", "written"),
    [
        (["tool_calls"], {}, 1.6931471806),
        (["tool_calls"], {"arguments": "text"}, 1.6931471805599454),
        (["reasoning"], {}, 1.6931471805599454),
        (["tool_calls"], {"rows": "strings"}, 1.6931471805599454),
    ],
)
def test_a_weight_is_as_long_as_it_is_loaded(turns_have: list[str], config: dict[str, str], written: float) -> None:
    """Where a column has to be read as JSON, datasets cuts all numbers of the row to ten decimals."""
    write = Trl(TrlConfig(**config), context(Chat, turns_have))
    assert write(Chat(messages=chat("Q", "A").messages, weight=1.6931471805599454))["weight"] == written


def test_a_run_of_several_kinds_has_rows_of_one_type() -> None:
    """Plain text is a message of the assistant there; without a prompt TRL cannot take it."""
    write = Trl(TrlConfig(rows="messages"), context(Sample))
    assert write(Text(text="T")) == {"messages": turns("assistant: T"), "weight": 1.0}
    alone = Trl(TrlConfig(), context(Sample))(Text(text="T"))
    assert wrong(check, alone) == [("empty_list", "/prompt")]


RIGHT: dict[str, dict[str, Any]] = {
    "text": {"text": "T", "weight": 1.0},
    "messages": {"messages": SPOKEN, "tools": None},
    "lists": {"prompt": SPOKEN[:1], "completion": SPOKEN[1:], "tools": TOOL_TEXT, "metadata": {"any": 1}},
    "strings": {"prompt": "Q\n", "completion": "A"},
    "pair": {"prompt": SPOKEN[:1], "chosen": SPOKEN[1:], "rejected": SPOKEN[1:]},
    "no prompt": {"chosen": SPOKEN, "rejected": SPOKEN},
    "judged": {"prompt": SPOKEN[:1], "completion": SPOKEN[1:], "label": True},
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_rows(name: str) -> None:
    """Each of TRL's types, with columns beside it that TRL leaves out."""
    assert list(check(RIGHT[name])) == []


@pytest.mark.parametrize(
    ("name", "path", "value", "code", "at"),
    [
        ("text", "text", "", "empty_text", "/text"),
        ("text", "text", None, "not_a_text", "/text"),
        ("text", "weight", "1", "bad_weight", "/weight"),
        ("text", "weight", -1.0, "bad_weight", "/weight"),
        ("text", "input_ids", [1], "reserved_column", "/input_ids"),
        ("text", "images", [], "reserved_column", "/images"),
        ("text", "prompt", "Q", "no_type", ""),
        ("text", "text", GONE, "no_type", ""),
        ("messages", "messages", [], "empty_list", "/messages"),
        ("messages", "messages", "Q", "not_a_list", "/messages"),
        ("messages", "messages/0/role", "human", "unknown_role", "/messages/0/role"),
        ("messages", "messages/0/from", "human", "unknown_key", "/messages/0/from"),
        ("messages", "messages/0/content", None, "not_a_text", "/messages/0/content"),
        ("messages", "messages/0/tool_calls", [{}], "misplaced_tool_calls", "/messages/0/tool_calls"),
        ("messages", "messages/1", GONE, "nothing_to_learn", "/messages"),
        ("messages", "tools", [], "empty_list", "/tools"),
        ("messages", "tools", "{", "not_json", "/tools"),
        ("messages", "completion", SPOKEN, "no_type", ""),
        ("lists", "prompt", "Q", "mixed_types", "/prompt"),
        ("lists", "completion/0/role", "user", "bad_last_turn", "/completion/0/role"),
        ("lists", "completion", [*SPOKEN, SPOKEN[0]], "bad_last_turn", "/completion/2/role"),
        ("strings", "completion", "", "empty_text", "/completion"),
        ("pair", "rejected", GONE, "no_type", ""),
        ("pair", "rejected", "no", "mixed_types", "/rejected"),
        ("judged", "label", 1, "bad_label", "/label"),
    ],
)
def test_wrong_rows(name: str, path: str, value: Any, code: str, at: str) -> None:
    """A right row with one thing changed is refused for it."""
    assert (code, at) in wrong(check, changed(RIGHT[name], path, value))


@pytest.mark.parametrize(
    ("prompt", "completion", "warned"),
    [("Hi", "ok", True), ("Hi\n", "ok", False), ("Hi", " ok", False), ("Hi", "\nok", False)],
)
def test_a_boundary_that_may_vanish(prompt: str, completion: str, warned: bool) -> None:
    """TRL joins both texts as they are, so that "Hi" and "ok" may share the token "iok": a warning."""
    problems = list(check({"prompt": prompt, "completion": completion}))
    assert [(one.code, one.severity) for one in problems] == [("no_boundary", "warning")] * warned


def test_a_call_and_its_answer_pass() -> None:
    """Arguments may be an object or JSON text."""
    for arguments in ("object", "text"):
        assert wrong(check, row(CALLED, rows="messages", arguments=arguments)) == []


def test_a_last_turn_that_is_no_answer_is_refused() -> None:
    """A conversation that ends with the user has no completion."""
    sample = Chat(messages=[Message("user", "Q"), Message("assistant", "A"), Message("user", "R")])
    assert wrong(check, row(sample)) == [("bad_last_turn", "/completion/0/role")]
