"""`text_completion`: plain text."""

from __future__ import annotations

from tuneport import Context, Entity, Reject, Sample, Text
from tuneport_jsonl_llm import metadata
from tuneport_jsonl_llm.config import StyleConfig
from tuneport_jsonl_llm.shortcut import shortened
from tuneport_jsonl_llm.styles.parts import Style, inline_text, keep_structures, missing, required

_MADE = "{kind}(text=content, metadata=values, weight=weight)"


def text_completion(config: StyleConfig, ctx: Context) -> Style:
    """Read one text."""
    learnt = required(config.field_mapping, "text_field", ctx)
    types, late = metadata.declare(config, ctx)
    read_metadata = metadata.reader(types, late)
    ctx.makes(Text, metadata=types)
    no_text = missing("text")

    def style(entity: Entity) -> Sample | Reject:
        text = learnt.read(entity)
        if not isinstance(text, str):
            return text or no_text
        values = read_metadata(entity)
        if isinstance(values, Reject):
            return values
        sample = Text(text=text, metadata=values)
        keep_structures(sample, (("text", learnt, text),), entity)
        return sample

    return shortened(style, [inline_text("content", learnt), metadata.inline(types, late)], "content", _MADE, Text)
