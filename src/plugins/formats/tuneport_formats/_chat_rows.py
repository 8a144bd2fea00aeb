"""Rows of `messages` and of preference pairs, as OpenAI has them and others after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from tuneport import Context, Message, Preference, Problem, Reject, Sample
from tuneport_formats import _rules as rules
from tuneport_formats._message_rules import MessageRules
from tuneport_formats._rules import Found
from tuneport_formats._tool_rules import tools
from tuneport_formats._turns import Turns

Tools = Callable[[Sequence[dict[str, Any]]], Any]
Write = Callable[[Sample], dict[str, Any]]

PAIR_KEYS = ("input", "preferred_output", "non_preferred_output")
PAIR_ROW = frozenset(PAIR_KEYS)
_INPUT_KEYS = frozenset({"messages", "tools", "parallel_tool_calls"})


class ChatRows:
    """Writes `{"messages", "tools", "weight"}`: tools where a sample has some, a weight where the format carries it.

    Attributes:
        features: column to type; None where tools may occur, whose parameters are free, or the style did not say.
    """

    def __init__(self, ctx: Context, turns: Turns, *, weighted: bool = False, written: Tools = list) -> None:
        """Compile.

        Args:
            ctx: of the run.
            turns: writes the messages.
            weighted: whether rows have a weight of their own.
            written: makes what stands under `tools` of a sample's tools.
        """
        self._turns = turns
        self._weighted = weighted
        self._written = written
        self.features: dict[str, Any] | None = None
        if turns.feature is not None and not has_tools(ctx):
            self.features = {"messages": turns.feature, **({"weight": "float64"} if weighted else {})}

    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        row: dict[str, Any] = {"messages": self._turns(sample.messages)}
        if sample.tools:
            row["tools"] = self._written(sample.tools)
        if self._weighted:
            row["weight"] = float(sample.weight)
        return row


class PairRows:
    """Writes `{"input": {"messages", "tools"}, "preferred_output", "non_preferred_output"}`.

    Attributes:
        features: column to type, as of ChatRows.
    """

    def __init__(self, ctx: Context, turns: Turns) -> None:
        self._turns = turns
        self.features: dict[str, Any] | None = None
        one = turns.feature
        if one is not None and not has_tools(ctx):
            self.features = {
                "input": {"struct": {"messages": one}},
                "preferred_output": one,
                "non_preferred_output": one,
            }

    def __call__(self, sample: Preference) -> dict[str, Any]:
        """One sample's row. Each answer is written with the prompt before it: ids of calls are made in their order."""
        size = len(sample.prompt)
        chosen = self._turns((*sample.prompt, *sample.chosen))
        asked: dict[str, Any] = {"messages": chosen[:size]}
        if sample.tools:
            asked["tools"] = list(sample.tools)
        rejected = self._turns((*sample.prompt, *sample.rejected))
        return {"input": asked, "preferred_output": chosen[size:], "non_preferred_output": rejected[size:]}


def is_pair(sample: Sample, ctx: Context) -> TypeGuard[Preference]:
    """Whether a sample is written as a pair: in a run of several kinds all samples are conversations."""
    return isinstance(sample, Preference) and (ctx.sample is None or ctx.sample.kind is not Sample)


def of_pairs(ctx: Context) -> bool:
    """Whether all samples of a run are pairs."""
    return ctx.sample is not None and issubclass(ctx.sample.kind, Preference)


def has_tools(ctx: Context) -> bool:
    """Whether samples of a run may have tools."""
    return ctx.sample is None or ctx.sample.tools


def head_and_turns(messages: Sequence[Message]) -> tuple[str, Sequence[Message]]:
    """The system messages at the start as one text, and the turns after them."""
    size = 0
    while size < len(messages) and messages[size].role in {"system", "developer"}:
        size += 1
    return "\n\n".join(message.content for message in messages[:size]), messages[size:]


def asked_and_answered(sample: Sample) -> dict[str, Any] | Reject:
    """`{"prompt", "completion"}` of one question and one answer; a reject where a sample is anything else."""
    turns = sample.messages
    if [turn.role for turn in turns] != ["user", "assistant"] or sample.tools or turns[1].tool_calls:
        reason = "a prompt and its completion hold one question and one answer, without system message and tools"
        return Reject("not_one_question", reason)
    return {"prompt": turns[0].content, "completion": turns[1].content}


def check_pair(row: Any, asked: MessageRules, answer: MessageRules, found: Found, *, of: str) -> None:
    """Add what is wrong with `input`, `preferred_output` and `non_preferred_output` of a row.

    Each answer is one message of the assistant, and what was asked does not end with one: that is valid wherever
    such rows are taken.

    Args:
        row: of a file.
        asked: rules for the messages of the input.
        answer: rules for the messages of an answer.
        found: what is wrong is added here.
        of: what messages call the row.
    """
    given = row.get("input")
    if "input" in row and rules.is_object(given, "/input", found, "input"):
        rules.keys(given, _INPUT_KEYS, ("messages",), found, "/input", f"{of}'s input")
        if "messages" in given:
            asked(given["messages"], "/input/messages", found)
        if given.get("tools") is not None:
            tools(given["tools"], "/input/tools", found)
    for key in PAIR_KEYS[1:]:
        if key in row:
            _check_answer(row[key], answer, f"/{key}", found)


def _check_answer(value: object, answer: MessageRules, path: str, found: Found) -> None:
    answer(value, path, found)
    if isinstance(value, list) and len(value) > 1:
        hint = "keep what the assistant says last"
        found.append(Problem(path, f"{len(value)} messages where one is the answer", hint, "not_one_answer"))
