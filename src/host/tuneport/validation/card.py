"""A dataset's card: whether what loaders read in it is what the manifest and the rows say."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from tuneport.dataset import Dataset, FormatInfo
from tuneport.validation.front_matter import FrontMatterError, front_matter
from tuneport.validation.kinds import Fields, Items, Kind
from tuneport.validation.report import Findings

CARD = "README.md"

_KINDS: dict[str, tuple[Kind, ...]] = {
    "string": ("text",),
    "int64": ("integer",),
    "float64": ("float", "integer"),
    "bool": ("bool",),
}


def check_card(
    dataset: Dataset, columns: Mapping[str, Mapping[str, Kind]], files: set[str], findings: Findings
) -> list[str]:
    """Check the card of a dataset.

    Args:
        dataset: the dataset.
        columns: format name to what the columns of its rows are, where they are alike.
        files: the files of its folder, as they were published.
        findings: what is wrong is added here.

    Returns:
        The configs that loaders find in it; none where it cannot be read.
    """
    try:
        front = front_matter((dataset.path / CARD).read_text(encoding="utf-8"))
        configs = {config["config_name"]: config for config in front.get("configs") or ()}
        described = {info["config_name"]: info for info in front.get("dataset_info") or ()}
    except (FrontMatterError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        reason = str(error) if isinstance(error, FrontMatterError) else "configs or dataset_info is something else"
        message = f"its front matter is not what an export writes: {reason}"
        findings.add("card_unread", message, "it was not compared", file=CARD, severity="warning")
        return []
    check = _Card(dataset, files, findings)
    written = {name: info for name, info in dataset.formats.items() if info.splits}
    for name in sorted(configs.keys() | written.keys()):
        if name not in written:
            check.differs(name, f"has a config {name}, and no such format was written")
        elif name not in configs:
            check.differs(name, f"has no config {name}: loaders do not find that format")
        else:
            check.files_of(name, configs[name])
            check.described(name, described.get(name, {}), columns.get(name, {}))
    return [name for name in configs if name in written]


class _Card:
    def __init__(self, dataset: Dataset, files: set[str], findings: Findings) -> None:
        self._dataset = dataset
        self._files = files
        self._findings = findings

    def differs(self, path: str, message: str) -> None:
        """Tell that the card says something else."""
        self._findings.add("card", message, "export the dataset again", path=path, file=CARD)

    def files_of(self, name: str, config: Mapping[str, Any]) -> None:
        """Check which files a config gives a loader."""
        listed = config.get("data_files")
        given = {one.get("split"): one.get("path") for one in listed} if isinstance(listed, list) else {}
        info = self._info(name)
        for split in sorted(map(str, given.keys() ^ info.splits.keys())):
            self.differs(name, f"config {name} and the manifest do not agree that there is a split {split}")
        for split in given.keys() & info.splits.keys():
            found = {file for file in self._files if _matches(file, str(given[split]))}
            if found != {file.path for file in info.splits[split]}:
                message = f"config {name} gives other files for {split} than the manifest: {given[split]}"
                self.differs(f"{name}/{split}", message)

    def described(self, name: str, described: Mapping[str, Any], columns: Mapping[str, Kind]) -> None:
        """Check counts and columns."""
        info = self._info(name)
        said = {one.get("name"): one for one in described.get("splits") or ()}
        for split, files in info.splits.items():
            rows = sum(file.rows for file in files)
            examples = said.get(split, {}).get("num_examples")
            if examples != rows:
                message = f"says that {split} of {name} has {examples} rows, and there are {rows:,}"
                self.differs(f"{name}/{split}", message)
        features = described.get("features")
        declared = None if features is None else _columns(features)
        if declared != _filled(info.features):
            self.differs(name, f"declares other columns of {name} than the manifest")
        for column, kind in columns.items():
            if declared is not None and not _fits(declared.get(column, {}), kind):
                self.differs(f"{name}.{column}", f"declares another type of {name}.{column} than its rows have")

    def _info(self, name: str) -> FormatInfo:
        return self._dataset.formats[name]


def _matches(file: str, pattern: str) -> bool:
    """Whether a loader's pattern means a file: `*` stands for no `/`."""
    return file.count("/") == pattern.count("/") and fnmatchcase(file, pattern)


def _columns(listed: Any) -> dict[str, Any]:
    """Features as the manifest has them."""
    return {one["name"]: _feature(one) for one in listed} if isinstance(listed, list) else {}


def _feature(block: Mapping[str, Any]) -> Any:
    if "struct" in block:
        return {"struct": _columns(block["struct"])}
    if "list" not in block:
        return block.get("dtype")
    item = block["list"]
    if isinstance(item, list):
        return {"list": {"struct": _columns(item)}}
    return {"list": _feature(item) if isinstance(item, Mapping) else item}


def _filled(feature: Any) -> Any:
    """Features with the type that a card gives a column of nulls."""
    if isinstance(feature, Mapping):
        return {name: _filled(inner) if inner is not None else "string" for name, inner in feature.items()}
    return feature


def _fits(feature: Any, kind: Kind) -> bool:
    """Whether a column of this type holds such values."""
    if kind is None:
        return True
    if isinstance(feature, Mapping) and "list" in feature:
        return isinstance(kind, Items) and _fits(feature["list"], kind.item)
    if isinstance(feature, Mapping):
        inner = feature.get("struct", {})
        return isinstance(kind, Fields) and all(_fits(inner.get(name, {}), one) for name, one in kind.fields.items())
    return kind in _KINDS.get(str(feature), (kind,))
