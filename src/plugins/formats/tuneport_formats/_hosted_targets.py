"""What the formats of hosted services can express, and what each is told. A writer is imported when it is used."""

from __future__ import annotations

from datetime import date
from typing import Literal

from tuneport import Config, FormatTraits

OPENAI = FormatTraits(
    weight="binary",
    kinds=frozenset({"instruction", "chat", "preference"}),
    carries=frozenset({"tools", "names", "turns", "turn_masks"}),
    uniform=False,
    min_rows=10,
    max_bytes=512_000_000,
    unverified=frozenset({"max_bytes"}),
    shard_size=100_000_000,
    compressions=frozenset({"none"}),
    status="sunset",
    sunset=date(2027, 1, 6),
    note="OpenAI has closed fine-tuning to new customers; Azure, Fireworks and Together read these rows too",
)


class OpenAIConfig(Config):
    """How rows for OpenAI are written."""

    reasoning: Literal["drop", "inline"] = "drop"
    """OpenAI has no place for reasoning: it is left out, or stands before the answer as <think>...</think>."""


FIREWORKS = FormatTraits(
    weight="row",
    weighs=frozenset({"instruction", "chat"}),
    kinds=frozenset({"instruction", "chat", "preference"}),
    carries=frozenset({"tools", "reasoning", "names", "turns", "turn_masks"}),
    uniform=False,
    constant=frozenset({"weight"}),
    min_rows=3,
    max_rows=3_000_000,
    compressions=frozenset({"none"}),
    weight_note="Fireworks multiplies the loss of a row by it",
    scale="absolute",
)


class FireworksConfig(Config):
    """How rows for Fireworks are written."""

    reasoning: Literal["reasoning_content", "inline", "drop"] = "reasoning_content"
    """Reasoning stands beside the answer, before it as <think>...</think>, or nowhere."""


TOGETHER = FormatTraits(
    weight="binary",
    kinds=frozenset({"instruction", "chat", "text", "preference"}),
    carries=frozenset({"tools", "reasoning", "turns", "turn_masks"}),
    uniform=False,
    constant=frozenset(
        {"text", "messages", "prompt", "completion", "input", "preferred_output", "non_preferred_output"}
    ),
    max_bytes=50_100_000_000,
    compressions=frozenset({"none"}),
)


class TogetherConfig(Config):
    """How rows for Together AI are written."""

    rows: Literal["messages", "prompt_completion"] = "messages"
    """Conversations as messages, or single questions as a prompt and its completion, without a chat template."""

    reasoning: Literal["reasoning_content", "inline", "drop"] = "reasoning_content"
    """Reasoning stands beside the answer, before it as <think>...</think>, or nowhere."""


GEMINI = FormatTraits(
    kinds=frozenset({"instruction", "chat", "preference"}),
    carries=frozenset({"tools", "turns"}),
    uniform=False,
    compressions=frozenset({"none"}),
)
BEDROCK = FormatTraits(
    kinds=frozenset({"instruction", "chat"}),
    carries=frozenset({"turns"}),
    uniform=False,
    compressions=frozenset({"none"}),
    note="for Nova; Claude has bedrock_claude, and jobs that learn from a reward take other rows",
)


class BedrockConfig(Config):
    """How rows for Bedrock are written."""

    rows: Literal["conversation", "prompt_completion"] = "conversation"
    """Nova's conversations, or single questions as a prompt and its completion."""

    reasoning: Literal["drop", "blocks"] = "drop"
    """Reasoning is left out, or stands in blocks of its own before the answer, which Nova 2 reads."""


BEDROCK_CLAUDE = FormatTraits(
    kinds=frozenset({"instruction", "chat"}),
    carries=frozenset({"turns"}),
    uniform=False,
    min_rows=32,
    max_rows=10_000,
    unverified=frozenset({"min_rows", "max_rows"}),
    compressions=frozenset({"none"}),
    status="legacy",
    sunset=date(2026, 9, 10),
    note="Claude 3 Haiku, the only Claude that could be tuned, has ended",
)
ANTHROPIC = FormatTraits(
    kinds=frozenset({"instruction", "chat"}),
    carries=frozenset({"metadata", "turns"}),
    uniform=False,
    compressions=frozenset({"none"}),
    status="legacy",
    note="no service of Anthropic takes these rows for training",
)


class AnthropicConfig(Config):
    """How rows in Anthropic's layout are written."""

    metadata: bool = True
    """Whether rows have the samples' metadata."""


MISTRAL = FormatTraits(
    weight="binary",
    kinds=frozenset({"instruction", "chat", "text"}),
    carries=frozenset({"tools", "turns", "turn_masks"}),
    uniform=False,
    constant=frozenset({"text", "messages"}),
    compressions=frozenset({"none"}),
    status="legacy",
    note="Mistral's service for tuning and mistral-finetune have ended; with tools only the last answer is learnt",
)


class MistralConfig(Config):
    """How rows for Mistral are written."""

    reasoning: Literal["drop", "inline"] = "drop"
    """Reasoning is left out, or stands before the answer as <think>...</think>."""
