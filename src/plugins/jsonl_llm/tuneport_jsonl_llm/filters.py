"""The two filters: on the trained text's length, and on whether there is any."""

from __future__ import annotations

from collections.abc import Callable

from tuneport import Context, Entity, Reject, Sample
from tuneport_jsonl_llm.config import LengthConfig
from tuneport_jsonl_llm.trained import trained_text

Filter = Callable[[Entity, Sample], Reject | None]


def empty_output(_config: object, ctx: Context) -> Filter:
    """Reject a trained text that is empty or white space only (`empty_output`)."""
    ctx.reads()
    read = trained_text(ctx)
    empty = Reject("empty_output", "Empty output")

    def judge(_entity: Entity, sample: Sample) -> Reject | None:
        text = read(sample)
        return empty if not text or text.isspace() else None

    return judge


def length(config: LengthConfig, ctx: Context) -> Filter:
    """Reject a trained text outside the bounds, inclusive, in characters (`text_too_short`, `text_too_long`)."""
    ctx.reads()
    read = trained_text(ctx)
    least, most = config.min_text_length, config.max_text_length

    def judge(_entity: Entity, sample: Sample) -> Reject | None:
        size = len(read(sample))
        if size < least:
            return Reject("text_too_short", f"Text too short ({size} chars)")
        if size > most:
            return Reject("text_too_long", f"Text too long ({size} chars)")
        return None

    return judge
