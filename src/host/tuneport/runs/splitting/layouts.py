"""What the rows of evaluation sets ask, in the layouts that people have for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

LAYOUTS = "messages, conversations, contents, prompt, instruction (and input), question, query, problem, input, text"
"""The keys that say what a row asks, in the order in which they are looked for; turns in `chosen` do so too."""

_TURNS = ("messages", "conversations", "conversation", "contents")
_TEXTS = ("question", "query", "problem", "input")
_ANSWERING = frozenset({"assistant", "gpt", "model", "chatgpt", "bard"})
_INSTRUCTING = frozenset({"system", "developer"})


def asked_by(row: Mapping[str, Any]) -> str | None:
    """What a row asks; None where it is in no layout that is known.

    Turns have `role` and `content`, `from` and `value`, or `role` and `parts`; content is a text, or a list of parts
    that have a `text` or a `value`. What instructs is left out, and so is the answer at the end. `input` and `inputs`
    may hold any of the layouts. A row of `text` alone is asked for as a whole.
    """
    for layout in (_as_turns, _as_prompt, _as_instruction, _as_text):
        asked = layout(row)
        if asked and asked.strip():
            return asked
    return None


def _as_turns(row: Mapping[str, Any]) -> str | None:
    for name in _TURNS:
        if isinstance(row.get(name), list):
            return _asked(row[name])
    return None


def _as_prompt(row: Mapping[str, Any]) -> str | None:
    prompt = row.get("prompt")
    return _asked(prompt) if isinstance(prompt, list) else _text(prompt)


def _as_instruction(row: Mapping[str, Any]) -> str | None:
    instruction = _text(row.get("instruction"))
    return None if instruction is None else f"{instruction} {_text(row.get('input')) or ''}"


def _as_text(row: Mapping[str, Any]) -> str | None:
    for name in (*_TEXTS, "inputs", "chosen", "text"):
        value = row.get(name)
        if isinstance(value, Mapping):
            asked = asked_by(value)
        else:
            asked = _asked(value) if isinstance(value, list) else _text(value)
        if asked:
            return asked
    return None


def _asked(turns: Sequence[Any]) -> str | None:
    """What turns say before the answer at their end; None where they are no turns."""
    said = [_turn(turn) for turn in turns]
    known = [one for one in said if one is not None]
    if len(known) < len(said):
        return None
    while known and known[-1][0] in _ANSWERING:
        known.pop()
    return " ".join(text for role, text in known if role not in _INSTRUCTING)


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
