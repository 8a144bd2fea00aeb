"""What the formats of hosted services write of each kind of sample."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.formats.hosted import AGENT, CALL, PAIR, PLAIN, QUESTION, TALK, TOOL, TURNS, context, offered, said
from tuneport import Chat, Instruction, Message, Reject, Sample, Text, ToolCall

OFFERS = offered()
ASKED = "What is a fjord?\n\nNorway"
ASKED_AND_SAID = said(f"user: {ASKED}", "assistant: A bay.")
TALKED = said("system: Be brief.", "user: Hi", "assistant: Yes?", "user: Thanks", "assistant: Bye.")
MASKED = [*TALKED[:2], {**TALKED[2], "weight": 0}, *TALKED[3:]]
THOUGHT = [*MASKED[:4], {**MASKED[4], "reasoning_content": "They leave."}]
USED = [
    *said("user: What is a fjord?"),
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "content": "A bay.", "tool_call_id": "call_7"},
    *said("assistant: It is a bay."),
]
JUDGED = {
    "input": {"messages": said("system: Be brief.", "user: Hi")},
    "preferred_output": said("assistant: Hello."),
    "non_preferred_output": said("assistant: What?"),
}


def parts(role: str, text: str) -> dict[str, Any]:
    """A content of Gemini's."""
    return {"role": role, "parts": [{"text": text}]}


def blocks(*turns: str) -> list[dict[str, Any]]:
    """Messages of Nova's."""
    return [{"role": one["role"], "content": [{"text": one["content"]}]} for one in said(*turns)]


ROWS: dict[tuple[str, str], tuple[Sample, dict[str, Any]]] = {
    ("openai", "question"): (QUESTION, {"messages": ASKED_AND_SAID}),
    ("openai", "talk"): (TALK, {"messages": MASKED}),
    ("openai", "agent"): (AGENT, {"messages": USED, "tools": [TOOL]}),
    ("openai", "pair"): (PAIR, JUDGED),
    ("fireworks", "question"): (QUESTION, {"messages": ASKED_AND_SAID}),
    ("fireworks", "talk"): (TALK, {"messages": THOUGHT}),
    ("fireworks", "agent"): (AGENT, {"messages": USED, "tools": [TOOL]}),
    ("fireworks", "pair"): (PAIR, JUDGED),
    ("together", "question"): (QUESTION, {"messages": ASKED_AND_SAID}),
    ("together", "talk"): (TALK, {"messages": THOUGHT}),
    ("together", "agent"): (AGENT, {"messages": USED, "tools": [TOOL]}),
    ("together", "pair"): (PAIR, JUDGED),
    ("together", "text"): (PLAIN, {"text": "It was a dark night."}),
    ("mistral", "question"): (QUESTION, {"messages": ASKED_AND_SAID}),
    ("mistral", "talk"): (TALK, {"messages": MASKED}),
    ("mistral", "text"): (PLAIN, {"text": "It was a dark night."}),
    ("anthropic", "question"): (QUESTION, {"messages": ASKED_AND_SAID}),
    ("anthropic", "talk"): (TALK, {"system": "Be brief.", "messages": TALKED[1:]}),
    ("bedrock_claude", "question"): (QUESTION, {"messages": ASKED_AND_SAID}),
    ("bedrock_claude", "talk"): (TALK, {"system": "Be brief.", "messages": TALKED[1:]}),
    ("bedrock", "question"): (
        QUESTION,
        {
            "schemaVersion": "bedrock-conversation-2024",
            "messages": blocks(f"user: {ASKED}", "assistant: A bay."),
        },
    ),
    ("bedrock", "talk"): (
        TALK,
        {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": "Be brief."}],
            "messages": blocks("user: Hi", "assistant: Yes?", "user: Thanks", "assistant: Bye."),
        },
    ),
    ("gemini", "question"): (QUESTION, {"contents": [parts("user", ASKED), parts("model", "A bay.")]}),
    ("gemini", "talk"): (
        TALK,
        {
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "contents": [
                parts("user", "Hi"),
                parts("model", "Yes?"),
                parts("user", "Thanks"),
                parts("model", "Bye."),
            ],
        },
    ),
    ("gemini", "agent"): (
        AGENT,
        {
            "contents": [
                parts("user", "What is a fjord?"),
                {"role": "model", "parts": [{"functionCall": {"name": "look_up", "args": {"word": "fjord"}}}]},
                {
                    "role": "user",
                    "parts": [{"functionResponse": {"name": "look_up", "response": {"output": "A bay."}}}],
                },
                parts("model", "It is a bay."),
            ],
            "tools": [{"functionDeclarations": [{"name": "look_up", "parameters": {"type": "object"}}]}],
        },
    ),
    ("gemini", "pair"): (
        PAIR,
        {
            "system_instruction": {"parts": [{"text": "Be brief."}]},
            "contents": [parts("user", "Hi")],
            "completions": [
                {"score": 1, "completion": parts("model", "Hello.")},
                {"score": 0, "completion": parts("model", "What?")},
            ],
        },
    ),
}


@pytest.mark.parametrize(("name", "what"), ROWS)
def test_a_sample_is_this_row(name: str, what: str) -> None:
    """Key by key, in order; the format's own check finds nothing; it is the same where the style said nothing."""
    sample, wanted = ROWS[name, what]
    known = context(sample, turns=TURNS, tools=True)
    unknown = context(sample)
    unknown.sample = None

    for ctx in (known, unknown):
        row = OFFERS[name].row(sample, ctx)
        assert row == wanted
        assert list(row) == list(wanted)


@pytest.mark.parametrize("name", OFFERS)
def test_every_kind_that_the_traits_name_has_a_row(name: str) -> None:
    """And no other: the host refuses before the run what the traits leave out."""
    kinds = {"question": "instruction", "talk": "chat", "agent": "chat", "pair": "preference", "text": "text"}
    assert set(OFFERS[name].traits.kinds or ()) == {kinds[what] for one, what in ROWS if one == name}


@pytest.mark.parametrize(
    ("name", "config", "answer"),
    [
        ("openai", {"reasoning": "inline"}, {"content": "<think>\nThey leave.\n</think>\n\nBye."}),
        ("fireworks", {"reasoning": "inline"}, {"content": "<think>\nThey leave.\n</think>\n\nBye."}),
        ("fireworks", {"reasoning": "drop"}, {"content": "Bye."}),
        ("together", {"reasoning": "drop"}, {"content": "Bye."}),
        ("mistral", {"reasoning": "inline"}, {"content": "<think>\nThey leave.\n</think>\n\nBye."}),
        (
            "bedrock",
            {"reasoning": "blocks"},
            {"content": [{"reasoningContent": {"reasoningText": {"text": "They leave."}}}, {"text": "Bye."}]},
        ),
    ],
)
def test_reasoning_goes_where_it_is_sent(name: str, config: dict[str, str], answer: dict[str, Any]) -> None:
    """And the format says whether its rows hold it."""
    ctx = context(TALK, turns=TURNS)
    row = OFFERS[name].row(TALK, ctx, **config)
    writer: Any = OFFERS[name].writer(ctx, **config)

    assert row["messages"][-1] == {"role": "assistant", **answer}
    assert ("reasoning" in writer.carries) == (config["reasoning"] != "drop")


def test_fireworks_multiplies_the_loss_by_a_rows_weight() -> None:
    """A float in every row where weights are written, and in none where they are not."""
    written = [OFFERS["fireworks"].row(one, context(one, weighted=True)) for one in (QUESTION, TALK)]

    assert [row["weight"] for row in written] == [2.0, 1.0]
    assert all(isinstance(row["weight"], float) for row in written)
    assert "weight" not in OFFERS["fireworks"].row(QUESTION, context(QUESTION))


def test_fireworks_weighs_no_pairs() -> None:
    """It says so, and a run copies pairs; where a style did not say that it makes them, they are written alike."""
    unknown = context(PAIR)
    unknown.sample = None

    assert OFFERS["fireworks"].traits.weighs == frozenset({"instruction", "chat"})
    assert OFFERS["fireworks"].row(PAIR, unknown) == OFFERS["fireworks"].row(PAIR)


@pytest.mark.parametrize(("names", "answered"), [(("", ""), ["weather", "time"]), (("time", ""), ["time", "weather"])])
def test_gemini_names_the_function_that_is_answered(names: tuple[str, str], answered: list[str]) -> None:
    """Also where two were called at once, and neither calls nor answers have ids: the first that nothing answers."""
    calls = (ToolCall("weather", {}), ToolCall("time", {}))
    answers = [Message("tool", "As asked.", name=name) for name in names]
    sample = Chat(messages=[Message("user", "Q"), Message("assistant", "", tool_calls=calls), *answers])
    parts = OFFERS["gemini"].row(sample)["contents"][2]["parts"]

    assert [one["functionResponse"]["name"] for one in parts] == answered


@pytest.mark.parametrize("name", ["together", "bedrock"])
def test_a_question_alone_may_be_prompt_and_completion(name: str) -> None:
    """What is more than a question and its answer is rejected."""
    offer = OFFERS[name]
    rejected = offer.writer(context(TALK), rows="prompt_completion")(TALK)

    assert offer.row(QUESTION, rows="prompt_completion") == {"prompt": ASKED, "completion": "A bay."}
    assert isinstance(rejected, Reject)
    assert rejected.code == "not_one_question"


def test_anthropics_layout_holds_metadata() -> None:
    """Unless the recipe leaves it out."""
    sample = Instruction(instruction="Q", output="A", metadata={"source": "faq"})
    ctx = context(sample, metadata={"source": "string"})

    assert OFFERS["anthropic"].row(sample, ctx)["metadata"] == {"source": "faq"}
    assert "metadata" not in OFFERS["anthropic"].row(sample, ctx, metadata=False)


def test_system_messages_at_the_start_are_joined() -> None:
    """Where the target holds one text for them."""
    sample = Chat(messages=[Message("system", "A"), Message("developer", "B"), *TALK.messages[1:]])

    assert OFFERS["anthropic"].row(sample)["system"] == "A\n\nB"
    assert OFFERS["gemini"].row(sample)["systemInstruction"] == {"parts": [{"text": "A\n\nB"}]}


def test_mistrals_ids_are_made_anew() -> None:
    """Nine digits, the answer's like the call's; tools get the description that mistral-finetune wants."""
    row = OFFERS["mistral"].row(AGENT, context(AGENT, turns=TURNS, tools=True))

    assert row["messages"][1]["tool_calls"] == [{**CALL, "id": "000000001"}]
    assert row["messages"][2] == {"role": "tool", "content": "A bay.", "tool_call_id": "000000001"}
    assert row["tools"] == [
        {"type": "function", "function": {"name": "look_up", "description": "", "parameters": {"type": "object"}}}
    ]


def test_geminis_answers_that_stand_together_are_one_turn() -> None:
    """An object is handed over as it is; the name is that of the call."""
    calls = (ToolCall("a", {}, id="1"), ToolCall("b", {"x": 1}, id="2"))
    sample = Chat(
        messages=[
            Message("user", "Go"),
            Message("assistant", "Both.", tool_calls=calls),
            Message("tool", '{"n": 3}', tool_call_id="1"),
            Message("tool", "[4]", tool_call_id="2"),
            Message("assistant", "Done."),
        ]
    )
    contents = OFFERS["gemini"].row(sample, context(sample, turns=TURNS))["contents"]

    assert contents[1]["parts"] == [
        {"text": "Both."},
        {"functionCall": {"name": "a", "args": {}}},
        {"functionCall": {"name": "b", "args": {"x": 1}}},
    ]
    assert contents[2] == {
        "role": "user",
        "parts": [
            {"functionResponse": {"name": "a", "response": {"n": 3}}},
            {"functionResponse": {"name": "b", "response": {"output": "[4]"}}},
        ],
    }


@pytest.mark.parametrize("name", ["openai", "fireworks", "together", "gemini", "mistral"])
def test_in_a_run_of_several_kinds_all_rows_are_conversations(name: str) -> None:
    """A pair is its chosen answer, a text what the assistant says."""
    ctx = context(Sample)
    key = "contents" if name == "gemini" else "messages"

    assert key in OFFERS[name].row(PAIR, ctx)
    assert key in (OFFERS[name].writer(ctx)(Text(text="x")))  # type: ignore[operator]
