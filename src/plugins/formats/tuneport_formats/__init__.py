"""Rows as open trainers and hosted services read them, and the dataset card.

Implementations are imported when their hook is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuneport import hookimpl

if TYPE_CHECKING:
    from tuneport.hookspecs import ArtifactMaker, Register, RegisterFormat


@hookimpl
def register_artifacts(register: Register[ArtifactMaker]) -> None:
    """Offer the dataset card."""
    from tuneport_formats.card import dataset_card

    register("dataset_card", dataset_card, doc="README.md, with which load_dataset reads the folder")


@hookimpl
def register_formats(register: RegisterFormat) -> None:
    """Offer the formats."""
    from tuneport_formats._hosted import HOSTED
    from tuneport_formats._open import OPEN

    for offer in (*OPEN, *HOSTED):
        offer.to(register)
