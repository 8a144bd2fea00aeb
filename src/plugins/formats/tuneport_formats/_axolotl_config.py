"""The part of an axolotl configuration that reads a dataset.

Values are written as JSON, which is YAML that nothing in them can break out of. `dataset_prepared_path` carries the
dataset's digest: axolotl takes up prepared rows by path and configuration, and never looks whether the rows changed.
Paths start from the folder that the dataset's own folder stands in: load_dataset gives "." no name and fails, and what
axolotl writes does not belong into a dataset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tuneport import Artifact, Dataset
from tuneport_formats._quoted import quoted


def side_files(dataset: Dataset, name: str) -> Iterable[Artifact]:
    """`axolotl.yaml`, for a run from the folder above the dataset's."""
    info = dataset.formats[name]
    kind = _kind(info.features or {})
    if not kind:
        return []
    lines = ["# Paths start from the folder above the dataset's: run axolotl there."]
    lines += ["rl: dpo"] if "field_chosen" in kind else []
    for key, split in (("datasets", "train"), ("test_datasets", "validation")):
        if split in info.splits:
            lines += [f"{key}:", *_entry({"path": dataset.name, "name": name, "split": split, **kind})]
    prepared = f"prepared/{name}-{dataset.digest[:16]}"
    lines += [f"dataset_prepared_path: {quoted(prepared)}", ""]
    return [Artifact(f"data/{name}/axolotl.yaml", "\n".join(lines).encode())]


def _kind(features: Mapping[str, Any]) -> dict[str, Any]:
    """What axolotl is told of the rows; nothing where their columns are not known."""
    if "chosen" in features:
        fields = {"field_messages": "messages", "field_chosen": "chosen", "field_rejected": "rejected"}
        return {"type": "chat_template.default", **fields}
    if "text" in features:
        return {"type": "completion", "field": "text"}
    if "messages" not in features:
        return {}
    return {
        "type": "chat_template",
        "field_messages": "messages",
        "message_field_training": "weight",
        "roles_to_train": ["assistant"],
    }


def _entry(values: Mapping[str, Any]) -> list[str]:
    """An object in a list."""
    pairs = [f"{key}: {quoted(value)}" for key, value in values.items()]
    return [f"  - {pairs[0]}", *(f"    {pair}" for pair in pairs[1:])]
