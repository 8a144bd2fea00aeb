"""The formats of open trainers."""

from __future__ import annotations

from tuneport_formats import (
    _axolotl_config,
    _swift_rules,
    _trl_rules,
    alpaca,
    axolotl,
    chatml,
    huggingface,
    llama_factory,
    llama_factory_v1,
    ms_swift,
    sharegpt,
    trl,
)
from tuneport_formats._offer import Offer

OPEN = (
    Offer(
        "trl",
        trl.Trl,
        "TRL: prompt and completion, messages, text, or preference data",
        trl.TRAITS,
        _trl_rules.check,
        config=trl.TrlConfig,
    ),
    Offer(
        "axolotl",
        axolotl.Axolotl,
        "axolotl: messages for chat_template, text, or pairs; with axolotl.yaml",
        axolotl.TRAITS,
        axolotl.check,
        config=axolotl.AxolotlConfig,
        side_files=_axolotl_config.side_files,
    ),
    Offer(
        "llama_factory",
        llama_factory.LlamaFactory,
        "LLaMA-Factory: alpaca, sharegpt, preference or KTO rows; with dataset_info.json",
        llama_factory.TRAITS,
        llama_factory.check,
        side_files=llama_factory.side_files,
    ),
    Offer(
        "llama_factory_v1",
        llama_factory_v1.LlamaFactoryV1,
        "LLaMA-Factory's v1 engine: messages with loss_weight; with dataset_info.yaml",
        llama_factory_v1.TRAITS,
        llama_factory_v1.check,
        side_files=llama_factory_v1.side_files,
    ),
    Offer("ms_swift", ms_swift.Swift, "ms-swift: messages with loss_scale", ms_swift.TRAITS, _swift_rules.check),
    Offer(
        "ms_swift_rlhf",
        ms_swift.SwiftPairs,
        "ms-swift: pairs of answers, or answers with a label",
        ms_swift.RLHF_TRAITS,
        _swift_rules.check_rlhf,
    ),
    Offer(
        "alpaca",
        alpaca.Alpaca,
        "instruction, input, output, with metadata",
        alpaca.TRAITS,
        alpaca.check,
        config=alpaca.AlpacaConfig,
    ),
    Offer("sharegpt", sharegpt.ShareGPT, "conversations of human and gpt", sharegpt.TRAITS, sharegpt.check),
    Offer("chatml", chatml.ChatML, "One text with the tags of ChatML", chatml.TRAITS, chatml.check),
    Offer(
        "huggingface",
        huggingface.HuggingFace,
        "One text with the tags <|user|>, <|assistant|>, <|end|>, and metadata",
        huggingface.TRAITS,
        huggingface.check,
    ),
)
"""The formats of open trainers."""
