"""The format `axolotl`: rows for axolotl 0.19, and the part of its configuration that reads them.

Conversations are for `type: chat_template`: messages whose `weight` is 0 or 1 where a turn has one, which
`message_field_training: weight` reads; any number but 0 counts as 1 there. It takes arguments of calls and tools out of
JSON text, and drops keys that hold null. Plain text is for `type: completion`, pairs of answers are for
`type: chat_template.default`, which reads role and content of the prompt and of one turn as an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tuneport import Context, Preference, Problem, Reject, Sample, Text
from tuneport_formats import _rules as rules
from tuneport_formats import _tool_rules as tool_rules
from tuneport_formats._features import Beside
from tuneport_formats._message_rules import MessageRules
from tuneport_formats._open_targets import AxolotlConfig
from tuneport_formats._pairs import pair
from tuneport_formats._tags import thinks
from tuneport_formats._turns import Turns

_CARRIED = frozenset({"tools", "reasoning", "names", "turns", "turn_masks"})
_ROLES = frozenset({"system", "user", "assistant", "tool"})
_PLAIN = {"struct": {"role": "string", "content": "string"}}
_MESSAGES = MessageRules(
    roles=_ROLES,
    known=frozenset({"role", "content", "tool_calls", "tool_call_id", "name", "reasoning_content", "weight"}),
    arguments="any",
    strict=False,
    ids="any",
    weighted=_ROLES,
)
_ASKED = MessageRules(roles=_ROLES, known=frozenset({"role", "content"}), needed="", last=_ROLES - {"assistant"})
_ANSWER = MessageRules(roles=_ROLES, known=frozenset({"role", "content"}), last=frozenset({"assistant"}))


class Axolotl:
    """Writes `{"messages", "tools"}`, `{"text"}`, or `{"messages", "chosen", "rejected"}`."""

    __slots__ = ("_beside", "_mixed", "_pairs", "_turns", "carries", "features")

    def __init__(self, config: AxolotlConfig, ctx: Context) -> None:
        kind = None if ctx.sample is None else ctx.sample.kind
        self._mixed = kind is Sample
        pairs = kind is not None and issubclass(kind, Preference)
        plain = pairs or (kind is not None and issubclass(kind, Text))
        roles = {"developer": "system"}
        self._beside = Beside(ctx, tools="no" if plain else "null")
        self._turns = Turns(
            ctx, arguments="text", reasoning=config.reasoning, uniform=True, weights="binary", roles=roles
        )
        inline: Literal["drop", "inline"] = "drop" if config.reasoning == "drop" else "inline"
        self._pairs = Turns(ctx, arguments="text", reasoning=inline, uniform=True, roles=roles)
        lost = {"reasoning"} if config.reasoning == "drop" else set[str]()
        self.carries = (frozenset({"reasoning"}) if pairs else _CARRIED) - lost
        texts: dict[str, Any] = {"messages": self._turns.feature}
        if pairs:
            texts = {"messages": {"list": _PLAIN}, "chosen": _PLAIN, "rejected": _PLAIN}
        elif plain:
            texts = {"text": "string"}
        self.features = self._beside.features(texts)

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any] | Reject:
        """One sample's row."""
        if isinstance(sample, Preference):
            return self._pair(sample)
        if isinstance(sample, Text) and not self._mixed:
            return {"text": sample.text}
        return self._beside.add({"messages": self._turns(sample.messages)}, sample)

    def _pair(self, sample: Preference) -> dict[str, Any] | Reject:
        if len(sample.chosen) != 1 or len(sample.rejected) != 1:
            return Reject("not_one_answer", "an answer of a pair is one turn here")
        prompt, chosen, rejected = pair(self._pairs, sample)
        return {
            "messages": [_plain(turn) for turn in prompt],
            "chosen": _plain(chosen[0]),
            "rejected": _plain(rejected[0]),
        }


def _plain(turn: Mapping[str, Any]) -> dict[str, Any]:
    """All that axolotl reads of a turn of preference data."""
    return {"role": turn["role"], "content": turn["content"]}


def check(row: Any) -> list[Problem]:
    """What is wrong with a row."""
    found: list[Problem] = []
    if "chosen" in row or "rejected" in row:
        _check_pair(row, found)
    elif "messages" in row:
        rules.keys(row, frozenset({"messages", "tools"}), (), found)
        _MESSAGES(row["messages"], "/messages", found)
        if row.get("tools") is not None:
            tool_rules.tools(row["tools"], "/tools", found, written="any", strict=False)
    elif "text" in row:
        rules.keys(row, frozenset({"text"}), (), found)
        rules.text(row["text"], "/text", found)
    else:
        hint = "write messages; text; or messages, chosen and rejected"
        found.append(Problem("", "no layout of the types chat_template and completion", hint, "no_layout"))
    return found


def _check_pair(row: Mapping[str, Any], found: list[Problem]) -> None:
    names = ("messages", "chosen", "rejected")
    rules.keys(row, frozenset(names), names, found)
    if "messages" in row:
        _ASKED(row["messages"], "/messages", found)
    for name in ("chosen", "rejected"):
        if name in row and rules.is_object(row[name], f"/{name}", found, "answer"):
            inner: list[Problem] = []
            _ANSWER([row[name]], "", inner)
            found += [_moved(problem, f"/{name}") for problem in inner]


def _moved(problem: Problem, path: str) -> Problem:
    """A problem of the only message of a list, as that of a message that stands alone."""
    return Problem(path + problem.path.removeprefix("/0"), problem.message, problem.hint, problem.code)
