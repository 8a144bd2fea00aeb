"""Texts as JSON, which is YAML and Python too: literals that nothing in them can break out of."""

from __future__ import annotations

import json

_LAST_OF_FOUR_DIGITS = "\uffff"


def quoted(value: object) -> str:
    """A value as JSON that stands on one line.

    What cannot be printed is escaped, and nothing else: JSON escapes an emoji as two halves, of which YAML and Python
    make two characters that no file can hold.
    """
    return "".join(map(_shown, json.dumps(value, ensure_ascii=False)))


def _shown(char: str) -> str:
    return char if char.isprintable() or char > _LAST_OF_FOUR_DIGITS else f"\\u{ord(char):04x}"
