"""What stands at the target from an earlier run: whether it changes anything, and whether too much is missing."""

from __future__ import annotations

import hashlib
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec.json

from tuneport.dataset import Dataset
from tuneport.errors import DataError, SourceNotFoundError
from tuneport.options import ExportStats
from tuneport.runs.planning.target import LATEST, Target

_VERSION = re.compile(r"v([0-9]{4,})")


def versions_in(root: Path) -> list[str]:
    """The names of the versions in a folder, the oldest first."""
    return sorted((path.name for path in _named(root) if path.is_dir()), key=_number)


def next_version(root: Path) -> str:
    """The name of the version that comes next, `v0001` for the first: whatever stands at a name has taken it."""
    return f"v{max((_number(path.name) for path in _named(root)), default=0) + 1:04d}"


def _named(root: Path) -> list[Path]:
    """Everything in a folder that has a version's name."""
    return [path for path in root.glob("v*") if _VERSION.fullmatch(path.name)]


def _number(name: str) -> int:
    return int(name[1:])


def place_of(target: Target) -> Path:
    """Where a run that ends now is published."""
    return target.path / next_version(target.path) if target.on_exists == "version" else target.path


def standing(target: Target) -> Dataset | None:
    """The dataset that is to be replaced, or the version before this one; None where there is none.

    Raises:
        SourceError: what stands there cannot be read, so that nothing can be compared with it.
    """
    if target.kind != "folder" or target.on_exists == "fail":
        return None
    folder = target.path
    if target.on_exists == "version":
        link = target.path / LATEST
        names = versions_in(target.path)
        folder = link.resolve() if link.is_dir() else target.path / (names[-1] if names else LATEST)
    try:
        dataset = Dataset.open(folder)
    except SourceNotFoundError:
        return None
    dataset.path = target.path / folder.name if target.on_exists == "version" else folder
    return dataset


def unchanged(before: Dataset, made: Dataset, recipe: dict[str, Any]) -> bool:
    """Whether rows, index and resolved recipe are those that were published and stand there.

    But for the recipe's `now`, and the earlier dataset by which it was split: of versions each run goes by a newer one.
    """
    if before.digest != made.digest or before.manifest.index != made.manifest.index:
        return False
    if not all(file_digest(before.path / file.path) == file.sha256 for file in before.files()):
        return False  # damaged since: it is published again
    try:
        published = msgspec.json.decode((before.path / "recipe.json").read_bytes())
    except (OSError, msgspec.DecodeError):
        return False
    now = msgspec.json.decode(msgspec.json.encode(recipe))
    return bool(_timeless(published) == _timeless(now))


def _timeless(recipe: Any) -> Any:
    if not isinstance(recipe, dict) or not all(isinstance(recipe.get(name), dict) for name in ("run", "output")):
        return recipe
    output, split = recipe["output"], recipe["output"].get("split")
    if isinstance(split, dict):
        output = {**output, "split": _without(split, "against")}
    return {**recipe, "run": _without(recipe["run"], "now"), "output": output}


def _without(section: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in section.items() if name != key}


def same_file(target: Target, digest: str) -> bool:
    """Whether the single file at the target has these bytes already."""
    if target.on_exists != "replace" or not target.path.is_file():
        return False
    return file_digest(target.path) == digest


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes; "" where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def whole(folder: Path) -> bool:
    """Whether each file of a dataset has the digest that its SHA256SUMS has."""
    try:
        lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return all(file_digest(folder / path) == digest for digest, _, path in (line.partition("  ") for line in lines))


def not_shrunk(before: Dataset | None, stats: ExportStats, most: float | None) -> None:
    """Check that not too many samples are missing.

    Raises:
        DataError: more than `most` of those that stand there.
    """
    if before is None or most is None:
        return
    counts, now = before.manifest.counts, stats.exported_entities
    then = counts["exported"]
    # As it was written: 0.7 of 10 is 7, and not a little less.
    if then - now > Fraction(str(most)) * then:
        raise DataError(
            f"{now:,} samples, {(then - now) / then * 100:.3g} % fewer than {before.path.name} ({then:,}); "
            f"output.max_shrink is {most * 100:.3g} %; nothing published",
            f"{stats.total_entities:,} records were read, {counts['total']:,} last time; "
            "accept it: --set output.max_shrink=1",
        )
