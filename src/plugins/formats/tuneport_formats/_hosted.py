"""The formats of hosted services."""

from __future__ import annotations

from tuneport_formats import _hosted_targets as targets
from tuneport_formats._offer import Late, Offer

HOSTED = (
    Offer(
        "openai",
        Late("openai", "openai"),
        "OpenAI and Azure: messages and tools, or a preference pair; 0 or 1 for each turn",
        targets.OPENAI,
        Late("openai", "check"),
        config=targets.OpenAIConfig,
    ),
    Offer(
        "fireworks",
        Late("fireworks", "fireworks"),
        "Fireworks: messages and tools with the sample's weight, or a preference pair",
        targets.FIREWORKS,
        Late("fireworks", "check"),
        config=targets.FireworksConfig,
    ),
    Offer(
        "together",
        Late("together", "together"),
        "Together AI: messages, text, prompt and completion, or a preference pair",
        targets.TOGETHER,
        Late("together", "check"),
        config=targets.TogetherConfig,
    ),
    Offer(
        "gemini",
        Late("gemini", "gemini"),
        "Gemini on Google Cloud: contents of user and model with functions, or scored completions",
        targets.GEMINI,
        Late("gemini_check", "check"),
    ),
    Offer(
        "bedrock",
        Late("bedrock", "bedrock"),
        "Amazon Bedrock: Nova's conversations, or prompt and completion",
        targets.BEDROCK,
        Late("bedrock", "check"),
        config=targets.BedrockConfig,
    ),
    Offer(
        "bedrock_claude",
        Late("bedrock_claude", "bedrock_claude"),
        "Amazon Bedrock: what tuned Claude 3 Haiku, user and assistant by turns",
        targets.BEDROCK_CLAUDE,
        Late("bedrock_claude", "check"),
    ),
    Offer(
        "anthropic",
        Late("anthropic", "anthropic"),
        "The layout of Anthropic's Messages API: system, messages and metadata",
        targets.ANTHROPIC,
        Late("anthropic", "check"),
        config=targets.AnthropicConfig,
    ),
    Offer(
        "mistral",
        Late("mistral", "mistral"),
        "Mistral: messages with tools, or text; ids of calls have nine characters",
        targets.MISTRAL,
        Late("mistral", "check"),
        config=targets.MistralConfig,
    ),
)
"""The formats of hosted services."""
