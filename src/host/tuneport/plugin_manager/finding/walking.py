"""Looking through one folder of a plugin directory, whatever stands in it: what cannot be read harms nobody else."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from tuneport.plugin_manager.finding.found import Found
from tuneport.plugin_manager.trust.files import NEVER_READ

MAX_FOLDERS = 20_000


@dataclass
class Walk:
    """What stands in a folder of a plugin directory, and below it.

    Attributes:
        manifests: every `plugin.json`, the outermost first.
        python: whether there is a Python file.
        problem: why not all of it was seen; None where all was.
    """

    manifests: list[Path] = field(default_factory=list)
    python: bool = False
    problem: Found | None = None


def walked(top: Path, within: Path) -> Walk:
    """Look through a folder, but for hidden folders in it, and links to what is seen anyway.

    Args:
        top: the folder.
        within: the directory it stands in, which links may not lead out of.
    """
    walk, waiting, seen = Walk(), deque([top]), 0
    while waiting and seen < MAX_FOLDERS:
        folder = waiting.popleft()
        seen += 1
        try:
            waiting.extend(_look(folder, walk, within))
        except OSError as error:
            text = f"it cannot be looked into: {error.strerror}"
            walk.problem = walk.problem or _problem(folder, text, "let this user read it, or take it away")
    if waiting:
        walk.problem = _problem(top, f"it holds more than {MAX_FOLDERS:,} folders", "keep plugins only there")
    return walk


def _problem(folder: Path, text: str, hint: str) -> Found:
    return Found(folder.name, "", str(folder)).failing(ValueError(text), hint)


def _look(folder: Path, walk: Walk, within: Path) -> list[Path]:
    """Note what stands in a folder; the folders in it."""
    with os.scandir(folder) as entries:
        inner = sorted(entries, key=lambda entry: entry.name)
    folders = []
    for entry in inner:
        if _is_folder(entry):
            if entry.name[0] != "." and entry.name not in NEVER_READ and enters(Path(entry.path), within):
                folders.append(Path(entry.path))
        elif entry.name == "plugin.json":
            walk.manifests.append(Path(entry.path))
        walk.python = walk.python or entry.name.endswith(".py")
    return folders


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads to itself, or to where this user may not look.
        return False


def enters(folder: Path, within: Path) -> bool:
    """Whether a folder is looked into: a link only where it stays in the directory and nothing else leads there.

    A mounted ConfigMap keeps its files in a hidden folder, and links to them.
    """
    if not folder.is_symlink():
        return True
    real, base = folder.resolve(), within.resolve()
    return real.is_relative_to(base) and any(part[0] == "." for part in real.relative_to(base).parts)
