"""Stages: names in a recipe, resolved to plugins that are loaded and configurations that are valid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tuneport.config import validate
from tuneport.errors import PluginError
from tuneport.hookspecs import Use
from tuneport.model import Problem
from tuneport.plugin_manager import Contribution, PluginManager
from tuneport.references import References
from tuneport.runs.messages import StageRef

_NAMED_BY = {"exporters": ".use", "importers": ".importer"}
"""The key that names one, where the section is its table."""


@dataclass(frozen=True)
class Stage:
    """A stage whose plugin is loaded and whose configuration is valid, and where the recipe asks for it."""

    ref: StageRef
    contribution: Contribution
    config: Any
    path: str


def names_of(stages: Sequence[Stage]) -> list[str]:
    """What each of several stages is called: its bare name where that is unique, else `plugin-name`, else numbered."""
    bare = Counter(stage.ref.name for stage in stages)
    names: list[str] = []
    for stage in stages:
        name = stage.ref.name if bare[stage.ref.name] == 1 else f"{stage.ref.plugin}-{stage.ref.name}"
        seen = sum(one == name or one.startswith(f"{name}-") for one in names)
        names.append(f"{name}-{seen + 1}" if seen else name)
    return names


@dataclass
class Resolver:
    """Finds stages for one recipe.

    Attributes:
        manager: where plugins come from.
        problems: what is wrong is added here.
        references: reads values that stand elsewhere, and hides them in what is kept of a configuration.
        prefer: the plugin that a bare name means if it has one: the exporter's own.
    """

    manager: PluginManager
    problems: list[Problem]
    references: References = field(default_factory=References)
    prefer: str = ""

    def stage(self, kind: str, use: Use, path: str, also: Iterable[str] = ()) -> Stage | None:
        """Resolve one stage and validate its configuration; None where that fails.

        Args:
            kind: of the stage.
            use: its name, or a table with its configuration.
            path: where the recipe asks for it.
            also: keys that may stand beside the stage's own, for the closest name to an unknown key.
        """
        given = dict(use) if isinstance(use, Mapping) else {"use": use}
        name = given.pop("use", None)
        if not isinstance(name, str):
            self.problems.append(Problem(path, 'a stage is a name, or a table with use = "name"'))
            return None
        try:
            contribution = self.manager.resolve(kind, name, self.prefer)
        except PluginError as error:
            self.problems.append(
                Problem(f'{path}{_NAMED_BY.get(kind, "")} = "{name}"', error.message, error.hint, error.code)
            )
            return None
        config = validate(contribution.config, given, path, self.problems, also, self.references)
        if config is None:
            return None
        return Stage(self._reference(contribution, config), contribution, config, path)

    def own(self, kind: str, use: Use, path: str) -> Stage | None:
        """A stage that the exporter asks for; `at` says which of its keys that comes from."""
        if isinstance(use, Mapping) and "at" in use:
            path = f"export.{use['at']}" if use["at"] else "export"
            use = {name: value for name, value in use.items() if name != "at"}
        return self.stage(kind, use, path)

    def _reference(self, contribution: Contribution, config: Any) -> StageRef:
        record = self.manager.get(contribution.plugin)
        # Only what was set: a stage may treat a named default and an unnamed one differently.
        plain = self.references.hidden(config.model_dump(mode="json", exclude_unset=True))
        digest = record.digest
        return StageRef(contribution.kind, record.name, contribution.name, record.version, digest, plain)
