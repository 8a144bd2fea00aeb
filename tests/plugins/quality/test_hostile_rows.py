"""Rows made to break a validator: each is judged, or has one problem that says why not."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.quality.support import ENVIRONMENT, compiled, said
from tuneport_quality.extent import extent, within

RECURSIVE = {"anyOf": [{"type": "integer"}, {"items": {"$ref": "#"}, "additionalProperties": {"$ref": "#"}}]}
CANNOT = "Record cannot be judged: it holds what JSON does not have, or too much"
TOO_DEEP = "Record is nested too deeply to judge (max 128 levels)"


def deep(levels: int, *, lists: bool = True) -> Any:
    """A value inside so many lists or objects."""
    value: Any = 1
    for _ in range(levels):
        value = [value] if lists else {"a": value}
    return value


@pytest.mark.parametrize("value", ["\ud800", {1: 2}, b"bytes", {1, 2}, object()])
def test_values_that_json_does_not_have(value: Any) -> None:
    """One problem, no exception."""
    assert said({"properties": {"x": {"type": "number"}}}, {"x": value}) == [CANNOT]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"\ud800": 1}])
def test_values_that_are_no_number(value: Any) -> None:
    """Whatever the library makes of them, they do not fit."""
    assert len(said({"properties": {"x": {"type": "number"}}}, {"x": value})) == 1


def test_large_integers_are_integers() -> None:
    """Beyond 64 bits, and beyond what a float holds."""
    schema = {"properties": {"x": {"type": "integer", "minimum": 0}}}
    assert said(schema, {"x": 10**400}) == []
    assert said(schema, {"x": -(10**400)}) == ["Field 'x' too small (min 0)"]


def test_a_boolean_is_no_integer_and_a_whole_float_is_one() -> None:
    """As JSON Schema has it, not Python."""
    schema = {"properties": {"x": {"type": "integer"}}}
    assert said(schema, {"x": True}) == ["Field 'x' is not an integer"]
    assert said(schema, {"x": 1.0}) == []


@pytest.mark.parametrize("lists", [True, False])
def test_depth_is_bounded_where_the_schema_recurses(lists: bool) -> None:
    """128 levels, the row itself included, are judged; one more is not."""
    judge = compiled(RECURSIVE)
    assert list(judge({"x": deep(127, lists=lists)})) == []
    assert [problem.message for problem in judge({"x": deep(128, lists=lists)})] == [TOO_DEEP]


def test_depth_does_not_matter_where_it_does_not() -> None:
    """A schema that looks at two levels judges a row of any depth, and never crashes."""
    row = {"x": deep(100_000), "y": 1}
    assert said({"properties": {"y": {"type": "integer"}}}, row) == []
    assert said({"properties": {"y": {"type": "string"}}}, row) == ["Record does not fit the schema"]
    assert said({"properties": {"x": {"uniqueItems": True}}}, {"x": [deep(1000), deep(1000)]}) == [CANNOT]


def test_the_depth_that_is_judged_falls_with_the_depth_of_the_schema() -> None:
    """Frames of the stack are levels of the row times schemas inside one another."""
    schema: dict[str, Any] = {"additionalProperties": {"$ref": "#/$defs/a"}, "type": "object"}
    for _ in range(60):
        schema = {"allOf": [schema]}
    schema = {"$defs": {"a": schema}, "$ref": "#/$defs/a"}
    (message,) = said(schema, deep(100, lists=False))
    assert message.startswith("Record is nested too deeply to judge (max ")
    assert said(schema, deep(20, lists=False)) == ["Field '" + ".".join("a" * 20) + "' is not an object"]


def test_recursion_that_the_library_repeats_is_bounded_further() -> None:
    """Looking for what is unevaluated multiplies with each level: ten levels would take hours."""
    branch = {"properties": {"a": {"$ref": "#", "unevaluatedProperties": False}}, "type": "object"}
    schema = {"anyOf": [{**branch, "maxProperties": count} for count in range(1, 9)]}
    (message,) = said(schema, deep(30, lists=False))
    assert message.startswith("Record is nested too deeply to judge (max ")


def test_recursion_with_branches_is_judged_and_not_described() -> None:
    """Whether it fits is known at once; what is wrong would be an error for each way through the branches."""
    branch = {"type": "object", "properties": {"a": {"$ref": "#"}}}
    schema = {"anyOf": [branch, {**branch, "minProperties": 1}]}
    assert said(schema, deep(100, lists=False)) == ["Record does not fit the schema"]
    assert said(schema, deep(2, lists=False)) == ["Record fits none of the schemas allowed (anyOf)"]


def test_long_texts_where_patterns_run() -> None:
    """Linear is not free: above a mebibyte of characters a pattern is not tried."""
    schema = {"properties": {"x": {"items": {"pattern": "b"}}}}
    assert said(schema, {"x": ["b" * (1 << 20)]}) == []
    assert said(schema, {"x": ["b" * ((1 << 20) + 1)]}) == [
        "Record is too large to judge (max 1,048,576 chars per text)"
    ]
    assert said({"required": ["x"]}, {"x": "b" * (1 << 21)}) == []


def test_rows_that_contain_themselves() -> None:
    """No row of a source does, but a Python program may hand one over."""
    row: dict[str, Any] = {}
    row["x"] = [row, row]
    assert said(RECURSIVE, row) == [TOO_DEEP]
    assert said({"required": ["y"]}, row) == ["Record does not fit the schema"]


def test_thirty_thousand_levels_do_not_kill_the_process() -> None:
    """A recursive schema and a deep row end the interpreter by a signal unless depth is bounded first."""
    code = (
        "import threading; from plugins.quality.test_hostile_rows import RECURSIVE, compiled, deep\n"
        "judge = compiled(RECURSIVE)\n"
        "def judge_all():\n"
        "    rows = {'x': deep(30_000)}, deep(128), {'x': deep(127, lists=False)}\n"
        "    print([[problem.message for problem in judge(row)] for row in rows])\n"
        "threading.stack_size(512 << 10)\n"
        "thread = threading.Thread(target=judge_all); thread.start(); thread.join()\n"
        "import os, sys; sys.stdout.flush(); os._exit(0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip() == f"[['{TOO_DEEP}'], [], []]"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.characters(categories=["Cs"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.integers(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_any_value_is_judged_without_an_exception(value: Any, strict: bool) -> None:
    """Some problems, of the one code and the severity asked for, or none."""
    schema = {"anyOf": [{"type": "integer"}, {"items": {"$ref": "#"}, "patternProperties": {"^a": {"$ref": "#"}}}]}
    for problem in compiled(schema, reject_invalid_samples=strict)(value):
        assert (problem.code, problem.severity) == ("schema_violation", "error" if strict else "warning")


@given(VALUES, st.integers(0, 6))
def test_the_quick_look_agrees_with_the_measuring_one(value: Any, levels: int) -> None:
    """Depth is the same, counted level by level or down each branch."""
    row = {"x": value}
    assert within(row, levels, 1 << 20) == (extent(row, levels).depth <= levels)
