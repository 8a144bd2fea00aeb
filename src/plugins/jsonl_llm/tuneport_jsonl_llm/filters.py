"""The two filters: on the trained text's length, and on whether there is any."""

from __future__ import annotations

from collections.abc import Callable

from tuneport import Context, Entity, Reject, Sample
from tuneport_jsonl_llm.config import LengthConfig
from tuneport_jsonl_llm.shortcut import inlined
from tuneport_jsonl_llm.trained import judged

Filter = Callable[[Entity, Sample], Reject | None]


def empty_output(_config: object, ctx: Context) -> Filter:
    """Reject a trained text that is empty or white space only (`empty_output`); of a pair, either answer."""
    ctx.reads()
    empty = Reject("empty_output", "Empty output")
    judge = judged(ctx, lambda text: empty if not text or text.isspace() else None)
    return inlined(judge, "if not text or text.isspace(): return None")


def length(config: LengthConfig, ctx: Context) -> Filter:
    """Reject a trained text outside the bounds, inclusive, in characters (`text_too_short`, `text_too_long`).

    Of a pair both answers have to be within them.
    """
    ctx.reads()
    least, most = config.min_text_length, config.max_text_length

    def judge(text: str) -> Reject | None:
        size = len(text)
        if size < least:
            return Reject("text_too_short", f"Text too short ({size} chars)")
        if size > most:
            return Reject("text_too_long", f"Text too long ({size} chars)")
        return None

    return inlined(judged(ctx, judge), "if not {least} <= len(text) <= {most}: return None", least=least, most=most)
