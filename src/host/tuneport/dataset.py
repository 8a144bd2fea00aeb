"""A dataset folder, read: its manifest, formats, splits and files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import msgspec.json

from tuneport.errors import SourceError, SourceNotFoundError
from tuneport.files import read_regular
from tuneport.options import FormatStats

MANIFEST_VERSION = 1


class DataFile(msgspec.Struct, frozen=True):
    """One file of rows.

    Attributes:
        path: relative to the dataset folder, with `/`.
        rows: lines in it.
        size: bytes of rows before compression.
        bytes: bytes on disk.
        sha256: of the bytes on disk.
    """

    path: str
    rows: int
    size: int
    bytes: int
    sha256: str


class FormatInfo(msgspec.Struct):
    """One format's part of a dataset.

    Attributes:
        plugin: who wrote it, as `plugin:name`.
        features: column to type, as a dataset card declares them; None where rows differ too much.
        splits: split name to files.
        ledger: its counts.
        weights: how it carries weights: `column`, `replicate`, `ignore` or `refuse`.
        losses: what its rows do not hold of their samples, and of how many.
    """

    plugin: str
    features: dict[str, Any] | None
    splits: dict[str, list[DataFile]]
    ledger: FormatStats
    weights: str = "column"
    losses: dict[str, int] = msgspec.field(default_factory=dict)


class ValidatorStats(msgspec.Struct):
    """What a validator said of a run's rows.

    Attributes:
        plugin: who judged, as `plugin:name`.
        judged: rows looked at.
        refused: rows with an error, which were not written.
        flagged: rows with warnings only, which were.
        problems: the texts of the last ten problems.
    """

    plugin: str
    judged: int = 0
    refused: int = 0
    flagged: int = 0
    problems: list[str] = msgspec.field(default_factory=list)


class SplitInfo(msgspec.Struct, kw_only=True):
    """How samples were split, and what was looked for in the result.

    A group is what may not stand on both sides: the samples that agree in the fields of `group_by`, else those of the
    same content.

    Attributes:
        mode: `stable` or `exact`.
        asked: split to the share that was asked of it.
        samples: split to the samples that were exported into it.
        groups: how many groups there are.
        group_by: fields of a record that make a group.
        stratify_by: fields of a record whose values have their own shares.
        against: the digest of the earlier dataset whose splits were kept; "" where there was none.
        held_out: prompts of the rows to evaluate with, whose samples were left out.
        groups_on_both_sides: groups that stand in more than one split.
        prompts_on_both_sides: prompts of validation and test that stand in train as well.
        stayed: groups that stand where they stood in the earlier dataset.
        moved: groups that stand in another split than there.
        samples_moved: where samples are grouped, those that stand in another split than there, for their group does.
    """

    mode: str
    asked: dict[str, float]
    samples: dict[str, int]
    groups: int = 0
    group_by: list[str] = msgspec.field(default_factory=list)
    stratify_by: list[str] = msgspec.field(default_factory=list)
    against: str = ""
    held_out: int = 0
    groups_on_both_sides: int = 0
    prompts_on_both_sides: int = 0
    stayed: int = 0
    moved: int = 0
    samples_moved: int = 0


class NearInfo(msgspec.Struct, frozen=True):
    """Which samples are near-duplicates, exact ones apart.

    Attributes:
        clusters: groups of samples that near-duplicates connect, of two samples or more.
        samples: samples in them.
        largest: samples in the largest.
        left_out: samples that were left out, for an earlier one of their cluster is kept.
        clusters_on_both_sides: clusters of which samples stand in more than one split.
    """

    clusters: int = 0
    samples: int = 0
    largest: int = 0
    left_out: int = 0
    clusters_on_both_sides: int = 0


class PluginInfo(msgspec.Struct, frozen=True):
    """A plugin that touched the run, and the SHA-256 of its code."""

    name: str
    version: str
    digest: str


class SourceRead(msgspec.Struct, frozen=True):
    """One source of a run: its name in the recipe, else its number; its title; and how many records were read of it."""

    name: str
    title: str
    read: int


class DatasetManifest(msgspec.Struct, kw_only=True):
    """`manifest.json`: what a dataset is and where it comes from. Nothing in it depends on a clock but `now`.

    Attributes:
        manifest_version: of this layout.
        name: the folder's name.
        now: the run's pinned time, RFC 3339.
        seed: the run's seed.
        recipe: SHA-256 of recipe.json.
        source: the title of what was read.
        sources: how much was read of each source, in order.
        counts: outcome to number of records, with `total`.
        rejects: reject code to number of records.
        weights: count, min, max and mean of the weights that are trained on, the effective sample size, and the share
            of the heaviest 1 %; empty without weightings.
        weight_shares: label to value to its share of the weight.
        notes: events that stages counted.
        formats: format name to files and ledger.
        plugins: the plugins that touched the run.
        versions: the libraries that the bytes depend on.
        digest: of the rows alone: SHA-256 of the sorted SHA256SUMS lines of `data/`; "" before anything was exported.
        validators: validator name to what it said.
        metrics: metric name to its result.
        index: the files that say what became of each record.
        split: how samples were split; None where all are trained on.
        near_duplicates: which samples are near-duplicates; None where nobody looked for them.
    """

    manifest_version: int = MANIFEST_VERSION
    name: str
    now: str
    seed: int
    recipe: str
    source: str
    counts: dict[str, int]
    rejects: dict[str, int]
    weights: dict[str, Any]
    notes: dict[str, int]
    formats: dict[str, FormatInfo]
    plugins: list[PluginInfo]
    versions: dict[str, str]
    digest: str
    validators: dict[str, ValidatorStats] = msgspec.field(default_factory=dict)
    metrics: dict[str, Any] = msgspec.field(default_factory=dict)
    index: list[DataFile] = msgspec.field(default_factory=list)
    weight_shares: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)
    sources: list[SourceRead] = msgspec.field(default_factory=list)
    split: SplitInfo | None = None
    near_duplicates: NearInfo | None = None


class Dataset:
    """A dataset: published in a folder, or about to be.

    Attributes:
        path: the folder.
        manifest: its manifest.
    """

    def __init__(self, path: Path, manifest: DatasetManifest) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def open(cls, path: str | Path) -> Dataset:
        """A published dataset.

        Raises:
            SourceNotFoundError: there is no dataset in that folder.
            SourceError: its manifest cannot be read.
        """
        folder = Path(path)
        try:
            data = read_regular(folder / "manifest.json")
        except FileNotFoundError:
            raise SourceNotFoundError(f"{folder} holds no dataset: no manifest.json") from None
        except OSError as error:
            raise SourceError(f"{folder / 'manifest.json'} cannot be read: {error.strerror}") from None
        try:
            return cls(folder, msgspec.json.decode(data, type=DatasetManifest))
        except msgspec.DecodeError as error:
            raise SourceError(f"{folder / 'manifest.json'}: {error}") from None

    def listed(self) -> set[str]:
        """The files that belong to it, as its SHA256SUMS names them; that and stats.json among them.

        Raises:
            SourceError: SHA256SUMS cannot be read.
        """
        try:
            text = read_regular(self.path / "SHA256SUMS").decode()
        except (OSError, UnicodeDecodeError):
            raise SourceError(f"{self.path / 'SHA256SUMS'} cannot be read") from None
        return {"SHA256SUMS", "stats.json", *(line.partition("  ")[2] for line in text.splitlines())}

    def files(self) -> Iterator[DataFile]:
        """Every file of rows, and of the index."""
        for info in self.manifest.formats.values():
            for shards in info.splits.values():
                yield from shards
        yield from self.manifest.index

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.manifest.name

    @property
    def digest(self) -> str:
        """What the rows are, whatever stands beside them."""
        return self.manifest.digest

    @property
    def formats(self) -> dict[str, FormatInfo]:
        """Format name to files and ledger, the first format first."""
        return self.manifest.formats


def rows_digest(files: Iterable[DataFile]) -> str:
    """SHA-256 of the sorted SHA256SUMS lines of the data files."""
    lines = sorted(f"{file.sha256}  {file.path}\n" for file in files)
    return sha256("".join(lines).encode()).hexdigest()
