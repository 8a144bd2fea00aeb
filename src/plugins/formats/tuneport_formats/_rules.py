"""Rules about parts of a row that several targets share, each with what is wrong in plain words and how to mend it.

Every function looks at one value and adds what is wrong with it to `found`; a right value costs a few comparisons.
Paths are JSON Pointers (RFC 6901). Lists of messages have `_message_rules`, tools and their calls `_tool_rules`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from tuneport import Problem
from tuneport.config import suggest

Found = list[Problem]

_KINDS = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}


def kind(value: object) -> str:
    """What a JSON value is, in words: `a number`."""
    return "null" if value is None else _KINDS.get(type(value), f"a {type(value).__name__}")


def at(path: str, key: object) -> str:
    """The JSON Pointer of a key, or of a place in a list, below a path."""
    return f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"


def refused(found: Found) -> bool:
    """Whether any of these problems is more than a warning."""
    return any(problem.severity == "error" for problem in found)


def keys(
    value: Mapping[str, Any],
    known: frozenset[str],
    required: Iterable[str],
    found: Found,
    path: str = "",
    of: str = "row",
    renamed: Mapping[str, str] = {},
) -> None:
    """No key that is not known, and every one that is required.

    Args:
        value: the object that is looked at.
        known: keys that it may have.
        required: keys that it must have.
        found: what is wrong is added here.
        path: where it stands.
        of: what messages call it, as "OpenAI row".
        renamed: what others call a key, to what the target calls it.
    """
    if not known.issuperset(value):
        for key in value:
            if key not in known:
                ours = renamed.get(key)
                hint = f'call it "{ours}"' if ours else f"leave it out; {suggest(str(key), known)}"
                found.append(Problem(at(path, key), f'"{key}" is no key of this {of}', hint, "unknown_key"))
    for key in required:
        if key not in value:
            found.append(Problem(path, f'this {of} has no "{key}"', f'add "{key}"', "missing_key"))


def is_object(value: object, path: str, found: Found, of: str = "row") -> TypeGuard[dict[str, Any]]:
    """Whether a value is an object; a problem where it is not."""
    if isinstance(value, dict):
        return True
    found.append(Problem(path, f"{kind(value)} where the {of} is an object", "write an object", "not_an_object"))
    return False


def is_list(value: object, path: str, found: Found, of: str) -> TypeGuard[list[Any]]:
    """Whether a value is a list with something in it; a problem where it is not."""
    if isinstance(value, list) and value:
        return True
    if isinstance(value, list):
        found.append(Problem(path, f"no {of} in the list", "leave such rows out", "empty_list"))
    else:
        found.append(Problem(path, f"{kind(value)} where {of} are a list", "write a list", "not_a_list"))
    return False


def text(value: object, path: str, found: Found, *, empty: bool = False) -> None:
    """A text, which may be empty where that is said."""
    if isinstance(value, str):
        if not value and not empty:
            found.append(Problem(path, "the text is empty", "leave out rows that have nothing to say", "empty_text"))
    else:
        found.append(Problem(path, f"{kind(value)} where a text is wanted", "write a text in quotes", "not_a_text"))


def binary(value: object, path: str, found: Found) -> None:
    """A weight that is the integer 0 or 1, as hosted services read it."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1:
        whole = isinstance(value, float) and value in (0.0, 1.0)
        hint = "write 0 for a turn that is not learnt, else 1"
        if whole:
            hint = f"write {value:.0f}, without a decimal point"
        found.append(Problem(path, f"the weight of a turn is 0 or 1, not {_shown(value)}", hint, "bad_weight"))


def number(value: object, path: str, found: Found, *, negative: bool = True) -> None:
    """A weight that is a finite number; one without a decimal point is only warned of, for loaders' sake."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not _finite(value):
        hint = "write a finite number with a decimal point, as 1.0"
        found.append(Problem(path, f"the weight is a number, not {_shown(value)}", hint, "bad_weight"))
        return
    if value < 0 and not negative:
        found.append(Problem(path, f"the weight {value} is below zero", "write 0.0 or more", "bad_weight"))
    if isinstance(value, int):
        problem = "loaders take a column that begins with whole numbers for one that holds no others"
        found.append(Problem(path, problem, f"write {value}.0", "whole_weight", "warning"))


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        # JSON's integers have no end, and floats do.
        return False


def label(value: object, path: str, found: Found) -> None:
    """True or false."""
    if not isinstance(value, bool):
        found.append(Problem(path, f"{_shown(value)} is neither true nor false", "write true or false", "bad_label"))


def _shown(value: object) -> str:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else kind(value)
