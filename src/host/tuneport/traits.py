"""What a format's target can express: facts about trainers and services, as data that a plugin may update."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

WeightPlace = Literal["row", "message", "binary", "none"]
Status = Literal["active", "sunset", "legacy"]
Limit = Literal["min_rows", "max_rows", "max_bytes"]
Compression = Literal["none", "gzip", "zstd"]

ASPECTS = {
    "metadata": "metadata",
    "tools": "tools and their calls",
    "reasoning": "reasoning",
    "names": "names of participants",
    "turns": "earlier turns of the assistant as turns to learn",
    "turn_masks": "which turns are learnt",
    "turn_weights": "weights of single turns",
    "reasoning_weights": "weights of reasoning",
}
"""What a sample may have beside its texts and its weight, and a target may have no place for."""


@dataclass(frozen=True)
class FormatTraits:
    """What a format's target can express.

    Attributes:
        weight: where a sample's weight goes: a number per `row`, a number per `message`, 0 or 1 per message (`binary`),
            or nowhere.
        weighs: the kinds of samples whose weight has that place; None for all that it can write.
        kinds: the kinds of samples it can write, of instruction, chat, text, preference, unpaired; None for any.
        carries: the ASPECTS that its rows hold; None where it does not say. What a sample has and a row does not hold
            is counted. A format may carry `carries` itself, where that depends on its configuration.
        uniform: its reader wants the same keys, and one type in each column, in all rows of a file, as loaders of
            tables do. Services that take rows one by one do not.
        constant: columns that stand in every row of a file or in none.
        min_rows: fewest rows its service takes.
        max_rows: most rows it takes.
        max_bytes: bytes of a file that it takes.
        unverified: which of these three limits are hearsay: they warn, and never refuse.
        shard_size: bytes of rows after which a file for it ends, where the recipe does not say; None for the default.
        shard_rows: rows after which a file for it ends, where the recipe does not say; None for any number.
        compressions: how files that its reader opens may be compressed.
        status: `active`, `sunset` (it ends at `sunset`), or `legacy` (it has ended, and its layout is read elsewhere).
        sunset: the day it ends: a format that has one is not `active`, but `sunset`.
        note: a sentence on the status, or on what its reader does with rows.
        weight_note: who reads the weight that is written, in a few words: "our trainer reads it, stock TRL ignores it".
        weight_flags: what its trainer has to be told, so that it reads the weight.
        scale: whether its trainer takes weights as they are (`absolute`: the loss grows with their mean), or only their
            ratios matter (`relative`).
    """

    weight: WeightPlace = "none"
    weighs: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    carries: frozenset[str] | None = None
    uniform: bool = True
    constant: frozenset[str] = frozenset()
    min_rows: int | None = None
    max_rows: int | None = None
    max_bytes: int | None = None
    unverified: frozenset[str] = frozenset()
    shard_size: int | None = None
    shard_rows: int | None = None
    compressions: frozenset[str] = frozenset({"none", "gzip", "zstd"})
    status: Status = "active"
    sunset: date | None = None
    note: str = ""
    weight_note: str = ""
    weight_flags: tuple[str, ...] = ()
    scale: Literal["absolute", "relative"] = "relative"

    def __post_init__(self) -> None:
        """What has a day on which it ends will end."""
        if self.sunset is not None and self.status == "active":
            object.__setattr__(self, "status", "sunset")

    def end(self, today: date) -> str:
        """`ends on 2027-01-06`, or `ended on` a day that has passed; "" where nothing is said to end."""
        if self.status != "sunset":
            return ""
        if self.sunset is None:
            return "will end"
        return f"{'ended' if self.sunset < today else 'ends'} on {self.sunset}"


NO_TRAITS = FormatTraits()


def status_words(name: str, traits: FormatTraits, today: date, *, all_notes: bool) -> str:
    """That a format's target has ended or will end, as of `today`; with `all_notes`, what else is to be known of it."""
    note = f": {traits.note}" if traits.note else ""
    if traits.status == "sunset":
        return f"{name} {traits.end(today)}{note}"
    if traits.status == "legacy":
        since = f" since {traits.sunset}" if traits.sunset else ""
        return f"{name} is legacy{since}{note}"
    return f"{name}{note}" if all_notes and note else ""
