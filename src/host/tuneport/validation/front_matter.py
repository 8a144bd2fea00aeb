"""The YAML that dataset cards begin with, as far as ours use it: blocks of keys and lists, and JSON for values."""

from __future__ import annotations

import json
import re
from typing import Any

_KEY = re.compile(r"([A-Za-z_][\w-]*):(?: (.*))?")


class FrontMatterError(Exception):
    """A card begins with something else than the YAML that is read here."""


def front_matter(text: str) -> dict[str, Any]:
    """What stands between the first two lines of `---`.

    Raises:
        FrontMatterError: it is no such block.
    """
    head, fence, rest = text.partition("---\n")
    block, end, _ = rest.partition("\n---\n")
    if head or not fence or not end:
        raise FrontMatterError("it does not begin with a block between two lines of ---")
    reader = _Reader(block.split("\n"))
    found = reader.block(0)
    if not isinstance(found, dict):
        raise FrontMatterError("it holds a list, and keys are wanted")
    reader.done()
    return found


class _Reader:
    """Reads lines, indented by two spaces a level; a list stands as deep as its key, or deeper."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = [(number, line) for number, line in enumerate(lines, 2) if line.strip()]
        self._at = 0

    def done(self) -> None:
        """Fail where something is left."""
        if self._at < len(self._lines):
            number, line = self._lines[self._at]
            raise FrontMatterError(f"line {number} cannot be read: {line.strip()[:60]}")

    def block(self, depth: int) -> Any:
        """The keys or the list that begin here."""
        text = self._next(depth)
        if text is None:
            return None
        return self._list(depth) if text.startswith("- ") else self._keys(depth)

    def _next(self, depth: int) -> str | None:
        """The line that comes, without its indentation; None where it is not as deep as this."""
        if self._at == len(self._lines):
            return None
        line = self._lines[self._at][1]
        return line[depth:] if len(line) - len(line.lstrip(" ")) == depth else None

    def _list(self, depth: int) -> list[Any]:
        items = []
        while (text := self._next(depth)) is not None and text.startswith("- "):
            inner = text[2:]
            if _KEY.fullmatch(inner):
                # The dash counts as indentation of the keys that follow.
                number, _ = self._lines[self._at]
                self._lines[self._at] = (number, " " * (depth + 2) + inner)
                items.append(self._keys(depth + 2))
            else:
                self._at += 1
                items.append(_value(inner))
        return items

    def _keys(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (text := self._next(depth)) is not None and (key := _KEY.fullmatch(text)):
            if key[1] in found:
                raise FrontMatterError(f"{key[1]} stands twice")
            self._at += 1
            found[key[1]] = self._below(depth) if key[2] is None else _value(key[2])
        return found

    def _below(self, depth: int) -> Any:
        """The value of a key with nothing behind it."""
        if (text := self._next(depth)) is not None and text.startswith("- "):
            return self._list(depth)
        return self.block(depth + 2)


def _value(text: str) -> Any:
    """JSON, which all our values are; anything else counts as the text it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text
