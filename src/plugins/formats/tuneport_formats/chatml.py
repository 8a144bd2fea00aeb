"""The format `chatml`: one text, each turn as `<|im_start|>role`, a line break, the words, `<|im_end|>`, a line break.

This is what the chat template of ChatML makes, so that a text trainer sees what a chat model is asked. Plain text stays
as it is. No end-of-sequence token is added: trainers do that.
"""

from __future__ import annotations

from typing import Any

from tuneport import Config, Context, Problem, Reject, Sample, Text
from tuneport_formats import _rules as rules
from tuneport_formats._features import Beside
from tuneport_formats._tags import Tags, thinks

START, END = "<|im_start|>", "<|im_end|>"
_TAGS = Tags(START + "{}\n", dict.fromkeys(("system", "developer", "user", "assistant"), f"{END}\n"), (START, END))
_KEYS = frozenset({"text"})


class ChatML:
    """Writes `{"text"}`."""

    __slots__ = ("features",)

    def __init__(self, _config: Config, ctx: Context) -> None:
        self.features = Beside(ctx).features({"text": "string"})

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any] | Reject:
        """One sample's row."""
        text = sample.text if isinstance(sample, Text) else _TAGS(sample.messages)
        return text if isinstance(text, Reject) else {"text": text}


def check(row: Any) -> list[Problem]:
    """What is wrong with a row."""
    found: list[Problem] = []
    rules.keys(row, _KEYS, _KEYS, found)
    if "text" in row:
        rules.text(row["text"], "/text", found)
    if not found and row["text"].count(START) != row["text"].count(END):
        hint = f"end each turn with {END}"
        found.append(Problem("/text", f"{START} and {END} do not match", hint, "open_tag"))
    return found
