"""An adapter as a recipe describes it: what exporter, recipe and metadata plugin share.

The keys and defaults are those of ThemisDB's `AdapterMetadata`, its `vllm_config` included. Only types are fixed
here. Which versions, ids, ranks and languages are right is judged by validators of adapters, which any plugin may
add to.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from tuneport.config import Config


def _utf8(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("text with half a surrogate pair, which no file can hold") from None
    return text


Text = Annotated[str, AfterValidator(_utf8)]
"""Text that can be written as UTF-8."""


class TrainingConfig(Config):
    """How the adapter is, or was, trained."""

    dataset_name: Text = ""
    """What the training data is called; "" means the name of the dataset the run wrote."""
    num_samples: int = Field(0, ge=0)
    """Samples trained on; 0 means the number the run exported."""
    epochs: int = Field(0, ge=0)
    """Passes over the data; 0 means not settled."""
    learning_rate: float = 0.0
    """The optimizer's rate, such as 2e-4; 0 means not settled."""
    lora_rank: int = 8
    """The rank of the update matrices, 1 or more."""
    lora_alpha: float = 16.0
    """The update is scaled by alpha / rank."""
    lora_dropout: float = 0.1
    """The share of activations dropped in training, from 0 to below 1."""
    target_modules: list[Text] = []
    """The modules that are adapted, such as `q_proj`; none means whatever the trainer adapts by default."""


class VllmConfig(Config):
    """How vLLM serves the adapter. Written only where it is enabled."""

    enabled: bool = False
    """Whether the metadata has a block for vLLM."""
    adapter_path: Text = ""
    """Where the server finds the adapter."""
    vllm_version: Text = ">=0.4.0"
    """The versions of vLLM that serve it, as PEP 440 writes a set of versions."""
    max_lora_rank: int = 16
    """The server's `--max-lora-rank`: 1, 8, 16, 32, 64, 128, 256, 320 or 512."""
    enable_multi_lora: bool = True
    """Whether the server holds several adapters at once."""
    serving_config: dict[Text, Text] = {}
    """Whatever else the server is told, text to text."""


class AdapterMetadata(Config):
    """What is known of an adapter: its id, base model, task, training and origin."""

    enable_tracking: bool = False
    """Whether metadata is kept at all."""
    adapter_id: Text = ""
    """What the adapter is called."""
    adapter_version: Text = "1.0.0"
    """Its version, MAJOR.MINOR.PATCH: MAJOR rises with another base model, MINOR with new data, PATCH with a fix."""
    base_model_name: Text = ""
    """The model it adapts: `name`, `organisation/name`, or a local path."""
    base_model_version: Text = ""
    """That model's version, as its makers write it."""
    task_type: Text = ""
    """What it is for, such as `question-answering`."""
    domain: Text = ""
    """The field it knows, such as `legal`."""
    language: Text = "en"
    """The language it is trained in, a BCP 47 tag such as `de` or `en-US`; `mul` for several."""
    training_config: TrainingConfig = Field(default_factory=TrainingConfig)
    """How it is trained."""
    created_by: Text = ""
    """Who made it."""
    data_source_uri: Text = ""
    """Where its data came from."""
    parent_adapter_id: Text = ""
    """The adapter it goes on from, best with its version (`legal-qa@1.1.0`); "" for a first version."""
    custom_metadata: dict[Text, Text] = {}
    """Whatever else is worth keeping, text to text: `changelog` for what is new in this version."""
    vllm_config: VllmConfig = Field(default_factory=VllmConfig)
    """How it is served."""
