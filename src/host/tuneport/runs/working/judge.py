"""Validators over the rows of one part: who refuses what, counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tuneport.dataset import ValidatorStats
from tuneport.model import Problem, Reject
from tuneport.problems import errors_in, problems_of, sentence
from tuneport.runs.codes import sound
from tuneport.runs.messages import Rejected, StageRef
from tuneport.runs.planning.compiled import Compiled
from tuneport.runs.working.blame import Whose, raised_by, rule_code
from tuneport.runs.working.breaker import Chain, labels
from tuneport.sample import Sample

KEPT_PROBLEMS = 10
"""How many problems of each validator are kept: the last ones."""


class Judge:
    """Judges samples as the format `tuneport` writes them, each once, whatever the run writes.

    Attributes:
        stats: validator name to what it said so far.
        kept: what was said of the last sample and did not refuse it.
        chains: the maker of the rows and each validator by itself, to be told when it fails.
    """

    def __init__(self, compiled: Compiled) -> None:
        self._write = compiled.judged
        self._warned = compiled.warned
        made = [f"{label} for validators" for label in labels([self._write[0]] if self._write is not None else [])]
        self.chains = [Chain([label]) for label in (*made, *labels(stage for _, stage, _ in compiled.validators))]
        self._validators = [*zip(compiled.validators, self.chains[len(made) :], strict=True)]
        self.kept: list[str] = []
        self.stats = {name: ValidatorStats(stage.qualified) for name, stage, _ in compiled.validators}

    @property
    def needed(self) -> bool:
        """Whether there is anything to judge with."""
        return self._write is not None

    def judge(self, sample: Sample, whose: Callable[[], Whose]) -> Rejected | None:
        """Let every validator look at a sample; the first refusal, or None."""
        if self._write is None:
            return None
        self.kept = []
        stage, write = self._write
        try:
            row = write(sample)
        except BaseException as error:  # noqa: BLE001  -- one record, one reject: the run goes on
            failed = raised_by(stage, whose(), error, self._warned)
            self.chains[0].ended(0, failed)
            return failed
        self.chains[0].passed += 1
        if isinstance(row, Reject):
            return whose().reject(stage.qualified, rule_code(stage, row.code), row.reason)
        if sample.structured:
            row = as_it_was(row, sample.structured)
        refusal: Rejected | None = None
        refused: Rejected | None
        for (name, stage, validate), chain in self._validators:
            try:
                problems = problems_of(validate, row)
            except BaseException as error:  # noqa: BLE001  -- one record, one reject: the run goes on
                refused = self._failed(name, chain, raised_by(stage, whose(), error, self._warned))
            else:
                chain.passed += 1
                refused = self._refused(name, stage, problems, whose) if problems else None
            self.stats[name].judged += 1
            refusal = refusal or refused
        return refusal

    def _failed(self, name: str, chain: Chain, failed: Rejected) -> Rejected:
        self.stats[name].refused += 1
        chain.ended(0, failed)
        return failed

    def _refused(
        self, name: str, stage: StageRef, problems: list[Problem], whose: Callable[[], Whose]
    ) -> Rejected | None:
        stats = self.stats[name]
        told = [sound(problem.message) for problem in problems]
        stats.problems = [*stats.problems, *told][-KEPT_PROBLEMS:]
        errors = errors_in(problems)
        if not errors:
            stats.flagged += 1
            self.kept.extend(sound(sentence(problem)) for problem in problems)
            return None
        stats.refused += 1
        reason = "; ".join(map(sentence, errors))
        return whose().reject(stage.qualified, rule_code(stage, errors[0].code or "invalid"), sound(reason))


def as_it_was(row: Mapping[str, Any], structured: Mapping[str, Any]) -> dict[str, Any]:
    """A row with the values that became JSON text as they were in the record."""
    judged = dict(row)
    for place, value in structured.items():
        steps = place.split(".")
        # A row of samples of several kinds is a conversation, and has no column of this name.
        if steps[0] in judged:
            _put(judged, steps, value)
    return judged


def _put(holder: Any, steps: Sequence[str], value: Any) -> None:
    """Set the value at a path; what stands on the way is copied, for the row itself is written."""
    step: Any = int(steps[0]) if isinstance(holder, list) else steps[0]
    if len(steps) == 1:
        holder[step] = value
        return
    inner = holder[step]
    holder[step] = list(inner) if isinstance(inner, list | tuple) else dict(inner)
    _put(holder[step], steps[1:], value)


def added(total: dict[str, ValidatorStats], part: Mapping[str, ValidatorStats]) -> None:
    """Add what validators said of the next part."""
    for name, stats in part.items():
        before = total.setdefault(name, ValidatorStats(stats.plugin))
        before.judged += stats.judged
        before.refused += stats.refused
        before.flagged += stats.flagged
        before.problems = [*before.problems, *stats.problems][-KEPT_PROBLEMS:]
