"""The artifact `adapter_metadata`: an adapter's metadata as the file beside its data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from tuneport import AdapterMetadata, Artifact, Context, Dataset
from tuneport_lora_metadata.layout import LAYOUT
from tuneport_lora_metadata.reading import read

PATH = "adapter_metadata.json"


def adapter_metadata(config: AdapterMetadata, _ctx: Context) -> AdapterDocument:
    """The maker of `adapter_metadata.json`."""
    return AdapterDocument(config)


class AdapterDocument:
    """Writes an adapter's metadata, and reads it again.

    The keys and their order are ThemisDB's: `custom` only where there is any, `vllm` only where it is enabled.
    After a run, `dataset` says which data the adapter is made of, `training.num_samples` is the number of samples
    the run exported unless another was given, and `training.dataset_name` the dataset's name likewise.
    `exported_at` is the run's time in UTC, never the clock's. Where tracking is off there is no file.
    """

    def __init__(self, metadata: AdapterMetadata) -> None:
        self._metadata = metadata

    def __call__(self, dataset: Dataset) -> Iterable[Artifact]:
        """The file, or nothing where tracking is off."""
        if not self._metadata.enable_tracking:
            return []
        text = json.dumps(document(self._metadata, dataset), indent=2, ensure_ascii=False, allow_nan=False)
        return [Artifact(PATH, f"{text}\n".encode())]

    def read(self, text: str) -> AdapterMetadata:
        """This maker's own metadata, changed to what the document says; tracking is on in it.

        A document may hold some of the keys only; what it does not say stays, and what a run filled in is left for
        the next run to fill in. `exported_at`, `dataset`, `$schema` and keys that begin with `x_` are left alone.

        Args:
            text: the document, JSON of 1 MiB at most.

        Raises:
            RecipeError: with everything that is wrong, each at its path in the document. Nothing has changed.
        """
        return read(text, self._metadata)


def document(metadata: AdapterMetadata, dataset: Dataset) -> dict[str, Any]:
    """The document, as plain data; without `dataset` before anything was exported."""
    manifest = dataset.manifest
    described: dict[str, Any] = {
        key: {inner: attrgetter(name)(metadata) for inner, name in place.items()}
        if isinstance(place, dict)
        else attrgetter(place)(metadata)
        for key, place in LAYOUT.items()
    }
    if not described["custom"]:
        del described["custom"]
    if not described["vllm"]["serving_config"]:
        del described["vllm"]["serving_config"]
    if not described["vllm"]["enabled"]:
        del described["vllm"]
    described["exported_at"] = _seconds(manifest.now)
    if manifest.digest:
        training = described["training"]
        training["dataset_name"] = training["dataset_name"] or manifest.name
        training["num_samples"] = training["num_samples"] or manifest.counts["exported"]
        described["dataset"] = _dataset(dataset)
    return described


def _dataset(dataset: Dataset) -> dict[str, Any]:
    manifest = dataset.manifest
    return {
        "name": manifest.name,
        "digest": manifest.digest,
        "samples": manifest.counts["exported"],
        "recipe": manifest.recipe,
        "source": manifest.source,
        "tuneport": manifest.versions["tuneport"],
    }


def _seconds(now: str) -> str:
    """An RFC 3339 time in UTC, without its fraction of a second."""
    moment = datetime.fromisoformat(now).astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
