"""The format `openai`: fine-tuning rows of OpenAI, which Azure, Fireworks and Together read too.

The rules are those of OpenAI's API reference (fine-tuning, chat and preference input): nothing but `messages`, `tools`,
`parallel_tool_calls` and the older `functions` at the root, arguments as JSON text, a weight of 0 or 1 on turns of the
assistant. Limits: 10 rows at least. Files over 512 MB are said to be refused; Azure fails silently over about 150 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tuneport import Context, Problem, Sample
from tuneport_formats import _rules as rules
from tuneport_formats._chat_rows import PAIR_KEYS, PAIR_ROW, ChatRows, PairRows, check_pair, is_pair, of_pairs
from tuneport_formats._hosted_targets import OPENAI as TRAITS
from tuneport_formats._hosted_targets import OpenAIConfig
from tuneport_formats._message_rules import MessageRules
from tuneport_formats._rules import Found
from tuneport_formats._tags import thinks
from tuneport_formats._tool_rules import tools
from tuneport_formats._turns import Turns

_ROW = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
_MESSAGE = frozenset({"role", "content", "name", "tool_calls", "tool_call_id", "weight", "refusal", "function_call"})
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
MESSAGES = MessageRules(roles=_ROLES, known=_MESSAGE, parts=frozenset({"text", "image_url", "refusal"}))
ASKED = MessageRules(
    roles=_ROLES,
    known=_MESSAGE - {"weight"},
    parts=frozenset({"text"}),
    needed="",
    last=_ROLES - {"assistant"},
)
ANSWER = MessageRules(roles=frozenset({"assistant"}), known=_MESSAGE - {"weight"}, parts=frozenset({"text"}))


class OpenAIRows:
    """Writes conversations, and pairs of answers.

    Attributes:
        features: column to type; None where that is not known, or no one type holds a column.
        carries: what of a sample the rows hold.
    """

    def __init__(self, config: OpenAIConfig, ctx: Context) -> None:
        self._ctx = ctx

        def turns(weights: Literal["none", "binary"]) -> Turns:
            return Turns(
                ctx,
                arguments="text",
                reasoning=config.reasoning,
                uniform=False,
                weights=weights,
                null_content=True,
            )

        self._chats = ChatRows(ctx, turns("binary"))
        self._pairs = PairRows(ctx, turns("none"))
        self.features = (self._pairs if of_pairs(ctx) else self._chats).features
        self.carries = (TRAITS.carries or frozenset()) | (
            {"reasoning"} if config.reasoning == "inline" else frozenset()
        )

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        return self._pairs(sample) if is_pair(sample, self._ctx) else self._chats(sample)


def openai(config: OpenAIConfig, ctx: Context) -> OpenAIRows:
    """Compile the format."""
    return OpenAIRows(config, ctx)


def check(row: Mapping[str, Any]) -> Found:
    """What is wrong with a row for OpenAI."""
    found: list[Problem] = []
    if "messages" in row or "input" not in row:
        rules.keys(row, _ROW, ("messages",), found, of="OpenAI row")
        if "messages" in row:
            MESSAGES(row["messages"], "/messages", found)
        if len(row) > 1:
            _beside(row, found)
    else:
        rules.keys(row, PAIR_ROW, PAIR_KEYS, found, of="OpenAI preference row")
        check_pair(row, ASKED, ANSWER, found, of="OpenAI row")
    return found


def _beside(row: Mapping[str, Any], found: Found) -> None:
    if "tools" in row:
        tools(row["tools"], "/tools", found)
    if "parallel_tool_calls" in row:
        rules.label(row["parallel_tool_calls"], "/parallel_tool_calls", found)
    if "functions" in row and rules.is_list(row["functions"], "/functions", found, "functions"):
        most = 128
        if len(row["functions"]) > most:
            said = f"{len(row['functions'])} functions where {most} is the most"
            found.append(Problem("/functions", said, "leave some out", "too_many_functions"))
