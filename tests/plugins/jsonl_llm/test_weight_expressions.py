"""`weight_expression`: a weight that is worked out of a record."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, rows

from plugins.jsonl_llm.support import answer, context
from tuneport import Context, DeferredWeighting, Reject, Summary, export
from tuneport.errors import RecipeError
from tuneport_jsonl_llm import weightings
from tuneport_jsonl_llm.config import FieldWeightConfig

SAMPLE = answer("An answer")
DIFFER = Reject(
    "bad_type",
    "Weight expression gives no number: values in it do not go together; a text that is one is number(field)",
)


def worked_out(
    expression: str, entity: dict[str, Any], ctx: Context | None = None, **config: Any
) -> float | Reject | None:
    """The weight of a record."""
    weigh = weightings.field(FieldWeightConfig(weight_expression=expression, **config), ctx or context())
    return weigh(entity, SAMPLE)


@pytest.mark.parametrize(
    ("expression", "entity", "weight"),
    [
        ("log1p(upvotes) * 0.5", {"upvotes": math.e - 1}, 0.5),
        ("min(upvotes, 10) / 10 + 1", {"upvotes": 57}, 2.0),
        ("votes.up - votes.down", {"votes": {"up": 5, "down": 2}}, 3.0),
        ("upvotes", {"upvotes": Decimal("1.5")}, 1.5),
        ("upvotes", {"upvotes": "2"}, 2.0),
        ("upvotes > 3", {"upvotes": 5}, 1.0),
        ("2", {}, 2.0),
        # no weight
        ("log1p(upvotes)", {}, 0.25),
        ("log1p(upvotes)", {"upvotes": None}, 0.25),
        ("upvotes", {"upvotes": math.nan}, 0.25),
        ("upvotes", {"upvotes": " "}, 0.25),
        ("1 / upvotes", {"upvotes": 0}, 0.25),
    ],
)
def test_the_value_is_the_weight(expression: str, entity: dict[str, Any], weight: float) -> None:
    """It is a number, or what is a number as a field's weight is; null is the default weight."""
    result = worked_out(expression, entity, default_weight=0.25)
    assert isinstance(result, float)
    assert result == pytest.approx(weight, abs=1e-12)


@pytest.mark.parametrize(
    ("expression", "value", "reject"),
    [
        ("v", "many", Reject("bad_type", "Weight expression is text, not a number")),
        ("v", [1], Reject("bad_type", "Weight expression is a list, not a number")),
        ("upper(v)", "a", Reject("bad_type", "Weight expression is text, not a number")),
        ("v * 2", "many", DIFFER),
        ("v * 2", True, DIFFER),
        ("log1p(v)", "3", DIFFER),
    ],
)
def test_what_is_no_number_rejects_its_record(expression: str, value: object, reject: Reject) -> None:
    """A text in arithmetic is not silently the default weight; the value is not shown."""
    assert worked_out(expression, {"v": value}) == reject


def test_a_mismatch_belongs_to_its_own_record() -> None:
    """The next record without a value has the default weight again."""
    weigh = weightings.field(FieldWeightConfig(weight_expression="v * 2"), context())
    assert [weigh({"v": value}, SAMPLE) for value in ("x", None, 3)] == [DIFFER, 1.0, 6.0]


def test_a_negative_value_counts_as_zero_and_is_reported() -> None:
    """As a negative number in a field does."""
    ctx = context()
    assert (worked_out("1 - v", {"v": 3}, ctx), ctx.counts) == (0.0, {"negative_weight": 1})


def test_normalize_applies_to_the_value() -> None:
    """`log` at once, `minmax` when all values are known."""
    assert worked_out("v * 2", {"v": (math.e - 1) / 2}, normalize="log") == pytest.approx(2.0, abs=1e-12)
    weighting = weightings.field(FieldWeightConfig(weight_expression="v * 2", normalize="minmax"), context())
    assert isinstance(weighting, DeferredWeighting)
    numbers = [weighting({"v": value}, SAMPLE) for value in (0, 1, 2, None)]
    assert numbers == [0.0, 2.0, 4.0, None]
    factor = weighting.finish(Summary.of([0.0, 2.0, 4.0]))
    assert [factor(number) for number in (0.0, 2.0, 4.0, None)] == [0.5, 1.0, 1.5, 1.0]


def test_the_fields_it_reads_are_declared() -> None:
    """One that the source lacks is a problem of the recipe; a constant reads none."""
    ctx = context({"votes": "integer"}, closed=True)
    worked_out("votes + vote", {}, ctx)
    assert ctx.declared == {"votes", "vote"}
    assert [(problem.path, problem.code) for problem in ctx.problems] == [("weight_expression", "unknown_field")]
    ctx = context()
    worked_out("2", {}, ctx)
    assert ctx.declared == set()


def test_what_cannot_be_understood_is_a_problem_at_its_key(tmp_path: Path) -> None:
    """With the place in the expression, in a recipe too."""
    with pytest.raises(RecipeError) as caught:
        worked_out("log2(votes)", {})
    assert [(problem.path, problem.code) for problem in caught.value.problems] == [("weight_expression", "expression")]
    (tmp_path / "in.jsonl").write_text("")
    asked = recipe(tmp_path / "in.jsonl", tmp_path / "out", export={"weighting": {"weight_expression": "votes *"}})
    with pytest.raises(RecipeError, match=r"export.weighting.weight_expression\n +ends where a value is needed"):
        export(asked)


@pytest.mark.parametrize("expression", ["'upvotes'", "upper('a')", "['1']", "null", "1 / 0", "'a' * 2"])
def test_what_never_gives_a_number_is_a_problem(expression: str) -> None:
    """A constant that is no number would refuse every record, or give each the default weight."""
    with pytest.raises(RecipeError, match="never gives a number") as caught:
        worked_out(expression, {})
    assert [problem.path for problem in caught.value.problems] == ["weight_expression"]


@pytest.mark.parametrize(("expression", "weight"), [("true", 1.0), ("2 > 3", 0.0), ("'2.5'", 2.5), ("1 + 1", 2.0)])
def test_constants_that_count_are_weights(expression: str, weight: float) -> None:
    """A condition counts 1 or 0, and a text that is a number is that number, as in a field."""
    assert worked_out(expression, {}) == weight


def test_rows_carry_what_was_worked_out(tmp_path: Path) -> None:
    """From a file to a file: the field is read, and every factor multiplies."""
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    texts = ['{"question":"Q%d","answer":"A long answer","up":%d}\n' % (n, n) for n in range(3)]  # noqa: UP031
    source.write_text("".join(texts))
    weighting = {"weight_expression": "up * 0.5 + 1"}
    export(recipe(source, out, export={"weighting": weighting}))
    assert [row["weight"] for row in rows(out)] == [1.0, 1.5, 2.0]
