"""From a record to a weighed sample: conditions, style, filters, and the weightings that need no other sample."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from tuneport.model import Entity, Reject
from tuneport.nesting import is_record
from tuneport.runs.messages import Rejected, StageRef
from tuneport.runs.planning.pipeline import UNBOUNDED
from tuneport.runs.planning.plan import Plan
from tuneport.runs.working.blame import Whose, bad_weight, rejected_by
from tuneport.runs.working.foreign import is_foreign, watched, watched_style
from tuneport.runs.working.records import key_reader, subject_reader, visibility
from tuneport.sample import Sample

if TYPE_CHECKING:
    from tuneport.hookspecs import Filter, Weighting

RECORD = StageRef("", "tuneport", "record", "", "", {})
"""What is blamed where a record's own values fail: its key, or a condition on it."""


class Taker:
    """Takes the records of one source, one after the other.

    Most records go the short way: a style may have a function that does at once what it and stages that follow it do,
    and leaves alone whatever is out of the ordinary. That goes through them one by one.

    Attributes:
        at: the stage that is at work, or ended the record.
        entity: the record as stages see it.
        key: what names the record.
        subject: whose data it is.
    """

    def __init__(self, plan: Plan, number: int) -> None:
        stages, inlet = plan.compiled.preparations[number], plan.inlets[number]
        self._conditions = stages.conditions
        self._style_ref, self._style = stages.style[0], watched_style(stages.style[1])
        self._filters = [(ref, watched(test)) for ref, test in stages.filters]
        self._weightings = [(ref, watched(weigh)) for ref, weigh in stages.weightings]
        short, done = stages.shortcut
        self._short = None if short is None else watched_style(short)
        self._filters_left = self._filters[done:]
        self._weightings_left = self._weightings[max(0, done - len(self._filters)) :]
        self._metadata = plan.compiled.metadata
        self._warned = plan.compiled.warned
        self._key_of, self._subject_of = key_reader(inlet.key), subject_reader(inlet.subject)
        self._visible = visibility(plan.recipe.output.include_fields, plan.recipe.output.exclude_fields)
        self._least, self._most = plan.pipeline.bounds
        # Where a factor is still to come, the bounds are for what it makes of the weight.
        self._bounded = plan.pipeline.bounds != UNBOUNDED and not stages.deferred
        # Nothing is left to do then: what a shortcut gives has a weight that is finite.
        more = self._filters_left or self._weightings_left or self._metadata or self._bounded
        self._all_short = short is not None and not is_foreign(short) and not more
        self._ordinal = 0
        self.entity: Entity = {}
        self.key: str | None = None
        self.subject: str | None = None
        self.at = RECORD

    @property
    def whose(self) -> Whose:
        """Which record it is."""
        return Whose(self._ordinal, self.key, self.subject)

    def take(self, ordinal: int, entity: object) -> Sample | Rejected:
        """What conditions, style, filters and weightings make of a record; or what one of them, `at`, raises."""
        self._ordinal, self.key, self.subject, self.at = ordinal, None, None, RECORD
        if type(entity) is not dict and not is_record(entity):
            return self.whose.reject("source", "bad_type", f"A record is a dict, not {type(entity).__name__}")
        self.entity = entity = entity if self._visible is None else self._visible(entity)
        self.key = self._key_of(entity)
        if self._subject_of is not None:
            self.subject = self._subject_of(entity)
        for condition in self._conditions:
            if not condition(entity):
                return self.whose.reject("where", "where", f"Does not hold: {condition.text}")
        self.at = self._style_ref
        if self._short is not None:
            try:
                sample = self._short(entity)
            except Exception:  # noqa: BLE001  -- the long way will show which stage it was
                sample = None
            if sample is not None:
                return sample if self._all_short else self._on(sample, self._filters_left, self._weightings_left)
        made: object = self._style(entity)
        if not isinstance(made, Sample):
            return rejected_by(self._style_ref, self.whose, a_reject(made))
        return self._on(made, self._filters, self._weightings)

    def _on(
        self,
        sample: Sample,
        filters: Sequence[tuple[StageRef, Filter]],
        weightings: Sequence[tuple[StageRef, Weighting]],
    ) -> Sample | Rejected:
        """Take a sample through the stages that are left."""
        for stage, test in filters:
            self.at = stage
            reject = test(self.entity, sample)
            if reject is not None:
                return rejected_by(stage, self.whose, a_reject(reject))
        if self._metadata is not None:
            # Rows of all sources have the same keys, in the same order.
            sample.metadata = {name: sample.metadata.get(name) for name in self._metadata}
        return self._weigh(sample, weightings)

    def _weigh(self, sample: Sample, weightings: Sequence[tuple[StageRef, Weighting]]) -> Sample | Rejected:
        weight = sample.weight
        self.at = stage = self._style_ref
        if not 0.0 <= weight < inf:
            return bad_weight(stage, self.whose, weight, self._warned)
        for stage, weigh in weightings:
            self.at = stage
            factor = weigh(self.entity, sample)
            if isinstance(factor, Reject):
                return rejected_by(stage, self.whose, factor)
            weight *= factor
            if not 0.0 <= weight < inf:
                return bad_weight(stage, self.whose, weight, self._warned)
        sample.weight = min(max(weight, self._least), self._most) if self._bounded else weight
        return sample


def a_reject(answer: object) -> Reject:
    """What a stage answered in place of a sample or of None, which has to be a reject."""
    if not isinstance(answer, Reject):
        raise TypeError(f"returned {type(answer).__name__}")
    return answer
