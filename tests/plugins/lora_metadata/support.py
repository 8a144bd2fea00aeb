"""A manifest made by hand, and a document written and read without a run."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tuneport import AdapterMetadata, Context, Dataset, Problem
from tuneport.dataset import DatasetManifest
from tuneport_lora_metadata.document import AdapterDocument, adapter_metadata

NOW = datetime(2024, 11, 21, 8, 30, tzinfo=UTC)
DIGEST = "d" * 64
RECIPE = "e" * 64


def context() -> Context:
    """A context without fields, at the documented time."""
    return Context(now=NOW, seed=0, log=logging.getLogger("tuneport.test"), fields={})


def maker(metadata: AdapterMetadata | None = None) -> AdapterDocument:
    """The maker, as its factory makes it."""
    return adapter_metadata(AdapterMetadata() if metadata is None else metadata, context())


def dataset(*, digest: str = "", exported: int = 0, now: str = "2024-11-21T08:30:00.000Z") -> Dataset:
    """A dataset as the host describes it: before a run where there is no digest."""
    manifest = DatasetManifest(
        name="faq",
        now=now,
        seed=0,
        recipe=RECIPE,
        source="support.db",
        counts={"total": exported + 2, "exported": exported, "filtered": 2},
        rejects={},
        weights={},
        notes={},
        formats={},
        plugins=[],
        versions={"tuneport": "0.1.0", "msgspec": "0.22.0"},
        digest=digest,
    )
    return Dataset(Path("faq"), manifest)


def text(metadata: AdapterMetadata, of: Dataset | None = None) -> str:
    """The text of the only artifact."""
    (artifact,) = maker(metadata)(dataset() if of is None else of)
    assert artifact.path == "adapter_metadata.json"
    return artifact.data.decode()


def document(metadata: AdapterMetadata, of: Dataset | None = None) -> dict[str, Any]:
    """The document, as plain data."""
    return dict(json.loads(text(metadata, of)))


def tracked(**values: Any) -> AdapterMetadata:
    """Metadata with tracking on."""
    return AdapterMetadata(enable_tracking=True, **values)


def brief(problems: tuple[Problem, ...]) -> Mapping[str, str]:
    """Path to message; each path once."""
    found = {problem.path: problem.message for problem in problems}
    assert len(found) == len(problems), problems
    return found
