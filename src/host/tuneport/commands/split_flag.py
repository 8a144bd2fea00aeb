"""`--split validation=0.1,by=thread_id`: the keys of `output.split` on a command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_KEYS = {
    "validation": "validation",
    "test": "test",
    "by": "group_by",
    "group_by": "group_by",
    "mode": "mode",
    "stratify": "stratify_by",
    "stratify_by": "stratify_by",
    "against": "against",
    "exclude": "exclude",
}
"""What a key may be called in the flag, to what the recipe calls it; its own names are as good."""
_LISTED = {"by", "group_by", "stratify", "stratify_by"}
_PATHS = {"against", "exclude"}


def split_of(text: str, *, absolute: bool) -> dict[str, Any]:
    """The keys of `output.split` that a flag gives, by their dotted path in a recipe.

    Args:
        text: `key=value` pairs with commas between them; `by` and `stratify` may be lists, `by=thread_id,product`.
        absolute: whether paths have to be so, because a recipe lies in another folder than the command runs in.

    Raises:
        UsageError: a pair has no `=`, its key is unknown, or it is given twice.
    """
    from tuneport.config import suggest
    from tuneport.errors import UsageError

    found: dict[str, Any] = {}
    for pair in re.split(r",(?=\s*\w+\s*=)", text):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not value:
            raise UsageError(f"--split {pair}: expected key=value", "such as --split validation=0.1,by=thread_id")
        if key not in _KEYS:
            raise UsageError(f"--split {pair}: no key {key!r}", suggest(key, _KEYS))
        path = f"output.split.{_KEYS[key]}"
        if path in found:
            raise UsageError(f"--split {pair}: {key} is given twice", f"already as {found[path]}")
        found[path] = _value(key, value, absolute=absolute)
    return found


def _value(key: str, text: str, *, absolute: bool) -> Any:
    if key in _LISTED:
        return [name.strip() for name in text.split(",")]
    if key in _PATHS and absolute:
        return str(Path.cwd() / text)
    return text
