"""The format `gemini`: tuning rows of Gemini on Google Cloud.

The rules are those of Google's documentation: `contents` of user and model, whose parts are texts, files, calls and
answers of functions, a `systemInstruction`, and `tools`; of preferences `contents` that end with the user, and two
`completions` with score 0 and 1. No weights; how far scores are apart has no effect. Names are camelCase in rows to
learn from and snake_case in preferences, as in Google's samples; both are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tuneport import Config, Context, Message, Preference, Sample
from tuneport.nesting import read_json
from tuneport_formats._calls import with_ids
from tuneport_formats._chat_rows import has_tools, head_and_turns, is_pair, of_pairs
from tuneport_formats._hosted_targets import GEMINI as TRAITS

_PARTS: dict[str, Any] = {"list": {"struct": {"text": "string"}}}
_SYSTEM: dict[str, Any] = {"struct": {"parts": _PARTS}}
_CONTENT: dict[str, Any] = {"struct": {"role": "string", "parts": _PARTS}}
_CONTENTS: dict[str, Any] = {"list": _CONTENT}
_COMPLETIONS: dict[str, Any] = {"list": {"struct": {"score": "int64", "completion": _CONTENT}}}
_ROLES = {"assistant": "model", "tool": "user"}
_SCORES = (1, 0)


class GeminiRows:
    """Writes conversations, and pairs of completions.

    Attributes:
        features: column to type; None where that is not known, or functions may be called, whose arguments are free.
        carries: what of a sample the rows hold.
    """

    def __init__(self, _config: Config, ctx: Context) -> None:
        self._ctx = ctx
        carries = TRAITS.carries or frozenset()
        self.carries = carries - {"tools"} if of_pairs(ctx) else carries
        self.features: dict[str, Any] | None = None
        if of_pairs(ctx):
            self.features = {"system_instruction": _SYSTEM, "contents": _CONTENTS, "completions": _COMPLETIONS}
        elif not has_tools(ctx) and ctx.sample is not None and "tool_calls" not in ctx.sample.turns:
            self.features = {"systemInstruction": _SYSTEM, "contents": _CONTENTS}

    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        if is_pair(sample, self._ctx):
            return _pair(sample)
        system, turns = head_and_turns(sample.messages)
        row: dict[str, Any] = {"systemInstruction": {"parts": [{"text": system}]}} if system else {}
        row["contents"] = _contents(turns)
        if sample.tools:
            row["tools"] = [{"functionDeclarations": [_declared(tool) for tool in sample.tools]}]
        return row


def _pair(sample: Preference) -> dict[str, Any]:
    system, turns = head_and_turns(sample.prompt)
    row: dict[str, Any] = {"system_instruction": {"parts": [{"text": system}]}} if system else {}
    row["contents"] = _contents(turns)
    answers = zip(_SCORES, (sample.chosen, sample.rejected), strict=True)
    row["completions"] = [
        {"score": score, "completion": content} for score, answer in answers for content in _contents(answer)
    ]
    return row


def _contents(turns: Sequence[Message]) -> list[dict[str, Any]]:
    """What user and model say by turns; answers of functions that stand together are one turn of the user."""
    names: dict[str, str] = {}
    contents: list[dict[str, Any]] = []
    before = ""
    # An answer has no id here, but the name of the function that was called.
    for turn in with_ids(turns):
        names.update((call.id, call.name) for call in turn.tool_calls)
        if turn.role == before == "tool":
            contents[-1]["parts"].append(_answer(turn, names))
        else:
            parts = [_answer(turn, names)] if turn.role == "tool" else _parts(turn)
            contents.append({"role": _ROLES.get(turn.role, turn.role), "parts": parts})
        before = turn.role
    return contents


def _parts(turn: Message) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = [{"text": turn.content}] if turn.content or not turn.tool_calls else []
    return said + [{"functionCall": {"name": call.name, "args": call.arguments}} for call in turn.tool_calls]


def _answer(turn: Message, names: dict[str, str]) -> dict[str, Any]:
    return {"functionResponse": {"name": turn.name or names.get(turn.tool_call_id, ""), "response": _result(turn)}}


def _result(turn: Message) -> dict[str, Any]:
    """An object as it is; anything else as `output`."""
    try:
        read = read_json(turn.content)
    except (msgspec.DecodeError, RecursionError):
        return {"output": turn.content}
    return read if isinstance(read, dict) else {"output": turn.content}


def _declared(tool: dict[str, Any]) -> dict[str, Any]:
    function = tool.get("function")
    known = ("name", "description", "parameters")
    return {key: function[key] for key in known if key in function} if isinstance(function, dict) else tool


def gemini(config: Config, ctx: Context) -> GeminiRows:
    """Compile the format."""
    return GeminiRows(config, ctx)
