"""Labels: whether an answer is a good one, in the words of many tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tuneport import Context, Entity, Reject
from tuneport_jsonl_llm.config import StyleConfig
from tuneport_jsonl_llm.styles.parts import missing, required
from tuneport_jsonl_llm.values import describe, plain_text

_GOOD = ("true", "yes", "1", "up", "good", "like", "thumbs_up", "👍")
_BAD = ("false", "no", "0", "-1", "down", "bad", "dislike", "thumbs_down", "👎")
_BETWEEN = re.compile(r"(?<=\w)[\s-]+(?=\w)")
"""What stands between the words of a label."""
_WANTED = "true or false, 1 or 0 or -1, yes or no, up or down, good or bad, like or dislike"


def label_reader(config: StyleConfig, ctx: Context) -> Callable[[Entity], bool | Reject]:
    """How to read the label of a record: `labels` first, then the well-known words, in whatever case.

    Each label is counted, `label_true` or `label_false`: a run that has only one of them teaches no difference.
    """
    judged, name = required(config.field_mapping, "label_field", ctx), config.field_mapping.label_field
    known = {word: good for good, words in ((True, _GOOD), (False, _BAD)) for word in words}
    known |= {_word(word): good for word, good in config.labels.items()}

    def label(entity: Entity) -> bool | Reject:
        value = judged.value(entity)
        found = _label(value, name, known)
        if found is True:
            ctx.count("label_true")
        elif found is False:
            ctx.count("label_false")
        return found

    return label


def _label(value: Any, name: str, known: Mapping[str, bool]) -> bool | Reject:
    word = _word(value)
    if not word:
        return missing("label")
    if word in known:
        return known[word]
    return Reject("bad_type", f"Field '{name}' is {describe(value)}, not {_WANTED}; export.labels names others")


def _word(value: Any) -> str:
    """A label as `known` has it: 1.0 is 1, "Thumbs up" is thumbs_up; "" where there is none."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = plain_text(value)
    # What is no text, such as bytes, is a label all the same: one that nobody knows.
    return "?" if text is None else _BETWEEN.sub("_", text.strip().lower())
