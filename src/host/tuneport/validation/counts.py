"""A dataset's numbers: what its manifest, statistics and rejects say of each other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import msgspec.json

from tuneport.dataset import Dataset, DatasetManifest, rows_digest
from tuneport.lines import Lines
from tuneport.options import ExportStats
from tuneport.validation.report import Findings

_FAILED = ("filtered", "duplicate", "errored")


def check_counts(dataset: Dataset, files: set[str], sums: dict[str, str], findings: Findings) -> None:
    """Check that a dataset's numbers add up, and are the same wherever they stand."""
    findings.file = "manifest.json"
    manifest = dataset.manifest
    _outcomes(manifest, findings)
    _ledgers(manifest, findings)
    _splits(manifest, findings)
    _digests(manifest, sums, findings)
    _rejects(dataset, files, findings)
    findings.file = "stats.json"
    if "stats.json" in files:
        _stats(dataset.path / "stats.json", manifest, findings)
    else:
        findings.add("missing", "is not there")
    findings.file = ""


def _outcomes(manifest: DatasetManifest, findings: Findings) -> None:
    counts = Counter(manifest.counts)
    read = counts["total"] + counts["augmented"]
    parted = counts["exported"] + sum(counts[outcome] for outcome in _FAILED)
    if read != parted:
        findings.add("counts", f"{read:,} records read, and {parted:,} accounted for")
    failed, reasons = sum(counts[outcome] for outcome in _FAILED), sum(manifest.rejects.values())
    if failed != reasons:
        findings.add("reasons", f"{failed:,} records left out, and {reasons:,} reasons")


def _ledgers(manifest: DatasetManifest, findings: Findings) -> None:
    exported = manifest.counts.get("exported", 0)
    for name, info in manifest.formats.items():
        ledger = info.ledger
        due = exported - ledger.refused - ledger.left_out + ledger.copies
        held = sum(file.rows for files in info.splits.values() for file in files)
        if ledger.rows != due:
            message = f"format {name} has {ledger.rows:,} rows, and its ledger comes to {due:,}"
            findings.add("ledger", message, path=name)
        if ledger.rows != held:
            message = f"format {name} has {ledger.rows:,} rows, and {held:,} in its files"
            findings.add("ledger_files", message, path=name)
        for path in (file.path for files in info.splits.values() for file in files):
            if not path.startswith(f"data/{name}/"):
                findings.add("misplaced", f"format {name} lists {path}", path=name)


def _splits(manifest: DatasetManifest, findings: Findings) -> None:
    if manifest.split is None:
        return
    samples, exported = manifest.split.samples, manifest.counts.get("exported", 0)
    if sum(samples.values()) != exported:
        findings.add("split_counts", f"{sum(samples.values()):,} samples in splits, and {exported:,} exported")
    for name, info in manifest.formats.items():
        for split, files in info.splits.items():
            rows = sum(file.rows for file in files)
            # Copies stand for weights, and only what is trained on is weighted.
            if split != "train" and rows > samples.get(split, 0):
                message = f"format {name} has {rows:,} rows in {split}, of {samples.get(split, 0):,} samples"
                findings.add("split_counts", message, path=name)


def _digests(manifest: DatasetManifest, sums: dict[str, str], findings: Findings) -> None:
    files = [file for info in manifest.formats.values() for split in info.splits.values() for file in split]
    if manifest.digest != rows_digest(files):
        findings.add("digest", "the digest of the rows is not that of the files listed")
    if sums.get("recipe.json", manifest.recipe) != manifest.recipe:
        findings.add("recipe", "another recipe.json made this dataset", path="recipe")


def _rejects(dataset: Dataset, files: set[str], findings: Findings) -> None:
    manifest = dataset.manifest
    names = sorted(name for name in files if name.startswith("rejects/") and name.endswith(".jsonl"))
    lines = sum(1 for name in names for _ in Lines(dataset.path / name))
    # A sample that one format refused and another wrote is exported, and stands there all the same.
    due = sum(manifest.rejects.values()) + sum(info.ledger.refused for info in manifest.formats.values())
    if lines != due:
        findings.add("rejects", f"holds {lines:,} rejects, and {due:,} were counted", file="rejects")


def _stats(path: Path, manifest: DatasetManifest, findings: Findings) -> None:
    try:
        stats = msgspec.json.decode(path.read_bytes(), type=ExportStats)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        findings.add("stats", f"is not what an export writes: {error}")
        return
    counts = manifest.counts
    ledgers = {name: info.ledger for name, info in manifest.formats.items()}
    files = [file for info in manifest.formats.values() for split in info.splits.values() for file in split]
    pairs = {
        **{f"{name}_entities": counts.get(name, 0) for name in ("total", "exported", "augmented", *_FAILED)},
        "failed_entities": sum(counts.get(outcome, 0) for outcome in _FAILED),
        "bytes_written": sum(file.bytes for file in files),
        "rejects": manifest.rejects,
        "formats": ledgers,
    }
    for name, said in pairs.items():
        if getattr(stats, name) != said:
            findings.add("stats_differ", f"{name} is another in the manifest", path=name)
