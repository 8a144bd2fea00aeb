"""The dataset card: one config per format, declared features, exact counts.

The YAML block follows the Hub's dataset card metadata (`configs`, `dataset_info`): loaders take the features
from it instead of guessing them from the first rows, and refuse a split whose count is wrong. Values are
written as JSON, which is YAML that nothing in them can break out of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tuneport import Artifact, Config, Context, Dataset
from tuneport_formats._card_body import body
from tuneport_formats._quoted import quoted


def dataset_card(_config: Config, _ctx: Context) -> Callable[[Dataset], Iterable[Artifact]]:
    """Write `README.md`."""
    return lambda dataset: [Artifact("README.md", card(dataset).encode())]


def card(dataset: Dataset) -> str:
    """The text of a dataset's card."""
    return f"---\n{_front_matter(dataset)}---\n\n{body(dataset)}"


def _front_matter(dataset: Dataset) -> str:
    lines = ["tags:", '- "tuneport"', *(["configs:"] if _written(dataset) else [])]
    for index, (name, info) in enumerate(_written(dataset).items()):
        lines += [f"- config_name: {quoted(name)}", "  data_files:"]
        for split in info.splits:
            lines += [f"  - split: {quoted(split)}", f"    path: {quoted(f'data/{name}/{split}/*')}"]
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
    lines = [f"- config_name: {quoted(name)}"]
    if info.features is not None:
        lines += ["  features:", *(f"  {line}" for line in _features(info.features))]
    lines.append("  splits:")
    for split, files in info.splits.items():
        lines += [
            f"  - name: {quoted(split)}",
            f"    num_bytes: {sum(file.size for file in files)}",
            f"    num_examples: {sum(file.rows for file in files)}",
        ]
    return lines


def _features(features: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, feature in features.items():
        lines += [f"- name: {quoted(name)}", *(f"  {line}" for line in _type(feature))]
    return lines


def _type(feature: Any) -> list[str]:
    if not isinstance(feature, dict):
        return [f"dtype: {quoted(feature or 'string')}"]
    if "struct" in feature:
        return ["struct:", *_features(feature["struct"])]
    item = feature["list"]
    if isinstance(item, dict) and "struct" in item:
        return ["list:", *_features(item["struct"])]
    if isinstance(item, dict):
        return ["list:", *(f"  {line}" for line in _type(item))]
    return [f"list: {quoted(item or 'string')}"]
