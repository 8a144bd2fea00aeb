"""The styles: a record in, a sample or the reason why there is none out."""

from __future__ import annotations

from tuneport_jsonl_llm.styles.chat import chat_completion
from tuneport_jsonl_llm.styles.instruction import instruction_tuning
from tuneport_jsonl_llm.styles.preference import preference
from tuneport_jsonl_llm.styles.prompts import prompt_completion
from tuneport_jsonl_llm.styles.text import text_completion
from tuneport_jsonl_llm.styles.unpaired import unpaired_preference

__all__ = [
    "chat_completion",
    "instruction_tuning",
    "preference",
    "prompt_completion",
    "text_completion",
    "unpaired_preference",
]
