"""The formats of open trainers."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from tuneport.hookspecs import RegisterFormat


def register_open(register: RegisterFormat) -> None:
    """Offer all of them."""
    register(
        "trl",
        trl.Trl,
        config=trl.TrlConfig,
        doc="TRL: prompt and completion, messages, text, or preference data",
        traits=trl.TRAITS,
        check=_trl_rules.check,
    )
    register(
        "axolotl",
        axolotl.Axolotl,
        config=axolotl.AxolotlConfig,
        doc="axolotl: messages for chat_template, text, or pairs; with axolotl.yaml",
        traits=axolotl.TRAITS,
        check=axolotl.check,
        side_files=_axolotl_config.side_files,
    )
    register(
        "llama_factory",
        llama_factory.LlamaFactory,
        doc="LLaMA-Factory: alpaca, sharegpt, preference or KTO rows; with dataset_info.json",
        traits=llama_factory.TRAITS,
        check=llama_factory.check,
        side_files=llama_factory.side_files,
    )
    register(
        "llama_factory_v1",
        llama_factory_v1.LlamaFactoryV1,
        doc="LLaMA-Factory's v1 engine: messages with loss_weight; with dataset_info.yaml",
        traits=llama_factory_v1.TRAITS,
        check=llama_factory_v1.check,
        side_files=llama_factory_v1.side_files,
    )
    register(
        "ms_swift",
        ms_swift.Swift,
        doc="ms-swift: messages with loss_scale",
        traits=ms_swift.TRAITS,
        check=_swift_rules.check,
    )
    register(
        "ms_swift_rlhf",
        ms_swift.SwiftPairs,
        doc="ms-swift: pairs of answers, or answers with a label",
        traits=ms_swift.RLHF_TRAITS,
        check=_swift_rules.check_rlhf,
    )
    register(
        "alpaca",
        alpaca.Alpaca,
        config=alpaca.AlpacaConfig,
        doc="instruction, input, output, with metadata",
        traits=alpaca.TRAITS,
        check=alpaca.check,
    )
    register(
        "sharegpt",
        sharegpt.ShareGPT,
        doc="conversations of human and gpt",
        traits=sharegpt.TRAITS,
        check=sharegpt.check,
    )
    register(
        "chatml",
        chatml.ChatML,
        doc="One text with the tags of ChatML",
        traits=chatml.TRAITS,
        check=chatml.check,
    )
    register(
        "huggingface",
        huggingface.HuggingFace,
        doc="One text with the tags <|user|>, <|assistant|>, <|end|>, and metadata",
        traits=huggingface.TRAITS,
        check=huggingface.check,
    )
