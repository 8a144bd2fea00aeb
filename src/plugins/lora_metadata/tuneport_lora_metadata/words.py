"""Keys and values of a stranger's document, short and safe to print."""

from __future__ import annotations

import json
import re
from typing import Any

_LONGEST = 60
_PLAIN_KEY = re.compile(r"[\w.$@/+-]{1,60}")


def shown(value: Any) -> str:
    """A value as a problem's text quotes it; containers are only named."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return _cut(text)


def key_in_path(key: str) -> str:
    """A key as a step of a path: itself where it is a plain word, else quoted and escaped."""
    return key if _PLAIN_KEY.fullmatch(key) else _cut(json.dumps(key))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
