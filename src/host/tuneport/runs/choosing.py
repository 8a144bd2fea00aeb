"""Which records a preview shows."""

from __future__ import annotations

from logging import getLogger

from tuneport.config import below
from tuneport.context import Context
from tuneport.errors import RecipeError
from tuneport.expressions import Condition, ExpressionError, condition
from tuneport.expressions.values import as_number
from tuneport.model import Batch, Entity, Problem
from tuneport.runs.planning.plan import Plan


class Chosen:
    """The condition that says which records to show, and how many it left out because it does not suit them.

    Raises:
        RecipeError: it cannot be understood, or the source has no such field.
    """

    def __init__(self, plan: Plan, where: str) -> None:
        self._differ = False
        self._left_out = 0
        self._number = ""
        self._condition = self._read(plan, where)

    def _read(self, plan: Plan, where: str) -> Condition:
        fields = {name: kind for known in plan.pinned.fields for name, kind in known}
        closed = all(inlet.info.closed for inlet in plan.inlets)
        context = Context(plan.pinned.now, plan.recipe.run.seed, getLogger("tuneport"), fields, closed)
        try:
            read = condition(where, self._note)
        except ExpressionError as error:
            raise RecipeError([Problem("where", error.message, error.hint)]) from None
        for name in sorted(read.fields):
            context.needs(name)
        if context.problems:
            raise RecipeError([below("where", problem) for problem in context.problems])
        return read

    def _note(self) -> None:
        self._differ = True

    def of(self, batch: Batch) -> Batch:
        """The records of a batch for which it holds; one that could not be read is none of them."""
        records = zip(batch.ordinals, batch.entities, strict=True)
        kept = [(ordinal, entity) for ordinal, entity in records if isinstance(entity, dict) and self._holds(entity)]
        return Batch([entity for _, entity in kept], [ordinal for ordinal, _ in kept], batch.end)

    def _holds(self, entity: Entity) -> bool:
        self._differ = False
        held = self._condition(entity)
        if self._differ and not held:
            self._left_out += 1
            self._number = self._number or self._number_in(entity)
        return held

    def _number_in(self, entity: Entity) -> str:
        """The field that the condition reads and whose text is a number; "" where there is none."""
        read = (name for name in sorted(self._condition.fields) if name.isidentifier())
        return next((name for name in read if _is_number(entity.get(name))), "")

    def notes(self) -> list[str]:
        """What to say of records that were left out because the condition compares values of two kinds."""
        if not self._left_out:
            return []
        how = "a text stands in quotes, a number does not"
        if name := self._number:
            how = f'{name} is text: write number({name}), or for a CSV file set source.types.{name} = "integer"'
        count = "1 record" if self._left_out == 1 else f"{self._left_out:,} records"
        return [f"where left {count} out because it compares values of two kinds; {how}"]


def _is_number(value: object) -> bool:
    return isinstance(value, str) and isinstance(as_number(value), int | float)
