"""From names in a recipe to stages: plugins loaded, configurations valid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuneport.adapter import AdapterMetadata
from tuneport.config import suggest, validate
from tuneport.errors import PluginError, UnknownNameError
from tuneport.hookspecs import Stages, Use
from tuneport.model import Problem
from tuneport.plugin_manager import Contribution, PluginManager
from tuneport.plugin_manager.digest import code_digest
from tuneport.recipes import ExportSection, Recipe, SourceSection
from tuneport.runs.messages import StageRef

JUDGED_FORMAT = "jsonl_llm:tuneport"
"""What validators of rows are shown: rows as this format writes them."""


@dataclass(frozen=True)
class Stage:
    """A stage whose plugin is loaded and whose configuration is valid, and where the recipe asks for it."""

    ref: StageRef
    contribution: Contribution
    config: Any
    path: str


@dataclass(frozen=True)
class Pipeline:
    """All stages of a run, resolved."""

    exporter: Stage
    style: Stage
    filters: tuple[Stage, ...]
    weightings: tuple[Stage, ...]
    formats: tuple[Stage, ...]
    validators: tuple[Stage, ...]
    metrics: tuple[Stage, ...]
    artifacts: tuple[Stage, ...]
    judged: Stage | None
    dedup: bool
    adapter: AdapterMetadata | None

    def stages(self) -> Iterator[Stage]:
        """Every stage, in the order in which a record meets them."""
        yield from (self.exporter, self.style, *self.filters, *self.weightings)
        yield from (*([self.judged] if self.judged else []), *self.formats)
        yield from (*self.validators, *self.metrics, *self.artifacts)

    def format_names(self) -> list[str]:
        """What each format is called in paths and ledgers."""
        return names_of(self.formats)

    def carried(self) -> dict[str, str]:
        """Format name to what becomes of a weight."""
        traits = [stage.contribution.traits.weight for stage in self.formats]
        return dict(zip(self.format_names(), traits, strict=True))


def names_of(stages: Sequence[Stage]) -> list[str]:
    """What each of several stages is called: its bare name where that is unique, else `plugin-name`, else numbered."""
    bare = Counter(stage.ref.name for stage in stages)
    names: list[str] = []
    for stage in stages:
        name = stage.ref.name if bare[stage.ref.name] == 1 else f"{stage.ref.plugin}-{stage.ref.name}"
        seen = sum(one == name or one.startswith(f"{name}-") for one in names)
        names.append(f"{name}-{seen + 1}" if seen else name)
    return names


def stage_of(
    manager: PluginManager,
    kind: str,
    use: Use,
    path: str,
    problems: list[Problem],
    prefer: str = "",
    also: Iterable[str] = (),
) -> Stage | None:
    """Resolve one stage and validate its configuration; what is wrong is added to `problems`."""
    given = dict(use) if isinstance(use, Mapping) else {"use": use}
    name = given.pop("use", None)
    if not isinstance(name, str):
        problems.append(Problem(path, 'a stage is a name, or a table with use = "name"'))
        return None
    try:
        contribution = manager.resolve(kind, name, prefer)
    except PluginError as error:
        problems.append(Problem(f'{path} = "{name}"', error.message, error.hint, error.code))
        return None
    config = validate(contribution.config, given, path, problems, also)
    if config is None:
        return None
    return Stage(_reference(manager, contribution, config), contribution, config, path)


def _reference(manager: PluginManager, contribution: Contribution, config: Any) -> StageRef:
    record = manager.get(contribution.plugin)
    # Only what was set: a stage may treat a named default and an unnamed one differently.
    plain = config.model_dump(mode="json", exclude_unset=True)
    digest = code_digest(record.module)
    return StageRef(contribution.kind, record.name, contribution.name, record.version, digest, plain)


def resolve_pipeline(recipe: Recipe, manager: PluginManager, problems: list[Problem]) -> Pipeline | None:
    """Every stage a recipe asks for, by itself or through its exporter.

    What is wrong is added to `problems`. The stages that are right are returned all the same, so that all
    problems can be told at once; None where there is no style to go on with.
    """
    given = {"use": recipe.export.use, **recipe.export.settings}
    exporter = stage_of(manager, "exporters", given, "export", problems, also=ExportSection.model_fields)
    prefer = exporter.ref.plugin if exporter is not None else ""
    asked = _stages(exporter, problems) if exporter is not None else None
    lists = _lists(recipe, asked, prefer, manager, problems)
    if exporter is None or asked is None:
        return None
    style = _own(manager, "styles", asked.style, "export.style", problems, prefer)
    if style is None:
        return None
    judged = _judged(lists["validators"], manager, problems)
    return Pipeline(exporter, style, **lists, judged=judged, dedup=asked.dedup, adapter=asked.adapter)


def _judged(validators: Sequence[Stage], manager: PluginManager, problems: list[Problem]) -> Stage | None:
    """The format whose rows validators judge, whatever the run writes; None where nobody judges rows."""
    judges = [stage for stage in validators if stage.contribution.on == "row"]
    return stage_of(manager, "formats", JUDGED_FORMAT, judges[0].path, problems) if judges else None


def _stages(exporter: Stage, problems: list[Problem]) -> Stages | None:
    name = exporter.ref.qualified
    try:
        stages = exporter.contribution.factory(exporter.config)
    except Exception as error:  # noqa: BLE001  -- any plugin's fault is a problem of the recipe that names it
        text = f"{name} cannot be set up: {type(error).__name__}: {error}"
        problems.append(Problem("export", text, code=f"hook:{exporter.ref.plugin}"))
        return None
    if not isinstance(stages, Stages):
        problems.append(Problem("export.use", f"exporter {name} runs on its own, and in Python only"))
        return None
    lists = ("filters", "weightings", "formats", "validators", "metrics", "artifacts")
    wrong = [kind for kind in lists if not isinstance(getattr(stages, kind), list | tuple)]
    problems.extend(Problem("export", f"{name} is broken: its {kind} are no list") for kind in wrong)
    return None if wrong else stages


def _lists(
    recipe: Recipe, stages: Stages | None, prefer: str, manager: PluginManager, problems: list[Problem]
) -> dict[str, tuple[Stage, ...]]:
    export = recipe.export
    asked: dict[str, tuple[Sequence[Use], Sequence[Use]]] = {
        "filters": (stages.filters if stages else (), export.filters),
        "weightings": (stages.weightings if stages else (), export.weightings),
        "formats": _formats(stages.formats if stages else (), export.formats),
        "validators": (stages.validators if stages else (), export.validators),
        "metrics": (stages.metrics if stages else (), export.metrics),
        "artifacts": (stages.artifacts if stages else (), export.artifacts),
    }
    resolved = {}
    for kind, (own, listed) in asked.items():
        found = [_own(manager, kind, use, f"export.{kind}", problems, prefer) for use in own or ()]
        found += [stage_of(manager, kind, use, f"export.{kind}[{i}]", problems, prefer) for i, use in enumerate(listed)]
        resolved[kind] = tuple(stage for stage in found if stage is not None)
    once_each = {
        "formats": "each format is written once",
        "metrics": "each metric is measured once",
        "artifacts": "each artifact is made once",
    }
    for kind, once in once_each.items():
        named = Counter(stage.ref.qualified for stage in resolved[kind])
        twice = sorted(name for name, count in named.items() if count > 1)
        problems.extend(Problem(f"export.{kind}", f"{name} is named twice", once) for name in twice)
    if stages is not None and not asked["formats"][0] and not export.formats:
        hint = 'such as formats = ["tuneport"]'
        problems.append(Problem("export.formats", "no format: nothing would be written", hint))
    return resolved


def _formats(own: Sequence[Use], listed: Sequence[Use]) -> tuple[Sequence[Use], Sequence[Use]]:
    """The recipe's formats instead of the exporter's own; what that asks of a format holds where it is listed too."""
    if not listed:
        return own, ()
    asked = {_bare(use): dict(use) for use in own if isinstance(use, Mapping)}
    for settings in asked.values():
        settings.pop("at", None)
    return (), [{**asked.get(_bare(use), {}), **(use if isinstance(use, Mapping) else {"use": use})} for use in listed]


def _bare(use: Use) -> str:
    """The name of a stage without its plugin."""
    return str(use.get("use") if isinstance(use, Mapping) else use).rpartition(":")[2]


def _own(manager: PluginManager, kind: str, use: Use, path: str, problems: list[Problem], prefer: str) -> Stage | None:
    """A stage that the exporter asks for; `at` says which of its keys that comes from."""
    if isinstance(use, Mapping) and "at" in use:
        path = f"export.{use['at']}" if use["at"] else "export"
        use = {name: value for name, value in use.items() if name != "at"}
    return stage_of(manager, kind, use, path, problems, prefer)


def resolve_importer(recipe: Recipe, manager: PluginManager, problems: list[Problem]) -> Stage | None:
    """Who reads the recipe's source: named, or found from the suffix of its path."""
    source = recipe.source
    if source is None:
        problems.append(Problem("source", "missing", 'such as source = "support.db"'))
        return None
    name = source.importer
    if name is None:
        path = str(source.settings.get("path", ""))
        try:
            name = manager.resolve("importers", Path(path).suffix.lower()).qualified
        except UnknownNameError:
            known = manager.names("importers")
            hint = f'name it: importer = "..." ({suggest("", known)})'
            message = f'cannot tell from the name "{path}" how to read it' if path else "names no path"
            problems.append(Problem("source", message, hint))
            return None
    return stage_of(
        manager, "importers", {"use": name, **source.settings}, "source", problems, also=SourceSection.model_fields
    )
