"""What a plugin's factory is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from logging import Logger

from tuneport.config import closest
from tuneport.model import Entity, Problem
from tuneport.sample import Sample


@dataclass(frozen=True)
class SampleShape:
    """What every sample of a run has in common, as its style declared it.

    Attributes:
        kind: the class of all samples.
        has_input: whether Instruction samples carry an input.
        metadata: name to type of the metadata each sample carries, in order.
        turns: what turns may have beside role and content, of TURN_FIELDS; of Instruction samples, the answer.
        tools: whether samples may carry tools.
        weighted: whether the style itself may give samples another weight than 1.
    """

    kind: type[Sample]
    has_input: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    turns: frozenset[str] = frozenset()
    tools: bool = False
    weighted: bool = False


@dataclass
class Context:
    """Facts of the run, and what a factory may ask for or declare. No clock, no network.

    Attributes:
        now: the run's time, the same in every worker and after a resume. Never ask the clock instead.
        seed: the run's seed.
        log: a logger named after the plugin.
        fields: field name to type of the source's fields, from its schema or its first 10,000 entities.
        closed: `fields` is complete; a field that is not in it does not exist.
        hidden: fields the recipe excludes, which nothing may look at.
        elsewhere: fields that other sources of the run have; one of them that is missing here counts as null.
        title: what messages call the source; "" where the run has only one.
        weighted: whether weights are written: no weighting takes part in the run, or the recipe has this format carry
            weights otherwise, where not. Weights of single turns are written all the same.
        sample: what the run's samples have in common. None while the style itself is made, and where a
            style did not say.
    """

    now: datetime
    seed: int
    log: Logger
    fields: Mapping[str, str]
    closed: bool = False
    hidden: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    title: str = ""
    weighted: bool = True
    sample: SampleShape | None = None
    read_resource: Callable[[str], bytes] | None = None
    look: Callable[[], Iterable[Entity]] | None = None
    factor: float | None = None
    declared: set[str] | None = None
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def reads(self, *fields: str) -> None:
        """Declare the entity fields this stage looks at; call it with none to declare that it looks at none.

        A stage that never calls this is given whole entities, which is right and slower.
        """
        self.declared = (self.declared or set()) | set(fields)

    def needs(self, name: str, at: str = "") -> None:
        """Declare a field as `reads` does; that the source lacks it, or the recipe excludes it, is a problem then.

        Args:
            name: the field.
            at: the key in this stage's configuration that names it.
        """
        self.reads(name)
        if name in self.hidden:
            hint = "take it out of output.exclude_fields, or add it to output.include_fields"
            self.problems.append(Problem(at, f'field "{name}" is excluded', hint, "excluded_field"))
        elif name in self.elsewhere and name not in self.fields:
            self.log.info('%s has no field "%s": it counts as null there', self.title, name)
        elif self.closed and name not in self.fields:
            near = closest(name, self.fields)
            hint = f"{near} It has {', '.join(self.fields)}" if near else f"it has {', '.join(self.fields)}"
            self.problems.append(
                Problem(at, f'{self.title or "the source"} has no field "{name}"', hint, "unknown_field")
            )
        elif self.fields and name not in self.fields:
            known = closest(name, self.fields) or f"they have {', '.join(list(self.fields)[:12])}"
            where = f" of {self.title}" if self.title else ""
            self.log.warning('none of the first records%s has a field "%s"; %s', where, name, known)

    def makes(
        self,
        kind: type[Sample],
        *,
        has_input: bool = False,
        metadata: Mapping[str, str] | None = None,
        turns: Iterable[str] = (),
        tools: bool = False,
        weighted: bool = False,
    ) -> None:
        """Declare what all samples of this style have in common, so that formats know their columns."""
        self.sample = SampleShape(kind, has_input, dict(metadata or {}), frozenset(turns), tools, weighted)

    def first_records(self) -> Iterator[Entity]:
        """The first records of the source, 10,000 at most, whole: for what its fields alone do not tell.

        They are the same in every worker and after a resume, and are still read by the run.
        """
        yield from (self.look() if self.look is not None else ())

    def same(self, factor: float = 1.0) -> None:
        """Declare that this weighting gives every sample the same factor: where all do, no sample waits for others."""
        self.factor = factor

    def count(self, name: str) -> None:
        """Count one event that is worth a line of the run's summary, such as `no_timestamp`."""
        self.counts[name] += 1

    def resource(self, path: str) -> bytes:
        """The bytes of a file named in the configuration. Its digest becomes part of the plan.

        Args:
            path: relative to the recipe.
        """
        if self.read_resource is None:
            raise TypeError("this context has no resources")
        return self.read_resource(path)
