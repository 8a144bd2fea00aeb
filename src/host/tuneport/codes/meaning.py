"""What a code means: the form of every entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

Kind = Literal["reject", "error", "exit", "problem", "note", "finding", "plugin"]
"""Where a code stands: in rejects, in an error, as the command line's exit code, in a problem of a recipe, among
what a run counted, in what `tuneport validate` found; or wherever a plugin shows codes of its own."""

KINDS: tuple[Kind, ...] = get_args(Kind)


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a code stands for; a few codes stand for several.

    Attributes:
        code: the code, or its pattern: `hook:PLUGIN`.
        kind: where it stands.
        outcome: what it does: a record's outcome, or the exit code that comes with it; "" for none of both.
        text: what it means.
        fix: what usually helps; "" where nothing has to be done.
        plugin: whose code it is; "" for the host's.
    """

    code: str
    kind: Kind
    outcome: str = ""
    text: str
    fix: str = ""
    plugin: str = ""


def entries(kind: Kind, table: Mapping[str, tuple[str, str]], outcome: str = "") -> tuple[Meaning, ...]:
    """Meanings of one kind, of code to text and fix."""
    return tuple(
        Meaning(code=code, kind=kind, outcome=outcome, text=text, fix=fix) for code, (text, fix) in table.items()
    )
