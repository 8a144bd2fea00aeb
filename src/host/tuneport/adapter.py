"""An adapter as a recipe describes it: what exporter, recipe and metadata plugin share.

The keys and defaults are those of ThemisDB's `AdapterMetadata`, its `vllm_config` included.
"""

from __future__ import annotations

from pydantic import Field

from tuneport.config import Config


class TrainingConfig(Config):
    """How the adapter is, or was, trained."""

    dataset_name: str = ""
    """What the training data is called."""
    num_samples: int = Field(0, ge=0)
    """Samples trained on; 0 means the number the run exported."""
    epochs: int = Field(0, ge=0)
    """Passes over the data; 0 means not settled."""
    learning_rate: float = Field(0.0, ge=0)
    """The optimizer's rate; 0 means not settled."""
    lora_rank: int = 8
    """The rank of the update matrices."""
    lora_alpha: float = 16.0
    """The scale of the update is alpha / rank."""
    lora_dropout: float = 0.1
    """The share of activations dropped in training."""
    target_modules: list[str] = []
    """The modules that are adapted."""


class VllmConfig(Config):
    """How vLLM serves the adapter. Written only where it is enabled."""

    enabled: bool = False
    """Whether the metadata has a block for vLLM."""
    adapter_path: str = ""
    """Where the server finds the adapter."""
    vllm_version: str = ">=0.4.0"
    """The versions of vLLM that serve it."""
    max_lora_rank: int = 16
    """The server's `--max-lora-rank`."""
    enable_multi_lora: bool = True
    """Whether the server holds several adapters at once."""
    serving_config: dict[str, str] = {}
    """Whatever else the server is told."""


class AdapterMetadata(Config):
    """What is known of an adapter: its id, base model, task, training and origin."""

    enable_tracking: bool = False
    """Whether metadata is kept at all."""
    adapter_id: str = ""
    """What the adapter is called."""
    adapter_version: str = "1.0.0"
    """Its version, MAJOR.MINOR.PATCH."""
    base_model_name: str = ""
    """The model it adapts."""
    base_model_version: str = ""
    """That model's version."""
    task_type: str = ""
    """What it is for, such as `question-answering`."""
    domain: str = ""
    """The field it knows, such as `legal`."""
    language: str = "en"
    """The language it is trained in, a BCP 47 tag."""
    training_config: TrainingConfig = Field(default_factory=TrainingConfig)
    """How it is trained."""
    created_by: str = ""
    """Who made it."""
    data_source_uri: str = ""
    """Where its data came from."""
    parent_adapter_id: str = ""
    """The adapter it goes on from; "" for a first version."""
    custom_metadata: dict[str, str] = {}
    """Whatever else is worth keeping."""
    vllm_config: VllmConfig = Field(default_factory=VllmConfig)
    """How it is served."""
