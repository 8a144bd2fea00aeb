"""What a run tells while it works, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from tuneport.dataset import Dataset
from tuneport.options import ExportStats
from tuneport.traits import FormatTraits

Status = Literal["published", "unchanged", "streamed"]


@dataclass(frozen=True)
class Progress:
    """How far a run is; `parts_total` and `rows` (a guess) are None where nobody knows.

    `read` counts records that were read and may still wait for their verdict.
    """

    stats: ExportStats
    parts: int
    parts_total: int | None
    rows: int | None
    read: int


OnProgress = Callable[[Progress], None]


class ExportResult(msgspec.Struct):
    """What a run published, and where.

    Attributes:
        status: `published`, `unchanged` where the same dataset stood there already, or `streamed` for stdout.
        path: where it stands; "-" for stdout.
        digest: of the rows: a dataset's digest, or the SHA-256 of a single file.
        stats: what became of every record.
        title: what was read.
        weights: as the manifest has them; empty without weightings.
        notes: events that stages counted.
        traits: format name to what its target can express.
        compression: of the data files.
        dataset: what was made: the published folder, or for a file or stdout its manifest alone.
    """

    status: Status
    path: str
    digest: str
    stats: ExportStats
    title: str
    weights: dict[str, Any]
    notes: dict[str, int]
    traits: dict[str, FormatTraits]
    compression: str
    dataset: Dataset
    kind: Literal["folder", "file", "stdout"]
