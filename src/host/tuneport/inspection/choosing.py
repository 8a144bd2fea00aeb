"""Which style fits a source, and which of its columns are trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tuneport.inspection.columns import Column
from tuneport.inspection.names import (
    ASKED,
    ASSISTANT,
    CHOSEN,
    COMPLETION,
    CONTEXT,
    LABEL,
    MESSAGES,
    OUTPUT,
    PROMPT,
    REJECTED,
    SYSTEM,
    TEXT,
    TOOLS,
    USER,
    called,
    named,
)
from tuneport.inspection.turns import Turns, turns_of

_PROSE = 12
"""Characters from which on texts with several words are taken for more than labels."""


@dataclass(frozen=True)
class Choice:
    """A style, and the columns it reads.

    Attributes:
        style: its name.
        mapping: key of `field_mapping` to column.
        learnt: the column that is trained.
        guessed: whether no name of a column said so.
        turns: how rows become conversations, where each of them is one message.
    """

    style: str
    mapping: Mapping[str, Column]
    learnt: Column
    guessed: bool = False
    turns: Turns | None = None

    @property
    def talks(self) -> bool:
        """Whether whole conversations are read."""
        return self.style not in _OF_TEXTS and self.learnt.talks

    @property
    def with_tools(self) -> bool:
        """Whether the style looks for tools."""
        return self.talks or self.turns is not None or self.style in ("preference", "unpaired_preference")

    def lengths(self) -> list[int]:
        """Characters of what would be trained, for each record that has every part; the shortest first."""
        needed = [column for key, column in self.mapping.items() if key not in _OPTIONAL]
        others = [set(column.positions) for column in needed if column is not self.learnt]
        held = self.learnt.spoken if self.talks else self.learnt
        pairs = zip(held.positions, held.lengths, strict=True)
        return sorted(length for position, length in pairs if all(position in other for other in others))


_OPTIONAL = {"input_field", "system_field", "tools_field"}
_OF_TEXTS = {"instruction_tuning", "text_completion"}


def choose(columns: Sequence[Column]) -> Choice | None:
    """The first choice that leaves a record to train on, else the first; None where there is no column for any."""
    usable = [column for column in columns if not column.secret and _can_be_mapped(column)]
    first = next(_choices(usable), None)
    return next((choice for choice in _choices(usable) if choice.lengths()), first)


def _can_be_mapped(column: Column) -> bool:
    """Whether `field_mapping` can name it: braces make a template there."""
    return "{" not in column.name and "}" not in column.name


def _choices(columns: Sequence[Column]) -> Iterator[Choice]:
    yield from _preferences(columns)
    yield from _conversations(columns)
    turns = turns_of(columns)
    if turns is not None:
        yield Choice("chat_completion", {}, turns.group["content_field"], turns=turns)
    yield from _chats(columns)
    yield from _completions(columns)
    yield from _answers(columns)
    text = called(columns, TEXT)
    if text is not None:
        yield _text(text)
    yield from _guesses(columns)


def _preferences(columns: Sequence[Column]) -> Iterator[Choice]:
    chosen, rejected = named(columns, CHOSEN), named(columns, REJECTED)
    if chosen is None or rejected is None:
        return
    whole = chosen.talks and rejected.talks
    # Conversations begin with their prompt, which a column of another name may say in other words.
    prompt = named(columns, PROMPT[:1] if whole else PROMPT)
    if prompt is not None or whole:
        before = {} if prompt is None else {"prompt_field": prompt}
        mapping = {**before, "chosen_field": chosen, "rejected_field": rejected, **_tools(columns)}
        yield Choice("preference", mapping, chosen)


def _conversations(columns: Sequence[Column]) -> Iterator[Choice]:
    talking = [column for column in columns if column.talks]
    sides = (*PROMPT, *COMPLETION)
    held = named(talking, MESSAGES) or next((one for one in talking if one.plain_name not in sides), None)
    if held is None:
        return
    system = named(_written(columns), SYSTEM)
    before = {} if system is None or system is held else {"system_field": system}
    yield Choice("chat_completion", {**before, "messages_field": held, **_tools(columns)}, held)


def _tools(columns: Sequence[Column]) -> dict[str, Column]:
    """Where tools are, if every value of a column is a list of them."""
    tools = named(columns, TOOLS)
    return {} if tools is None or tools.spoken.lists < tools.seen else {"tools_field": tools}


def _completions(columns: Sequence[Column]) -> Iterator[Choice]:
    prompt, completion = named(columns, PROMPT[:1]), named(columns, COMPLETION)
    if prompt is None or completion is None:
        return
    mapping = {"prompt_field": prompt, "completion_field": completion}
    label = named([column for column in columns if column.labels], LABEL) or next(
        (column for column in columns if column.judges), None
    )
    if label is not None:
        yield Choice("unpaired_preference", {**mapping, "label_field": label, **_tools(columns)}, completion)
    elif completion.plain_name == COMPLETION[0] and named(columns, CONTEXT) is None:
        yield Choice("prompt_completion", {**mapping, **(_tools(columns) if completion.talks else {})}, completion)


def _chats(columns: Sequence[Column]) -> Iterator[Choice]:
    user, assistant, system = named(columns, USER), named(columns, ASSISTANT), named(_written(columns), SYSTEM)
    if user is not None and assistant is not None:
        mapping = {"user_field": user, "assistant_field": assistant}
        yield Choice("chat_completion", mapping if system is None else {"system_field": system, **mapping}, assistant)


def _answers(columns: Sequence[Column]) -> Iterator[Choice]:
    output = called(columns, OUTPUT)
    rest = [column for column in columns if column is not output]
    asked = called(rest, ASKED) or named(rest, (*USER, *CONTEXT, *TEXT))
    if output is not None and asked is not None:
        about = named([column for column in _written(rest) if column is not asked], CONTEXT)
        yield _pair(asked, about, output)


def _written(columns: Sequence[Column]) -> list[Column]:
    """Those of which no value spoils its record: bytes are no text."""
    return [column for column in columns if "" not in column.kinds]


def _guesses(columns: Sequence[Column]) -> Iterator[Choice]:
    prose = [column for column in columns if column.median >= _PROSE and column.spaced * 2 > column.seen]
    longest = sorted(prose, key=lambda column: -column.median)[:2]
    if len(longest) == 2:
        asked, output = sorted(longest, key=columns.index)
        yield _pair(asked, None, output, guessed=True)
    # A column of numbers is better than none; objects and lists, such as whole conversations, are no text to learn.
    plain = [
        column for column in columns if not any(kind == "json" or kind.startswith("list") for kind in column.kinds)
    ]
    for column in sorted(plain, key=lambda column: (column not in prose, not column.texts, -column.median)):
        yield _text(column, guessed=True)


def _pair(asked: Column, about: Column | None, output: Column, *, guessed: bool = False) -> Choice:
    between = {} if about is None else {"input_field": about}
    mapping = {"instruction_field": asked, **between, "output_field": output}
    return Choice("instruction_tuning", mapping, output, guessed)


def _text(column: Column, *, guessed: bool = False) -> Choice:
    return Choice("text_completion", {"text_field": column}, column, guessed)
