"""The command that makes a tiny model."""

from __future__ import annotations

from pathlib import Path

import msgspec


class TinyModelResult(msgspec.Struct, frozen=True):
    """Where the model is, and how large."""

    folder: str
    bytes: int

    def __str__(self) -> str:
        return f"{self.folder}  a tiny Llama with random weights, {self.bytes / 1e6:.1f} MB"


def tiny_model(folder: Path, seed: int = 0) -> TinyModelResult:
    """Make a tiny language model to try training on: a Llama with random weights, a tokenizer, a chat template.

    Args:
        folder: where to; it must not exist, or be empty.
        seed: another seed gives other weights.

    Raises:
        MissingLibraryError: torch, transformers or tokenizers is not installed.
        TargetExistsError: the folder holds something.
    """
    from tuneport_training.tiny_model import build

    made = build(folder, seed=seed)
    return TinyModelResult(str(made), sum(file.stat().st_size for file in made.iterdir()))
