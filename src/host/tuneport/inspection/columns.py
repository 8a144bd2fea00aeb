"""One field over the first records: its kinds, its texts' lengths, and what it could be used for."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property, reduce
from itertools import pairwise
from math import isfinite
from typing import Any
from uuid import UUID

import msgspec
import msgspec.json

from tuneport.inspection.spoken import Spoken
from tuneport.runs.plain import plain_value
from tuneport.runs.reading.field_types import list_of, merged, seen_type

_SHOWN = 60
_LONG = 40
_FEW = 12
_LARGE = 2**63
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?")
_EPOCH = range(10**8, 10**14)
_WORD_BREAK = re.compile(r"[\W_]+")
_NEW_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRETS = {"password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "credential", "credentials", "ssn"}
_SECRET_PAIRS = {("api", "key"), ("access", "key"), ("private", "key"), ("credit", "card"), ("card", "number")}
_COUNTS = {"count", "num", "number", "len", "length"}


class Column:
    """What one field holds. Positions count the records that were looked at.

    Attributes:
        name: the field.
        declared: its type where the source says it, else "".
        seen: how many values it has.
        kinds: the types of its values.
        lengths: characters of each value that could be trained on, beside `positions`.
        spaced: how many texts have white space in them.
        dates: how many values name a day or a moment, numbers of seconds or milliseconds since 1970 among them.
        numbers: how many values are finite numbers, or texts that are.
        negative: how many of them are below zero.
        unwritable: how many values no row could hold as they are: bytes, NaN, large integers, null in a list.
        example: the beginning of the first value.
        spoken: the conversations, tools and labels among its values.
    """

    def __init__(self, name: str, declared: str) -> None:
        self.name = name
        self.declared = declared
        self.seen = self.spaced = self.dates = self.numbers = self.negative = self.unwritable = 0
        self.texts = self.listed = self.large = 0
        self.kinds: set[str] = set()
        self.positions, self.lengths = array("I"), array("I")
        self.example = ""
        self.spoken = Spoken()
        self._marks: set[Any] | None = set()

    def add(self, position: int, value: Any) -> None:
        """Look at the value of one record; not called for null."""
        self.seen += 1
        if not self.example:
            self.example = _shown(value)
        kind = _kind(value)
        self.kinds.add(kind)
        size = self._text(value) if isinstance(value, str) else self._other(value, kind)
        if size:
            self.positions.append(position)
            self.lengths.append(size)
        self.spoken.add(position, value)
        self._mark(value)

    def _text(self, value: str) -> int:
        self.texts += 1
        text = value.strip()
        self.spaced += len(text.split(None, 1)) > 1
        self.dates += _DATE.fullmatch(text) is not None
        self.listed += not text or _holds_texts(text)
        self._number(text)
        if not _can_be_written(value):
            self.unwritable += 1
            return 0
        return len(value) if text else 0

    def _other(self, value: Any, kind: str) -> int:
        """The size of a value that is no text; 0 where no text can be made of it."""
        if isinstance(value, int | float | Decimal):
            self._number(value)
            self.large += isinstance(value, int) and not -_LARGE <= value < _LARGE
        self.dates += isinstance(value, date)
        self.unwritable += kind == "" or _is_odd_list(value)
        return 0 if kind == "" else _size(value)

    def _number(self, value: Any) -> None:
        """Count a number, or a text that is one."""
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return
        if isfinite(number):
            self.numbers += 1
            self.negative += number < 0
            self.dates += int(number) in _EPOCH
        elif not isinstance(value, str):
            self.unwritable += 1

    def _mark(self, value: Any) -> None:
        if self._marks is None:
            return
        try:
            self._marks.add(hash(value) if isinstance(value, str) and len(value) > _LONG else value)
        except TypeError:
            self._marks = None

    @property
    def type(self) -> str:
        """The type of its values, declared or seen."""
        return self.declared or seen_type(reduce(merged, sorted(self.kinds), "")) or ("string" if self.kinds else "")

    @property
    def distinct(self) -> int | None:
        """How many different values; None where they were not counted."""
        return None if self._marks is None else len(self._marks)

    @property
    def values(self) -> set[str]:
        """Its different values, where all are short texts and there are few; empty otherwise."""
        marks = self._marks or set()
        few = self.kinds == {"string"} and len(marks) <= _FEW
        return marks if few and all(isinstance(mark, str) for mark in marks) else set()

    @cached_property
    def text_lengths(self) -> list[int]:
        """Lengths of what could be trained on, the shortest first."""
        return sorted(self.lengths)

    @property
    def median(self) -> int:
        """The length that half of its texts do not exceed; 0 where there is none."""
        return self.text_lengths[(len(self.text_lengths) - 1) // 2] if self.lengths else 0

    @property
    def longest(self) -> int:
        """The length of its longest text."""
        return self.text_lengths[-1] if self.lengths else 0

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its name: `UserMessage` and `user-message` have the same."""
        return tuple(word for word in _WORD_BREAK.split(_NEW_WORD.sub("_", self.name).lower()) if word)

    @property
    def talks(self) -> bool:
        """Whether most of its values are conversations."""
        return self.spoken.conversations * 2 > self.seen

    @property
    def labels(self) -> bool:
        """Whether nearly all of its values may say whether an answer is good."""
        return self.spoken.labels * 10 > self.seen * 9

    @property
    def judges(self) -> bool:
        """Whether they say that and little else, whatever its name is: thumbs up or down, 1 or -1."""
        telling = self.negative > 0 or not self.numbers
        return self.labels and telling and self.spoken.verdicts * 10 > self.seen * 9

    @property
    def plain_name(self) -> str:
        """Its name as `user_message`."""
        return "_".join(self.words)

    @cached_property
    def secret(self) -> bool:
        """Whether its name looks like that of a password or key."""
        words = set(self.words)
        return bool(words & _SECRETS and not words & _COUNTS) or any(
            pair in _SECRET_PAIRS for pair in pairwise(self.words)
        )


def _size(value: Any) -> int:
    """Characters of a value that is written as JSON."""
    if not isinstance(value, list | tuple | Mapping):
        return len(str(value))
    try:
        return len(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))
    except (TypeError, ValueError, RecursionError):
        return 0


def _can_be_written(text: str) -> bool:
    """Whether UTF-8 has it: a lone surrogate is no character."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _is_odd_list(value: Any) -> bool:
    """Whether it is a list with something in it that is null, or nothing a row could hold."""
    return isinstance(value, list | tuple) and any(map(_is_odd, value))


def _is_odd(item: Any) -> bool:
    return item is None or _kind(item) == "" or (isinstance(item, int) and not -_LARGE <= item < _LARGE)


def _holds_texts(text: str) -> bool:
    """Whether a text is a JSON list of texts."""
    if not text.startswith("["):
        return False
    try:
        msgspec.json.decode(text, type=list[str])
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
    return True


def _kind(value: Any) -> str:
    """The type of a field that holds such values; "" where none does."""
    if isinstance(value, list | tuple):
        inner = {"json" if isinstance(item, list | tuple) else _kind(item) for item in value if item is not None}
        return list_of(reduce(merged, sorted(inner), ""))
    for base, kind in _KINDS:
        if isinstance(value, base):
            return kind
    return ""


_KINDS: tuple[tuple[Any, str], ...] = (
    (str, "string"),
    (bool, "bool"),
    (int, "integer"),
    ((float, Decimal), "number"),
    ((date, UUID), "string"),
    (Mapping, "json"),
)


def _shown(value: Any) -> str:
    """The beginning of a value, in printable characters of one line."""
    plain = plain_value(value)
    text = plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()
    text = "".join(c if c.isprintable() else " " for c in " ".join(text[: 4 * _SHOWN].split()))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
