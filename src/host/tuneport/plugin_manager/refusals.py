"""Why the host refuses a plugin that may well be sound."""

from __future__ import annotations

from typing import Literal

Refusal = Literal["", "blocked", "untrusted", "changed", "unsafe", "incompatible", "shadowed", "duplicate", "requires"]
"""The first word of the reason. "" where nothing is refused.

`blocked` by name; `untrusted`, not pinned; `changed`, not what is pinned, listed or signed; `unsafe`, whatever
is pinned; `incompatible` with this host; `shadowed` or `duplicate`, its name is another's; `requires`, something
it needs is missing.
"""

UNSURE: frozenset[Refusal] = frozenset({"untrusted", "changed", "unsafe"})
"""Refusals for want of trust in a plugin's code."""

UNTRUSTED: frozenset[Refusal] = UNSURE | {"blocked"}
"""Refusals after which nothing that a plugin says of itself counts, not even its name."""

BESIDE: frozenset[Refusal] = frozenset({"shadowed", "duplicate", "requires"})
"""Refusals that other plugins are the cause of: the plugin itself may be as it should be."""


class RefusedError(Exception):
    """Something that the host will not use."""

    def __init__(self, refusal: Refusal, reason: str, hint: str = "") -> None:
        super().__init__(refusal, reason, hint)
        self.refusal: Refusal = refusal
        self.reason = reason
        self.hint = hint
