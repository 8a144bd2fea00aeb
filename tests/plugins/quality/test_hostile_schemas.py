"""Schemas that are small to write and endless to judge by: refused, or judged within bounds."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.quality.support import ENVIRONMENT, compiled, refused, said
from tuneport_quality.complexity import Complexity, complexity
from tuneport_quality.components import components
from tuneport_quality.references import SchemaGraph


def laughs(count: int, keyword: str = "allOf", step: Any = None) -> dict[str, Any]:
    """Definitions, each of which refers twice to the next one."""
    step = step or (lambda ref: {keyword: [ref, dict(ref)]})
    definitions = {f"d{number}": step({"$ref": f"#/$defs/d{number + 1}"}) for number in range(count)}
    return {"$defs": {**definitions, f"d{count}": {"type": "integer"}}, "$ref": "#/$defs/d0"}


def nested(count: int) -> dict[str, Any]:
    """anyOf in anyOf, written out."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(count):
        schema = {"anyOf": [schema, dict(schema)]}
    return schema


def measured(schema: Any) -> Complexity:
    """The work a schema can make."""
    return complexity(SchemaGraph(schema).nodes)


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_references_that_multiply_are_refused(keyword: str) -> None:
    """Twenty lines that make a million checks of one number."""
    problem = refused(laughs(20, keyword))
    assert "multiply to more than 100,000 checks of one value" in problem.message
    assert problem.message.startswith("the references at #/$defs/d")


@pytest.mark.parametrize(
    "step",
    [
        lambda ref: {"properties": {"a": {"allOf": [ref, dict(ref)]}}},
        lambda ref: {"items": {"allOf": [ref, dict(ref)]}},
        lambda ref: {"patternProperties": {"^a": ref, "a$": dict(ref)}},
        lambda ref: {"if": ref, "then": dict(ref), "else": dict(ref)},
        lambda ref: {"not": ref, "dependentSchemas": {"a": dict(ref)}},
        lambda ref: {"items": ref, "contains": dict(ref)},
    ],
)
def test_they_multiply_through_any_keyword(step: Any) -> None:
    """On one value, or level by level with the row."""
    assert "multiply" in refused(laughs(40, step=step)).message


def test_many_references_that_do_not_multiply_are_fine() -> None:
    """A thousand fields of one type, and fields that each have their own, are judged."""
    schema = {
        "$defs": {"text": {"type": "string", "maxLength": 10}},
        "properties": {f"f{number}": {"$ref": "#/$defs/text"} for number in range(1000)},
    }
    assert said(schema, {"f5": 1}) == ["Field 'f5' is not a string"]
    chain = laughs(60, step=lambda ref: {"properties": {"left": ref, "right": dict(ref)}})
    assert measured(chain).checks < 10
    assert said(chain, {"left": {"right": {}}}) == []


def test_the_count_of_an_explosion_is_exact_to_a_check() -> None:
    """Each definition has one check of its own and those of its two references."""
    assert [measured(laughs(count)).checks for count in (1, 2, 3)] == [
        # The root has $defs and $ref; allOf counts one, and so does each of its two references.
        2 + (1 + 2 * (1 + 1)),
        2 + (1 + 2 * (1 + (1 + 2 * 2))),
        2 + (1 + 2 * (1 + (1 + 2 * (1 + (1 + 2 * 2))))),
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"not": {"$ref": "#"}},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
        {"$dynamicAnchor": "n", "allOf": [{"$dynamicRef": "#n"}]},
        {
            "$schema": "https://json-schema.org/draft/2019-09/schema",
            "$recursiveAnchor": True,
            "anyOf": [{"$recursiveRef": "#"}],
        },
    ],
)
def test_a_ring_without_a_level_is_refused(schema: Any) -> None:
    """A schema that judges a value by itself says nothing, and takes for ever."""
    assert "refers to itself without going a level down" in refused(schema).message


def test_recursion_down_the_row_is_fine() -> None:
    """Trees are schemas that refer to themselves."""
    tree = {"properties": {"children": {"items": {"$ref": "#"}}, "name": {"type": "string"}}}
    assert measured(tree).growth == 1
    assert said(tree, {"children": [{"children": [{"name": 5}]}]}) == [
        "Field 'children[0].children[0].name' is not a string"
    ]


def test_deep_schemas_are_refused() -> None:
    """In text and in tables, by the same limit, however deep."""
    for depth in (300, 100_000):
        assert "nested deeper than 200 levels" in refused('{"not":' * depth + "{}" + "}" * depth).message
    table: dict[str, Any] = {}
    for _ in range(50_000):
        table = {"not": table}
    assert "nested deeper than 200 levels" in refused(table).message
    endless: dict[str, Any] = {}
    endless["not"] = endless
    assert "nested deeper than 200 levels" in refused(endless).message


def test_large_schemas_are_refused() -> None:
    """Above a megabyte, in text and in tables, and where a table contains itself again and again."""
    assert "larger than 1 MiB" in refused('{"const": "' + "a" * (1 << 20) + '"}').message
    assert "larger than 1 MiB" in refused('{"const": "' + "ü" * (1 << 19) + '"}').message
    assert "larger than 1 MiB" in refused({"const": "a" * (1 << 20)}).message
    shared: dict[str, Any] = {}
    for _ in range(150):
        shared = {"allOf": [shared, shared]}
    assert "larger than 1 MiB" in refused(shared).message


def test_long_chains_are_refused() -> None:
    """Each link of a chain of references is a frame of the library's stack."""
    assert "judge inside one another" in refused(laughs(1500, step=lambda ref: ref)).message
    assert said(laughs(400, step=lambda ref: ref), "x") == ["Record is not an integer"]


def test_patterns_cannot_be_made_to_backtrack() -> None:
    """What takes a backtracking engine for ever is linear here."""
    schema = {"properties": {"x": {"pattern": "^(a+)+$"}}}
    assert said(schema, {"x": "a" * 100_000 + "!"}) == ["Record does not fit the schema"]
    assert said(schema, {"x": "a" * 5_000 + "!"}) == ["Field 'x' does not match the pattern ^(a+)+$"]


AMPLIFIERS = {
    "many branches, long row": (
        {"oneOf": [{"type": "string", "minLength": n} for n in range(200)]},
        {"x": "a" * 60_000},
    ),
    "many branches, many values": (
        {"properties": {"x": {"items": {"anyOf": [{"type": "string", "minLength": n} for n in range(100)]}}}},
        {"x": [1] * 30_000},
    ),
    "nested branches": (nested(14), {"x": "a" * 100}),
    "many required": (
        {"properties": {"x": {"items": {"required": [f"f{n}" for n in range(1000)]}}}},
        {"x": [{}] * 3000},
    ),
    "long row": ({"required": ["a"]}, {"x": "a" * (64 << 10)}),
}


@pytest.mark.parametrize("name", AMPLIFIERS)
def test_errors_are_not_amplified(name: str) -> None:
    """Finding out all that is wrong would take gigabytes, so a child with 100 MB to spare says less."""
    code = (
        "import resource, logging; from plugins.quality.test_hostile_schemas import AMPLIFIERS\n"
        "from plugins.quality.support import compiled\n"
        f"schema, row = AMPLIFIERS[{name!r}]\n"
        "judge = compiled(schema)\n"
        "size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size + (100 << 20),) * 2)\n"
        "print([problem.message for problem in judge(row)])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert result.stdout.strip() == "['Record does not fit the schema']"


def test_a_small_row_is_described_by_a_schema_with_branches() -> None:
    """The bounds are far from what is usual."""
    schema = {"properties": {"x": {"items": {"oneOf": [{"const": n} for n in range(20)]}}}}
    assert said(schema, {"x": [*range(20), 21]}) == ["Field 'x[20]' fits none of the schemas allowed (oneOf)"]


GRAPHS = st.integers(1, 8).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, size - 1)), min_size=size, max_size=size)
)


@given(GRAPHS)
def test_components_are_those_that_reach_one_another(edges: list[list[int]]) -> None:
    """Two nodes share a number if each leads to the other; else the number falls along an edge."""
    reached = [{node} for node in range(len(edges))]
    for _ in edges:
        for node, ends in enumerate(edges):
            reached[node] |= {far for end in ends for far in reached[end]}
    numbers = components(edges)
    for node in range(len(edges)):
        for other in range(len(edges)):
            assert (numbers[node] == numbers[other]) == (other in reached[node] and node in reached[other])
        assert all(numbers[end] <= numbers[node] for end in edges[node])


def test_components_of_a_long_chain() -> None:
    """No recursion, whatever the graph."""
    assert components([[number + 1] for number in range(50_000)] + [[]]) == list(range(50_000, -1, -1))


def test_what_a_compiled_schema_offers() -> None:
    """Other code may ask for the schema; nothing can be set."""
    judge = compiled({"type": "object"})
    assert judge.schema == {"type": "object"}
    assert not hasattr(judge, "__dict__")
