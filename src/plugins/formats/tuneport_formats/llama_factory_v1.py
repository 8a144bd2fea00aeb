"""The format `llama_factory_v1`: rows for the v1 engine of LLaMA-Factory, as it has them after its converters.

Its converters set every `loss_weight` to 0 or 1, so rows are written in the raw form: each message has a role, a list
of `{"type", "value"}`, and a `loss_weight`, the sample's weight times the turn's, 0 for what is not learnt. It trains
each supervised turn of the assistant with what stands before it, and divides the loss by the sum of the weights of a
micro-batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec.json

from tuneport import Artifact, Config, Context, Dataset, Message, Problem, Sample
from tuneport.config import suggest
from tuneport.nesting import read_json
from tuneport_formats import _rules as rules
from tuneport_formats import _tool_rules as tool_rules
from tuneport_formats._entries import entry_names
from tuneport_formats._features import Beside

_PARTS = frozenset({"text", "reasoning", "tool_call"})
_ROLES = frozenset({"system", "user", "assistant", "tool"})
_KEYS = frozenset({"messages", "tools"})
_MESSAGE_KEYS = frozenset({"role", "content", "loss_weight"})
_TYPE = {
    "list": {
        "struct": {
            "role": "string",
            "content": {"list": {"struct": {"type": "string", "value": "string"}}},
            "loss_weight": "float64",
        }
    }
}
_json = msgspec.json.Encoder().encode
_LEARNT = 1e-6
"""A weight above this one is learnt."""


class LlamaFactoryV1:
    """Writes `{"messages"}`, and `tools` where the run has any."""

    __slots__ = ("_beside", "_weighted", "features")

    def __init__(self, _config: Config, ctx: Context) -> None:
        self._weighted = ctx.weighted
        self._beside = Beside(ctx, tools="empty")
        self.features = self._beside.features({"messages": _TYPE})

    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        weight = float(sample.weight) if self._weighted else 1.0
        return self._beside.add({"messages": [_message(turn, weight) for turn in sample.messages]}, sample)


def _message(turn: Message, weight: float) -> dict[str, Any]:
    parts = [{"type": "reasoning", "value": turn.reasoning}] if turn.reasoning else []
    if turn.content or not turn.tool_calls:
        parts.append({"type": "text", "value": turn.content})
    for call in turn.tool_calls:
        text = _json({"name": call.name, "arguments": call.arguments}).decode()
        parts.append({"type": "tool_call", "value": text})
    own = 1.0 if turn.weight is None else float(turn.weight)
    loss = weight * own if turn.role == "assistant" else 0.0
    return {"role": "system" if turn.role == "developer" else turn.role, "content": parts, "loss_weight": loss}


def check(row: Any) -> list[Problem]:
    """What is wrong with a row."""
    found: list[Problem] = []
    rules.keys(row, _KEYS, ("messages",), found)
    if "messages" in row and rules.is_list(row["messages"], "/messages", found, "messages"):
        for index, message in enumerate(row["messages"]):
            _check_message(message, f"/messages/{index}", found)
        if not rules.refused(found):
            _check_end(row["messages"], found)
    if row.get("tools"):
        tool_rules.tools(row["tools"], "/tools", found, written="text", strict=False)
    return found


def _check_message(message: Any, path: str, found: list[Problem]) -> None:
    if not rules.is_object(message, path, found, "message"):
        return
    rules.keys(message, _MESSAGE_KEYS, ("role", "content"), found, path, "message", {"weight": "loss_weight"})
    role, content = message.get("role"), message.get("content")
    if not isinstance(role, str) or role not in _ROLES:
        problem = f'"{role}" is nobody who may speak'
        found.append(Problem(f"{path}/role", problem, suggest(str(role), _ROLES), "unknown_role"))
    if "loss_weight" in message:
        rules.number(message["loss_weight"], f"{path}/loss_weight", found, negative=False)
    if isinstance(content, str):
        hint = 'write [{"type": "text", "value": ...}]'
        found.append(Problem(f"{path}/content", "a text where parts are a list", hint, "not_a_list"))
    elif "content" in message and rules.is_list(content, f"{path}/content", found, "parts"):
        for index, part in enumerate(content):
            _check_part(part, f"{path}/content/{index}", found, empty=role == "tool")


def _check_part(part: Any, path: str, found: list[Problem], *, empty: bool) -> None:
    if not rules.is_object(part, path, found, "part"):
        return
    kind, value = part.get("type"), part.get("value")
    if not isinstance(kind, str) or kind not in _PARTS:
        problem = f'"{kind}" is no type of part here'
        found.append(Problem(f"{path}/type", problem, suggest(str(kind), _PARTS), "unknown_part"))
        return
    rules.text(value, f"{path}/value", found, empty=empty)
    if kind == "tool_call" and isinstance(value, str):
        try:
            call = read_json(value)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            call = None
        if not (isinstance(call, dict) and "name" in call and "arguments" in call):
            hint = 'write {"name": ..., "arguments": {...}} as JSON text'
            found.append(Problem(f"{path}/value", "it is no JSON of a call", hint, "bad_call"))


def _check_end(messages: list[Any], found: list[Problem]) -> None:
    """Where nothing is learnt the whole row is rendered, and that has to end with the assistant."""
    spoken = [message for message in messages if message["role"] == "assistant"]
    if not spoken:
        problem = Problem("/messages", "no message of the assistant", "add what shall be learnt", "nothing_to_learn")
        found.append(problem)
    elif messages[-1]["role"] != "assistant" and all(turn.get("loss_weight", 1.0) <= _LEARNT for turn in spoken):
        path = f"/messages/{len(messages) - 1}/role"
        found.append(Problem(path, "nothing is learnt, and the assistant is not last", "leave it out", "bad_last_turn"))


def side_files(dataset: Dataset, name: str) -> Iterable[Artifact]:
    """`dataset_info.yaml`, what the v1 engine takes as `train_dataset`, for a run from the folder that it stands in."""
    lines: list[bytes] = []
    for split, entry in entry_names(dataset, name).items():
        lines += [_json(entry) + b":", b"  path: " + _json(split), b'  source: "local"', b'  split: "train"']
    return [Artifact(f"data/{name}/dataset_info.yaml", b"\n".join([*lines, b""]))]
