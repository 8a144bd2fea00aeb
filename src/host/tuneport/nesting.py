"""How deep lists and objects may stand in one another, so that no reader's stack ends before they do.

What reads or judges JSON calls itself for each level, and at the end of the stack the process dies without a word.
In a thread with 256 KiB of stack jsonschema-rs dies of 180 levels, msgspec of 700; with 128 KiB of 100 and 400.
"""

from __future__ import annotations

import re
import resource
import threading
from collections.abc import Collection, Iterable
from itertools import chain, islice
from typing import Any, TypeGuard

import msgspec.json

DEEPEST = 64
"""Levels of a record, the record itself being the first."""

TOO_DEEP = f"Nested deeper than {DEEPEST} levels"

MOST = 4 << 20
"""Values in the lists and objects of a record, as many as a line of 8 MiB has room for. Python's own may hold one
list a thousand times, and each of these another one so."""

_SCALARS = frozenset({str, int, float, bool, type(None), bytes})
_HOLDERS = (dict, list, tuple, set, frozenset)
_LISTS: tuple[Any, ...] = (list, tuple, set, frozenset)
_PLAIN = 1 << 18
_ROOMY = 4 << 20
_ESCAPE = ord("\\")
_BRACKETS = re.compile(rb"[\[\]{}]")

_decode = msgspec.json.Decoder().decode


def fit(records: Iterable[dict[Any, Any]]) -> bool:
    """Whether it is plain that none of some records has too much of anything; `excess` says it exactly of one."""
    # The base class's own methods: those of a subclass may do anything.
    values = list(chain.from_iterable(map(dict.values, records)))
    for _ in range(DEEPEST - 1):
        kinds = set(map(type, values)) - _SCALARS
        if not kinds:
            return True
        values = list(islice(chain.from_iterable(_inside(values, kinds)), _PLAIN + 1))
        if len(values) > _PLAIN:
            return False
    return False


def _inside(values: Iterable[Any], kinds: set[type]) -> Iterable[Iterable[Any]]:
    """What the lists and objects among values hold; `kinds` are the types of those that are no scalars."""
    held = [value for value in values if type(value) not in _SCALARS]
    if kinds == {dict}:
        return map(dict.values, held)
    return held if kinds == {list} else map(held_by, held)


def is_record(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is a dict. Not isinstance: that would ask the value itself for its class."""
    return issubclass(type(value), dict)


def held_by(value: Any) -> Collection[Any]:
    """What a list or an object holds, whatever its class says it does; nothing where it is neither."""
    if type(value) is dict or is_record(value):
        return dict.values(value)
    for kind in _LISTS:
        if issubclass(type(value), kind):
            # A copy: its length and its items are those of the base class.
            return value if type(value) is kind else tuple(kind.__iter__(value))
    return ()


def excess(record: dict[Any, Any]) -> str:
    """What a record has too much of, levels or values; "" where it has not.

    What holds itself has no end of levels. What stands in a place many times is looked at once, and counts as often.
    """
    level: dict[int, tuple[Any, int]] = {0: (record, 1)}
    seen = 0
    for _ in range(DEEPEST):
        inner: dict[int, tuple[Any, int]] = {}
        for value, times in level.values():
            held = held_by(value)
            seen += times * len(held)
            if seen > MOST:
                return f"Holds more than {MOST:,} values"
            for one in held:
                if issubclass(type(one), _HOLDERS):
                    inner[id(one)] = (one, times + inner.get(id(one), (one, 0))[1])
        if not inner:
            return ""
        level = inner
    return TOO_DEEP


def is_deep_text(data: bytes) -> bool:
    """Whether JSON text, sound or not, is nested deeper than DEEPEST levels. It never fails."""
    # Most of what is asked is short, or has few brackets.
    if len(data) <= DEEPEST or data.count(b"{") + data.count(b"[") <= DEEPEST:
        return False
    level = at = 0
    while True:
        quote = data.find(b'"', at)
        for found in _BRACKETS.finditer(data, at, len(data) if quote < 0 else quote):
            level += 1 if found[0] in b"[{" else -1
            if level > DEEPEST:
                return True
        if quote < 0:
            return False
        at = _after_text(data, quote + 1)


def _after_text(data: bytes, at: int) -> int:
    """The place after the text that begins at `at`, its quote included; the end where it has none."""
    while (quote := data.find(b'"', at)) >= 0:
        before = quote - 1
        while before >= at and data[before] == _ESCAPE:
            before -= 1
        # A quote after an even number of backslashes is one.
        if (quote - before) % 2 == 1:
            return quote + 1
        at = quote + 1
    return len(data)


def read_json(text: str | bytes) -> Any:
    """What JSON text holds, of at most DEEPEST levels.

    Raises:
        msgspec.DecodeError: it is not JSON.
        UnicodeError: it is not UTF-8, or holds half of a surrogate pair.
        RecursionError: it is nested deeper.
    """
    data = text.encode() if isinstance(text, str) else text
    if is_deep_text(data):
        raise RecursionError(TOO_DEEP)
    return _decode(data)


def is_roomy() -> bool:
    """Whether this thread's stack holds as many levels as Python lets a library call itself for.

    That of the main thread does, if nobody made it small; of another nobody can say.
    """
    if threading.current_thread() is not threading.main_thread():
        return False
    most = resource.getrlimit(resource.RLIMIT_STACK)[0]
    return most == resource.RLIM_INFINITY or most >= _ROOMY
