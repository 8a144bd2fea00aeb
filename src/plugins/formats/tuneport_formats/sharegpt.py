"""The format `sharegpt`: `conversations` of `{"from", "value"}`, and `tools` as JSON text.

`human`, `gpt`, `system`, `function_call` and `observation` are the names that LLaMA-Factory reads. Its rules are the
check: after a system message `human` or `observation` stands at odd places and `gpt` or `function_call` at even ones,
and the count is even; it skips a row that breaks one, with a warning in its log.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec.json

from tuneport import Config, Context, Message, Problem, Reject, Sample
from tuneport.config import suggest
from tuneport.nesting import read_json
from tuneport_formats import _rules as rules
from tuneport_formats import _tool_rules as tool_rules
from tuneport_formats._features import Beside
from tuneport_formats._tags import said, thinks, thought

NAMES = {"system": "system", "developer": "system", "user": "human", "assistant": "gpt", "tool": "observation"}
CALL = "function_call"
RENAMED = 'in its turns call "role" "from" and "content" "value", user human and assistant gpt'
TURNS = {"list": {"struct": {"from": "string", "value": "string"}}}
_ASKS, _ANSWERS = frozenset({"human", "observation"}), frozenset({"gpt", CALL})
_SPEAKERS = _ASKS | _ANSWERS | {"system"}
_KEYS = frozenset({"conversations", "tools"})
_THOUGHT = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
"""What LLaMA-Factory takes away before it reads a call: a block of reasoning, up to its first end."""
_json = msgspec.json.Encoder().encode


class ShareGPT:
    """Writes `{"conversations"}`, and `tools` where the run has any."""

    __slots__ = ("_beside", "features")

    def __init__(self, _config: Config, ctx: Context) -> None:
        self._beside = Beside(ctx, tools="empty")
        self.features = self._beside.features({"conversations": TURNS})

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any] | Reject:
        """One sample's row."""
        turns = conversation(sample.messages)
        return turns if isinstance(turns, Reject) else self._beside.add({"conversations": turns}, sample)


def conversation(messages: Sequence[Message]) -> list[dict[str, str]] | Reject:
    """Turns as `{"from", "value"}`, or why one of them cannot be written so."""
    turns: list[dict[str, str]] = []
    for turn in messages:
        if not turn.tool_calls:
            turns.append({"from": NAMES.get(turn.role, turn.role), "value": said(turn)})
        elif turn.content:
            return Reject("said_and_called", "the assistant says something and calls a tool in one turn")
        else:
            turns.append({"from": CALL, "value": _called(turn)})
    return turns


def _called(turn: Message) -> str:
    """One call as an object, several as a list; reasoning stands before it."""
    calls = [{"name": call.name, "arguments": call.arguments} for call in turn.tool_calls]
    text: str = _json(calls[0] if len(calls) == 1 else calls).decode()
    return thought(turn.reasoning) + text if turn.reasoning else text


def check(row: Any) -> list[Problem]:
    """What is wrong with a row."""
    found: list[Problem] = []
    rules.keys(row, _KEYS, ("conversations",), found)
    if "conversations" in row:
        turns_check(row["conversations"], "/conversations", found)
    if row.get("tools"):
        tool_rules.tools(row["tools"], "/tools", found, written="text", strict=False)
    return found


def turns_check(turns: object, path: str, found: list[Problem], *, asks: bool = False) -> None:
    """Who speaks when, and what is said.

    Args:
        turns: the conversation.
        path: where it stands.
        found: what is wrong is added here.
        asks: whether it is a prompt, which ends with a question.
    """
    if not rules.is_list(turns, path, found, "turns"):
        return
    before = len(found)
    for index, turn in enumerate(turns):
        turn_check(turn, f"{path}/{index}", found, _SPEAKERS)
    if len(found) == before:
        _order([turn["from"] for turn in turns], path, found, asks=asks)


def turn_check(turn: object, path: str, found: list[Problem], speakers: frozenset[str] = _ANSWERS) -> None:
    """One turn: who speaks, and what is said."""
    if not rules.is_object(turn, path, found, "turn"):
        return
    if "role" in turn and "from" not in turn:
        found.append(Problem(path, 'a turn of "role" and "content"', RENAMED, "missing_key"))
        return
    speaker, value = turn.get("from"), turn.get("value")
    if not isinstance(speaker, str) or speaker not in speakers:
        ours = NAMES.get(str(speaker))
        hint = f'call it "{ours}"' if ours in speakers else suggest(str(speaker), speakers)
        found.append(Problem(f"{path}/from", f'"{speaker}" is nobody who may speak here', hint, "unknown_role"))
        return
    rules.text(value, f"{path}/value", found, empty=speaker == "observation")
    if speaker == CALL and isinstance(value, str):
        _call_check(value, f"{path}/value", found)


def _call_check(value: str, path: str, found: list[Problem]) -> None:
    try:
        calls = read_json(value[thinking.end() if (thinking := _THOUGHT.match(value)) else 0 :])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        calls = None
    listed = calls if isinstance(calls, list) else [calls]
    if not listed or not all(isinstance(call, dict) and "name" in call and "arguments" in call for call in listed):
        hint = 'write {"name": ..., "arguments": {...}}, or a list of them'
        found.append(Problem(path, "it is no JSON of a call", hint, "bad_call"))


def _order(speakers: list[str], path: str, found: list[Problem], *, asks: bool) -> None:
    start = 1 if speakers[0] == "system" else 0
    for index, speaker in enumerate(speakers[start:], start):
        due = _ANSWERS if (index - start) % 2 else _ASKS
        if speaker not in due:
            hint = (
                f"{' or '.join(sorted(due))} speaks here: human and gpt take turns, observation and function_call too"
            )
            found.append(Problem(f"{path}/{index}/from", f"{speaker} speaks out of turn", hint, "out_of_turn"))
            return
    if (len(speakers) - start) % 2 != asks:
        last = "a question" if asks else "an answer"
        count = "odd" if asks else "even"
        hint = f"add it, or leave the row out: the turns after the system message are an {count} number"
        found.append(Problem(path, f"it does not end with {last}", hint, "bad_last_turn"))
