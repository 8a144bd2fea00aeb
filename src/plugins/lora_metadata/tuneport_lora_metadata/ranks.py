"""The check `adapter_ranks`: numbers that train, and that vLLM serves."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tuneport import AdapterMetadata, Problem
from tuneport_lora_metadata.words import shown

VLLM_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes as `--max-lora-rank` (vllm.config.lora, MaxLoRARanks)."""
HIGH_RATE = 0.1
"""A learning rate above this is more likely a slip than meant; LoRA is trained with 1e-5 to 1e-3."""

_TRAINING = "training_config"
_MAX_RANK = "vllm_config.max_lora_rank"


def check(adapter: AdapterMetadata) -> Iterator[Problem]:
    """What is wrong with the numbers of training and serving, and with the modules."""
    training = adapter.training_config
    if training.lora_rank < 1:
        yield Problem(f"{_TRAINING}.lora_rank", f"{training.lora_rank} is below 1", "8 is usual", "rank")
    if not 0 < training.lora_alpha < math.inf:
        hint = "once or twice the rank is usual"
        yield Problem(f"{_TRAINING}.lora_alpha", f"{training.lora_alpha} is not above 0", hint, "alpha")
    if not 0 <= training.lora_dropout < 1:
        hint = "a share of 1, such as 0.1"
        yield Problem(f"{_TRAINING}.lora_dropout", f"{training.lora_dropout} is not from 0 to below 1", hint, "dropout")
    yield from _learning_rate(training.learning_rate)
    yield from _modules(training.target_modules)
    if adapter.vllm_config.enabled:
        yield from _served(training.lora_rank, adapter.vllm_config.max_lora_rank)


def _learning_rate(rate: float) -> Iterator[Problem]:
    path, hint = f"{_TRAINING}.learning_rate", "such as 2e-4; 0 where it is not settled"
    if not 0 <= rate < 1:
        yield Problem(path, f"{rate} is not from 0 to below 1", hint, "learning_rate")
    elif rate > HIGH_RATE:
        yield Problem(path, f"{rate} is very high", hint, "learning_rate_high", "warning")


def _modules(modules: list[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, module in enumerate(modules):
        path = f"{_TRAINING}.target_modules[{number}]"
        if not module.strip():
            yield Problem(path, "is empty", 'name a module, such as "q_proj"', "module_empty")
        elif module in seen:
            yield Problem(path, f"{shown(module)} stands there twice", "keep one of them", "module_twice")
        seen.add(module)


def _served(rank: int, most: int) -> Iterator[Problem]:
    fitting = next((one for one in VLLM_RANKS if one >= max(rank, most)), None)
    if rank > VLLM_RANKS[-1]:
        hint = f"lower the rank to {VLLM_RANKS[-1]}"
        yield Problem(f"{_TRAINING}.lora_rank", f"vLLM serves no rank as high as {rank}", hint, "rank_not_served")
    if most not in VLLM_RANKS:
        known = ", ".join(map(str, VLLM_RANKS))
        hint = f"set it to {fitting}" if fitting else f"set it to {VLLM_RANKS[-1]}"
        yield Problem(_MAX_RANK, f"{most} is not one of vLLM's {known}", hint, "max_rank")
    elif rank > most and fitting:
        hint = f"set it to {fitting}"
        yield Problem(_MAX_RANK, f"{most} is below the adapter's rank {rank}", hint, "max_rank_too_low")
