"""The formats of hosted services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuneport import Config
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

if TYPE_CHECKING:
    from tuneport.hookspecs import RegisterFormat


def register_hosted(register: RegisterFormat) -> None:
    """Offer all of them."""
    register(
        "openai",
        openai.openai,
        config=openai.OpenAIConfig,
        doc="OpenAI and Azure: messages and tools, or a preference pair; 0 or 1 for each turn",
        traits=openai.TRAITS,
        check=openai.check,
    )
    register(
        "fireworks",
        fireworks.fireworks,
        config=fireworks.FireworksConfig,
        doc="Fireworks: messages and tools with the sample's weight, or a preference pair",
        traits=fireworks.TRAITS,
        check=fireworks.check,
    )
    register(
        "together",
        together.together,
        config=together.TogetherConfig,
        doc="Together AI: messages, text, prompt and completion, or a preference pair",
        traits=together.TRAITS,
        check=together.check,
    )
    register(
        "gemini",
        gemini.gemini,
        config=Config,
        doc="Gemini on Google Cloud: contents of user and model with functions, or scored completions",
        traits=gemini.TRAITS,
        check=gemini_check.check,
    )
    register(
        "bedrock",
        bedrock.bedrock,
        config=bedrock.BedrockConfig,
        doc="Amazon Bedrock: Nova's conversations, or prompt and completion",
        traits=bedrock.TRAITS,
        check=bedrock.check,
    )
    register(
        "bedrock_claude",
        bedrock_claude.bedrock_claude,
        config=Config,
        doc="Amazon Bedrock: what tuned Claude 3 Haiku, user and assistant by turns",
        traits=bedrock_claude.TRAITS,
        check=bedrock_claude.check,
    )
    register(
        "anthropic",
        anthropic.anthropic,
        config=anthropic.AnthropicConfig,
        doc="The layout of Anthropic's Messages API: system, messages and metadata",
        traits=anthropic.TRAITS,
        check=anthropic.check,
    )
    register(
        "mistral",
        mistral.mistral,
        config=mistral.MistralConfig,
        doc="Mistral: messages with tools, or text; ids of calls have nine characters",
        traits=mistral.TRAITS,
        check=mistral.check,
    )
