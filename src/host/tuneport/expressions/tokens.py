"""The words of an expression, and the error that names a place in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_LENGTH = 10_000

_EXCERPT = 24
_KEYWORDS = {word: word for word in ("and", "or", "not", "in", "is", "null", "true", "false")}
KEYWORDS = _KEYWORDS | {word.upper(): word for word in _KEYWORDS} | {"True": "true", "False": "false", "None": "null"}

_TOKEN = re.compile(
    r"""
      (?P<number> (?: [0-9]+ (?: \.[0-9]* )? | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? (?!\w) )
    | (?P<text> ' (?: [^'\\] | \\. | '' )* ' | " (?: [^"\\] | \\. | "" )* " )
    | (?P<name> [^\W\d]\w* )
    | (?P<sign> <> | [=!<>]= | [-+*/<>()\[\],.=] )
    """,
    re.DOTALL | re.VERBOSE,
)
_SPACE = re.compile(r"\s*")
_HINTS = {
    "'": "close the text with another '",
    '"': 'close the text with another "',
    "&": "use and",
    "|": "use or",
    "!": "use not, or !=",
    "`": 'write field("odd name") for such a name',
}


class ExpressionError(ValueError):
    """An expression that cannot be understood.

    Attributes:
        message: what is wrong, and where.
        position: the column, from 0.
        hint: what to write instead; "" where nothing helps.
    """

    def __init__(self, message: str, position: int = 0, hint: str = "") -> None:
        super().__init__(message, position, hint)
        self.message = message
        self.position = position
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class Token(NamedTuple):
    """One word: `kind` is `number`, `text`, `name`, `end`, a keyword in lower case, or the sign itself."""

    kind: str
    text: str
    position: int


def failure(text: str, position: int, message: str, hint: str = "") -> ExpressionError:
    """Make the error for a place in `text`."""
    rest = " ".join(text[position : position + 2 * _EXCERPT].split())
    shown = rest if len(rest) <= _EXCERPT else rest[:_EXCERPT] + "..."
    shown = shown.encode(errors="backslashreplace").decode()
    where = f'at "{shown}", column {position + 1}' if shown else "at the end"
    return ExpressionError(f"{message} ({where})", position, hint)


def tokens(text: str) -> Iterator[Token]:
    """Cut an expression into words; the last is of kind `end`.

    Raises:
        ExpressionError: it is too long, or a character has no meaning here.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH:,} characters", MAX_LENGTH)
    position = 0
    while (position := _after_space(text, position)) < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            character = text[position]
            what = "this text is never closed" if character in "'\"" else f"unexpected {character!r}"
            raise failure(text, position, what, _HINTS.get(character, ""))
        kind, word = found.lastgroup, found.group()
        yield Token(_kind(kind or "", word), word, position)
        position = found.end()
    yield Token("end", "", len(text))


def _after_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _kind(kind: str, word: str) -> str:
    if kind == "sign":
        return word
    return KEYWORDS.get(word, "name") if kind == "name" else kind
