"""The format `fireworks`: OpenAI's rows with a weight of the sample, which multiplies its loss.

The rules are those of Fireworks' documentation: OpenAI's chat rows, a system message first or none, 3 to 3,000,000
rows, 0 or 1 as the weight of a turn. The weight of a row is any number, 0 leaves the row out and a negative one
reverses its gradient; it stands in all rows of a file or in none. Reasoning as `reasoning_content` is hearsay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from tuneport import Context, Problem, Sample
from tuneport_formats import _rules as rules
from tuneport_formats import openai
from tuneport_formats._chat_rows import PAIR_KEYS, PAIR_ROW, ChatRows, PairRows, check_pair, is_pair, of_pairs
from tuneport_formats._hosted_targets import FIREWORKS as TRAITS
from tuneport_formats._hosted_targets import FireworksConfig
from tuneport_formats._message_rules import MessageRules
from tuneport_formats._rules import Found
from tuneport_formats._tags import thinks
from tuneport_formats._tool_rules import tools
from tuneport_formats._turns import Turns

_ROW = frozenset({"messages", "tools", "weight"})
_ROLES = {"developer": "system"}
MESSAGES = MessageRules(
    roles=frozenset({"system", "user", "assistant", "tool"}),
    known=openai.MESSAGES.known | {"reasoning_content"},
    parts=frozenset({"text", "image_url"}),
    heads="once",
)
_THOUGHT = openai.ANSWER.known | {"reasoning_content"}
_ASKED = replace(openai.ASKED, roles=MESSAGES.roles, known=_THOUGHT, last=MESSAGES.roles - {"assistant"}, heads="once")
_ANSWER = replace(openai.ANSWER, known=_THOUGHT)


class FireworksRows:
    """Writes conversations, and pairs of answers, with their weight.

    Attributes:
        features: column to type; None where that is not known, or no one type holds a column.
        carries: what of a sample the rows hold.
    """

    def __init__(self, config: FireworksConfig, ctx: Context) -> None:
        self._ctx = ctx

        def turns(weights: Literal["none", "binary"]) -> Turns:
            return Turns(
                ctx,
                arguments="text",
                reasoning=config.reasoning,
                uniform=False,
                weights=weights,
                roles=_ROLES,
                null_content=True,
            )

        self._chats = ChatRows(ctx, turns("binary"), weighted=ctx.weighted)
        self._pairs = PairRows(ctx, turns("none"))
        self.features = (self._pairs if of_pairs(ctx) else self._chats).features
        lost = {"reasoning"} if config.reasoning == "drop" else frozenset()
        self.carries = (TRAITS.carries or frozenset()) - lost

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        return self._pairs(sample) if is_pair(sample, self._ctx) else self._chats(sample)


def fireworks(config: FireworksConfig, ctx: Context) -> FireworksRows:
    """Compile the format."""
    return FireworksRows(config, ctx)


def check(row: Mapping[str, Any]) -> Found:
    """What is wrong with a row for Fireworks."""
    found: list[Problem] = []
    if "messages" in row or "input" not in row:
        rules.keys(row, _ROW, ("messages",), found, of="Fireworks row")
        if "messages" in row:
            MESSAGES(row["messages"], "/messages", found)
        if "tools" in row:
            tools(row["tools"], "/tools", found)
        if "weight" in row:
            rules.number(row["weight"], "/weight", found)
    else:
        rules.keys(row, PAIR_ROW, PAIR_KEYS, found, of="Fireworks preference row")
        check_pair(row, _ASKED, _ANSWER, found, of="Fireworks row")
    return found
