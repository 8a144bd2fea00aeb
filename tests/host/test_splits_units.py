"""What belongs together, and what asks the same."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuneport import Chat, Instruction, Message, Preference, Sample, Text, Unpaired
from tuneport.runs.splitting.units import prompt_key, stratum_of, unit_of

IDENTITY = b"0123456789abcdef"
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {}}}


def turns(*said: str) -> list[Message]:
    """Turns written as `role: text`."""
    parts = [one.partition(": ") for one in said]
    return [Message(role, content) for role, _, content in parts]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((7,), ("7",)),
        ((7,), (7.0,)),
        ((1 << 70,), (str(1 << 70),)),
        ((True,), ("True",)),
        ((7,), ("7.0",)),
        ((date(2026, 1, 2),), ("2026-01-02",)),
        (({"b": 1, "a": 2},), ({"a": 2, "b": 1},)),
        (("a", None), ("a", "")),
        (("a", " \n"), ("a", float("nan"))),
    ],
)
def test_a_value_is_the_same_wherever_it_was_read(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    """A database, a CSV file and JSON write the same value in their own way, and mean one group."""
    assert unit_of(one, IDENTITY) == unit_of(other, IDENTITY) != IDENTITY
    assert stratum_of(one) == stratum_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((7,), (8,)),
        (("a",), ("A",)),
        ((7.5,), (7,)),
        (("ab", "c"), ("a", "bc")),
        (("a", None), (None, "a")),
        (("1:a",), ("a",)),
        (("007",), (7,)),
        (("\ud800",), ("\ud801",)),
    ],
)
def test_other_values_are_another_group(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    """Values of two fields never run into each other."""
    assert unit_of(one, IDENTITY) != unit_of(other, IDENTITY)
    assert stratum_of(one) != stratum_of(other)


@pytest.mark.parametrize("values", [None, (None,), ("",), ("  ",), (float("nan"), None)])
def test_without_a_group_the_content_is_the_unit(values: tuple[Any, ...] | None) -> None:
    """Records without a value are no group: each one stands on its own."""
    assert unit_of(values, IDENTITY) == IDENTITY


SAME = [
    Instruction(instruction="What is it?", input="A page", output="x"),
    Instruction(instruction="  what IS it?\n", input="a\tpage", output="another answer"),
    Instruction(instruction="What is it? A page", output="x"),
    Chat(messages=turns("user: What is it?\n\nA page", "assistant: x")),
    Chat(messages=turns("system: Be brief.", "user: What is it? A page", "assistant: x"), tools=[TOOL]),
    Chat(messages=turns("developer: Be kind.", "user: What is it?", "user: A page", "assistant: x")),
    Preference(prompt=turns("user: What is it? A page"), chosen=turns("assistant: x"), rejected=turns("assistant: y")),
    Unpaired(prompt=turns("user: What is it? A page"), completion=Message("assistant", "x"), label=False),
    Text(text="What is it? A page"),
]


@pytest.mark.parametrize("sample", SAME[1:])
def test_a_prompt_is_the_same_however_it_is_written(sample: Sample) -> None:
    """Case, spacing, kinds of samples, tools and system turns make no other prompt."""
    assert prompt_key(sample) == prompt_key(SAME[0])


@pytest.mark.parametrize(
    ("one", "other"), [("ﬁne ①", "fine 1"), ("STRASSE", "straße"), ("e\u0301", "é"), ("a\u00a0b", "a b"), ("Ώ", "ώ")]
)
def test_unicode_has_one_form(one: str, other: str) -> None:
    """Compatibility characters, composed ones and full case folding."""
    assert prompt_key(Text(text=one)) == prompt_key(Text(text=other))


@pytest.mark.parametrize(
    "sample",
    [
        Instruction(instruction="What is it?", output="A page"),
        Instruction(instruction="What is it? A page.", output="x"),
        Chat(messages=turns("user: What is it?", "assistant: x", "user: A page", "assistant: x")),
        Text(text="What is it? A page x"),
    ],
)
def test_another_prompt_is_another_prompt(sample: Sample) -> None:
    """Punctuation and earlier turns are part of what is asked."""
    assert prompt_key(sample) != prompt_key(SAME[0])


def test_samples_without_a_prompt_are_told_apart_by_their_text() -> None:
    """Two answers to nothing do not ask the same."""
    keys = {prompt_key(Instruction(instruction=" ", output=text)) for text in "ab"}
    keys |= {prompt_key(Chat(messages=turns(f"assistant: {text}"))) for text in "cd"}
    assert len(keys) == 4


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_has_a_key_and_its_form_is_final(text: str) -> None:
    """Half a surrogate pair is as good as any character, and case makes no difference where folding has a say."""
    assert len(prompt_key(Text(text=text))) == 8
    assert prompt_key(Text(text=f" {text}\n")) == prompt_key(Text(text=text))
    assert prompt_key(Text(text=text.casefold())) == prompt_key(Text(text=text))
