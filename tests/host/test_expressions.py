"""Expressions: what they mean, line by line and against a second interpreter written differently."""

from __future__ import annotations

import math
import operator
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuneport.expressions import condition, parse

RECORD: dict[str, Any] = {
    "rating": 4,
    "score": 2.5,
    "price": Decimal("2.50"),
    "name": "Ann's",
    "day": "2026-05-01",
    "moment": datetime(2026, 5, 1, 12, tzinfo=UTC),
    "born": date(2026, 5, 1),
    "active": True,
    "nothing": None,
    "nan": math.nan,
    "big": 2**70,
    "tags": ["a", "b", 3],
    "numbers": (1, 2),
    "payload": {"rating": 5, "deep": {"x": "y"}, "odd key": 1, "in": 2},
    "odd name": 7,
    "a.b": 8,
    "class": "c",
    "len": 3,
    "raw": b"a",
}

# Trees are ("field", name), ("constant", value), or (operator, operand, ...).
Tree = tuple[Any, ...]
NAMES = ("a", "b", "c")
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([-1.5, 0.0, 0.5, 2.0, "", "a", "ab", "B"])
ENTITIES = st.dictionaries(st.sampled_from(NAMES), SCALARS | st.lists(SCALARS, max_size=3))
LEAVES = st.tuples(st.just("field"), st.sampled_from(NAMES)) | st.tuples(st.just("constant"), SCALARS)
LISTS = st.tuples(st.just("constant"), st.lists(SCALARS, max_size=3))
ARITHMETIC = st.recursive(
    LEAVES, lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner) | st.tuples(st.just("neg"), inner)
)
TESTS = (
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), ARITHMETIC, ARITHMETIC)
    | st.tuples(st.sampled_from(["in", "not in"]), LEAVES, LISTS | LEAVES)
    | st.tuples(st.sampled_from(["is null", "is not null"]), ARITHMETIC)
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), inner, inner) | st.tuples(st.just("not"), inner),
    max_leaves=6,
)


def written(tree: Tree) -> str:
    """A tree as text, every operand in parentheses."""
    match tree:
        case ("field", name):
            return str(name)
        case ("constant", value):
            return constant(value)
        case (("in" | "not in") as sign, item, ("constant", holder)):
            # in parentheses a constant would be a list, as SQL has it
            return f"({written(item)}) {sign} {constant(holder)}"
        case ("neg", operand):
            return f"-({written(operand)})"
        case ("not", operand):
            return f"not ({written(operand)})"
        case (("is null" | "is not null") as sign, operand):
            return f"({written(operand)}) {sign}"
    sign, left, right = tree
    return f"({written(left)}) {sign} ({written(right)})"


def constant(value: Any) -> str:
    """A value as an expression writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(constant, value))}]"
    return (
        {None: "null", True: "true", False: "false"}[value]
        if value is None or value is True or value is False
        else repr(value)
    )


class Oracle:
    """Works a tree out eagerly; `strange` says whether values of different kinds met anywhere."""

    def __init__(self, entity: dict[str, Any]) -> None:
        self.entity = entity
        self.strange = False

    def value(self, tree: Tree) -> Any:
        """The value of a tree."""
        match tree:
            case ("field", name):
                return self.entity.get(name)
            case ("constant", value):
                return value
            case ("neg", operand):
                return self.value(("-", ("constant", 0), operand))
            case ("not", operand):
                return {True: False, False: True, None: None}[self.value(operand)]
            case ("is null", operand):
                return self.value(operand) is None
            case ("is not null", operand):
                return self.value(operand) is not None
        sign, left, right = tree[0], self.value(tree[1]), self.value(tree[2])
        if sign in ("and", "or"):
            weakest = sorted([left, right], key=[False, None, True].index)
            return weakest[0] if sign == "and" else weakest[1]
        return self.operation(sign, left, right)

    def operation(self, sign: str, left: Any, right: Any) -> Any:
        """One operator on two values."""
        if sign.startswith("not") or sign == "!=":
            answer = self.operation("in" if sign == "not in" else "==", left, right)
            return None if answer is None else answer is False
        if sign == "==":
            return self.same(left, right)
        if sign == "in":
            return self.within(left, right)
        kinds = {kind(left), kind(right)}
        if sign in "+-*/" and kinds - {"null"} - {"number"}:
            return self.mismatch()
        if "null" in kinds:
            return None
        if len(kinds) > 1 or not kinds <= {"number", "text"}:
            return self.mismatch()
        return calculated(sign, left, right)

    def same(self, left: Any, right: Any) -> Any:
        """Equality."""
        if left is None or right is None or kind(left) == kind(right):
            return bool(left == right)
        return self.mismatch()

    def within(self, item: Any, holder: Any) -> Any:
        """Membership."""
        if isinstance(holder, str) and isinstance(item, str):
            return holder.find(item) >= 0
        if holder is None or (isinstance(holder, str) and item is None):
            return None
        if not isinstance(holder, list):
            return self.mismatch()
        answers = [
            None if kind(item) != kind(one) and "null" not in (kind(item), kind(one)) else item == one for one in holder
        ]
        if True in answers:
            return True
        return False if False in answers or not holder else self.mismatch()

    def mismatch(self) -> Any:
        """Note it; null is what comes of it."""
        self.strange = True
        return None


def kind(value: Any) -> str:
    """The kind of a value."""
    names = {"NoneType": "null", "int": "number", "float": "number", "str": "text", "list": "list", "bool": "boolean"}
    return names[type(value).__name__]


def calculated(sign: str, left: Any, right: Any) -> Any:
    """Python's own answer; a division by zero has none."""
    if sign == "/" and right == 0:
        return None
    names = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
    return getattr(operator, names[sign])(left, right)


@given(tree=CONDITIONS, entity=ENTITIES)
def test_conditions_agree_with_a_second_interpreter(tree: Tree, entity: dict[str, Any]) -> None:
    """Every condition gives what a naive interpreter gives, and reports a mismatch only where one is."""
    reported: list[None] = []
    oracle = Oracle(entity)
    expected = oracle.value(tree)
    text = written(tree)
    assert parse(text)(entity) is expected
    assert condition(text, lambda: reported.append(None))(entity) is (expected is True)
    assert len(reported) <= oracle.strange
    assert condition(text).fields == set(re.findall(r"\b[abc]\b", re.sub(r"'\w*'", "", text)))


@given(tree=TESTS, entity=ENTITIES)
def test_mismatches_are_reported_once(tree: Tree, entity: dict[str, Any]) -> None:
    """One comparison that meets values of different kinds is reported, however often they meet in it."""
    reported: list[None] = []
    oracle = Oracle(entity)
    oracle.value(tree)
    only_simple = all(part[0] in ("field", "constant") for part in tree[1:])
    condition(written(tree), lambda: reported.append(None))(entity)
    assert len(reported) == oracle.strange if only_simple else len(reported) <= oracle.strange


@given(tree=ARITHMETIC, entity=ENTITIES)
def test_arithmetic_agrees_with_a_second_interpreter(tree: Tree, entity: dict[str, Any]) -> None:
    """Numbers come out as Python's; whatever is not a number gives null."""
    found, expected = parse(written(tree))(entity), Oracle(entity).value(tree)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rating >= 4 and product != 'internal'", True),
        ("RATING >= 4", None),
        ("rating == 4 AND NOT rating IN (1, 2) OR nothing IS NOT NULL", True),
        ("1 < rating <= 5", True),
        ("1 < rating < 4", False),
        ("1 < nothing < 4", None),
        ("5 < nothing < 4 < rating", False),
        ("9 < rating < nothing", False),
        ("2 + 3 * 4 - 6 / 2 == 11", True),
        ("-rating * -2 == 8", True),
        ("2 - 1 - 1 == 0", True),
        ("not rating == 3 and true", True),
        ("false and false or true", True),
        ("(rating)", 4),
        ("name == 'Ann''s' and name == 'Ann\\'s' and name == \"Ann's\"", True),
        ("'it''s' + 1", None),
        ("'a\\\\b\\n' == \"a\\\\b\\n\"", True),
        ('"say ""x"" \'\'"', "say \"x\" ''"),
        ("payload.rating >= 5 and payload.deep.x == 'y'", True),
        ("payload.in", 2),
        ("payload.none.x is null and rating.x is null and tags.x is null", True),
        ('field("odd name") + field("payload", "odd key") + field("a.b")', 16),
        ('field("payload").rating', 5),
        ("class == 'c' and len == 3 and len(class) == 1", True),
        ("'a' in tags and 3 in tags and 'c' not in tags", True),
        ("true in tags", None),
        ("2 in numbers and numbers == [1, 2] and len(numbers) == 2", True),
        ("'x' in nothing", None),
        ("nothing in 'x'", None),
        ("rating in 'x'", None),
        ("'rating' in payload", None),
        ("nothing in ['a'] or nothing not in ['a', null]", False),
        ("'a' in ('a')", True),
        ("'a' in ('ab')", False),
        ("'a' in (class) or 'c' in (class)", True),
        ("rating in (-4, 4)", True),
        ("rating in []", False),
        ("active == true and active != false", True),
        ("active == 1", None),
        ("active < 2", None),
        ("active + 1", None),
        ("not active", False),
        ("not nothing", None),
        ("not rating", None),
        ("rating and true", None),
        ("false and rating", False),
        ("true or rating", True),
        ("nothing == null and missing == null and nothing != 1", True),
        ("nothing < 1 or true", True),
        ("nan is null and nan == null and nan != 1", True),
        ("not (nan < 1)", None),
        ("nan + 1", None),
        ("price == 2.5 and price < 3 and price * 2 == 5 and price == score", True),
        ("day >= '2026-01-01' and day < '2026-12'", True),
        ("moment >= '2026-05-01' and born == day and born < moment", True),
        ("name > 3", None),
        ("tags < 3", None),
        ("tags == ['a', 'b', 3]", True),
        ("raw == 'a'", None),
        ("raw == raw", None),
        ("rating / 0", None),
        ("rating / 8", 0.5),
        ("9223372036854775807 + 1", 2.0**63),
        ("-9223372036854775808", -(2**63)),
        ("big > 1 and big - 1 > 1", True),
        ("big * big / big", float(2**70)),
        ("1e308 * 10", None),
        (".5 + 1. + 1e-1", 1.6),
        ("len(name) + len(tags) + len(payload)", 12),
        ("len(4)", None),
        ("lower('ÄB') == 'äb' and upper(name) == 'ANN''S'", True),
        ("contains(name, 'nn') and contains(tags, 'b')", True),
        ("startswith(name, 'An') and endswith(name, 's')", True),
        ("startswith(name, nothing)", None),
        ("startswith(name, 4)", None),
        ("abs(-3) + min(1, score, 9) + max(1, 2)", 6),
        ("max(1, 'a')", None),
        ("log1p(0) + sqrt(9)", 3.0),
        ("log1p(-2)", None),
        ("sqrt(-1)", None),
        ("number('12') + number(' 0.5 ') + number(2)", 14.5),
        ("number('')", None),
        ("number('many')", None),
        ("number('1_000')", None),
        ("number('9e999')", None),
        ("log1p(nothing)", None),
        ("(1 < 2) is not null and (nothing < 2) is null", True),
    ],
)
def test_what_is_written_means(text: str, expected: Any) -> None:
    """Each line of the language, one by one."""
    found = parse(text)(RECORD)
    assert found == expected
    assert type(found) is type(expected)


def test_a_value_is_given_as_expressions_see_it() -> None:
    """A field alone is what it is inside an expression: NaN is null, a date ISO text, a tuple a list."""
    given = {"nan": math.nan, "day": date(2024, 11, 21), "pair": (1, 2), "data": b"x"}
    assert [parse(name)(given) for name in given] == [None, "2024-11-21", [1, 2], b"x"]


@pytest.mark.parametrize("left", ["rating", "score", "price", "name", "nothing", "nan", "active", "tags", "absent"])
@pytest.mark.parametrize("right", ["3", "2.5", "'Ann''s'", "null", "true"])
@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
def test_a_field_beside_a_constant_has_no_meaning_of_its_own(left: str, sign: str, right: str) -> None:
    """The closures for common shapes, either way round, give what the general ones give."""
    mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(sign, sign)
    general = parse(f"payload.x.y is null and min(1, 2) == 1 and {left} {sign} {right} {sign} {right}")
    expected = parse(f"field('wrapped', '{left}') {sign} {right}")({"wrapped": RECORD})
    assert parse(f"{left} {sign} {right}")(RECORD) is expected
    assert parse(f"{right} {mirrored} {left}")(RECORD) is expected
    assert general.fields >= {left, "payload"}


def test_a_bare_field_may_be_a_condition() -> None:
    """A field that holds true or false is one; what holds anything else is reported."""
    reported: list[None] = []
    active = condition("active", lambda: reported.append(None))
    values: list[Any] = [True, False, None]
    assert [active({"active": value}) for value in values] == [True, False, False]
    assert reported == []
    assert active({"active": 1}) is False
    assert len(reported) == 1


def test_mismatches_are_counted_by_record() -> None:
    """A record is reported once, however many comparisons in it fail; null and missing are no mismatch."""
    reported: list[None] = []
    found = condition("rating > 3 or rating < 1 or rating == 'x' or rating in [1]", lambda: reported.append(None))
    values: list[Any] = [[], {}, None, 4]
    assert [found({"rating": value}) for value in values] == [False, False, False, True]
    assert found({}) is False
    assert len(reported) == 2
    assert parse("rating > 3")({"rating": "4"}) is None


def test_equality_of_deep_values_gives_an_answer() -> None:
    """Values too deep to be compared are a mismatch, no crash."""
    one: list[Any] = []
    other: list[Any] = []
    for _ in range(100_000):
        one, other = [one], [other]
    reported: list[None] = []
    assert condition("a == b", lambda: reported.append(None))({"a": one, "b": other}) is False
    assert len(reported) == 1


def test_an_expression_knows_its_fields_and_text() -> None:
    """Top-level fields only, odd names and those in calls among them."""
    found = parse("payload.rating + len(name) > field('odd name') and x in ['y'] and payload.z is null")
    assert found.fields == {"payload", "name", "odd name", "x"}
    assert found.text.startswith("payload.rating")
    with pytest.raises(AttributeError):
        found.text = "other"  # type: ignore[misc]
