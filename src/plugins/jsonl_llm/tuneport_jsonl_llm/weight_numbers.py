"""The number that a record's weight is made of: what stands in a field, or what an expression gives."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tuneport import Context, Entity, Problem, Reject
from tuneport.errors import RecipeError
from tuneport.expressions import Expression, ExpressionError, parse
from tuneport_jsonl_llm.config import FieldWeightConfig
from tuneport_jsonl_llm.values import describe

ReadNumber = Callable[[Entity], float | Reject | None]
"""A record's number, at least 0, or None where it has none. Infinities and NaN are left for the host to refuse."""


def number_reader(config: FieldWeightConfig, ctx: Context) -> ReadNumber:
    """How to read a record's number.

    Raises:
        RecipeError: `weight_expression` cannot be understood, or never gives a number.
    """
    return _worked_out(config.weight_expression, ctx) if config.weight_expression.strip() else _field(config, ctx)


def _field(config: FieldWeightConfig, ctx: Context) -> ReadNumber:
    name, label = config.weight_field, f"Weight field '{config.weight_field}'"
    if "weight_field" in config.model_fields_set:
        ctx.needs(name, at="weight_field")
    else:
        ctx.reads(name)

    def read(entity: Entity) -> float | Reject | None:
        value = entity.get(name)
        if type(value) is not float:
            value = _number(value, label)
            if value is None or isinstance(value, Reject):
                return value
        return _at_least_zero(value, ctx)

    return read


def _worked_out(text: str, ctx: Context) -> ReadNumber:
    differed: list[bool] = []
    expression = _expression(text, lambda: differed.append(True))
    if not expression.fields:
        _must_be_number(expression)
    ctx.reads()
    for name in sorted(expression.fields):
        ctx.needs(name, at="weight_expression")
    text = "Weight expression gives no number: values in it do not go together; a text that is one is number(field)"
    no_number = Reject("bad_type", text)

    def read(entity: Entity) -> float | Reject | None:
        value = expression(entity)
        if differed:
            differed.clear()
            if value is None:
                return no_number
        if value is None:
            ctx.count("weight_undefined")
        value = _number(value, "Weight expression")
        return value if value is None or isinstance(value, Reject) else _at_least_zero(value, ctx)

    return read


def _expression(text: str, on_mismatch: Callable[[], None]) -> Expression:
    try:
        return parse(text, on_mismatch)
    except ExpressionError as error:
        raise RecipeError([Problem("weight_expression", error.message, error.hint, "expression")]) from None


def _must_be_number(expression: Expression) -> None:
    """Refuse an expression without a field, whose value all records share, where that is no number."""
    if isinstance(_number(expression({}), ""), float):
        return
    message = f"the expression {json.dumps(expression.text, ensure_ascii=False)} never gives a number"
    hint = "a text in quotes is that text: write a field without quotes, such as log1p(upvotes)"
    raise RecipeError([Problem("weight_expression", message, hint, "expression")])


def _at_least_zero(value: float, ctx: Context) -> float:
    if value < 0 and value != -math.inf:
        ctx.count("negative_weight")
        return 0.0
    return value or 0.0  # -0.0 is written as 0.0


def _number(value: Any, label: str) -> float | Reject | None:
    """The value as a float, not finite where it is too large for one; None where there is no weight."""
    if value is None:
        return None
    try:
        if isinstance(value, (int, float, Decimal)):
            return float(value)
        if isinstance(value, str):
            text = value.strip()
            if not text:
                return None
            if "_" not in text:
                return float(text)
    except OverflowError:
        return math.inf
    except ValueError:
        pass
    return Reject("bad_type", f"{label} is {describe(value)}, not a number")
