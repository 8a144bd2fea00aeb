"""What plugins make of a finished dataset: artifacts, and what formats put beside their rows."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tuneport.dataset import Dataset
from tuneport.errors import PluginError, told
from tuneport.model import Artifact
from tuneport.runs.messages import SPLITS
from tuneport.runs.planning.plan import Plan

if TYPE_CHECKING:
    from tuneport.hookspecs import SideFiles

OURS = {"manifest.json", "sha256sums", "stats.json", "recipe.json", "data", "rejects", "index"}


def artifacts_of(plan: Plan, dataset: Dataset) -> list[Artifact]:
    """Every file that plugins make of a dataset.

    Raises:
        PluginError: one of them failed, or wanted to write where it may not.
    """
    made: dict[str, Artifact] = {}
    for ref, maker in plan.compiled.artifacts:
        for artifact in _asked(f"artifact {ref.qualified}", maker, dataset):
            _add(artifact, made, f"artifact {ref.qualified}", _is_free)
    for name, stage in zip(plan.pipeline.format_names(), plan.pipeline.formats, strict=True):
        beside = stage.contribution.side_files
        if beside is not None and dataset.formats[name].splits:
            whose, folder = f"format {stage.ref.qualified}", name
            for artifact in _asked(whose, partial(_named, beside, folder), dataset):
                _add(artifact, made, whose, partial(_is_beside, folder))
    return list(made.values())


def _named(beside: SideFiles, folder: str, dataset: Dataset) -> Iterable[Artifact]:
    return beside(dataset, folder)


def _asked(whose: str, maker: Callable[[Dataset], Iterable[Artifact]], dataset: Dataset) -> Iterator[Artifact]:
    try:
        # A copy: what a plugin does to it may not be published.
        yield from list(maker(copy.deepcopy(dataset)))
    except (Exception, SystemExit) as error:
        raise PluginError(f"{whose}: {told(error)}") from error


def _add(artifact: Artifact, made: dict[str, Artifact], whose: str, allowed: Callable[[str], bool]) -> None:
    if not isinstance(artifact, Artifact) or not isinstance(artifact.data, bytes):
        raise PluginError(f"{whose} gave something else than an Artifact of bytes")
    if not isinstance(artifact.path, str) or not _fits(artifact.path, made) or not allowed(artifact.path):
        raise PluginError(f"{whose} may not write {artifact.path!r}")
    made[artifact.path] = artifact


def _is_free(path: str) -> bool:
    """Whether a path is none of those that belong to the host."""
    return PurePosixPath(path).parts[0].lower() not in OURS


def _is_beside(name: str, path: str) -> bool:
    """Whether a file stands beside the splits of a format; `data/<format>/<split>` holds nothing but rows."""
    *folder, file = PurePosixPath(path).parts
    return folder == ["data", name] and file.lower() not in SPLITS.values()


def _fits(path: str, taken: Iterable[str]) -> bool:
    """Whether a path stays in the folder, and is nobody else's."""
    # Some disks do not tell upper from lower case.
    low = f"{path}/".lower()
    if any(f"{one}/".lower().startswith(low) or low.startswith(f"{one}/".lower()) for one in taken):
        return False
    parts = PurePosixPath(path).parts
    inside = bool(parts) and str(PurePosixPath(path)) == path and parts[0] != "/" and ".." not in parts
    return inside and path.isprintable() and "\\" not in path
