"""Expressions over one record, such as `rating >= 4 and product != 'internal'`. They are parsed, never evaluated.

| written | meaning |
|---|---|
| `rating`, `payload.rating` | a field; a path into the objects in it. A missing one is null |
| `field("odd name")`, `field("payload", "odd name")` | the same for names that are no words |
| `4`, `1.5e3`, `'text'`, `"text"`, `true`, `false`, `null`, `['a', 'b']` | constants; a quote in its text is doubled |
| `==` `!=` | also of null: a missing field is `== null`, and `!= 'a'` |
| `<` `<=` `>` `>=`, `1 < x <= 5` | of two numbers, or of two texts by code point, ISO dates among them |
| `x in ['a', 'b']`, `x in ('a', 'b')` | the same as `x == 'a' or x == 'b'` |
| `'tag' in tags`, `'part' in text` | a list has it; a text has it in it. `not in` is the opposite |
| `x is null`, `x is not null` | always true or false |
| `and` `or` `not` | of conditions; null where the answer depends on one that is null |
| `+` `-` `*` `/` | of numbers; integers stay exact within 64 bits |
| `len lower upper contains startswith endswith abs min max log1p sqrt` | functions; `contains(x, y)` is `y in x` |
| `number(x)` | a text that is a number, as that number; a number as it is |

Keywords may be in upper case. What comes of null:

- ordering, arithmetic and functions give null where a value is null; `not null` is null; NaN is null;
- so does arithmetic without a finite result, such as a division by zero;
- values of different kinds (a text and a number; true and 1) compare as null, and so does what an operator
  or function cannot take; each record where that happens is reported once, through `on_mismatch`;
- a list is of another kind than an item only where nothing in it is of the item's kind;
- a condition that is null is not fulfilled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tuneport.expressions.compile import compiled, compiled_condition
from tuneport.expressions.functions import Evaluate
from tuneport.expressions.grammar import Parser
from tuneport.expressions.tokens import ExpressionError
from tuneport.expressions.values import plain
from tuneport.model import Entity

__all__ = ["Condition", "Expression", "ExpressionError", "condition", "parse"]

OnMismatch = Callable[[], None]


class _Mismatch:
    """Remembers, within one record, that values did not go together."""

    __slots__ = ("_tell", "seen")

    def __init__(self, tell: OnMismatch | None) -> None:
        self.seen = False
        self._tell = tell

    def note(self) -> None:
        self.seen = True

    def settle(self) -> None:
        self.seen = False
        if self._tell is not None:
            self._tell()


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """What `parse` makes: called with a record, it returns a value, None for null. For one thread at a time.

    Attributes:
        text: as it was written.
        fields: the top-level fields it reads.
    """

    text: str
    fields: frozenset[str]
    _evaluate: Evaluate
    _mismatch: _Mismatch

    def __call__(self, entity: Entity) -> Any:
        """The value for one record."""
        value = plain(self._evaluate(entity))
        if self._mismatch.seen:
            self._mismatch.settle()
        return value


class Condition(Expression):
    """What `condition` makes: called with a record, it says whether the condition is fulfilled."""

    __slots__ = ()

    def __call__(self, entity: Entity) -> bool:
        """Whether one record fulfils it; null does not."""
        value = self._evaluate(entity)
        if self._mismatch.seen:
            self._mismatch.settle()
        return value is True


def parse(text: str, on_mismatch: OnMismatch | None = None) -> Expression:
    """Read an expression that gives a value.

    Args:
        text: the expression.
        on_mismatch: called once for each record in which values of different kinds met.

    Raises:
        ExpressionError: it cannot be understood; the message shows the place.
    """
    parser = Parser(text)
    node = parser.whole()
    mismatch = _Mismatch(on_mismatch)
    return Expression(text, frozenset(parser.fields), compiled(node, mismatch.note), mismatch)


def condition(text: str, on_mismatch: OnMismatch | None = None) -> Condition:
    """Read an expression that is fulfilled or not.

    Args:
        text: the expression.
        on_mismatch: called once for each record in which values of different kinds met.

    Raises:
        ExpressionError: it cannot be understood, or is never true or false; the message shows the place.
    """
    parser = Parser(text)
    node = parser.condition(parser.whole())
    mismatch = _Mismatch(on_mismatch)
    return Condition(text, frozenset(parser.fields), compiled_condition(node, mismatch.note), mismatch)
