"""Lines that are nearly records: seeds, and what makes rubbish of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

_CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q": "ü", "n": 3}'}}
_TURNS = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the weather in Köln, and why?"},
    {"role": "assistant", "content": "", "tool_calls": [_CALL]},
    {"role": "tool", "content": "rain", "tool_call_id": "c1", "name": "look"},
    {"role": "assistant", "content": "It rains, for a front has come.", "reasoning": "The tool says rain."},
]
_PARAMETERS = {"type": "object", "properties": {"q": {"type": "string"}, "n": {"type": "integer"}}}
_TOOL = {"type": "function", "function": {"name": "look", "description": "Look.", "parameters": _PARAMETERS}}

RECORDS: list[dict[str, Any]] = [
    {
        "pk": "qa_1",
        "question": "What does the sign mean?",
        "context": "Page 7 of the manual, ünïcödé \u2028 7",
        "answer": "It stands for number seven. Read on.",
        "importance": 0.75,
        "votes": 12,
        "created_at": "2026-01-02T03:04:05Z",
        "category": "c1",
        "tags": ["a", "b"],
    },
    {"pk": 2, "question": "Why?", "answer": "Because it is so, and not otherwise.", "importance": 3, "votes": -1},
    {"pk": None, "question": "", "answer": " ", "context": None, "importance": None, "tags": []},
    {
        "question": 'Emoji \U0001f600 \\ " / \b \x1f?',
        "answer": "Æther 漢字 \u200f\ufeff and more of it.",
        "importance": 1e-7,
    },
    {"question": {"en": "Which?", "de": "Welche?"}, "answer": ["This one", "that one"], "tags": {"a": [1, 2.5, None]}},
    {"text": "A text that stands alone and is trained from its first token to its last.", "importance": 2.0},
    {"messages": _TURNS, "tools": [_TOOL], "importance": 1.5, "category": "weather"},
    {"messages": json.dumps(_TURNS[:2] + _TURNS[-1:]), "tools": json.dumps([_TOOL])},
    {"messages": [{"from": "human", "value": "Hello there"}, {"from": "gpt", "value": "Hello to you, too."}]},
    {"user_message": "How are you?", "assistant_message": "Well enough, thank you.", "system_prompt": "Be kind."},
    {"prompt": "Name a colour.", "chosen": "Blue is a colour.", "rejected": "No.", "importance": 1},
    {"prompt": _TURNS[:2], "chosen": _TURNS[-1:], "rejected": [{"role": "assistant", "content": "No idea."}]},
    {"meta": {"deep": {"er": [{"x": 1}, {"x": None}]}}, "question": "Nested?", "answer": "Yes, and deeply so at that."},
    {"question": "Numbers", "answer": "Of all sizes, as they come.", "votes": 9223372036854775807, "importance": 1e308},
]

_WORDS = (
    rb"""{ } [ ] : , " \ true false null NaN Infinity -Infinity 0 -0 1 -1 01 +1 .5 1. 1e5 1e400 -1e400 1E-400 "" {} []
    9223372036854775807 9223372036854775808 -9223372036854775809 1.7976931348623157e308 5e-324 "a":1, // /**/
    \u0000 \ud800 \udc00 \ud83d\ude00 \u2028 \n \x \u12 "question":null, "answer":5, "messages":[], {"role":"""
).split()
_UTF8 = [
    bytes.fromhex(code) for code in ("ff", "c3", "c080", "eda080", "f4908080", "efbbbf", "e280a8", "f09f98", "c2a0")
]
_CONTROL = [bytes.fromhex(code) for code in ("00", "0d", "0a", "0d0a", "09", "0b", "1f", "7f", "20")]
_LONG = [b"9" * 400, b"1" + b"0" * 5000, b"0." + b"3" * 700, b"[" * 60, b"]" * 60, b'{"a":' * 40, b"[" * 3000]
_TOKENS = [*_WORDS, *_UTF8, *_CONTROL, *_LONG, b'{"a":' * 1500]

Change = Callable[[bytes, Random], bytes]


def _flip(line: bytes, random: Random) -> bytes:
    place = int(random.random() * len(line))
    return b"%b%c%b" % (line[:place], line[place] ^ (1 << int(random.random() * 8)), line[place + 1 :])


def _byte(line: bytes, random: Random) -> bytes:
    place = int(random.random() * len(line))
    return b"%b%c%b" % (line[:place], int(random.random() * 256), line[place + 1 :])


def _cut(line: bytes, random: Random) -> bytes:
    return line[: int(random.random() * len(line))]


def _without(line: bytes, random: Random) -> bytes:
    start = int(random.random() * len(line))
    return line[:start] + line[start + 1 + int(random.random() * 12) :]


def _twice(line: bytes, random: Random) -> bytes:
    start, end = sorted((int(random.random() * len(line)), int(random.random() * len(line))))
    return line[:end] + line[start:]


def _token(line: bytes, random: Random) -> bytes:
    place = int(random.random() * (len(line) + 1))
    return line[:place] + _TOKENS[int(random.random() * len(_TOKENS))] + line[place:]


def _value(line: bytes, random: Random) -> bytes:
    """Put a token in the place of a value: what comes out is often JSON, and seldom what is wanted."""
    colon = line.find(b": ", int(random.random() * len(line)))
    if colon < 0:
        return line
    ends = [end for end in (line.find(b", ", colon), line.find(b"}", colon)) if end > 0]
    return line[: colon + 2] + _TOKENS[int(random.random() * len(_TOKENS))] + line[min(ends, default=len(line)) :]


_CHANGES: list[Change] = [_flip, _byte, _cut, _without, _twice, _token, _token, _value, _value]


_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e308, 5e-324, -0.0, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30),
    *("", " ", "\n", "5", "0.5", "nan", "x" * 5000, "\ufeff", "\u2028", "\x00", "\ud800", "\U0001f600", "2026-01-02"),
    *([], {}, [[]], [None], ["a", 5], [{}], {"": ""}, {"a": {"b": {"c": [1, 2.0, None]}}}, "[]", "{}"),
    *([{"role": "user", "content": "A"}], [{"role": "assistant", "content": None}], [{"role": 5, "content": []}]),
]  # fmt: skip
"""What may stand in the place of any value."""

_POOL = 3000
_FILL = 12


class Mutator:
    """Makes lines, the same ones for the same seed.

    Args:
        seed: what they are drawn by.
        field: a field of the records that most of them are made of.
    """

    def __init__(self, seed: int, field: str) -> None:
        self._random = Random(seed)  # noqa: S311  -- it draws rubbish
        records = [record for record in RECORDS for _ in range(_FILL if field in record else 1)]
        self._seeds = [self._seed(copy.deepcopy(self._random.choice(records))) for _ in range(_POOL)]

    def lines(self, count: int) -> Iterator[bytes]:
        """So many of them: a third as they are, the others changed here and there."""
        random, seeds, changes = self._random.random, self._seeds, _CHANGES
        for _ in range(count):
            line = seeds[int(random() * _POOL)]
            drawn = random()
            if drawn < 0.5:
                # Each another one: else all but the first would be duplicates.
                line = line.replace(b"e ", b"e %d " % int(random() * 1e6))
            for _ in range(0 if drawn < 0.35 else 1 if drawn < 0.75 else 2 if drawn < 0.95 else 4):
                if line:
                    line = changes[int(random() * len(changes))](line, self._random)
            if drawn > 0.97:
                other = seeds[int(random() * _POOL)]
                line = line[: int(random() * len(line))] + other[int(random() * len(other)) :]
            yield line

    def _seed(self, record: dict[str, Any]) -> bytes:
        """A record as it is, or with other values here and there: JSON in any case."""
        for _ in range(self._random.choice((0, 0, 1, 1, 2))):
            spoil(record, self._random)
        return json.dumps(record, ensure_ascii=self._random.random() < 0.5).encode(errors="surrogatepass")


def spoil(holder: Any, random: Random) -> None:
    """Put another value in some place of a record, however deep, or take one away."""
    while holder:
        place = random.choice([*holder] if isinstance(holder, dict) else range(len(holder)))
        if not isinstance(holder[place], dict | list) or random.random() < 0.4:
            drawn = random.random()
            if drawn < 0.1 and isinstance(holder, dict):
                del holder[place]
            elif drawn < 0.2 and isinstance(holder, list):
                holder.append(copy.deepcopy(holder[place]))
            elif drawn < 0.25 and isinstance(holder, dict):
                holder[random.choice(("", "role", "content", "type", "name", "x"))] = holder[place]
            else:
                holder[place] = copy.deepcopy(random.choice(_VALUES))
            return
        holder = holder[place]


def shortest(line: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """A line from which nothing can be taken away without that it fails no more."""
    step = max(1, len(line) // 2)
    while True:
        start = 0
        while start < len(line):
            shorter = line[:start] + line[start + step :]
            if fails(shorter):
                line = shorter
            else:
                start += step
        if step == 1:
            return line
        step //= 2
