"""Prompts and answers: `prompt_completion`, `preference`, `unpaired_preference`, and reasoning beside an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugins.jsonl_llm.support import STYLES, attempt, context, read, showing
from tuneport import Chat, Instruction, Message, Preference, Reject, ToolCall, Unpaired
from tuneport.context import SampleShape
from tuneport.inspection.spoken import LABELS
from tuneport_jsonl_llm.config import StyleConfig

U, A, B = (
    {"role": "user", "content": "Which?"},
    {"role": "assistant", "content": "This one."},
    {"role": "assistant", "content": "That one."},
)
S = {"role": "system", "content": "Be kind."}
USER, GOOD, BAD = Message("user", "Which?"), Message("assistant", "This one."), Message("assistant", "That one.")
SYSTEM = Message("system", "Be kind.")
TEXTS = {"prompt": "Which?", "chosen": "This one.", "rejected": "That one."}


@pytest.mark.parametrize(
    ("record", "sample"),
    [
        ({"prompt": "Which?", "completion": "This one."}, Instruction(instruction="Which?", output="This one.")),
        ({"prompt": "", "completion": 42}, Instruction(instruction="", output="42")),
        ({"prompt": [U], "completion": [A]}, Chat(messages=[USER, GOOD], tools=())),
        ({"prompt": json.dumps([S, U]), "completion": json.dumps(A)}, Chat(messages=[SYSTEM, USER, GOOD], tools=())),
        ({"prompt": "Which?", "completion": [A]}, Chat(messages=[USER, GOOD], tools=())),
        ({"prompt": [U], "completion": "This one."}, Chat(messages=[USER, GOOD], tools=())),
        (
            {"prompt": [U, A, U], "completion": [B]},
            Chat(messages=[USER, Message("assistant", "This one.", weight=0.0), USER, BAD], tools=()),
        ),
    ],
)
def test_prompt_and_completion(record: dict[str, Any], sample: Any) -> None:
    """Two texts are an instruction, turns in one of them a chat, whose prompt is not learnt."""
    assert read("prompt_completion", {}, record) == sample


def test_a_run_of_texts_refuses_turns_that_come_late() -> None:
    """All samples of a run are of one kind; with `message_fields` all of them are chats."""
    ctx = showing(texts := {"prompt": "Which?", "completion": "This one."})
    late = attempt("prompt_completion", {}, {"prompt": [U], "completion": [A]}, ctx)
    assert isinstance(late, Reject)
    assert (late.code, "message_fields = []" in late.reason) == ("late_field", True)
    assert ctx.sample == SampleShape(Instruction)
    assert read("prompt_completion", {"message_fields": []}, texts) == Chat(messages=[USER, GOOD], tools=())


def test_an_object_as_completion_is_kept_beside_its_text() -> None:
    """As in the other styles: JSON text is learnt, and validators see the object."""
    sample = read("prompt_completion", {}, {"prompt": "Which?", "completion": {"a": 1}})
    assert isinstance(sample, Instruction)
    assert (sample.output, sample.structured) == ('{"a":1}', {"output": {"a": 1}})


def test_what_a_prompt_of_several_turns_declares() -> None:
    """That its earlier answers are not learnt is the weight of a turn, and left out where turns may not have one."""
    record = {"prompt": [U, A, U], "completion": [B]}
    ctx = showing(record)
    read("prompt_completion", {}, record, ctx)
    assert ctx.sample == SampleShape(Chat, turns=frozenset({"weight"}))
    plain = read("prompt_completion", {"message_fields": []}, record)
    assert [turn.weight for turn in plain.messages] == [None] * 4
    late = attempt("prompt_completion", {}, record, showing({"prompt": [U], "completion": [A]}))
    assert isinstance(late, Reject)
    assert late.code == "late_field"


REASONED = {"reasoning_field": "why"}


@pytest.mark.parametrize(
    ("style", "record"),
    [
        ("instruction_tuning", {"question": "Which?", "answer": "This one."}),
        ("prompt_completion", {"prompt": "Which?", "completion": "This one."}),
        ("prompt_completion", {"prompt": [U], "completion": "This one."}),
        ("chat_completion", {"user_message": "Which?", "assistant_response": "This one."}),
    ],
)
def test_reasoning_comes_before_the_answer(style: str, record: dict[str, Any]) -> None:
    """Where it is named, with its weight; a record without any has neither, and the run declares both."""
    ctx = showing({**record, "why": "Hm."})
    settings = {"field_mapping": REASONED, "reasoning_weight": 0.5}
    thought = read(style, settings, {**record, "why": "Hm."}, ctx)
    assert thought.completion == Message("assistant", "This one.", reasoning="Hm.", reasoning_weight=0.5)
    assert read(style, settings, {**record, "why": None}, ctx).completion == GOOD
    wrong = attempt(style, settings, {**record, "why": b"x"}, ctx)
    assert wrong == Reject("bad_type", "Field 'why' is bytes, not text")
    assert ctx.sample is not None
    assert ctx.sample.turns == {"reasoning", "reasoning_weight"}
    assert "why" in (ctx.declared or ())
    STYLES[style](StyleConfig.model_validate({"field_mapping": REASONED}), ctx)
    assert ctx.sample.turns == {"reasoning"}


FUNCTION = {"name": "f", "arguments": "{}"}
CALL, AGAIN = (
    {"role": "assistant", "content": None, "tool_calls": [{"id": name, "function": FUNCTION}]} for name in ("x", "y")
)
PAIR = ([USER], [GOOD], [BAD])
PAIRS: dict[str, tuple[dict[str, Any], tuple[list[Message], list[Message], list[Message]]]] = {
    "texts": (TEXTS, PAIR),
    "turns": ({"prompt": [U], "chosen": [A], "rejected": [B]}, PAIR),
    "JSON texts": (
        {name: json.dumps(value) for name, value in (("prompt", [U]), ("chosen", [A]), ("rejected", B))},
        PAIR,
    ),
    "ShareGPT's objects": (
        {
            "prompt": [U],
            "chosen": {"from": "gpt", "value": "This one."},
            "rejected": {"from": "gpt", "value": "That one."},
        },
        PAIR,
    ),
    "a text and turns": ({"prompt": "Which?", "chosen": "This one.", "rejected": [B]}, PAIR),
    "no prompt": ({"chosen": [S, U, A], "rejected": [S, U, B]}, ([SYSTEM, USER], [GOOD], [BAD])),
    "a null prompt": ({"prompt": None, "chosen": [U, A], "rejected": [U, B]}, PAIR),
    "a prompt that answers repeat": ({"prompt": "Which?", "chosen": [U, A], "rejected": [U, B]}, PAIR),
    "a longer prompt": ({"prompt": [S, U], "chosen": [U, A], "rejected": [U, B]}, ([SYSTEM, USER], [GOOD], [BAD])),
    "a shorter prompt": (
        {"prompt": "Which?", "chosen": [S, U, A], "rejected": [S, U, B]},
        ([SYSTEM, USER], [GOOD], [BAD]),
    ),
    "several turns": ({"chosen": [U, A, U, A], "rejected": [U, A, U, B]}, ([USER, GOOD, USER], [GOOD], [BAD])),
    "one goes on": ({"chosen": [U, A, U, B], "rejected": [U, A]}, ([USER], [GOOD, USER, BAD], [GOOD])),
    "a call": (
        {"chosen": [U, CALL], "rejected": [U, B]},
        ([USER], [Message("assistant", "", (ToolCall("f", {}, "x"),))], [BAD]),
    ),
}


@pytest.mark.parametrize("case", PAIRS)
def test_pairs(case: str) -> None:
    """A prompt and two answers, whatever each of them is; whole conversations begin with their prompt."""
    record, (prompt, chosen, rejected) = PAIRS[case]
    sample = read("preference", {}, record)
    assert sample == Preference(prompt=prompt, chosen=chosen, rejected=rejected, tools=())


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({**TEXTS, "chosen": None}, "missing_field"),
        ({**TEXTS, "rejected": []}, "missing_field"),
        ({**TEXTS, "prompt": None}, "missing_field"),
        ({"chosen": "This one.", "rejected": "That one."}, "missing_field"),
        ({**TEXTS, "rejected": "This one."}, "same_answers"),
        ({"chosen": [U, A], "rejected": [U, A]}, "same_answers"),
        ({"chosen": [U, CALL], "rejected": [U, AGAIN]}, "same_answers"),
        ({"chosen": [U, A], "rejected": [S, B]}, "prompts_differ"),
        ({"chosen": [U, A], "rejected": [B]}, "prompts_differ"),
        ({"chosen": [U, A], "rejected": [U, S, B]}, "prompts_differ"),
        ({"prompt": "What?", "chosen": [U, A], "rejected": [U, B]}, "prompts_differ"),
        ({"prompt": [U], "chosen": [A, U], "rejected": [B]}, "no_answer"),
        ({"prompt": [U], "chosen": [A], "rejected": [B, {"role": "tool", "content": "x"}, B]}, "tool_without_call"),
        ({**TEXTS, "prompt": " "}, "empty_turn"),
        ({**TEXTS, "chosen": b"x"}, "bad_type"),
        ({**TEXTS, "chosen": [{"role": "nobody", "content": "x"}]}, "unknown_role"),
    ],
)
def test_what_is_no_pair(record: dict[str, Any], code: str) -> None:
    """Each has a stable code."""
    result = attempt("preference", {}, record)
    assert isinstance(result, Reject)
    assert result.code == code


def test_what_follows_the_answers_may_be_dropped() -> None:
    """In either of them."""
    sample = read("preference", {"trailing_turns": "drop"}, {"prompt": [U], "chosen": [A, U], "rejected": [B, U]})
    assert sample == Preference(prompt=[USER], chosen=[GOOD], rejected=[BAD], tools=())


def test_what_a_run_of_pairs_declares() -> None:
    """Kind, fields of turns in either answer, and tools."""
    record = {"chosen": [U, A], "rejected": [U, {**B, "reasoning": "Hm."}], "tools": None, "source": "s"}
    ctx = context({"chosen": "json", "rejected": "json", "tools": "json", "source": "string"}, look=lambda: [record])
    STYLES["preference"](StyleConfig(), ctx)
    shape = SampleShape(Preference, metadata={"source": "string"}, turns=frozenset({"reasoning"}), tools=True)
    assert ctx.sample == shape
    assert ctx.declared is not None
    assert {"prompt", "chosen", "rejected", "tools"} <= ctx.declared


def test_fields_of_pairs_must_exist() -> None:
    """Answers always, the prompt where it is named."""
    ctx = context({"a": ""}, closed=True)
    STYLES["preference"](StyleConfig(), ctx)
    assert [problem.path for problem in ctx.problems] == ["field_mapping.chosen_field", "field_mapping.rejected_field"]
    ctx = context({"chosen": "", "rejected": ""}, closed=True)
    STYLES["preference"](StyleConfig.model_validate({"field_mapping": {"prompt_field": "asked"}}), ctx)
    assert [problem.path for problem in ctx.problems] == ["field_mapping.prompt_field"]


@pytest.mark.parametrize(
    ("value", "label"),
    [
        *((value, True) for value in (True, 1, 1.0, "1", "yes", " Yes ", "TRUE", "up", "Good", "like", "Thumbs up")),
        *((value, True) for value in ("thumbs_up", "Thumbs-Up")),
        *((value, False) for value in (False, 0, 0.0, "0", "no", "False", -1, -1.0, "-1", " -1 ", "down", "BAD")),
        *((value, False) for value in ("dislike", "thumbs_down")),
    ],
)
def test_labels(value: Any, label: bool) -> None:
    """True or false, 1 or 0 or -1, and the words that tables have for it, in whatever case."""
    sample = read("unpaired_preference", {}, {"prompt": "Which?", "completion": "This one.", "label": value})
    assert sample == Unpaired(prompt=[USER], completion=GOOD, label=label, tools=())


@pytest.mark.parametrize(
    ("value", "label"), [("Helpful", True), (5, True), ("2 stars", False), ("up", False), (1, True)]
)
def test_labels_of_ones_own(value: Any, label: bool) -> None:
    """`labels` names them, beside the well-known ones and before these."""
    settings = {"labels": {"helpful": True, "5": True, "2 Stars": False, "up": False}}
    record = {"prompt": "Which?", "completion": "This one.", "label": value}
    sample = read("unpaired_preference", settings, record)
    assert isinstance(sample, Unpaired)
    assert sample.label is label


def test_labels_are_counted() -> None:
    """A run whose labels all say the same shows that: there is no difference to learn."""
    ctx = context({"prompt": "string", "completion": "string", "label": "string"})
    for value in ("up", "down", "up", "sideways"):
        attempt("unpaired_preference", {}, {"prompt": "Which?", "completion": "This one.", "label": value}, ctx)
    assert ctx.counts == {"label_true": 2, "label_false": 1}


def test_what_inspect_takes_for_labels_is_one() -> None:
    """Each word by itself."""
    for word in LABELS:
        sample = read("unpaired_preference", {}, {"prompt": "Which?", "completion": "This one.", "label": word})
        assert isinstance(sample, Unpaired), word


@pytest.mark.parametrize(
    ("value", "code"),
    [(None, "missing_field"), (" ", "missing_field"), (2, "bad_type"), ("fine", "bad_type"), ([], "bad_type")],
)
def test_what_is_no_label(value: Any, code: str) -> None:
    """Another number or word is not guessed at."""
    result = attempt("unpaired_preference", {}, {"prompt": "Which?", "completion": "This one.", "label": value})
    assert isinstance(result, Reject)
    assert result.code == code


@pytest.mark.parametrize(
    ("record", "prompt"),
    [
        ({"prompt": [S, U], "completion": [A]}, [SYSTEM, USER]),
        ({"completion": [U, A]}, [USER]),
        ({"prompt": "Which?", "completion": [S, U, A]}, [SYSTEM, USER]),
        ({"prompt": "Which?", "completion": [B, U, A]}, [USER, BAD, USER]),
    ],
)
def test_the_last_turn_of_a_completion_is_judged(record: dict[str, Any], prompt: list[Message]) -> None:
    """What comes before it is prompt, once."""
    sample = read("unpaired_preference", {}, {**record, "label": True})
    assert sample == Unpaired(prompt=prompt, completion=GOOD, label=True, tools=())


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"completion": "This one."}, "missing_field"),
        ({"prompt": "Which?"}, "missing_field"),
        ({"prompt": "What?", "completion": [U, A]}, "prompts_differ"),
        ({"prompt": "Which?", "completion": [U]}, "no_answer"),
        ({"prompt": "Which?", "completion": b""}, "bad_type"),
    ],
)
def test_what_cannot_be_judged(record: dict[str, Any], code: str) -> None:
    """Each has a stable code."""
    result = attempt("unpaired_preference", {}, {"completion": None, **record, "label": True})
    assert isinstance(result, Reject)
    assert result.code == code
