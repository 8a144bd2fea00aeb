"""What a dataset's readers need beside its rows: the dataset card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuneport import hookimpl

if TYPE_CHECKING:
    from tuneport.hookspecs import ArtifactMaker, Register


@hookimpl
def register_artifacts(register: Register[ArtifactMaker]) -> None:
    """Offer the dataset card."""
    from tuneport_formats.card import dataset_card

    register("dataset_card", dataset_card, doc="README.md, with which load_dataset reads the folder")
