"""What rows are checked for: a format, with its rules and what its target takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tuneport.errors import PluginError
from tuneport.traits import FormatTraits, status_words
from tuneport.validation.judges import Judge, guarded

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager


@dataclass(frozen=True)
class Target:
    """A format that rows are held against.

    Attributes:
        name: what it is called.
        traits: what its target takes.
        judge: its rules for a row; None where it states none.
    """

    name: str
    traits: FormatTraits
    judge: Judge | None

    def notes(self) -> list[str]:
        """What one should know of it, whatever its rows are like."""
        told = status_words(self.name, self.traits, datetime.now(UTC).date(), all_notes=True)
        notes = [told] if told else []
        if self.judge is None:
            notes.append(f"{self.name} states no rules of its own: only those of all files were checked")
        return notes


def target_of(name: str, manager: PluginManager) -> Target:
    """The format of this name.

    Raises:
        UnknownNameError: nobody provides it; the hint names the closest.
        PluginError: several provide it, or its plugin is broken.
    """
    contribution = manager.resolve("formats", name)
    check = contribution.check
    called = f"the check of format {contribution.qualified}"
    judge = None if check is None else guarded(check, called, contribution.plugin)
    return Target(name.rpartition(":")[2], contribution.traits, judge)


def target_as_written(name: str, written_by: str, manager: PluginManager, notes: list[str]) -> Target | None:
    """The format that wrote a part of a dataset; None where it is not here any more, which is noted.

    Args:
        name: what the dataset calls it.
        written_by: who wrote it, as `plugin:name`.
        manager: whose plugins are asked.
        notes: what one should know is added here.
    """
    try:
        target = target_of(written_by, manager)
    except PluginError as error:
        notes.append(f"{name}: its own rules were not checked, for {written_by} cannot be used: {error.message}")
        return None
    target = Target(name, target.traits, target.judge)
    notes += target.notes()
    return target
