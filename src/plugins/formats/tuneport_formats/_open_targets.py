"""What the formats of open trainers can express, and what each is told. A writer is imported when it is used."""

from __future__ import annotations

from typing import Literal

from tuneport import Config, FormatTraits
from tuneport_formats._turns import Arguments, Reasoning

TRL = FormatTraits(
    weight="row",
    kinds=frozenset({"instruction", "chat", "text", "preference", "unpaired"}),
    carries=frozenset({"tools", "reasoning", "names"}),
    constant=frozenset({"tools", "weight"}),
    compressions=frozenset({"none", "gzip"}),
    weight_note="our trainer reads it, stock TRL ignores it",
)


class TrlConfig(Config):
    """What the format `trl` is told."""

    rows: Literal["prompt_completion", "messages", "strings", "text"] = "prompt_completion"
    """`prompt_completion` writes what comes before the last turn and that turn as two lists of messages, so that only
    the last turn is learnt; `messages` one list, of which the trainer learns all, or with `assistant_only_loss` what
    the assistant says; `strings` a prompt that ends with a blank line and a completion; `text` one text. Preference and
    unpaired samples are strings with the last two, else lists of messages. Text samples are always one text."""
    arguments: Arguments = "object"
    """Arguments of tool calls as an `object`, which nearly all chat templates want, or as JSON `text`."""
    reasoning: Reasoning = "reasoning_content"
    """The key that the chat template reads reasoning from: `reasoning_content` for most, `thinking` for Harmony; or
    `inline` before the answer, or `drop`."""


AXOLOTL = FormatTraits(
    weight="binary",
    kinds=frozenset({"instruction", "chat", "text", "preference"}),
    carries=frozenset({"tools", "reasoning", "names", "turns", "turn_masks"}),
    constant=frozenset({"tools"}),
    note="axolotl.yaml beside the rows has the datasets section, for a run from the folder above",
)


class AxolotlConfig(Config):
    """What the format `axolotl` is told."""

    reasoning: Literal["reasoning_content", "inline", "drop"] = "reasoning_content"
    """Reasoning stands under a key that axolotl gives to the chat template, before the answer as <think>...</think>, or
    nowhere. In pairs of answers it always stands before the answer, or nowhere."""


LLAMA_FACTORY = FormatTraits(
    kinds=frozenset({"instruction", "chat", "text", "preference", "unpaired"}),
    carries=frozenset({"tools", "reasoning", "turns"}),
    constant=frozenset({"tools"}),
    compressions=frozenset({"none"}),
    note="dataset_info.json beside the rows is what --dataset_dir is pointed at",
)
LLAMA_FACTORY_V1 = FormatTraits(
    weight="message",
    kinds=frozenset({"instruction", "chat"}),
    carries=frozenset({"tools", "reasoning", "turns", "turn_masks", "turn_weights"}),
    constant=frozenset({"tools"}),
    compressions=frozenset({"none"}),
    weight_note="loss_weight of each message; its loss divides by their sum, so a micro-batch of one row undoes it",
)
MS_SWIFT = FormatTraits(
    weight="message",
    kinds=frozenset({"instruction", "chat", "text"}),
    carries=frozenset({"tools", "reasoning", "turns", "turn_masks", "turn_weights", "reasoning_weights"}),
    constant=frozenset({"tools"}),
    compressions=frozenset({"none"}),
    weight_note="loss_scale of each message",
    weight_flags=("--is_binary_loss_scale false",),
    scale="absolute",
)
SWIFT_PAIRS = FormatTraits(
    kinds=frozenset({"preference", "unpaired"}),
    carries=frozenset({"tools", "reasoning"}),
    constant=frozenset({"tools", "rejected_tools"}),
    compressions=frozenset({"none"}),
)
ALPACA = FormatTraits(
    kinds=frozenset({"instruction", "chat"}),
    carries=frozenset({"metadata", "reasoning"}),
    constant=frozenset({"system", "history", "metadata"}),
)


class AlpacaConfig(Config):
    """What the format `alpaca` is told."""

    instruction: str = ""
    """One instruction for all rows, such as "Provide guidance based on established guidelines."; what is asked is the
    input then. "" takes the sample's own."""
    columns: list[Literal["system", "history"]] = []
    """Columns beside the three: `system` for the system message, which else stands before the instruction; `history`
    for earlier turns as pairs, without which conversations of several turns are refused."""


SHAREGPT = FormatTraits(
    kinds=frozenset({"instruction", "chat"}),
    carries=frozenset({"tools", "reasoning", "turns"}),
    constant=frozenset({"tools"}),
)
CHATML = FormatTraits(
    kinds=frozenset({"instruction", "chat", "text"}),
    carries=frozenset({"reasoning", "turns"}),
)
HUGGINGFACE = FormatTraits(
    kinds=frozenset({"instruction", "chat", "text"}),
    carries=frozenset({"metadata", "reasoning", "turns"}),
    constant=frozenset({"metadata"}),
)
