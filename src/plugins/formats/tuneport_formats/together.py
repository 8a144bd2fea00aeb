"""The format `together`: rows of `text`, `messages`, `prompt` and `completion`, or preferences, for Together AI.

The rules are those of Together's client (3.1) and documentation: one of the four in a file and nothing beside it, the
first turn the system's or the user's, then user and assistant by turns, a weight of 0 or 1 on any turn, reasoning as
`reasoning_content`. A preference has one answer of the assistant on each side, and its input does not end with one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from tuneport import Context, Problem, Reject, Sample, Text
from tuneport_formats import _rules as rules
from tuneport_formats import openai
from tuneport_formats._chat_rows import PAIR_KEYS, ChatRows, PairRows, asked_and_answered, check_pair, is_pair, of_pairs
from tuneport_formats._hosted_targets import TOGETHER as TRAITS
from tuneport_formats._hosted_targets import TogetherConfig
from tuneport_formats._message_rules import MessageRules
from tuneport_formats._rules import Found
from tuneport_formats._tags import thinks
from tuneport_formats._tool_rules import tools
from tuneport_formats._turns import Turns

_LAYOUTS: dict[tuple[str, ...], frozenset[str]] = {
    ("messages",): frozenset({"messages", "tools"}),
    ("text",): frozenset({"text"}),
    ("prompt", "completion"): frozenset({"prompt", "completion"}),
    PAIR_KEYS: frozenset(PAIR_KEYS),
}
"""The keys that a layout must have, to those that it may have."""
_ALL_ROLES = frozenset({"system", "user", "assistant", "tool"})
_MESSAGE = frozenset(
    {"role", "content", "name", "weight", "tool_calls", "tool_call_id", "reasoning", "reasoning_content"}
)
MESSAGES = MessageRules(
    roles=_ALL_ROLES,
    known=_MESSAGE,
    parts=frozenset({"text", "image_url"}),
    weighted=_ALL_ROLES,
    heads="once",
    first=frozenset({"user"}),
    twice=False,
)
_ASKED = replace(MESSAGES, known=_MESSAGE - {"weight"}, needed="", last=_ALL_ROLES - {"assistant"})
_ANSWER = replace(openai.ANSWER, known=_MESSAGE - {"weight"})


class TogetherRows:
    """Writes one of the four layouts.

    Attributes:
        features: column to type; None where that is not known, or no one type holds a column.
        carries: what of a sample the rows hold.
    """

    def __init__(self, config: TogetherConfig, ctx: Context) -> None:
        self._ctx = ctx
        self._plain = config.rows == "prompt_completion"

        def turns(weights: Literal["none", "binary"]) -> Turns:
            return Turns(
                ctx,
                arguments="text",
                reasoning=config.reasoning,
                uniform=False,
                weights=weights,
                roles={"developer": "system"},
                names=False,
                null_content=True,
            )

        self._chats = ChatRows(ctx, turns("binary"))
        self._pairs = PairRows(ctx, turns("none"))
        self.features = self._features()
        carries = TRAITS.carries or frozenset()
        lost = {"reasoning"} if config.reasoning == "drop" else frozenset()
        self.carries = frozenset() if self._plain else carries - lost

    def _features(self) -> dict[str, Any] | None:
        shape = self._ctx.sample
        if shape is not None and issubclass(shape.kind, Text):
            return {"text": "string"}
        if of_pairs(self._ctx):
            return self._pairs.features
        return {"prompt": "string", "completion": "string"} if self._plain else self._chats.features

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any] | Reject:
        """One sample's row."""
        if isinstance(sample, Text) and (self._ctx.sample is None or self._ctx.sample.kind is not Sample):
            return {"text": sample.text}
        if is_pair(sample, self._ctx):
            return self._pairs(sample)
        return asked_and_answered(sample) if self._plain else self._chats(sample)


def together(config: TogetherConfig, ctx: Context) -> TogetherRows:
    """Compile the format."""
    return TogetherRows(config, ctx)


def check(row: Mapping[str, Any]) -> Found:
    """What is wrong with a row for Together AI."""
    found: list[Problem] = []
    layouts = [keys for keys in _LAYOUTS if not row.keys().isdisjoint(keys)]
    if len(layouts) > 1:
        names = " and ".join(keys[0] for keys in layouts)
        hint = "keep one of messages, text, prompt and completion, or a preference"
        found.append(Problem("", f"a row has one layout, not that of {names}", hint, "mixed_layouts"))
        return found
    layout = layouts[0] if layouts else ("messages",)
    rules.keys(row, _LAYOUTS[layout], layout, found, of="Together row")
    if layout == PAIR_KEYS:
        check_pair(row, _ASKED, _ANSWER, found, of="Together row")
    elif layout != ("messages",):
        for key in layout:
            if key in row:
                rules.text(row[key], f"/{key}", found, empty=key == "prompt")
    elif "messages" in row:
        MESSAGES(row["messages"], "/messages", found)
        if not rules.refused(found):
            _check_parts(row["messages"], found)
        if "tools" in row:
            tools(row["tools"], "/tools", found)
    return found


def _check_parts(messages: list[dict[str, Any]], found: Found) -> None:
    """Contents are all texts or all lists of parts, and nothing is learnt of a message with an image."""
    if not any(isinstance(one.get("content"), list) for one in messages):
        return
    for index, message in enumerate(messages):
        content = message.get("content")
        if isinstance(content, str):
            hint = 'write it as [{"type": "text", "text": ...}], as in the other messages'
            problem = "a text where other messages have parts"
            found.append(Problem(f"/messages/{index}/content", problem, hint, "mixed_content"))
        elif message.get("weight") and any(part["type"] != "text" for part in content or ()):
            problem = "a message with an image cannot be learnt"
            found.append(Problem(f"/messages/{index}/weight", problem, "write 0", "bad_weight"))
