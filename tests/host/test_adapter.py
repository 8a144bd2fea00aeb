"""The model of an adapter: names, types and defaults; nothing that a check decides."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tuneport import AdapterMetadata
from tuneport.adapter import TrainingConfig, VllmConfig


def test_names_and_defaults_are_themisdbs() -> None:
    """A configuration moves over by copying it."""
    assert AdapterMetadata().model_dump() == {
        "enable_tracking": False,
        "adapter_id": "",
        "adapter_version": "1.0.0",
        "base_model_name": "",
        "base_model_version": "",
        "task_type": "",
        "domain": "",
        "language": "en",
        "training_config": {
            "dataset_name": "",
            "num_samples": 0,
            "epochs": 0,
            "learning_rate": 0.0,
            "lora_rank": 8,
            "lora_alpha": 16.0,
            "lora_dropout": 0.1,
            "target_modules": [],
        },
        "created_by": "",
        "data_source_uri": "",
        "parent_adapter_id": "",
        "custom_metadata": {},
        "vllm_config": {
            "enabled": False,
            "adapter_path": "",
            "vllm_version": ">=0.4.0",
            "max_lora_rank": 16,
            "enable_multi_lora": True,
            "serving_config": {},
        },
    }


def test_two_adapters_share_no_list_and_no_table() -> None:
    """Changing one in place leaves the other alone."""
    one, other = AdapterMetadata(), AdapterMetadata()
    one.custom_metadata["a"] = "b"
    one.training_config.target_modules.append("q_proj")
    one.vllm_config.serving_config["a"] = "b"

    assert other == AdapterMetadata()


@pytest.mark.parametrize(
    "wrong",
    [
        {"adapter_id": 5},
        {"adapter_id": "\ud800"},
        {"custom_metadata": {"a": 5}},
        {"custom_metadata": {"\ud800": "a"}},
        {"training_config": {"learning_rate": float("nan")}},
        {"training_config": {"num_samples": -1}},
        {"training_config": {"target_modules": ["\udfff"]}},
        {"vllm_config": {"serving_config": {"a": None}}},
        {"adaptor_id": "a"},
    ],
)
def test_what_no_document_can_hold_is_refused(wrong: dict[str, Any]) -> None:
    """Other types, half characters, numbers that are none, unknown keys."""
    with pytest.raises(ValidationError):
        AdapterMetadata.model_validate(wrong)


def test_what_checks_decide_is_left_to_them() -> None:
    """Any version, rank and language can be said, so that all that is wrong is told at once."""
    assert AdapterMetadata(adapter_version="v1", language="german").adapter_version == "v1"
    assert TrainingConfig(lora_rank=0, lora_alpha=-1, lora_dropout=2, learning_rate=-1).lora_rank == 0
    assert VllmConfig(vllm_version="newest", max_lora_rank=3).max_lora_rank == 3
