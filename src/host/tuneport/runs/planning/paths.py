"""The files that a source's `path` names: one, a list of them, a pattern, or a folder's."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from logging import getLogger
from pathlib import Path

from tuneport.errors import SourceNotFoundError
from tuneport.model import Problem

_COMPRESSED = {".gz", ".zst"}

log = getLogger("tuneport")


def suffixes(name: str) -> list[str]:
    """What a file's name ends with, the longest first: `a.jsonl.gz` as `.jsonl.gz`, `.gz`, and `.jsonl` inside it."""
    parts = [part.lower() for part in Path(name).suffixes[-2:]]
    found = ["".join(parts), *parts[-1:]] if len(parts) > 1 else parts
    return [*found, *(parts[:1] if len(parts) > 1 and parts[-1] in _COMPRESSED else [])]


def files_of(
    given: object, place: str, base: Path, readable: Callable[[str], object], problems: list[Problem]
) -> list[str]:
    """The files that are meant, in order; what is wrong is added to `problems`.

    Args:
        given: a path or pattern, or a list of them.
        place: where in the recipe it stands.
        base: the folder that relative paths start from.
        readable: whether an importer is known for a file of this name.
        problems: what is wrong is added here.

    Raises:
        SourceNotFoundError: a pattern matches nothing.
    """
    many = given if isinstance(given, list | tuple) else [given]
    if not many or not all(isinstance(one, str | Path) and str(one) for one in many):
        problems.append(Problem(place, "a path, or a list of paths, is wanted"))
        return []
    found: dict[object, str] = {}
    for one in many:
        for path in _expanded(str(one), place, base, readable, problems):
            found.setdefault(_same(base / path), path)
    return list(found.values())


def _same(path: Path) -> object:
    """What two names of one file have in common, so that it is read once."""
    try:
        facts = path.stat()
    except OSError:
        return path
    return facts.st_dev, facts.st_ino


def _expanded(
    path: str, place: str, base: Path, readable: Callable[[str], object], problems: list[Problem]
) -> Sequence[str]:
    whole = base / path
    # What stands there under exactly this name is meant, whatever its name looks like.
    if not os.path.lexists(whole) and glob.has_magic(path):
        matches = sorted(_matching(path, base))
        files = [match for match in matches if (base / match).is_file()]
        if not files:
            raise SourceNotFoundError(f"{path} matches no file", f"it starts from {base.absolute()}")
        _note([match for match in matches if match not in set(files) and not (base / match).is_dir()], path)
        return files
    if whole.is_dir():
        return _folder(path, whole, place, readable, problems)
    return [path]


def _matching(pattern: str, base: Path) -> Iterator[str]:
    """What a pattern matches. Links to folders are not followed by `**`: they may lead back to where they stand."""
    head, recursive, tail = pattern.partition("**/")
    if not recursive or glob.has_magic(head):
        # Path.glob refuses absolute patterns, and patterns that lead upwards.
        yield from glob.iglob(pattern, root_dir=base)  # noqa: PTH207
        return
    for folder, _, _ in os.walk(base / head):
        inside = os.path.relpath(folder, base / head)
        place = head if inside == "." else f"{head}{inside}/"
        if not any(step.startswith(".") for step in Path(inside).parts):
            yield from _matching(f"{glob.escape(place)}{tail}", base)


def _folder(
    path: str, whole: Path, place: str, readable: Callable[[str], object], problems: list[Problem]
) -> Sequence[str]:
    """The files of a folder that can be read; what stands in folders below it is not meant."""
    entries = [entry for entry in os.scandir(whole) if not entry.name.startswith(".") and not entry.is_dir()]
    names = sorted(entry.name for entry in entries if entry.is_file())
    if {"manifest.json", "SHA256SUMS"} <= set(names):
        hint = f'name its files: path = "{path}/data/*/train/*.jsonl"'
        problems.append(Problem(f'{place} = "{path}"', "this is a dataset that was exported, no source", hint))
        return []
    found = [name for name in names if readable(name)]
    if not found:
        has = f"it holds {', '.join(names[:6])}" if names else "it is empty"
        hint = f'{has}; a pattern reaches further: path = "{path}/**/*.jsonl"'
        problems.append(Problem(f'{place} = "{path}"', "no file in this folder can be read", hint))
    else:
        _note(sorted(entry.name for entry in entries if entry.name not in found), path)
    return [os.path.join(path, name) for name in found]  # noqa: PTH118  -- stays the text that the recipe has


def _note(left: Sequence[str], path: str) -> None:
    if left:
        more = f" and {len(left) - 1:,} more" if len(left) > 1 else ""
        log.warning("%s: left out what no importer reads: %s%s", path, left[0], more)
