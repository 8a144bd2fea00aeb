"""The split of a plan: what the recipe asks, with what it has to know of other datasets and files."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuneport.errors import RecipeError
from tuneport.model import Problem
from tuneport.recipes import Recipe
from tuneport.runs.planning.target import Target
from tuneport.runs.splitting.against import read_earlier
from tuneport.runs.splitting.exact import Exact
from tuneport.runs.splitting.exclude import HeldOut, read_held_out
from tuneport.runs.splitting.stable import Assigner, Before, Stable
from tuneport.split import SplitSection


@dataclass(frozen=True)
class Split:
    """What is kept apart from training.

    Attributes:
        section: as the recipe has it.
        seed: the run's.
        held_out: what says of a sample that it has to be left out.
        before: where units stood in an earlier dataset.
        digests: what was read for it, to its SHA-256.
    """

    section: SplitSection
    seed: int
    held_out: HeldOut | None = None
    before: Before = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def assigner(self) -> Assigner:
        """What says where each unit stands."""
        kind = Exact if self.section.mode == "exact" else Stable
        return kind(self.section, self.seed, self.before)


def split_of(recipe: Recipe, target: Target, problems: list[Problem]) -> Split | None:
    """The split that a recipe asks for; what is wrong is added to `problems`."""
    section = recipe.output.split
    if section is None:
        return None
    if target.kind != "folder":
        hint = "name a folder, or leave the split out"
        problems.append(Problem("output.split", "one file or stream holds no splits", hint))
    split = Split(section, recipe.run.seed)
    try:
        return _read(recipe, split)
    except RecipeError as error:
        problems.extend(error.problems)
        return split


def _read(recipe: Recipe, split: Split) -> Split:
    section, held_out, digests = split.section, split.held_out, split.digests
    before = split.before
    if section.against is not None:
        earlier = read_earlier(recipe.resolve(section.against), section.group_by)
        before, digests[str(section.against)] = earlier.before, earlier.digest
    if section.exclude is not None:
        held_out = read_held_out(recipe.resolve(section.exclude))
        digests[str(section.exclude)] = held_out.digest
    return Split(section, split.seed, held_out, before, digests)
