"""What the rows of evaluation sets ask, in the layouts that people have for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

LAYOUTS = (
    "messages, conversations, conversation, contents, prompt, instruction (and input), question, query, problem, "
    "input, inputs, chosen, text"
)
"""The keys that say what a row asks, in the order in which they are looked for."""

_TURNS = ("messages", "conversations", "conversation", "contents")
_TEXTS = ("question", "query", "problem", "input")
_CALLING = frozenset({"function_call", "tool_call"})
_ANSWERING = frozenset({"assistant", "gpt", "model", "chatgpt", "bard", *_CALLING})
_SILENT = frozenset({"system", "developer", "tool", "function", "observation", "function_response", *_CALLING})
"""Who asks nothing: who says how to answer, and what tools are asked and say."""
_CHATML = re.compile(r"<\|im_start\|>(\w+)\n(.*?)<\|im_end\|>", re.DOTALL)


def asked_by(row: Mapping[str, Any]) -> list[str]:
    """What a row asks, first as a whole, then in parts that ask the same by themselves; empty in an unknown layout.

    Turns have `role` and `content`, `from` and `value`, or `role` and `parts`; content is a text, or a list of parts
    that have a `text` or a `value`; a text may hold turns as ChatML. What instructs is left out, and so are tools and
    the answer at the end; what is asked before an answer on the way is a part. So is the `input` beside an
    instruction. `input` and `inputs` may hold any of the layouts. A row of `text` alone is asked for as a whole.
    """
    for layout in (_as_turns, _as_prompt, _as_instruction, _as_text):
        asked = [text for text in layout(row) if text.strip()]
        if asked:
            return asked
    return []


def _as_turns(row: Mapping[str, Any]) -> list[str]:
    for name in _TURNS:
        if isinstance(row.get(name), list):
            return _asked(row[name])
    return []


def _as_prompt(row: Mapping[str, Any]) -> list[str]:
    return _said(row.get("prompt"))


def _as_instruction(row: Mapping[str, Any]) -> list[str]:
    instruction, given = _text(row.get("instruction")), _text(row.get("input")) or ""
    return [] if instruction is None else [f"{instruction} {given}", given]


def _as_text(row: Mapping[str, Any]) -> list[str]:
    for name in (*_TEXTS, "inputs", "chosen", "text"):
        value = row.get(name)
        asked = asked_by(value) if isinstance(value, Mapping) else _said(value)
        if asked:
            return asked
    return []


def _said(value: Any) -> list[str]:
    """What turns or a text ask."""
    if isinstance(value, list):
        return _asked(value)
    if not isinstance(value, str) or not value:
        return []
    turns = [{"role": role, "content": text} for role, text in _CHATML.findall(value)]
    return [*_asked(turns), value]


def _asked(turns: Sequence[Any]) -> list[str]:
    """What turns say before the answer at their end, and before each on the way; nothing where they are no turns."""
    said = [_turn(turn) for turn in turns]
    known = [one for one in said if one is not None]
    if len(known) < len(said):
        return []
    while known and known[-1][0] in _ANSWERING:
        known.pop()
    ends = [place for place, (role, _) in enumerate(known) if role in _ANSWERING]
    return [_joined(known[:end]) for end in (len(known), *ends)]


def _joined(turns: Sequence[tuple[str, str]]) -> str:
    return " ".join(text for role, text in turns if role not in _SILENT)


def _turn(turn: Any) -> tuple[str, str] | None:
    """Who says what."""
    if not isinstance(turn, Mapping):
        return None
    role = turn.get("role", turn.get("from"))
    text = "".join(_parts(next((turn[name] for name in ("content", "value", "parts") if name in turn), None)))
    return (role.lower(), text) if isinstance(role, str) else None


def _parts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, str):
                yield part
            elif isinstance(part, Mapping):
                yield _text(part.get("text")) or _text(part.get("value")) or ""


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
