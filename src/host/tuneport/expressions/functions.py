"""The functions that an expression may call. A new one is a line in the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tuneport.expressions.nodes import Gives
from tuneport.expressions.values import LIST, OBJECT, TEXT, Report, as_number, contains, finite, kind_of, number, plain
from tuneport.model import Entity

Evaluate = Callable[[Entity], Any]
Make = Callable[[Sequence[Evaluate], Report], Evaluate]


class Function(NamedTuple):
    """One function: how many arguments it takes, what it gives, and how it is made from compiled arguments."""

    least: int
    most: int
    gives: Gives
    make: Make


def _taking(kinds: Sequence[str], call: Callable[..., Any]) -> Make:
    """Let `call` see arguments that are all of these kinds; null gives null, any other kind is reported."""

    def make(arguments: Sequence[Evaluate], report: Report) -> Evaluate:
        def evaluate(entity: Entity) -> Any:
            values = []
            for argument in arguments:
                value = plain(argument(entity))
                if value is None:
                    return None
                if kind_of(value) not in kinds:
                    report()
                    return None
                values.append(value)
            return call(*values)

        return evaluate

    return make


def _numeric(call: Callable[..., Any]) -> Make:
    """Let `call` see numbers; null where it has no finite result for them."""

    def make(arguments: Sequence[Evaluate], report: Report) -> Evaluate:
        def evaluate(entity: Entity) -> Any:
            values = []
            for argument in arguments:
                value = number(argument(entity), report)
                if value is None:
                    return None
                values.append(value)
            return finite(call, *values)

        return evaluate

    return make


def _contains(arguments: Sequence[Evaluate], report: Report) -> Evaluate:
    holder, item = arguments
    return lambda entity: contains(holder(entity), item(entity), report)


def _number(arguments: Sequence[Evaluate], report: Report) -> Evaluate:
    (argument,) = arguments

    def evaluate(entity: Entity) -> Any:
        value = plain(argument(entity))
        return number(as_number(value) if isinstance(value, str) else value, report)

    return evaluate


_ANY_NUMBER = 100

FUNCTIONS: dict[str, Function] = {
    "abs": Function(1, 1, "value", _numeric(abs)),
    "contains": Function(2, 2, "condition", _contains),
    "endswith": Function(2, 2, "condition", _taking((TEXT,), str.endswith)),
    "len": Function(1, 1, "value", _taking((TEXT, LIST, OBJECT), len)),
    "log1p": Function(1, 1, "value", _numeric(math.log1p)),
    "lower": Function(1, 1, "value", _taking((TEXT,), str.lower)),
    "max": Function(2, _ANY_NUMBER, "value", _numeric(max)),
    "min": Function(2, _ANY_NUMBER, "value", _numeric(min)),
    "number": Function(1, 1, "value", _number),
    "sqrt": Function(1, 1, "value", _numeric(math.sqrt)),
    "startswith": Function(2, 2, "condition", _taking((TEXT,), str.startswith)),
    "upper": Function(1, 1, "value", _taking((TEXT,), str.upper)),
}
