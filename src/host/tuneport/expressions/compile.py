"""Makes plain closures of nodes, once; the shapes that filters mostly have get closures of their own."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from tuneport.expressions.functions import FUNCTIONS, Evaluate
from tuneport.expressions.nodes import (
    Arithmetic,
    Call,
    Comparison,
    Constant,
    Field,
    IsNull,
    Logic,
    Negative,
    Node,
    Not,
)
from tuneport.expressions.values import Report, calculate, contains, equal, number, ordered, plain, truth
from tuneport.model import Entity

Test = Callable[[Any, Any], bool | None]

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SAME: dict[str, Callable[[Any, Any], bool]] = {"==": operator.eq, "!=": operator.ne}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_NUMBERS = (int, float)


def compiled(node: Node, report: Report) -> Evaluate:
    """Compile a node; `report` is called where values do not go together."""
    make: Callable[[Any, Report], Evaluate] = _MAKERS[type(node)]
    return make(node, report)


def compiled_condition(node: Node, report: Report) -> Evaluate:
    """Compile a node to what gives true, false or null only."""
    evaluate = compiled(node, report)
    if node.gives == "condition":
        return evaluate
    return lambda entity: truth(evaluate(entity), report)


def _constant(node: Constant, _report: Report) -> Evaluate:
    value = node.value
    return lambda _entity: value


def _field(node: Field, _report: Report) -> Evaluate:
    name, *steps = node.path
    if not steps:
        return lambda entity: entity.get(name)

    def follow(entity: Entity) -> Any:
        value = entity.get(name)
        for step in steps:
            if not isinstance(value, dict):
                return None
            value = value.get(step)
        return value

    return follow


def _logic(node: Logic, report: Report) -> Evaluate:
    operands = [compiled_condition(operand, report) for operand in node.operands]
    # `and` is decided by the first false, `or` by the first true; else a null is the answer
    decides = node.word == "or"

    def logic(entity: Entity) -> bool | None:
        answer: bool | None = not decides
        for operand in operands:
            value: bool | None = operand(entity)
            if value is decides:
                return value
            if value is None:
                answer = None
        return answer

    return logic


def _not(node: Not, report: Report) -> Evaluate:
    operand = compiled_condition(node.operand, report)

    def negation(entity: Entity) -> bool | None:
        value: bool | None = operand(entity)
        return None if value is None else not value

    return negation


def _is_null(node: IsNull, report: Report) -> Evaluate:
    operand = compiled(node.operand, report)
    negated = node.negated
    return lambda entity: (plain(operand(entity)) is None) is not negated


def _negative(node: Negative, report: Report) -> Evaluate:
    operand = compiled(node.operand, report)

    def negative(entity: Entity) -> Any:
        value = number(operand(entity), report)
        return None if value is None else calculate("-", 0, value)

    return negative


def _arithmetic(node: Arithmetic, report: Report) -> Evaluate:
    first = compiled(node.first, report)
    rest = [(sign, compiled(operand, report)) for sign, operand in node.rest]

    def arithmetic(entity: Entity) -> Any:
        total = number(first(entity), report)
        for sign, operand in rest:
            if total is None:
                return None
            value = number(operand(entity), report)
            total = None if value is None else calculate(sign, total, value)
        return total

    return arithmetic


def _call(node: Call, report: Report) -> Evaluate:
    arguments = [compiled(argument, report) for argument in node.arguments]
    return FUNCTIONS[node.name].make(arguments, report)


def _comparison(node: Comparison, report: Report) -> Evaluate:
    if len(node.rest) == 1:
        ((sign, second),) = node.rest
        return _lean(node.first, sign, second, report) or _pair(node.first, sign, second, report)
    first = compiled(node.first, report)
    links = [(_test(sign, report), compiled(operand, report)) for sign, operand in node.rest]

    def chain(entity: Entity) -> bool | None:
        answer: bool | None = True
        left = first(entity)
        for test, operand in links:
            right = operand(entity)
            value = test(left, right)
            if value is False:
                return False
            if value is None:
                answer = None
            left = right
        return answer

    return chain


def _pair(first: Node, sign: str, second: Node, report: Report) -> Evaluate:
    left, right, test = compiled(first, report), compiled(second, report), _test(sign, report)
    return lambda entity: test(left(entity), right(entity))


def _test(sign: str, report: Report) -> Test:
    """What compares two values of any kind."""
    if sign in _ORDERS:
        order = _ORDERS[sign]
        return lambda left, right: ordered(order, left, right, report)
    if sign == "==":
        return lambda left, right: equal(left, right, report)
    if sign == "in":
        return lambda left, right: contains(right, left, report)
    positive = _test("==" if sign == "!=" else "in", report)

    def negated(left: Any, right: Any) -> bool | None:
        value = positive(left, right)
        return None if value is None else not value

    return negated


def _lean(first: Node, sign: str, second: Node, report: Report) -> Evaluate | None:
    """A closure for a top-level field beside a constant; None for any other shape."""
    if isinstance(first, Constant) and sign in _MIRRORED:
        first, sign, second = second, _MIRRORED[sign], first
    if not (isinstance(first, Field) and len(first.path) == 1 and isinstance(second, Constant)):
        return None
    (name,), value, kind = first.path, second.value, type(second.value)
    general = _test(sign, report)
    if sign in _MIRRORED:
        test = _ORDERS.get(sign) or _SAME[sign]
        if kind is str:
            return _field_and_text(name, test, value, general)
        return _field_and_number(name, test, value, general) if kind in _NUMBERS else None
    if kind is list and value and all(type(item) is str for item in value):
        return _field_in_texts(name, value, general, found=sign == "in")
    return None


def _field_and_number(name: str, test: Callable[[Any, Any], bool], constant: float, general: Test) -> Evaluate:
    def compare(entity: Entity) -> bool | None:
        value = entity.get(name)
        kind = value.__class__
        # only NaN differs from itself
        if kind is int or (kind is float and value == value):
            return test(value, constant)
        return general(value, constant)

    return compare


def _field_and_text(name: str, test: Callable[[Any, Any], bool], constant: str, general: Test) -> Evaluate:
    def compare(entity: Entity) -> bool | None:
        value = entity.get(name)
        return test(value, constant) if value.__class__ is str else general(value, constant)

    return compare


def _field_in_texts(name: str, texts: Sequence[str], general: Test, *, found: bool) -> Evaluate:
    choices = frozenset(texts)

    def compare(entity: Entity) -> bool | None:
        value = entity.get(name)
        return (value in choices) is found if value.__class__ is str else general(value, texts)

    return compare


_MAKERS: dict[type[Any], Callable[[Any, Report], Evaluate]] = {
    Constant: _constant,
    Field: _field,
    Logic: _logic,
    Not: _not,
    Comparison: _comparison,
    IsNull: _is_null,
    Arithmetic: _arithmetic,
    Negative: _negative,
    Call: _call,
}
