"""What a diagnosis finds: what is wrong, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something about a plugin that somebody should know.

    Attributes:
        severity: an `error` is wrong and has to be mended, a `note` is not.
        plugin: the plugin's name; several, with commas, where it is about all of them.
        where: where it comes from: a distribution, a path, a key of its manifest.
        message: what is wrong.
        hint: how to mend it; "" where nothing helps.
    """

    severity: Literal["error", "note"] = "error"
    plugin: str
    where: str = ""
    message: str
    hint: str = ""


def sound(findings: Sequence[Finding]) -> bool:
    """Whether nothing has to be mended."""
    return all(finding.severity == "note" for finding in findings)
