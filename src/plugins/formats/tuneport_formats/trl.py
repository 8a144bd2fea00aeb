"""The format `trl`: rows for the trainers of TRL 1, by default a prompt and a completion as lists of messages.

Rules of TRL's dataset formats and trainers: a row is of one type, told by its columns; its texts are all strings or all
lists of messages; the prompt of such lists is masked. TRL adds the end-of-sequence token itself. It reads tools from
JSON text, but never takes the arguments of a call out of one, and keys that hold null reach the chat template: so
arguments are objects, and messages have only the keys that apply to them. Objects that differ from row to row have no
type that a dataset card could declare: such rows want the datasets that TRL requires (4.7), which finds out by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tuneport import Context, Message, Preference, Sample, Text, Unpaired
from tuneport_formats._features import Beside
from tuneport_formats._open_targets import TrlConfig
from tuneport_formats._pairs import pair
from tuneport_formats._tags import said, thinks
from tuneport_formats._turns import Turns

_Row = dict[str, Any]
_DECIMALS = 10
"""So many are left of a number where datasets reads a row as JSON instead of into columns."""


class Trl:
    """Writes the columns of one of TRL's types, with `tools` and `weight` where the run has them."""

    __slots__ = ("_beside", "_loose", "_mixed", "_rows", "_turns", "carries", "features")

    def __init__(self, config: TrlConfig, ctx: Context) -> None:
        kind = None if ctx.sample is None else ctx.sample.kind
        plain = config.rows in ("strings", "text") or (kind is not None and issubclass(kind, Text))
        self._beside = Beside(ctx, tools="no" if plain else "null", weight=True)
        self._turns = Turns(ctx, arguments=config.arguments, reasoning=config.reasoning, uniform=False)
        self._rows = config.rows
        calls = ctx.sample is None or "tool_calls" in ctx.sample.turns
        self._loose = calls and not plain and config.arguments == "object"
        # A run of several kinds has conversations only, so that its rows are of one type.
        self._mixed = kind is Sample
        self.carries = _carries(config)
        column = "string" if plain else self._turns.feature
        self.features = None if kind is None else self._beside.features(_texts(config.rows, kind, column))

    @thinks
    def __call__(self, sample: Sample) -> _Row:
        """One sample's row."""
        row = self._beside.add(self._texts(sample), sample)
        if self._loose and "weight" in row:
            # The weight that a trainer gets is the one in the file.
            row["weight"] = round(row["weight"], _DECIMALS)
        return row

    def _texts(self, sample: Sample) -> _Row:
        plain = self._rows in ("strings", "text")
        if isinstance(sample, Preference):
            return _joined_pair(sample) if plain else _listed_pair(self._turns, sample)
        if isinstance(sample, Unpaired):
            texts = _split(sample.messages, _joined) if plain else _split(self._turns(sample.messages), list)
            return {**texts, "label": sample.label}
        if isinstance(sample, Text) and not self._mixed:
            return {"text": sample.text}
        if self._rows == "messages":
            return {"messages": self._turns(sample.messages)}
        if self._rows == "text":
            return {"text": _joined(sample.messages)}
        return _split(sample.messages, _joined) if plain else _split(self._turns(sample.messages), list)


def _split(turns: Sequence[Any], write: Callable[[Sequence[Any]], Any]) -> _Row:
    """All turns but the last as the prompt, the last as the completion."""
    prompt, completion = write(turns[:-1]), write(turns[-1:])
    # The blank line keeps the prompt's last word and the completion's first from becoming one token.
    return {"prompt": f"{prompt}\n\n" if isinstance(prompt, str) else prompt, "completion": completion}


def _listed_pair(turns: Turns, sample: Preference) -> _Row:
    prompt, chosen, rejected = pair(turns, sample)
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected}


def _joined_pair(sample: Preference) -> _Row:
    prompt = _joined(sample.prompt)
    return {"prompt": f"{prompt}\n\n", "chosen": _joined(sample.chosen), "rejected": _joined(sample.rejected)}


def _joined(turns: Sequence[Message]) -> str:
    return "\n\n".join(said(turn) for turn in turns)


def _texts(rows: str, kind: type[Sample], column: Any) -> dict[str, Any]:
    """The columns of texts, each with its type."""
    if issubclass(kind, Preference):
        return dict.fromkeys(("prompt", "chosen", "rejected"), column)
    if issubclass(kind, Unpaired):
        return {"prompt": column, "completion": column, "label": "bool"}
    if rows == "text" or issubclass(kind, Text):
        return {"text": column}
    return {"messages": column} if rows == "messages" else {"prompt": column, "completion": column}


def _carries(config: TrlConfig) -> frozenset[str]:
    found = {"reasoning"} if config.reasoning != "drop" or config.rows in ("strings", "text") else set()
    if config.rows in ("prompt_completion", "messages"):
        found |= {"tools", "names"}
    if config.rows in ("messages", "text"):
        found.add("turns")
    return frozenset(found)
