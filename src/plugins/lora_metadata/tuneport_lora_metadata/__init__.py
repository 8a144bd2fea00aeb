"""An adapter's metadata beside its data, and the checks it has to pass.

The document is `adapter_metadata.json`, in the layout of ThemisDB. That layout is often called the standard of
LoRAExchange.ai, but LoRAExchange.ai publishes no schema: it is the address of LoRAX's documentation. Ours is
published as JSON Schema, by `schema.adapter_schema()`.

Each implementation is imported when its hook is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuneport import hookimpl

if TYPE_CHECKING:
    from tuneport.hookspecs import ArtifactMaker, Register, RegisterValidator


@hookimpl
def register_artifacts(register: Register[ArtifactMaker]) -> None:
    """Offer the adapter's metadata."""
    from tuneport import AdapterMetadata
    from tuneport_lora_metadata.document import adapter_metadata

    register(
        "adapter_metadata",
        adapter_metadata,
        config=AdapterMetadata,
        doc="adapter_metadata.json: what the adapter is, how it is trained, and on which dataset",
    )


@hookimpl
def register_validators(register: RegisterValidator) -> None:
    """Offer the four checks of an adapter."""
    from tuneport_lora_metadata import ids, language, ranks, versions

    register(
        "adapter_ids",
        lambda _config, _ctx: ids.check,
        on="adapter",
        doc="Ids that are safe as names of files and models; no adapter is its own parent",
    )
    register(
        "adapter_versions",
        lambda _config, _ctx: versions.check,
        on="adapter",
        doc="A version that is MAJOR.MINOR.PATCH and above its parent's; versions of vLLM as PEP 440 has them",
    )
    register(
        "adapter_ranks",
        lambda _config, _ctx: ranks.check,
        on="adapter",
        doc="Rank, alpha, dropout, learning rate and modules that train, and that vLLM serves",
    )
    register(
        "adapter_language",
        lambda _config, _ctx: language.check,
        on="adapter",
        doc="A language tag that is well-formed, as BCP 47 has it",
    )
