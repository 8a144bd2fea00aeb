"""Who speaks: the names that roles have in records."""

from __future__ import annotations

from collections.abc import Mapping

CALLING = "calling"
"""A turn of the assistant whose content is a call of a tool."""

_NAMES = {
    "system": ("system",),
    "developer": ("developer",),
    "user": ("user", "human"),
    "assistant": ("assistant", "gpt", "model", "bot", "chatbot", "ai"),
    "tool": ("tool", "observation", "function", "tool_response", "function_response"),
    CALLING: ("function_call", "tool_call"),
}
_KNOWN = {name: role for role, names in _NAMES.items() for name in names}


def known_roles(named: Mapping[str, str]) -> dict[str, str]:
    """Name to role, those of the configuration first; names that are not written in small letters are found too."""
    return {**_KNOWN, **{name.lower(): role for name, role in named.items()}, **named}
