"""The formats of open trainers."""

from __future__ import annotations

from tuneport_formats import _open_targets as targets
from tuneport_formats._offer import Late, Offer

OPEN = (
    Offer(
        "trl",
        Late("trl", "Trl"),
        "TRL: prompt and completion, messages, text, or preference data",
        targets.TRL,
        Late("_trl_rules", "check"),
        config=targets.TrlConfig,
    ),
    Offer(
        "axolotl",
        Late("axolotl", "Axolotl"),
        "axolotl: messages for chat_template, text, or pairs; with axolotl.yaml",
        targets.AXOLOTL,
        Late("axolotl", "check"),
        config=targets.AxolotlConfig,
        side_files=Late("_axolotl_config", "side_files"),
    ),
    Offer(
        "llama_factory",
        Late("llama_factory", "LlamaFactory"),
        "LLaMA-Factory: alpaca, sharegpt, preference or KTO rows; with dataset_info.json",
        targets.LLAMA_FACTORY,
        Late("llama_factory", "check"),
        side_files=Late("llama_factory", "side_files"),
    ),
    Offer(
        "llama_factory_v1",
        Late("llama_factory_v1", "LlamaFactoryV1"),
        "LLaMA-Factory's v1 engine: messages with loss_weight; with dataset_info.yaml",
        targets.LLAMA_FACTORY_V1,
        Late("llama_factory_v1", "check"),
        side_files=Late("llama_factory_v1", "side_files"),
    ),
    Offer(
        "ms_swift",
        Late("ms_swift", "Swift"),
        "ms-swift: messages with loss_scale",
        targets.MS_SWIFT,
        Late("_swift_rules", "check"),
    ),
    Offer(
        "ms_swift_rlhf",
        Late("ms_swift", "SwiftPairs"),
        "ms-swift: pairs of answers, or answers with a label",
        targets.SWIFT_PAIRS,
        Late("_swift_rules", "check_rlhf"),
    ),
    Offer(
        "alpaca",
        Late("alpaca", "Alpaca"),
        "instruction, input, output, with metadata",
        targets.ALPACA,
        Late("alpaca", "check"),
        config=targets.AlpacaConfig,
    ),
    Offer(
        "sharegpt",
        Late("sharegpt", "ShareGPT"),
        "conversations of human and gpt",
        targets.SHAREGPT,
        Late("sharegpt", "check"),
    ),
    Offer(
        "chatml", Late("chatml", "ChatML"), "One text with the tags of ChatML", targets.CHATML, Late("chatml", "check")
    ),
    Offer(
        "huggingface",
        Late("huggingface", "HuggingFace"),
        "One text with the tags <|user|>, <|assistant|>, <|end|>, and metadata",
        targets.HUGGINGFACE,
        Late("huggingface", "check"),
    ),
)
"""The formats of open trainers."""
