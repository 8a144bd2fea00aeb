"""Where each part of an adapter's metadata stands in the document, in the document's order.

The layout is ThemisDB's, its vLLM block included. LoRAExchange.ai, which it is often ascribed to, publishes no
schema of its own.
"""

from __future__ import annotations

LAYOUT: dict[str, str | dict[str, str]] = {
    "adapter_id": "adapter_id",
    "adapter_version": "adapter_version",
    "base_model": {"name": "base_model_name", "version": "base_model_version"},
    "task": {"type": "task_type", "domain": "domain", "language": "language"},
    "training": {
        "dataset_name": "training_config.dataset_name",
        "num_samples": "training_config.num_samples",
        "epochs": "training_config.epochs",
        "learning_rate": "training_config.learning_rate",
        "lora_rank": "training_config.lora_rank",
        "lora_alpha": "training_config.lora_alpha",
        "lora_dropout": "training_config.lora_dropout",
        "target_modules": "training_config.target_modules",
    },
    "provenance": {
        "created_by": "created_by",
        "data_source_uri": "data_source_uri",
        "parent_adapter_id": "parent_adapter_id",
    },
    "custom": "custom_metadata",
    "vllm": {
        "enabled": "vllm_config.enabled",
        "adapter_path": "vllm_config.adapter_path",
        "vllm_version": "vllm_config.vllm_version",
        "max_lora_rank": "vllm_config.max_lora_rank",
        "enable_multi_lora": "vllm_config.enable_multi_lora",
        "serving_config": "vllm_config.serving_config",
    },
}
"""Key of the document to name in the model, a section's keys one level down."""

OF_THE_RUN = ("exported_at", "dataset")
"""Keys that a run writes, and that reading leaves alone."""

EXTENSION = "x_"
"""What the keys of others begin with, at the top of the document."""

_PLACES = {name: key for key, name in LAYOUT.items() if isinstance(name, str)} | {
    name: f"{key}.{inner}"
    for key, section in LAYOUT.items()
    if isinstance(section, dict)
    for inner, name in section.items()
}


def place_of(path: str) -> str:
    """A path in the model, such as `training_config.target_modules[1]`, as a path in the document."""
    for name, place in _PLACES.items():
        if path == name or path.startswith((f"{name}.", f"{name}[")):
            return place + path[len(name) :]
    return path
