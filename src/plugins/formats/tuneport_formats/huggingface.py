"""The format `huggingface`: one text with tags between the turns, and metadata.

The tags are those of the guideline exporter: `<|user|>...<|assistant|>...<|end|>`. To a tokenizer they are plain
characters, and all of the text is trained; chat models are better served by the format `trl`.
"""

from __future__ import annotations

from typing import Any

from tuneport import Config, Context, Problem, Reject, Sample, Text
from tuneport_formats import _rules as rules
from tuneport_formats._features import Beside
from tuneport_formats._tags import Tags, thinks

_ROLES = ("system", "user", "assistant")
_TAGS = Tags("<|{}|>", {"assistant": "<|end|>"}, tuple(f"<|{name}|>" for name in (*_ROLES, "end")))
_KEYS = frozenset({"text", "metadata"})


class HuggingFace:
    """Writes `{"text", "metadata"}`; plain text stays as it is."""

    __slots__ = ("_beside", "features")

    def __init__(self, _config: Config, ctx: Context) -> None:
        self._beside = Beside(ctx, metadata=True)
        self.features = self._beside.features({"text": "string"})

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any] | Reject:
        """One sample's row."""
        text = sample.text if isinstance(sample, Text) else _TAGS(sample.messages)
        return text if isinstance(text, Reject) else self._beside.add({"text": text}, sample)


def check(row: Any) -> list[Problem]:
    """What is wrong with a row."""
    found: list[Problem] = []
    rules.keys(row, _KEYS, ("text",), found)
    if "text" in row:
        rules.text(row["text"], "/text", found)
    if row.get("metadata") is not None:
        rules.is_object(row["metadata"], "/metadata", found, "metadata")
    return found
