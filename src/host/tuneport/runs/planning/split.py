"""The split of a plan: what the recipe asks, with what it has to know of other datasets and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from os.path import realpath, relpath
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tuneport.errors import RecipeError
from tuneport.model import Problem
from tuneport.recipes import Recipe
from tuneport.runs.planning.target import Target
from tuneport.runs.publishing.again import versions_in
from tuneport.runs.splitting.before import Before
from tuneport.split import SplitSection

if TYPE_CHECKING:
    from tuneport.runs.splitting.exclude import HeldOut
    from tuneport.runs.splitting.stable import Assigner

T = TypeVar("T")


@dataclass(frozen=True)
class Split:
    """What is kept apart from training.

    Attributes:
        section: as the recipe has it.
        seed: the run's.
        held_out: what says of a sample that it has to be left out.
        before: where units and samples stood in an earlier dataset.
        digests: what was read for it, to its SHA-256.
        against: the earlier dataset as a path of the recipe, of versions the one that was read; None where none was.
    """

    section: SplitSection
    seed: int
    held_out: HeldOut | None = None
    before: Before = field(default_factory=Before)
    digests: dict[str, str] = field(default_factory=dict)
    against: Path | None = None

    @property
    def waits(self) -> str | None:
        """Why it has to know all samples first; None where each has its place by itself."""
        if self.section.mode == "exact":
            return "an exact split counts all samples"
        return "a new group stays where its samples stood in output.split.against" if self.before.samples else None

    def outdated(self, recipe: Recipe) -> bool:
        """Whether the earlier dataset is another one by now: another run may have published a newer version."""
        against = self.section.against
        if against is None:
            return False
        from tuneport.runs.splitting.against import digest_at

        return digest_at(recipe.resolve(against)) != self.digests.get(str(against))

    def assigner(self) -> Assigner:
        """What says where each unit stands."""
        if self.section.mode == "exact":
            from tuneport.runs.splitting.exact import Exact

            return Exact(self.section, self.seed, self.before)
        from tuneport.runs.splitting.stable import Stable

        return Stable(self.section, self.seed, self.before)


def split_of(recipe: Recipe, target: Target, problems: list[Problem]) -> Split | None:
    """The split that a recipe asks for; what is wrong is added to `problems`."""
    section = recipe.output.split
    if section is None:
        return None
    if target.kind != "folder":
        hint = "name a folder, or leave the split out"
        problems.append(Problem("output.split", "one file or stream holds no splits", hint))
    digests: dict[str, str] = {}
    before, against = Before(), None
    held_out = None
    if section.against is not None and not _is_first(recipe, section.against, target):
        from tuneport.runs.splitting.against import read_earlier

        earlier = _read(partial(read_earlier, recipe.resolve(section.against), section.group_by), problems)
        if earlier is not None:
            before, digests[str(section.against)] = earlier.before, earlier.digest
            against = _as_read(recipe, section.against, earlier.path)
    if section.exclude is not None:
        from tuneport.runs.splitting.exclude import read_held_out

        held_out = _read(partial(read_held_out, recipe.resolve(section.exclude)), problems)
        if held_out is not None:
            digests[str(section.exclude)] = held_out.digest
    return Split(section, recipe.run.seed, held_out, before, digests, against)


def _as_read(recipe: Recipe, against: Path, read: Path) -> Path:
    """The path of an earlier dataset as the recipe has it; where that leads to a version, the version's."""
    if against.is_absolute():
        return read
    return against if read == recipe.resolve(against) else Path(relpath(realpath(read), realpath(recipe.base)))


def _is_first(recipe: Recipe, against: Path, target: Target) -> bool:
    """Whether this run makes the first of the versions that it is to be split like: there is nothing to go by yet."""
    own = target.on_exists == "version" and realpath(recipe.resolve(against)) == realpath(target.path)
    return own and not versions_in(target.path)


def _read(reader: Callable[[], T], problems: list[Problem]) -> T | None:
    try:
        return reader()
    except RecipeError as error:
        problems.extend(error.problems)
        return None
