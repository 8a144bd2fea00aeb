"""The dataset card: one config per format, declared features, exact counts.

The YAML block follows the Hub's dataset card metadata (`configs`, `dataset_info`): loaders take the features
from it instead of guessing them from the first rows, and refuse a split whose count is wrong. Values are
written as JSON, which is YAML that nothing in them can break out of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from tuneport import Artifact, Config, Context, Dataset

_MEANT = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)|^#")
"""What Markdown takes for more than a character. An underscore within a word is none."""
_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_FILES = "`recipe.json` is what was asked for, `manifest.json` what was done, `SHA256SUMS` the proof."


def dataset_card(_config: Config, _ctx: Context) -> Callable[[Dataset], Iterable[Artifact]]:
    """Write `README.md`."""
    return lambda dataset: [Artifact("README.md", card(dataset).encode())]


def card(dataset: Dataset) -> str:
    """The text of a dataset's card."""
    return f"---\n{_front_matter(dataset)}---\n\n{_body(dataset)}"


def _front_matter(dataset: Dataset) -> str:
    lines = ["tags:", '- "tuneport"', *(["configs:"] if _written(dataset) else [])]
    for index, (name, info) in enumerate(_written(dataset).items()):
        lines += [f"- config_name: {_quoted(name)}", "  data_files:"]
        for split in info.splits:
            lines += [f"  - split: {_quoted(split)}", f"    path: {_quoted(f'data/{name}/{split}/*')}"]
        if index == 0:
            lines.append("  default: true")
    described = [_described(name, dataset) for name in _written(dataset)]
    if described:
        lines += ["dataset_info:", *(line for block in described for line in block)]
    return "\n".join([*lines, ""])


def _written(dataset: Dataset) -> dict[str, Any]:
    """The formats that wrote something: a config without files would load another one's."""
    return {name: info for name, info in dataset.formats.items() if info.splits}


def _described(name: str, dataset: Dataset) -> list[str]:
    info = dataset.formats[name]
    lines = [f"- config_name: {_quoted(name)}"]
    if info.features is not None:
        lines += ["  features:", *(f"  {line}" for line in _features(info.features))]
    lines.append("  splits:")
    for split, files in info.splits.items():
        lines += [
            f"  - name: {_quoted(split)}",
            f"    num_bytes: {sum(file.size for file in files)}",
            f"    num_examples: {sum(file.rows for file in files)}",
        ]
    return lines


def _features(features: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, feature in features.items():
        lines += [f"- name: {_quoted(name)}", *(f"  {line}" for line in _type(feature))]
    return lines


def _type(feature: Any) -> list[str]:
    if not isinstance(feature, dict):
        return [f"dtype: {_quoted(feature or 'string')}"]
    if "struct" in feature:
        return ["struct:", *_features(feature["struct"])]
    item = feature["list"]
    if isinstance(item, dict) and "struct" in item:
        return ["list:", *_features(item["struct"])]
    if isinstance(item, dict):
        return ["list:", *(f"  {line}" for line in _type(item))]
    return [f"list: {_quoted(item or 'string')}"]


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=True)


def _body(dataset: Dataset) -> str:
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
            "| format | split | rows |",
            "|---|---|---|",
            *(
                f"| {_plain(name)} | {_plain(split)} | {sum(file.rows for file in files):,} |"
                for name, info in dataset.formats.items()
                for split, files in info.splits.items()
            ),
            "",
            "```python",
            "from datasets import load_dataset",
            "",
            *(
                f"dataset = load_dataset({_quoted(manifest.name)}, {_quoted(name)})"
                for name in list(_written(dataset))[:1]
            ),
            "```",
            "",
            *_rejects(manifest.rejects),
            f"Written by tuneport {manifest.versions['tuneport']} at {manifest.now}. {_FILES}",
            "",
        ]
    )


def _plain(text: str) -> str:
    """A name as Markdown that shows it, on one line: files, folders and plugins are called whatever somebody likes."""
    shown = text if text.isprintable() else repr(text)[1:-1]
    return _MEANT.sub(r"\\\g<0>", shown).translate(_ENTITIES)


def _rejects(rejects: dict[str, int]) -> list[str]:
    if not rejects:
        return []
    return [
        "Records left out, by reason (each one stands in `rejects/`):",
        "",
        *(f"- {_plain(code)}: {count:,}" for code, count in rejects.items()),
        "",
    ]
