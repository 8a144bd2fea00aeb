"""Every stage of a run, as its recipe and its exporter ask for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from tuneport.adapter import AdapterMetadata
from tuneport.hookspecs import Stages, Use
from tuneport.model import Problem
from tuneport.plugin_manager import PluginManager
from tuneport.recipes import ExportSection, Recipe
from tuneport.runs.planning.stages import Resolver, Stage, names_of
from tuneport.runs.weights.policy import SETTINGS, Carriage, carriage_of
from tuneport.traits import FormatTraits

JUDGED_FORMAT = "jsonl_llm:tuneport"
"""What validators of rows are shown: rows as this format writes them."""

UNBOUNDED = (0.0, inf)
"""The least and the most a sample may weigh, where nobody says more."""


@dataclass(frozen=True)
class Pipeline:
    """All stages of a run, resolved.

    Attributes:
        exporter: what asked for them.
        styles: one for each source, or one alone where entities are given.
        judged: what makes the rows that validators are shown; None where no row is judged.
        dedup: whether content that was seen before is left out.
        bounds: the least and the most a sample may weigh.
        mean_one: whether weights are divided by their mean in the end.
        carriages: how each format carries weights, as far as its target alone decides it.
        adapter: what validators of adapters judge.
    """

    exporter: Stage
    styles: tuple[Stage, ...]
    filters: tuple[Stage, ...]
    weightings: tuple[Stage, ...]
    fingerprints: tuple[Stage, ...]
    formats: tuple[Stage, ...]
    validators: tuple[Stage, ...]
    metrics: tuple[Stage, ...]
    artifacts: tuple[Stage, ...]
    judged: Stage | None
    dedup: bool
    bounds: tuple[float, float]
    mean_one: bool
    carriages: tuple[Carriage, ...]
    adapter: AdapterMetadata | None

    def stages(self) -> Iterator[Stage]:
        """Every stage, in the order in which a record meets them."""
        yield from (self.exporter, *self.styles, *self.filters, *self.weightings, *self.fingerprints)
        yield from (*([self.judged] if self.judged else []), *self.formats)
        yield from (*self.validators, *self.metrics, *self.artifacts)

    def format_names(self) -> list[str]:
        """What each format is called in paths and ledgers."""
        return names_of(self.formats)

    def traits(self) -> dict[str, FormatTraits]:
        """Format name to what its target can express."""
        return dict(zip(self.format_names(), (stage.contribution.traits for stage in self.formats), strict=True))

    def carried(self) -> dict[str, Carriage]:
        """Format name to how it carries weights, whatever the samples."""
        return dict(zip(self.format_names(), self.carriages, strict=True))


def resolve_pipeline(recipe: Recipe, manager: PluginManager, problems: list[Problem]) -> Pipeline | None:
    """Every stage a recipe asks for, by itself or through its exporter.

    What is wrong is added to `problems`. The stages that are right are returned all the same, so that all
    problems can be told at once; None where there is no style to go on with.
    """
    resolver = Resolver(manager, problems, recipe.references)
    given = {"use": recipe.export.use, **recipe.export.settings}
    exporter = resolver.stage("exporters", given, "export", also=ExportSection.model_fields)
    if exporter is not None:
        resolver.prefer = exporter.ref.plugin
    asked = _stages(exporter, problems) if exporter is not None else None
    carriages: list[Carriage] = []
    lists = _lists(recipe, asked, resolver, carriages)
    if exporter is None or asked is None:
        return None
    styles = _styles(recipe, given, asked, resolver)
    if styles is None:
        return None
    return Pipeline(
        exporter,
        styles,
        **lists,
        judged=_judged(lists["validators"], resolver),
        dedup=asked.dedup,
        bounds=(asked.min_weight, asked.max_weight),
        mean_one=asked.mean_one,
        carriages=tuple(carriages),
        adapter=asked.adapter,
    )


def _styles(recipe: Recipe, exporter: Mapping[str, Any], asked: Stages, resolver: Resolver) -> tuple[Stage, ...] | None:
    """The style of each source: its own, told what the exporter tells its styles, or the exporter's choice."""
    chosen = [section.style for section in recipe.source] or [None]
    general = resolver.own("styles", asked.style, "export.style") if None in chosen else None
    styles: list[Stage | None] = []
    for number, style in enumerate(chosen):
        place = "source.style" if len(chosen) == 1 else f"source[{number}].style"
        use = _restyled(exporter, style, place, resolver) if style is not None else None
        styles.append(general if style is None else resolver.stage("styles", use, place) if use is not None else None)
    found = tuple(style for style in styles if style is not None)
    return found if len(found) == len(chosen) else None


def _restyled(exporter: Mapping[str, Any], style: Use, place: str, resolver: Resolver) -> Use | None:
    """What the exporter tells this style, were it the run's."""
    if not isinstance(style, str) and not isinstance(style.get("use"), str):
        resolver.problems.append(Problem(place, 'a stage is a name, or a table with use = "name"'))
        return None
    # What is wrong with the exporter's other keys is told where they stand.
    asking = Resolver(resolver.manager, [], resolver.references).stage("exporters", {**exporter, "style": style}, place)
    stages = _stages(asking, []) if asking is not None else None
    if stages is None:
        resolver.problems.append(Problem(place, f"exporter {exporter['use']} lets no source have this style"))
        return None
    if isinstance(stages.style, str):
        return stages.style
    return {name: value for name, value in stages.style.items() if name != "at"}


def _judged(validators: Sequence[Stage], resolver: Resolver) -> Stage | None:
    """The format whose rows validators judge, whatever the run writes; None where nobody judges rows."""
    judges = [stage for stage in validators if stage.contribution.on == "row"]
    return resolver.stage("formats", JUDGED_FORMAT, judges[0].path) if judges else None


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
    lists = ("filters", "weightings", "fingerprints", "formats", "validators", "metrics", "artifacts")
    wrong = [kind for kind in lists if not isinstance(getattr(stages, kind), list | tuple)]
    problems.extend(Problem("export", f"{name} is broken: its {kind} are no list") for kind in wrong)
    return None if wrong else stages


def _lists(
    recipe: Recipe, stages: Stages | None, resolver: Resolver, carriages: list[Carriage]
) -> dict[str, tuple[Stage, ...]]:
    """The stages of each kind but the style; how formats carry weights is added to `carriages`."""
    export, problems = recipe.export, resolver.problems
    asked: dict[str, tuple[Sequence[Use], Sequence[Use]]] = {
        "filters": (stages.filters if stages else (), export.filters),
        "weightings": (stages.weightings if stages else (), export.weightings),
        "fingerprints": (stages.fingerprints if stages else (), export.fingerprints),
        "formats": _formats(stages.formats if stages else (), export.formats),
        "validators": (stages.validators if stages else (), export.validators),
        "metrics": (stages.metrics if stages else (), export.metrics),
        "artifacts": (stages.artifacts if stages else (), export.artifacts),
    }
    resolved = {}
    for kind, (own, listed) in asked.items():
        if kind == "formats":
            resolved[kind] = _carrying(own or (), listed, resolver, carriages)
            continue
        found = [resolver.own(kind, use, f"export.{kind}") for use in own or ()]
        found += [resolver.stage(kind, use, f"export.{kind}[{i}]") for i, use in enumerate(listed)]
        resolved[kind] = tuple(stage for stage in found if stage is not None)
    once_each = {
        "fingerprints": "each fingerprint is taken once",
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


def _carrying(
    own: Sequence[Use], listed: Sequence[Use], resolver: Resolver, carriages: list[Carriage]
) -> tuple[Stage, ...]:
    """The formats; `weights` and `max_copies`, which stand beside a format's own keys, are the host's."""
    stages: list[Stage] = []
    for number, use in enumerate((*own, *listed)):
        path = f"export.formats[{number}]" if listed else "export.formats"
        given = dict(use) if isinstance(use, Mapping) else {"use": use}
        asked = {name: given.pop(name) for name in SETTINGS if name in given}
        stage = resolver.stage("formats", given, path) if listed else resolver.own("formats", given, path)
        if stage is not None:
            stages.append(stage)
            traits = stage.contribution.traits
            carriages.append(carriage_of(asked, traits, stage.ref.name, path, resolver.problems))
    return tuple(stages)


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
