"""A pipeline as plain callables: what is left of plugins and configurations while records go through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tuneport.context import SampleShape
from tuneport.expressions import Condition
from tuneport.runs.messages import StageRef
from tuneport.runs.weights.policy import Carriage
from tuneport.traits import FormatTraits

if TYPE_CHECKING:
    from tuneport.hookspecs import (
        ArtifactMaker,
        Check,
        DeferredWeighting,
        Filter,
        Fingerprint,
        Format,
        Shortcut,
        Style,
        Validator,
        Weighting,
    )


@dataclass(frozen=True)
class NamedMetric:
    """A metric, and what it is called in the manifest; `per_sample` where it has a method `of(sample)`."""

    name: str
    stage: StageRef
    metric: Any

    @property
    def per_sample(self) -> bool:
        """Whether it can say something of a single sample."""
        return callable(getattr(self.metric, "of", None))


@dataclass(frozen=True)
class NamedFormat:
    """A format, what it is called in paths and ledgers, and what is asked of it.

    Attributes:
        check: its target's rules for a row; None where it has none.
        carriage: how it carries weights.
        unsure: whether it has to be looked at each sample's kind, for the style did not say what samples are like.
    """

    name: str
    stage: StageRef
    write: Format
    traits: FormatTraits
    check: Check | None
    carriage: Carriage
    unsure: bool

    @property
    def features(self) -> Mapping[str, Any] | None:
        """Column to type, where the format declares them."""
        return getattr(self.write, "features", None) or None

    @property
    def needed_check(self) -> Check | None:
        """The check, unless none of its own rows can break it."""
        return None if getattr(self.write, "sound", False) else self.check

    @property
    def carries(self) -> frozenset[str] | None:
        """What its rows hold beside texts and weight; None where it does not say."""
        return getattr(self.write, "carries", self.traits.carries)


@dataclass
class Preparation:
    """What is done to the records of one source, as plain callables, each beside the stage it came from.

    Attributes:
        conditions: what a record has to fulfil to be looked at.
        style: what makes a sample of it.
        filters: what may leave it out.
        weightings: what weighs it at once.
        deferred: weightings that need all samples before they can weigh one.
        fingerprints: what says which samples are near-duplicates.
        shape: what its samples have in common; None where the style did not say.
        reads: the entity fields that stages look at; None where one of them did not say.
        whole: the stages that did not say.
        factor: what every sample weighs, where all weightings give the same; None where they may differ.
        shortcut: what does the style's work and that of stages after it at once, and how many these are; see Style.
    """

    conditions: list[Condition]
    style: tuple[StageRef, Style]
    filters: list[tuple[StageRef, Filter]]
    weightings: list[tuple[StageRef, Weighting]]
    deferred: list[tuple[StageRef, DeferredWeighting]]
    fingerprints: list[tuple[StageRef, Fingerprint]]
    shape: SampleShape | None
    reads: frozenset[str] | None
    whole: list[str]
    factor: float | None
    shortcut: tuple[Shortcut | None, int]


@dataclass
class Compiled:
    """A pipeline as plain callables, each beside the stage it came from.

    Attributes:
        preparations: one for each source.
        sample: what all samples have in common; None where a style did not say.
        metadata: the metadata that every sample has, in order; None where nothing has to be added for it.
        judged: what makes the row that validators see; None where there are none.
        validators: of rows.
        dataset_validators: of the finished dataset.
        resources: path to SHA-256 of the files that stages asked for.
        counts: events that stages count while they work; taken part by part.
        warned: stages that raised, and were warned of.
    """

    preparations: list[Preparation]
    sample: SampleShape | None
    metadata: tuple[str, ...] | None
    judged: tuple[StageRef, Format] | None
    formats: list[NamedFormat]
    validators: list[tuple[str, StageRef, Validator]]
    dataset_validators: list[tuple[StageRef, Validator]]
    metrics: list[NamedMetric]
    artifacts: list[tuple[StageRef, ArtifactMaker]]
    resources: dict[str, str]
    counts: Counter[str]
    warned: set[str] = field(default_factory=set)

    @property
    def factor(self) -> float | None:
        """What every sample of the run weighs before bounds; None where they may differ."""
        factors = {one.factor for one in self.preparations}
        return factors.pop() if len(factors) == 1 else None

    @property
    def deferred(self) -> list[tuple[StageRef, DeferredWeighting]]:
        """The weightings that need all samples; the same stages for every source."""
        return self.preparations[0].deferred

    @property
    def fingerprints(self) -> list[tuple[StageRef, Fingerprint]]:
        """What says which samples are near-duplicates; the same stages for every source."""
        return self.preparations[0].fingerprints

    def carried(self) -> dict[str, Carriage]:
        """Format name to how it carries weights."""
        return {one.name: one.carriage for one in self.formats}

    def take_counts(self) -> Counter[str]:
        """The events since the last call."""
        taken = Counter(self.counts)
        self.counts.clear()
        return taken
