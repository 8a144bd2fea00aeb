"""Where units stood in an earlier dataset, as its index says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec
import msgspec.json

from tuneport.dataset import DataFile, Dataset
from tuneport.errors import RecipeError, SourceError, SourceNotFoundError, UsageError
from tuneport.files import shown
from tuneport.lines import DamagedError, Lines
from tuneport.model import Problem
from tuneport.runs.messages import SPLITS
from tuneport.runs.splitting.before import Before
from tuneport.runs.splitting.units import UNIT_BYTES, number_of

_PATH = "output.split.against"
_LATEST = "latest"
_CODES = {name: code for code, name in SPLITS.items()}
_ANOTHER = "it is damaged: name another dataset"
_OR_INDEXED = "export it again with output.index = true, or with source.key"


@dataclass(frozen=True)
class Earlier:
    """An earlier dataset, as far as a split has to know it.

    Attributes:
        digest: the dataset's.
        path: its folder; of a folder of versions, or a link to the newest of them, that version's.
        before: where its units and samples stand.
    """

    digest: str
    path: Path
    before: Before


class _Line(msgspec.Struct):
    """What is read of a line of the index."""

    id: str | None = None
    outcome: str = ""
    split: str | None = None
    unit: str | None = None


_decode = msgspec.json.Decoder(_Line).decode


class _Stood(NamedTuple):
    """One sample: numbers of its unit and, where units are groups, of its identity."""

    unit: int
    side: int
    sample: int | None


@dataclass
class _Sides:
    """Number of a unit to its side, and where units are groups number of a sample to its side."""

    units: dict[int, int] = field(default_factory=dict)
    samples: dict[int, int] = field(default_factory=dict)


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
    sides = _Sides()
    for file in manifest.index:
        for line in _lines(dataset, file, grouped=bool(then)):
            _add(sides, line, dataset)
    return Earlier(manifest.digest, dataset.path, Before(sides.units, sides.samples))


def digest_at(folder: Path) -> str | None:
    """The digest of the dataset that would be read now; None where there is none."""
    try:
        return _opened(folder).digest
    except RecipeError:
        return None


def _add(sides: _Sides, line: _Stood, dataset: Dataset) -> None:
    stood = sides.units.setdefault(line.unit, line.side)
    if stood != line.side:
        both = " and ".join(sorted((SPLITS[stood], SPLITS[line.side])))
        raise _refused(f"{shown(dataset.path)} has samples that belong together in {both}", "name another one")
    if line.sample is not None:
        sides.samples[line.sample] = min(line.side, sides.samples.get(line.sample, line.side))


def _opened(folder: Path) -> Dataset:
    newest = folder / _LATEST
    asked = newest if not (folder / "manifest.json").exists() and newest.exists() else folder
    try:
        # The link may be moved while the dataset is read, and certainly is later.
        return Dataset.open(asked.parent / asked.readlink() if asked.is_symlink() else asked)
    except SourceNotFoundError:
        hint = "name the folder of an earlier export; the first one has nothing to go by: leave against out"
        raise _refused(f"{shown(folder)} holds no dataset", hint) from None
    except SourceError as error:
        raise _refused(error.message, "name another one, or leave against out") from None


def _lines(dataset: Dataset, file: DataFile, *, grouped: bool) -> Iterator[_Stood]:
    """Each sample that was exported, from one file of the index."""
    place, read = f"{shown(dataset.path)}/{file.path}", 0
    try:
        with (dataset.path / file.path).open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != file.sha256:
                raise _refused(f"{place} is not the file of which its manifest has the sum", _ANOTHER)
        for text in Lines(dataset.path / file.path):
            read += 1
            line = _decode(text)
            if line.outcome == "exported" or line.split is not None:
                yield _stood(line, grouped=grouped)
    except (OSError, DamagedError, UsageError, LookupError, ValueError, msgspec.DecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no line of an index"
        raise _refused(f"{place}, line {read}: {why}", _ANOTHER) from None


def _stood(line: _Line, *, grouped: bool) -> _Stood:
    """Where a sample stood.

    Raises:
        LookupError: a split of no name.
        ValueError: an id or a unit that is none.
    """
    side, sample = _CODES[line.split or ""], number_of(_bytes(line.id))
    return _Stood(number_of(_bytes(line.unit)), side, sample) if grouped else _Stood(sample, side, None)


def _bytes(text: str | None) -> bytes:
    data = bytes.fromhex(text or "")
    if len(data) != UNIT_BYTES:
        raise ValueError(text)
    return data


def _refused(message: str, hint: str) -> RecipeError:
    return RecipeError([Problem(_PATH, message, hint)])


def _written(fields: Sequence[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in fields)
    return listed if len(fields) == 1 else f"[{listed}]"


def _told(fields: Sequence[str]) -> str:
    return ", ".join(fields) or "content alone"
