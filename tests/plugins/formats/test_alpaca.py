"""The format `alpaca`: one question and one answer, and earlier turns on request."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.formats.rules_table import GONE, changed, wrong
from plugins.formats.samples import CALLED, chat, context
from tuneport import Chat, Instruction, Message, Reject, Sample
from tuneport_formats._open_targets import AlpacaConfig
from tuneport_formats.alpaca import Alpaca, check

FIXED = "Provide guidance based on established guidelines."


def row(sample: Sample, **config: Any) -> Any:
    """A sample's row in a run of its kind."""
    return Alpaca(AlpacaConfig(**config), context(type(sample)))(sample)


def columns(instruction: str, about: str, output: str, **more: Any) -> dict[str, Any]:
    """A row."""
    return {"instruction": instruction, "input": about, "output": output, **more}


@pytest.mark.parametrize(
    ("sample", "config", "expected"),
    [
        (Instruction(instruction="I", output="O"), {}, columns("I", "", "O")),
        (Instruction(instruction="I", input="N", output="O"), {}, columns("I", "N", "O")),
        (Instruction(instruction="I", input="N", output="O"), {"instruction": FIXED}, columns(FIXED, "I\n\nN", "O")),
        (
            Instruction(instruction="I", output="O", reasoning="R"),
            {},
            columns("I", "", "<think>\nR\n</think>\n\nO"),
        ),
        (chat("Q", "A"), {}, columns("Q", "", "A")),
        (chat("Q", "A", system="S"), {}, columns("S\n\nQ", "", "A")),
        (chat("Q", "A", system="S"), {"columns": ["system"]}, columns("Q", "", "A", system="S")),
        (chat("Q", "A"), {"columns": ["system"]}, columns("Q", "", "A", system="")),
        (
            chat("Q", "A", "R", "B"),
            {"columns": ["history"]},
            columns("R", "", "B", history=[["Q", "A"]]),
        ),
        (chat("Q", "A"), {"columns": ["history"]}, columns("Q", "", "A", history=[])),
    ],
)
def test_a_row(sample: Sample, config: dict[str, Any], expected: dict[str, Any]) -> None:
    """The system message stands before the instruction, or in a column of its own."""
    assert row(sample, **config) == expected
    assert wrong(check, expected) == []


@pytest.mark.parametrize(
    "sample",
    [
        chat("Q", "A", "R", "B"),
        CALLED,
        Chat(messages=[Message("user", "Q"), Message("user", "R"), Message("assistant", "A")]),
        Chat(messages=[Message("system", "S")]),
        Chat(messages=[Message("user", "Q"), Message("assistant", "A"), Message("user", "R")]),
    ],
)
def test_what_is_not_one_question_and_one_answer(sample: Sample) -> None:
    """It is rejected, for a row would say something else."""
    made = row(sample)
    assert isinstance(made, Reject)
    assert made.code == "not_alpaca"


def test_earlier_turns_are_carried_as_history_only() -> None:
    """What is lost is said by the format's configuration."""
    assert "turns" not in (Alpaca(AlpacaConfig(), context(Chat)).carries or ())
    assert "turns" in (Alpaca(AlpacaConfig(columns=["history"]), context(Chat)).carries or ())


def test_the_columns_for_the_card() -> None:
    """History is a list of lists of texts."""
    write = Alpaca(AlpacaConfig(columns=["system", "history"]), context(Chat, metadata={"n": "integer"}))
    assert write.features == {
        **dict.fromkeys(("instruction", "input", "output", "system"), "string"),
        "history": {"list": {"list": "string"}},
        "metadata": {"struct": {"n": "int64"}},
    }
    made = write(chat("Q", "A", metadata={"n": 1}))
    assert not isinstance(made, Reject)
    assert list(made) == list(write.features)


RIGHT = columns("I", "N", "O", system="S", history=[["Q", "A"]], metadata={"source": "w"})


@pytest.mark.parametrize(
    ("path", "value", "code", "at"),
    [
        ("instruction", GONE, "missing_key", ""),
        ("instruction", 1, "not_a_text", "/instruction"),
        ("output", GONE, "missing_key", ""),
        ("output", "", "empty_text", "/output"),
        ("output", {"a": 1}, "not_a_text", "/output"),
        ("input", 1, "not_a_text", "/input"),
        ("system", [], "not_a_text", "/system"),
        ("weight", 1.0, "unknown_key", "/weight"),
        ("history", "Q", "bad_history", "/history/0"),
        ("history", [["Q"]], "bad_history", "/history/0"),
        ("history", [["Q", "A"], ["R", None]], "bad_history", "/history/1"),
        ("metadata", "w", "not_an_object", "/metadata"),
    ],
)
def test_wrong_rows(path: str, value: Any, code: str, at: str) -> None:
    """A right row with one thing changed is refused for it."""
    assert list(check(RIGHT)) == []
    assert wrong(check, changed(RIGHT, path, value)) == [(code, at)]


def test_something_is_asked() -> None:
    """An instruction may be empty where there is an input, and an input may be missing."""
    assert wrong(check, columns("", "N", "O")) == wrong(check, {"instruction": "I", "output": "O"}) == []
    assert wrong(check, columns("", "", "O")) == [("empty_text", "/instruction")]
