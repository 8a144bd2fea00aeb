"""The formats of hosted services."""

from __future__ import annotations

from tuneport_formats import (
    anthropic,
    bedrock,
    bedrock_claude,
    fireworks,
    gemini,
    gemini_check,
    mistral,
    openai,
    together,
)
from tuneport_formats._offer import Offer

HOSTED = (
    Offer(
        "openai",
        openai.openai,
        "OpenAI and Azure: messages and tools, or a preference pair; 0 or 1 for each turn",
        openai.TRAITS,
        openai.check,
        config=openai.OpenAIConfig,
    ),
    Offer(
        "fireworks",
        fireworks.fireworks,
        "Fireworks: messages and tools with the sample's weight, or a preference pair",
        fireworks.TRAITS,
        fireworks.check,
        config=fireworks.FireworksConfig,
    ),
    Offer(
        "together",
        together.together,
        "Together AI: messages, text, prompt and completion, or a preference pair",
        together.TRAITS,
        together.check,
        config=together.TogetherConfig,
    ),
    Offer(
        "gemini",
        gemini.gemini,
        "Gemini on Google Cloud: contents of user and model with functions, or scored completions",
        gemini.TRAITS,
        gemini_check.check,
    ),
    Offer(
        "bedrock",
        bedrock.bedrock,
        "Amazon Bedrock: Nova's conversations, or prompt and completion",
        bedrock.TRAITS,
        bedrock.check,
        config=bedrock.BedrockConfig,
    ),
    Offer(
        "bedrock_claude",
        bedrock_claude.bedrock_claude,
        "Amazon Bedrock: what tuned Claude 3 Haiku, user and assistant by turns",
        bedrock_claude.TRAITS,
        bedrock_claude.check,
    ),
    Offer(
        "anthropic",
        anthropic.anthropic,
        "The layout of Anthropic's Messages API: system, messages and metadata",
        anthropic.TRAITS,
        anthropic.check,
        config=anthropic.AnthropicConfig,
    ),
    Offer(
        "mistral",
        mistral.mistral,
        "Mistral: messages with tools, or text; ids of calls have nine characters",
        mistral.TRAITS,
        mistral.check,
        config=mistral.MistralConfig,
    ),
)
"""The formats of hosted services."""
