"""Calling factories: once each, with what they may know of the run and of one of its sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from logging import getLogger
from pathlib import Path
from typing import Any, NamedTuple

from tuneport.config import below, closest
from tuneport.context import Context, SampleShape
from tuneport.errors import RecipeError, told
from tuneport.expressions import Condition, ExpressionError
from tuneport.expressions import condition as parse_condition
from tuneport.files import Resources
from tuneport.model import Entity, Problem
from tuneport.phrases import shown
from tuneport.runs.planning.stages import Stage

METRIC_METHODS = ("new", "add", "merge", "result")


@dataclass(frozen=True)
class Facts:
    """What factories may know of a run and of one of its sources: pinned once, the same after a resume.

    Attributes:
        now: the run's time.
        seed: the run's seed.
        fields: field name to type, of this source.
        closed: whether it has no other fields.
        hidden: fields that nothing may look at.
        base: the folder that paths start from.
        elsewhere: fields that other sources of the run have.
        title: what messages call the source; "" where there is only one.
        look: gives its first records.
    """

    now: datetime
    seed: int
    fields: Mapping[str, str]
    closed: bool
    hidden: frozenset[str]
    base: Path
    elsewhere: frozenset[str] = frozenset()
    title: str = ""
    look: Callable[[], Iterable[Entity]] = tuple


class Clause(NamedTuple):
    """A condition that a recipe has: where it stands, its text, and the text that may be shown of it."""

    path: str
    text: str
    shown: str


def misread(clauses: Iterable[Clause], problems: list[Problem]) -> None:
    """Add what is wrong with conditions by themselves, where nothing is known of the fields."""
    for clause in clauses:
        try:
            parse_condition(clause.text)
        except ExpressionError as error:
            problems.append(_unreadable(clause, error))


def _unreadable(clause: Clause, error: ExpressionError) -> Problem:
    return Problem(f"{clause.path} = {shown(clause.shown)}", error.message, error.hint, "expression")


@dataclass
class Compiler:
    """Calls factories, and gathers what they declare."""

    facts: Facts
    weighted: bool
    problems: list[Problem]
    sample: SampleShape | None = None
    reads: set[str] = field(default_factory=set)
    whole: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    factors: list[float | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.resources = Resources(self.facts.base)

    def make(self, stage: Stage, *, sees_entities: bool = False, weighted: bool = True) -> Any:
        """Call a stage's factory; what it finds wrong is added to `problems`.

        Args:
            stage: the stage.
            sees_entities: whether it is given entities, and has to say which of their fields it looks at.
            weighted: whether it may write weights, where the run has any.
        """
        context = self._context(stage.ref.plugin)
        context.weighted = context.weighted and weighted
        try:
            made: object = stage.contribution.factory(stage.config, context)
        except RecipeError as error:
            self.problems.extend(below(stage.path, problem) for problem in error.problems)
            return None
        except (Exception, SystemExit) as error:  # noqa: BLE001  -- any plugin's fault is a problem of the recipe that names it
            text = f"{stage.ref.qualified} cannot be set up: {told(error)}"
            self.problems.append(Problem(stage.path, text, code=f"hook:{stage.ref.plugin}"))
            return None
        wanted = METRIC_METHODS if stage.ref.kind == "metrics" else ("__call__",)
        if not all(callable(getattr(made, name, None)) for name in wanted):
            what = f"nothing with {', '.join(wanted)}" if stage.ref.kind == "metrics" else "no function"
            text = f"{stage.ref.qualified} cannot be set up: its factory returned {type(made).__name__}, {what}"
            self.problems.append(Problem(stage.path, text, code=f"hook:{stage.ref.plugin}"))
        self.problems.extend(below(stage.path, problem) for problem in context.problems)
        if stage.ref.kind == "styles":
            self.sample = context.sample
        if stage.ref.kind == "weightings":
            self.factors.append(context.factor)
        if sees_entities:
            self._note(stage, context.declared)
        return made

    def _context(self, plugin: str) -> Context:
        return Context(
            now=self.facts.now,
            seed=self.facts.seed,
            log=getLogger(f"tuneport.{plugin}" if plugin else "tuneport"),
            fields=self.facts.fields,
            closed=self.facts.closed,
            hidden=self.facts.hidden,
            elsewhere=self.facts.elsewhere,
            title=self.facts.title,
            weighted=self.weighted,
            sample=self.sample,
            read_resource=self.resources.read,
            look=self.facts.look,
            counts=self.counts,
        )

    def condition(self, clause: Clause) -> Condition | None:
        """Parse a condition; what is wrong with it, or with its fields, is added to `problems`."""
        context = self._context("")
        try:
            condition = parse_condition(clause.text, lambda: context.count("where_kinds_differ"))
        except ExpressionError as error:
            self.problems.append(_unreadable(clause, error))
            return None
        for name in sorted(condition.fields):
            context.needs(name)
        self.problems.extend(below(clause.path, problem) for problem in context.problems)
        self.reads |= condition.fields
        return replace(condition, text=clause.shown)

    def needs(self, names: Iterable[str], path: str) -> None:
        """Declare fields that decide what belongs together; what is wrong with one is added to `problems`.

        One that none of the first records has is wrong, too: every record would be on its own.
        """
        context = self._context("")
        for name in names:
            self.reads.add(name)
            unseen = name not in context.hidden | context.elsewhere and context.fields and name not in context.fields
            if unseen and not context.closed:
                known = closest(name, context.fields) or f"they have {', '.join(list(context.fields)[:12])}"
                text = f'none of the first records has a field "{name}"'
                context.problems.append(Problem("", text, known, "unknown_field"))
            else:
                context.needs(name)
        self.problems.extend(below(path, problem) for problem in context.problems)

    def _note(self, stage: Stage, declared: set[str] | None) -> None:
        if declared is None:
            self.whole.append(stage.ref.qualified)
        else:
            self.reads |= declared
