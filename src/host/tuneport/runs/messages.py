"""What crosses the seams of a run: plain data, so that a worker may stand in another process.

    Part -> prepare -> Candidates -> admit -> Verdict -> render -> PartResult -> savepoint (DoneRecord) -> seal

The reducer sees columns, never rows: bytes stay with the worker that made them. Where verdicts need all the data,
what `prepare` made of a part waits in a spool (Prepared, SpoolRecord) until the last candidates have been seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tuneport.dataset import ValidatorStats
from tuneport.model import Batch, Outcome, Partition
from tuneport.options import FormatStats
from tuneport.runs.codes import is_error
from tuneport.runs.streaks import Streaks
from tuneport.runs.weights.sums import WeightSums
from tuneport.sample import Sample
from tuneport.summary import Summary

KEY_BYTES = 16
"""Length of a sample's identity: xxh3-128 over its canonical content; and of a unit that is split."""
STRATUM_BYTES = PROMPT_BYTES = 8

DUPLICATE, TRAIN, VALIDATION, TEST = 0, 1, 2, 3
"""What a verdict says of one sample, one byte each."""
SPLITS = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}


class StageRef(msgspec.Struct, frozen=True):
    """A stage by reference: what a worker needs to make it again. Closures are never sent.

    Attributes:
        kind: `styles`, `filters`, ...
        plugin: the plugin's name.
        name: the contribution's name.
        version: the plugin's version.
        digest: SHA-256 of the plugin's code.
        config: the stage's configuration as plain data.
    """

    kind: str
    plugin: str
    name: str
    version: str
    digest: str
    config: Mapping[str, Any]

    @property
    def qualified(self) -> str:
        """`plugin:name`."""
        return f"{self.plugin}:{self.name}"


class Part(msgspec.Struct):
    """One unit of work: a range of a stream, or the records themselves where it cannot seek.

    `most` is the number of records that may still be read under `source.limit`, None for no limit.
    """

    index: int
    stream: int
    partition: Partition | None
    batches: list[Batch] | None = None
    most: int | None = None


class Bands(msgspec.Struct):
    """What one fingerprint says of a part's samples.

    Attributes:
        values: bands in ascending order, a uint64 each, those of all samples together.
        owners: for each of them the sample that has it, a uint32: its position in the part.
        sketches: for each sample as many bytes as for any other; empty where bands are sure enough.
    """

    values: bytes
    owners: bytes
    sketches: bytes = b""


class Candidates(msgspec.Struct):
    """What one part offers the reducer, as columns: one entry per sample that passed the filters.

    Attributes:
        part: the part's index.
        stream: the stream it is a part of.
        read: records read.
        end: lines or rows the part covers.
        keys: KEY_BYTES of identity per sample.
        raw: per deferred weighting a float64 per sample: the number its factor is made of, NaN for none.
        weights: a float64 per sample, without the factors of deferred weightings; empty where nobody asks for it.
        units: KEY_BYTES per sample of what may not stand on both sides of a split; empty where that is its identity.
        strata: STRATUM_BYTES per sample of what has its own share of each split; empty where there are no strata.
        prompts: PROMPT_BYTES per sample of its prompt; empty where nothing is split.
        streaks: at how many records in a row each stage failed.
        bands: one for each fingerprint.
    """

    part: int
    stream: int
    read: int
    end: int
    keys: bytes
    raw: list[bytes] = msgspec.field(default_factory=list)
    weights: bytes = b""
    units: bytes = b""
    strata: bytes = b""
    prompts: bytes = b""
    streaks: Streaks = msgspec.field(default_factory=Streaks)
    bands: list[Bands] = msgspec.field(default_factory=list)


class Rejected(msgspec.Struct, frozen=True):
    """A reject and where it happened; `ordinal` counts from the part's first line or row.

    `cluster` is the identity of the first of its near-duplicates; empty where it has none.
    """

    ordinal: int
    key: str | None
    subject: str | None
    stage: str
    code: str
    reason: str
    identity: bytes = b""
    cluster: bytes = b""

    @property
    def outcome(self) -> Outcome:
        """What became of the record."""
        if self.code == "duplicate":
            return Outcome.DUPLICATE
        return Outcome.ERRORED if is_error(self.code) else Outcome.FILTERED


class Prepared(msgspec.Struct):
    """What a worker keeps of a part until its verdict: samples, and whose they are.

    `samples` are JSON instead where they wait in a spool.
    """

    samples: list[Sample | bytes] = msgspec.field(default_factory=list)
    ordinals: list[int] = msgspec.field(default_factory=list)
    keys: list[str | None] = msgspec.field(default_factory=list)
    subjects: list[str | None] = msgspec.field(default_factory=list)
    rejected: list[Rejected] = msgspec.field(default_factory=list)
    notes: dict[str, int] = msgspec.field(default_factory=dict)


class Verdict(msgspec.Struct):
    """What the reducer answers for one part.

    Attributes:
        part: the part's index.
        base: the ordinal of the part's first line or row in its stream.
        splits: a byte per sample: DUPLICATE, or a key of SPLITS.
        summaries: one per deferred stage; none where verdicts come part by part.
        mean: of the weights of all samples that are trained on; None where nobody asks for it.
        near: a byte per sample: whether it is left out as a near-duplicate; empty where none is.
        clusters: KEY_BYTES per sample: the identity of the first of its near-duplicates, zeros where it has none; empty
            where nobody writes it down.
    """

    part: int
    base: int
    splits: bytes
    summaries: list[Summary] = msgspec.field(default_factory=list)
    mean: float | None = None
    near: bytes = b""
    clusters: bytes = b""


class Piece(msgspec.Struct):
    """What one part keeps in a file until it is sealed.

    `file` is relative to the staging folder, `digest` the xxh3-128 of its bytes.
    """

    file: str
    digest: str


class Segment(Piece):
    """The bytes one part rendered for one format and split."""

    format: str
    split: str
    rows: int
    size: int


class PartResult(msgspec.Struct):
    """What became of one part.

    Attributes:
        part: the part's index.
        stream: the stream it is a part of.
        read: records read.
        end: lines or rows the part covers.
        exported: samples that at least one format wrote.
        segments: the bytes, by reference.
        reject_file: the part's rejects; None where it has none.
        outcomes: outcome to count.
        rejects: code to count.
        errors: the first texts for `ExportStats.errors`.
        formats: format name to ledger.
        columns: format name to the names of its columns, in order; the run's first row sets them.
        features: format name to column types, where the format does not declare them.
        weights: of the samples of the split `train`, before any format leaves one out.
        splits: split to the number of samples exported.
        losses: format name to what its rows do not hold, and of how many samples.
        written: a byte per sample: whether it was exported; empty where nothing is split.
        notes: events that stages counted.
        validators: validator name to what it said of the part's rows.
        metrics: metric name to its state over the samples written, as MessagePack.
        index_file: the part's lines of the index; None where there is none.
        streaks: at how many records in a row each stage failed; those before the spool have said so there.
    """

    part: int
    stream: int
    read: int
    end: int
    exported: int
    segments: list[Segment]
    reject_file: Piece | None
    outcomes: dict[str, int]
    rejects: dict[str, int]
    errors: list[str]
    formats: dict[str, FormatStats]
    columns: dict[str, list[str]]
    features: dict[str, Any]
    weights: WeightSums
    notes: dict[str, int]
    validators: dict[str, ValidatorStats]
    metrics: dict[str, bytes]
    splits: dict[str, int]
    losses: dict[str, dict[str, int]]
    written: bytes
    index_file: Piece | None = None
    streaks: Streaks = msgspec.field(default_factory=Streaks)


class SpooledPart(msgspec.Struct, frozen=True):
    """One part in the spool: its number and stream, records read, and the xxh3-128 of its two files."""

    part: int
    stream: int
    read: int
    candidates: str
    samples: str


class SpoolRecord(msgspec.Struct):
    """Consecutive spooled parts that are durable together; `last` says that the source ends with them."""

    plan: str
    parts: list[SpooledPart]
    last: bool


class DoneRecord(msgspec.Struct):
    """Consecutive parts that are durable together.

    `keys_digest` is the xxh3-128 of the file that holds the identities these parts brought, in order.
    """

    plan: str
    results: list[PartResult]
    keys_digest: str
