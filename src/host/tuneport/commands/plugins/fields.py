"""What plugins say of themselves, made fit for a line: nobody may write lines of his own into ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def line(text: str) -> str:
    """A text in one line, without control characters."""
    return "".join(char if char.isprintable() else "?" for char in " ".join(text.split()))


def lines(value: Any) -> Any:
    """The same for every text in a document, keys included."""
    if isinstance(value, str):
        return line(value)
    if isinstance(value, Mapping):
        return {line(key) if isinstance(key, str) else key: lines(inner) for key, inner in value.items()}
    return [lines(inner) for inner in value] if isinstance(value, list | tuple) else value
