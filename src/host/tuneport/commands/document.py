"""What `export --json` says of a finished run: what the summary says, and as the manifest has it."""

from __future__ import annotations

from typing import Any

import msgspec

from tuneport.commands.summary import notes_of
from tuneport.runs import ExportResult
from tuneport.runs.weights.losses import in_order


def document_of(result: ExportResult) -> dict[str, Any]:
    """The document of a run; `recipes.schema.Published` says what is in it."""
    manifest = result.dataset.manifest
    document: dict[str, Any] = msgspec.to_builtins(result.stats)
    for name, info in manifest.formats.items():
        lost = {aspect: info.losses[aspect] for aspect in in_order(info.losses) if info.losses[aspect]}
        document["formats"][name] |= {"weights": info.weights, "not_carried": lost}
    exported = {"train": result.stats.exported_entities}
    return {
        "status": result.status,
        "path": result.path,
        "digest": result.digest,
        **document,
        "splits": manifest.split.samples if manifest.split is not None else exported,
        "split": msgspec.to_builtins(manifest.split),
        "weights": result.weights,
        "notes": notes_of(result),
    }
