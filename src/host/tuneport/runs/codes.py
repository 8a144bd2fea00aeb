"""Reject codes, those of all plugins and a plugin's own (`plugin:code`); and what may be said in a reject."""

from __future__ import annotations

import traceback
from pathlib import Path

import tuneport

ERRORED = frozenset({"bad_json", "bad_utf8", "bad_type", "weight_not_finite", "int_range", "late_field"})
"""A record that could not be read or handled; so is every code that begins with `hook:`."""

FILTERED = frozenset(
    {
        "contaminated",
        "empty_output",
        "held_out",
        "kind",
        "left_out_by_weight",
        "missing_field",
        "near_duplicate",
        "row_too_deep",
        "row_too_long",
        "schema_violation",
        "text_too_long",
        "text_too_short",
        "weight_not_carried",
    }
)
"""A record left out by a rule, as is every code that stands in neither set."""


def raised(error: BaseException) -> str:
    """What a plugin raised, and where: `KeyError at plugin.py:12`. Not its text, which may hold a record's values.

    Without a place where none of its own lines is to blame: it answered what no plugin may answer.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _ours(frame.filename)]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _ours(file: str) -> bool:
    return Path(file).is_relative_to(_HOST)


_HOST = Path(tuneport.__file__).parent


def sound(text: str) -> str:
    """A text that can be written: a lone surrogate becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def is_error(code: str) -> bool:
    """Whether a code means an error of the record, and not a rule that left it out."""
    return code in ERRORED or code.startswith("hook:")
