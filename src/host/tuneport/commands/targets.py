"""`--map target=column`: what can be mapped, and which style has it."""

from __future__ import annotations

import re
from collections.abc import Collection

TARGETS = {
    "instruction_tuning": ("instruction", "input", "output", "reasoning"),
    "chat_completion": ("messages", "tools", "system", "user", "assistant", "reasoning"),
    "text_completion": ("text",),
    "prompt_completion": ("prompt", "completion", "tools", "reasoning"),
    "preference": ("prompt", "chosen", "rejected", "tools"),
    "unpaired_preference": ("prompt", "completion", "label", "tools"),
}
"""Style to what can be mapped for it."""


def mapping_of(text: str) -> dict[str, str]:
    """`instruction=question,output=answer` as a mapping.

    Raises:
        UsageError: a pair has no `=`, or its target is unknown.
    """
    from tuneport.config import suggest
    from tuneport.errors import UsageError

    known = dict.fromkeys(target for targets in TARGETS.values() for target in targets)
    fields: dict[str, str] = {}
    for pair in re.split(r",(?=\s*\w+=)", text):
        target, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column:
            raise UsageError(f"--map {pair}: expected target=column", "such as instruction=question,output=answer")
        if target not in known:
            raise UsageError(f"--map {pair}: no target {target!r}", suggest(target, known))
        if target in fields:
            raise UsageError(f"--map {pair}: {target} is mapped twice", f"already to {fields[target]}")
        fields[target] = column
    return fields


def style_of(fields: Collection[str], *, known: bool) -> str | None:
    """The style that has the mapped targets; None leaves it to the exporter.

    Args:
        fields: the targets.
        known: a recipe has a style already, which holds where several have these targets.
    """
    fitting = [style for style, targets in TARGETS.items() if set(fields) <= set(targets)]
    if not fields or not fitting or fitting[0] == "instruction_tuning" or (known and len(fitting) > 1):
        return None
    return fitting[0]


def must_go_together(fields: dict[str, str], style: str | None) -> None:
    """Refuse targets of another style than the one named, or than the one that has most; other styles have their own.

    Raises:
        UsageError: one is.
    """
    from tuneport.errors import UsageError

    with_first = [name for name, targets in TARGETS.items() if next(iter(fields), "") in targets]
    wanted = style or max(with_first, key=lambda name: len(fields.keys() & set(TARGETS[name])), default="")
    strange = [target for target in fields if target not in TARGETS.get(wanted, fields)]
    if strange:
        hint = f"its targets are {', '.join(TARGETS[wanted])}"
        raise UsageError(f"--map {strange[0]}={fields[strange[0]]}: {wanted} has no {strange[0]}", hint)
