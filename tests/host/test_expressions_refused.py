"""Expressions that are refused: the place and the hint, Python's own syntax, hostile texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tuneport.expressions import ExpressionError, condition, parse
from tuneport.expressions.functions import FUNCTIONS

REFUSED = {
    "a = 1": (2, "use =="),
    "a <> 1": (2, "use !="),
    "a && b": (2, "use and"),
    "a || b": (2, "use or"),
    "!a": (0, "use not"),
    "a like 'b%'": (2, "contains()"),
    "a BETWEEN 1 and 2": (2, "low <= x <= high"),
    "a is 3": (5, "use == or !="),
    "a not b": (6, ""),
    "name.lower() == 'a'": (0, "write lower(name)"),
    "`a` == 1": (0, 'field("odd name")'),
    "rating + 1": (0, "compare it"),
    "a == 'x' or 'y'": (12, "compare it"),
    "len(a) and b": (0, "compare it"),
    "not 'a'": (4, "compare it"),
    "'a": (0, "close the text"),
    "a == 'b\\q'": (7, "\\\\"),
    "a < b in c": (6, ""),
    "a in b == c": (7, ""),
    "a is null is null": (10, ""),
    "1 + not a": (4, ""),
    "(a": (2, ""),
    "a)": (1, ""),
    "a b": (2, ""),
    "12ab": (0, ""),
    "a.": (2, ""),
    "a.'b'": (2, ""),
    "": (0, ""),
    "len(a, b)": (0, ""),
    "min(a)": (0, ""),
    "field()": (0, 'field("odd name")'),
    "field(a)": (6, ""),
    "1e999": (0, ""),
    "9" * 5000: (0, ""),
    "a in [b]": (6, ""),
    "a in ()": (6, ""),
    "a in [-'b']": (7, ""),
    "a in [1 2]": (8, ""),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_said_with_its_place(text: str) -> None:
    """The error has the column, shows it, and says what to write instead."""
    position, hint = REFUSED[text]
    with pytest.raises(ExpressionError) as caught:
        condition(text)
    error = caught.value
    assert error.position == position
    assert hint in error.hint
    assert f"column {position + 1}" in error.message or "at the end" in error.message
    assert "\n" not in str(error)
    assert len(error.message) < 120


@pytest.mark.parametrize(
    "text",
    [
        "().__class__ == 1",
        "''.join(a)",
        "a.__class__.__bases__()",
        "lambda: a",
        "[x for x in a]",
        "{a for a in b}",
        "(a := 1)",
        "f'{a}' == ''",
        "b'a' == a",
        "*a",
        "a[0]",
        "a ** 9",
        "a // 2",
        "a % 2",
        "a @ b",
        "a if b else c",
        "a; b",
        "a # b",
        "yield a",
        "await a",
        "__import__('os')",
        "eval('1')",
        "len(a)(b)",
        "a == 'x' 'y'",
        "0x10 == a",
        "1_000 == a",
        "1j == a",
        "... == a",
        "a\x00 == 1",
        "\ud800 == 1",
        "a == \\\n1",
    ],
)
def test_python_is_not_understood(text: str) -> None:
    """Nothing of Python but what the language has."""
    with pytest.raises(ExpressionError) as caught:
        condition(text)
    str(caught.value).encode()


@pytest.mark.parametrize(
    "text",
    [
        "(" * 9000,
        "(" * 3000 + "a" + ")" * 3000,
        "-" * 9999 + "1",
        "not " * 2400 + "a",
        "len(" * 2000 + "a" + ")" * 2000,
        "a or b and not c < d + e * -(" * 300,
        "[" * 9000,
        "1<" * 4000,
        "a.b" * 3000 + "(",
        "a" * 10_001,
        "'" * 9999,
        "'\\" * 4999,
    ],
)
def test_hostile_text_is_refused(text: str) -> None:
    """However deep or long it is, the answer is an error of ours."""
    with pytest.raises(ExpressionError):
        condition(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(" * 98 + "a == 1" + ")" * 98, True),
        (" and ".join(["a==1"] * 900), True),
        (" or ".join(["a==2"] * 900), False),
        ("+".join(["a"] * 4900) + "==4900", True),
        ("1" + "<=a" * 3000, True),
        ("*".join(["b"] * 4990) + "> 0", False),
        ("a" + ".b" * 4000 + " is null", True),
        ("max(" + ",".join(["a"] * 100) + ") == 1", True),
        ("a in [" + ",".join(["1"] * 4000) + "]", True),
    ],
)
def test_long_text_within_the_limits_works(text: str, expected: bool) -> None:
    """Long chains are no deep nesting."""
    assert condition(text)({"a": 1, "b": 10**300}) is expected


def test_unknown_functions_name_the_known() -> None:
    """The error offers the nearest name and lists them all."""
    with pytest.raises(ExpressionError, match='no function "lenght"') as caught:
        parse("lenght(a)")
    assert caught.value.hint.startswith('did you mean "len')
    assert all(name in caught.value.hint for name in FUNCTIONS)


@pytest.mark.parametrize("make", [parse, condition])
def test_errors_are_value_errors(make: Callable[[str], Any]) -> None:
    """A model's validator may raise them as they are."""
    with pytest.raises(ValueError, match=r'unexpected = \(at "= 1", column 3\); use =='):
        make("a = 1")
