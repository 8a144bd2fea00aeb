"""Values, keys and comments as TOML that holds them whatever they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """A text as a TOML string on one line; what a terminal does not print is escaped."""
    return f'"{"".join(_ESCAPES.get(sign) or _escaped(sign) for sign in text)}"'


def _escaped(sign: str) -> str:
    if sign.isprintable():
        return sign
    return f"\\u{ord(sign):04x}" if ord(sign) <= 0xFFFF else f"\\U{ord(sign):08x}"


def key(name: str) -> str:
    """A key: bare where TOML lets it be."""
    return name if _BARE.fullmatch(name) else quoted(name)


def value(data: Any) -> str:
    """A text, a number, a boolean, or a list of texts."""
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, str):
        return quoted(data)
    if isinstance(data, Sequence):
        return f"[{', '.join(quoted(one) for one in data)}]"
    return str(data)


def section(name: str, lines: Sequence[str]) -> list[str]:
    """A table with its lines, and a blank line before it; nothing where there are none."""
    return ["", f"[{name}]", *lines] if lines else []


def pairs(data: Mapping[str, Any]) -> list[str]:
    """A line for each key."""
    return [f"{key(name)} = {value(one)}" for name, one in data.items()]
