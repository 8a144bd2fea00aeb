"""Reject codes that any plugin may use as they are, a plugin's own being shown as `plugin:code`; and sound texts."""

from __future__ import annotations

ERRORED = frozenset({"bad_json", "bad_utf8", "bad_type", "weight_not_finite", "int_range", "late_field"})
"""A record that could not be read or handled; so is every code that begins with `hook:`."""

FILTERED = frozenset({"missing_field", "text_too_short", "text_too_long", "empty_output", "schema_violation"})
"""A record left out by a rule, as is every code that stands in neither set."""


def sound(text: str) -> str:
    """A text that can be written: a lone surrogate becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def is_error(code: str) -> bool:
    """Whether a code means an error of the record, and not a rule that left it out."""
    return code in ERRORED or code.startswith("hook:")
