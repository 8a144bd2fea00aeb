"""Contexts and made-up samples for tests of formats."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tuneport import Chat, Context, Instruction, Message, Preference, Sample, Text, ToolCall, Unpaired
from tuneport.context import SampleShape

TOOL = {"type": "function", "function": {"name": "find", "description": "Looks up", "parameters": {"type": "object"}}}
TOOL_TEXT = '[{"type":"function","function":{"name":"find","description":"Looks up","parameters":{"type":"object"}}}]'
ALL_TURNS = ("tool_calls", "tool_call_id", "name", "reasoning", "weight", "reasoning_weight")


def context(
    kind: type[Sample] | None,
    turns: Iterable[str] = (),
    *,
    tools: bool = False,
    weighted: bool = True,
    metadata: Mapping[str, str] | None = None,
) -> Context:
    """A run's context; None for a style that did not say what its samples are."""
    shape = None
    if kind is not None:
        shape = SampleShape(kind, metadata=dict(metadata or {}), turns=frozenset(turns), tools=tools)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return Context(now=now, seed=0, log=logging.getLogger("test"), fields={}, weighted=weighted, sample=shape)


def chat(*turns: str, system: str = "", **more: Any) -> Chat:
    """A conversation of user and assistant by turns."""
    head = [Message("system", system)] if system else []
    spoken = [Message("assistant" if place % 2 else "user", text) for place, text in enumerate(turns)]
    return Chat(messages=[*head, *spoken], **more)


CALLED = Chat(
    messages=[
        Message("system", "S"),
        Message("user", "Q"),
        Message("assistant", "", (ToolCall("find", {"q": 1}),), reasoning="R"),
        Message("tool", "found", name="find"),
        Message("assistant", "A", weight=0.5),
    ],
    tools=[TOOL],
    weight=2.0,
)
"""A conversation with everything that a turn may have but a weight of reasoning."""

PAIR = Preference(
    prompt=[Message("system", "S"), Message("user", "Q")],
    chosen=[Message("assistant", "yes", reasoning="R")],
    rejected=[Message("assistant", "no")],
    weight=2.0,
)
JUDGED = Unpaired(prompt=[Message("user", "Q")], completion=Message("assistant", "A"), label=False, weight=2.0)

_characters = st.characters(exclude_categories=["Cs"])
_words = st.text(_characters, min_size=1, max_size=20).filter(lambda text: "<|" not in text)
_weights = st.none() | st.sampled_from([0.0, 0.5, 1.0, 3.0])
_values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(_characters)
_calls = st.builds(
    ToolCall,
    name=st.sampled_from(["find", "Send_mail", "a-b"]),
    arguments=st.dictionaries(st.sampled_from(["q", "n", "to"]), _values | st.lists(_values, max_size=2), max_size=3),
    id=st.sampled_from(["", "", "given_1", "given_2"]),
)


def _answers() -> st.SearchStrategy[Message]:
    return st.builds(
        Message,
        role=st.just("assistant"),
        content=_words,
        reasoning=st.just("") | _words,
        weight=_weights,
        reasoning_weight=_weights,
    )


@st.composite
def _exchange(draw: st.DrawFn, *, tools: bool) -> list[Message]:
    """A question, calls with an answer to each of them now and then, and an answer."""
    turns = [Message("user", draw(_words))]
    if tools and draw(st.booleans()):
        call = draw(_calls)
        said = Message("assistant", "", (call,), reasoning=draw(st.just("") | _words), weight=draw(_weights))
        turns += [said, Message("tool", draw(st.just("") | _words), tool_call_id=call.id, name=call.name)]
    return [*turns, draw(_answers())]


@st.composite
def conversations(draw: st.DrawFn, *, tools: bool = True) -> list[Message]:
    """One to three exchanges, after a system message now and then."""
    head = [Message(draw(st.sampled_from(["system", "developer"])), draw(_words))] if draw(st.booleans()) else []
    exchanges = draw(st.lists(_exchange(tools=tools), min_size=1, max_size=3))
    return [*head, *(turn for one in exchanges for turn in one)]


def samples(kind: str, *, tools: bool = True) -> st.SearchStrategy[Sample]:
    """Samples of a kind, with all that one may have."""
    weight = st.sampled_from([0.25, 1.0, 3.0])
    listed = st.sampled_from([(), (TOOL,)]) if tools else st.just(())
    talk = conversations(tools=tools)
    prompt = talk.map(lambda turns: turns[:-1])
    if kind == "instruction":
        reasoning = st.just("") | _words
        return st.builds(
            Instruction, instruction=_words, input=st.none() | _words, output=_words, reasoning=reasoning, weight=weight
        )
    if kind == "chat":
        return st.builds(Chat, messages=talk, tools=listed, weight=weight)
    if kind == "text":
        return st.builds(Text, text=_words, weight=weight)
    if kind == "preference":
        two = st.tuples(_answers(), _answers()).filter(lambda both: both[0].content != both[1].content)
        return st.builds(
            lambda asked, both, tools, weight: Preference(
                prompt=asked, chosen=[both[0]], rejected=[both[1]], tools=tools, weight=weight
            ),
            prompt,
            two,
            listed,
            weight,
        )
    return st.builds(Unpaired, prompt=prompt, completion=_answers(), label=st.booleans(), tools=listed, weight=weight)


KINDS: dict[str, type[Sample]] = {
    "instruction": Instruction,
    "chat": Chat,
    "text": Text,
    "preference": Preference,
    "unpaired": Unpaired,
}

PLAIN: dict[str, Sample] = {
    "instruction": Instruction(instruction="Q", output="A"),
    "chat": chat("Q", "A"),
    "text": Text(text="T"),
    "preference": PAIR,
    "unpaired": JUDGED,
}
"""One sample of each kind."""
