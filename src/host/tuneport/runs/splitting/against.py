"""Where units stood in an earlier dataset, as its index says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import msgspec.json

from tuneport.dataset import DataFile, Dataset
from tuneport.errors import RecipeError, SourceError, SourceNotFoundError, UsageError
from tuneport.files import shown
from tuneport.model import Problem
from tuneport.runs.messages import SPLITS
from tuneport.runs.splitting.stable import Before
from tuneport.runs.splitting.units import number_of
from tuneport.validation.lines import DamagedError, Lines

_PATH = "output.split.against"
_LATEST = "latest"
_CODES = {name: code for code, name in SPLITS.items()}
_OR_INDEXED = "export it again with output.index = true, or with source.key"


@dataclass(frozen=True)
class Earlier:
    """An earlier dataset, as far as a split has to know it.

    Attributes:
        digest: the dataset's.
        before: number of a unit to its side there.
    """

    digest: str
    before: Before


class _Line(msgspec.Struct):
    """What is read of a line of the index."""

    id: str | None = None
    split: str | None = None
    unit: str | None = None


_decode = msgspec.json.Decoder(_Line).decode


def read_earlier(folder: Path, group_by: Sequence[str]) -> Earlier:
    """Read where the units of an earlier dataset stand.

    Args:
        folder: the dataset, or a folder of versions for the newest of them.
        group_by: the fields that make a unit now; they have to have made it then.

    Raises:
        RecipeError: there is no such dataset, it has no index, or its units are others.
    """
    dataset = _opened(folder)
    manifest = dataset.manifest
    then = manifest.split.group_by if manifest.split is not None else []
    if then != list(group_by):
        hint = f"write group_by = {_written(then)}" if then else "leave group_by out"
        both = f"{shown(dataset.path)} is grouped by {_told(then)}, and this export by {_told(group_by)}"
        raise _refused(both, f"{hint}, or leave against out for one export")
    if not manifest.index:
        raise _refused(f"{shown(dataset.path)} has no index, which says where its samples stand", _OR_INDEXED)
    before: dict[int, int] = {}
    for file in manifest.index:
        for unit, side in _stood(dataset, file, grouped=bool(then)):
            if before.setdefault(unit, side) != side:
                sides = " and ".join(sorted((SPLITS[before[unit]], SPLITS[side])))
                raise _refused(f"{shown(dataset.path)} has samples that belong together in {sides}", "name another one")
    return Earlier(manifest.digest, before)


def _opened(folder: Path) -> Dataset:
    newest = folder / _LATEST
    try:
        return Dataset.open(newest if not (folder / "manifest.json").exists() and newest.exists() else folder)
    except SourceNotFoundError:
        hint = "name the folder of an earlier export; the first one has nothing to go by: leave against out"
        raise _refused(f"{shown(folder)} holds no dataset", hint) from None
    except SourceError as error:
        raise _refused(error.message, "name another one, or leave against out") from None


def _stood(dataset: Dataset, file: DataFile, *, grouped: bool) -> Iterator[tuple[int, int]]:
    """Number and side of the unit of each sample that was exported, from one file of the index."""
    place, read = f"{shown(dataset.path)}/{file.path}", 0
    try:
        for text in Lines(dataset.path / file.path):
            read += 1
            line = _decode(text)
            unit = line.unit if grouped else line.id
            if line.split is None:
                continue
            if unit is None:
                raise _refused(f"{place}, line {read}: no {'unit' if grouped else 'id'}", _OR_INDEXED)
            yield number_of(bytes.fromhex(unit)), _CODES[line.split]
    except (OSError, DamagedError, UsageError, KeyError, ValueError, msgspec.DecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no line of an index"
        raise _refused(f"{place}, line {read}: {why}", "it is damaged: name another dataset") from None
    if read != file.rows:
        raise _refused(f"{place} has {read:,} lines, and its manifest counts {file.rows:,}", "name another dataset")


def _refused(message: str, hint: str) -> RecipeError:
    return RecipeError([Problem(_PATH, message, hint)])


def _written(fields: Sequence[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in fields)
    return listed if len(fields) == 1 else f"[{listed}]"


def _told(fields: Sequence[str]) -> str:
    return ", ".join(fields) or "content alone"
