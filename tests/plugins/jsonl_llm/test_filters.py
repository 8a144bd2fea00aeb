"""Filters: what is measured, where the bounds lie, and the words of a reject."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plugins.jsonl_llm.support import answer, context, shape
from tuneport import Chat, Context, Instruction, Message, Preference, Reject, Sample, Text, ToolCall, Unpaired
from tuneport_jsonl_llm import filters
from tuneport_jsonl_llm.config import LengthConfig


def pair(chosen: str, rejected: str) -> Preference:
    """A pair of these answers."""
    asked = [Message("user", "u" * 50)]
    return Preference(prompt=asked, chosen=[Message("assistant", chosen)], rejected=[Message("assistant", rejected)])


SAMPLES: dict[type[Sample], Callable[[str], Sample]] = {
    Instruction: lambda text: Instruction(instruction="i" * 50, input="n" * 50, output=text),
    Chat: lambda text: Chat(messages=(Message("user", "u" * 50), Message("assistant", text))),
    Text: lambda text: Text(text=text),
    Unpaired: lambda text: Unpaired(
        prompt=[Message("user", "u" * 50)], completion=Message("assistant", text), label=False
    ),
}


def length(least: int, most: int, ctx: Context | None = None) -> filters.Filter:
    """The filter with these bounds."""
    return filters.length(LengthConfig(min_text_length=least, max_text_length=most), ctx or context())


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("declared", [True, False])
def test_length_is_that_of_the_trained_text(kind: type[Sample], declared: bool) -> None:
    """Output, last message or text are measured, never what was asked, whether or not the style is declared."""
    judge = length(10, 20, context(sample=shape(kind) if declared else None))
    assert judge({}, SAMPLES[kind]("x" * 5)) == Reject("text_too_short", "Text too short (5 chars)")
    assert judge({}, SAMPLES[kind]("x" * 15)) is None
    assert judge({}, SAMPLES[kind]("x" * 21)) == Reject("text_too_long", "Text too long (21 chars)")


@pytest.mark.parametrize("kind", [Preference, Sample, None])
def test_both_answers_of_a_pair_are_trained(kind: type[Sample] | None) -> None:
    """The one that is rejected as much as the one that is chosen, whether or not the style is declared."""
    ctx = context(sample=None if kind is None else shape(kind))
    judge, empty = length(10, 20, ctx), filters.empty_output(None, ctx)
    fine, short = "x" * 15, Reject("text_too_short", "Text too short (5 chars)")
    assert [judge({}, pair(fine, fine)), empty({}, pair(fine, fine))] == [None, None]
    assert [judge({}, pair("x" * 5, fine)), judge({}, pair(fine, "x" * 5))] == [short, short]
    assert empty({}, pair(fine, " ")) == empty({}, pair("", fine)) == Reject("empty_output", "Empty output")


def test_a_call_of_a_tool_is_trained() -> None:
    """An answer that only calls tools is no empty one: it is as long as its calls are as JSON."""
    call = Chat(messages=[Message("user", "u"), Message("assistant", "", (ToolCall("f", {"a": 1}),))])
    ctx = context(sample=shape(Chat))
    size = len('{"name":"f","arguments":{"a":1}}')
    assert filters.empty_output(None, ctx)({}, call) is None
    assert [length(least, 99, ctx)({}, call) is None for least in (size, size + 1)] == [True, False]


@pytest.mark.parametrize(("size", "passes"), [(9, False), (10, True), (8192, True), (8193, False)])
def test_bounds_are_inclusive(size: int, passes: bool) -> None:
    """A text of exactly the least or the most characters passes."""
    judge = filters.length(LengthConfig(), context())
    assert (judge({}, answer("x" * size)) is None) is passes


def test_length_counts_characters_not_bytes() -> None:
    """Nine umlauts are nine characters, though they are eighteen bytes."""
    assert length(10, 20)({}, answer("ü" * 9)) == Reject("text_too_short", "Text too short (9 chars)")
    assert length(1, 10)({}, answer("ü" * 10)) is None


@pytest.mark.parametrize("text", ["", " ", "\n\t \u00a0\u2003"])
def test_white_space_only_is_empty(text: str) -> None:
    """A trained text of nothing but white space, however long, is empty."""
    assert filters.empty_output(None, context())({}, answer(text)) == Reject("empty_output", "Empty output")


def test_one_character_is_not_empty() -> None:
    """One visible character is an output."""
    assert filters.empty_output(None, context())({}, answer(" x ")) is None


def test_filters_look_at_no_field() -> None:
    """Filters declare that they need nothing of the record, so that they never widen what is read."""
    ctx = context()
    filters.empty_output(None, ctx)
    assert ctx.declared == set()
    ctx = context()
    length(1, 2, ctx)
    assert ctx.declared == set()
