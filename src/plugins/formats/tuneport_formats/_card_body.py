"""What a dataset card says to people: counts, splits, and what became of weights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tuneport import Dataset
from tuneport_formats._quoted import quoted

_MEANT = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)|^#")
"""What Markdown takes for more than a character. An underscore within a word is none."""
_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_FILES = "`recipe.json` is what was asked for, `manifest.json` what was done, `SHA256SUMS` the proof."
_TRAIN = "train"
_CARRIED = {
    "column": "in each row",
    "replicate": "{left_out:,} samples left out, {copies:,} extra rows",
    "ignore": "left out",
    "refuse": "all 1",
}
"""What became of weights in a format, by what was asked of it."""


def body(dataset: Dataset) -> str:
    """What stands below the card's metadata."""
    manifest = dataset.manifest
    counts = manifest.counts
    reads = f"{counts['total']:,} records read from {_plain(manifest.source)}"
    parts = [f"{counts[name]:,} {name}" for name in ("exported", "filtered", "duplicate", "errored")]
    return "\n".join(
        [
            f"# {_plain(manifest.name)}",
            "",
            f"{reads}: {', '.join(parts)}.",
            "",
            *_rows(dataset),
            "",
            *_split(dataset),
            *_weights(manifest.weights),
            *_losses(dataset),
            "```python",
            "from datasets import load_dataset",
            "",
            *(f"dataset = load_dataset({quoted(manifest.name)}, {quoted(name)})" for name in _first(dataset)),
            "```",
            "",
            *_rejects(manifest.rejects),
            f"Written by tuneport {manifest.versions['tuneport']} at {manifest.now}. {_FILES}",
            "",
        ]
    )


def _rows(dataset: Dataset) -> Iterator[str]:
    """A line for each format and split; what became of weights concerns what is trained on."""
    weighted = bool(dataset.manifest.weights)
    yield "| format | split | rows |" + (" weights |" if weighted else "")
    yield "|---|---|---|" + ("---|" if weighted else "")
    # A sample that no format wrote is in no format's ledger.
    nowhere = dataset.manifest.rejects.get("left_out_by_weight", 0)
    for name, info in dataset.formats.items():
        ledger = {"left_out": info.ledger.left_out + nowhere, "copies": info.ledger.copies}
        for split, files in info.splits.items():
            line = f"| {_plain(name)} | {_plain(split)} | {sum(file.rows for file in files):,} |"
            carried = _CARRIED[info.weights].format(**ledger) if split == _TRAIN else ""
            yield line + (f" {carried} |" if weighted else "")


def _split(dataset: Dataset) -> list[str]:
    split = dataset.manifest.split
    if split is None:
        return []
    asked = ", ".join(f"{100 * share:.3g} % {_plain(name)}" for name, share in split.asked.items())
    how = [split.mode]
    how += [f"by {', '.join(map(_plain, split.group_by))}"] if split.group_by else []
    how += [f"alike in {', '.join(map(_plain, split.stratify_by))}"] if split.stratify_by else []
    how += [f"as in {_plain(split.against)}"] if split.against else []
    both = f"{split.groups_on_both_sides:,} groups and {split.prompts_on_both_sides:,} prompts stand on both sides."
    if split.samples_moved:
        both += f" {split.samples_moved:,} samples left their earlier side, for their group stands on the other."
    return [f"Split: {asked} asked, {', '.join(how)}. {both}", ""]


def _weights(weights: Mapping[str, Any]) -> list[str]:
    if not weights:
        return []
    span = f"Weights: {weights['min']:.3g} to {weights['max']:.3g}, mean {weights['mean']:.3g}"
    alike = f"; {weights['count']:,} samples tell a trainer as much as {weights['effective']:,.0f} of one weight"
    unweighted = "Evaluation is unweighted: rows to evaluate with are neither copied nor left out, and count alike."
    return [f"{span}{alike if weights['min'] != weights['max'] else ''}. {unweighted}", ""]


def _losses(dataset: Dataset) -> list[str]:
    """What the rows of each format do not hold."""
    lines = []
    for name, info in dataset.formats.items():
        lost = ", ".join(f"{_plain(what.replace('_', ' '))} {count:,}" for what, count in info.losses.items() if count)
        lines += [f"- {_plain(name)}: {lost}"] if lost else []
    return ["Not carried, and of how many samples:", "", *lines, ""] if lines else []


def _first(dataset: Dataset) -> list[str]:
    """The format that is loaded first; none where nothing was written."""
    return [name for name, info in dataset.formats.items() if info.splits][:1]


def _rejects(rejects: dict[str, int]) -> list[str]:
    if not rejects:
        return []
    return [
        "Records left out, by reason (each one stands in `rejects/`):",
        "",
        *(f"- {_plain(code)}: {count:,}" for code, count in rejects.items()),
        "",
    ]


def _plain(text: str) -> str:
    """A name as Markdown that shows it, on one line: files, folders and plugins are called whatever somebody likes."""
    shown = text if text.isprintable() else repr(text)[1:-1]
    return _MEANT.sub(r"\\\g<0>", shown).translate(_ENTITIES)
