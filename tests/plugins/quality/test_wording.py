"""What is said of rows that do not fit: every keyword, in words, with the path and without the row's values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.quality.support import compiled, said
from tuneport import Problem
from tuneport_quality.wording import dotted, printable

DRAFT_4 = {"$schema": "http://json-schema.org/draft-04/schema#"}
DRAFT_7 = {"$schema": "http://json-schema.org/draft-07/schema#"}
DRAFT_2019 = {"$schema": "https://json-schema.org/draft/2019-09/schema"}
DOCUMENTED = {
    "type": "object",
    "required": ["instruction", "output"],
    "properties": {
        "instruction": {"type": "string", "minLength": 10},
        "output": {"type": "string", "minLength": 20},
        "input": {"type": "string"},
    },
}
FITTING = {
    "instruction": "What is the capital of France?",
    "output": "Paris is the capital and largest city of France.",
    "weight": 1.0,
}


@pytest.mark.parametrize("schema", [DOCUMENTED, json.dumps(DOCUMENTED)])
def test_the_documented_schema_and_its_messages(schema: Any) -> None:
    """A table and its text judge alike, and say what the documented report shows."""
    judge = compiled(schema)
    assert list(judge(FITTING)) == []
    assert list(judge({"instruction": "Hi?"})) == [
        Problem("", "Missing required field: output", code="schema_violation"),
        Problem("/instruction", "Field 'instruction' too short (min 10 chars)", code="schema_violation"),
    ]
    assert judge.schema == DOCUMENTED


def x(**keywords: Any) -> dict[str, Any]:
    """A schema of the field `x`."""
    return {"properties": {"x": keywords}}


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        (x(type="string"), 1, "Field 'x' is not a string"),
        (x(type="object"), 1, "Field 'x' is not an object"),
        (x(type="integer"), 1.5, "Field 'x' is not an integer"),
        (x(type="array"), 1, "Field 'x' is not an array"),
        (x(type="boolean"), 1, "Field 'x' is not a boolean"),
        (x(type="null"), 1, "Field 'x' is not null"),
        (x(type=["null", "string"]), 1, "Field 'x' is not a string or null"),
        (x(type=["null", "string", "number"]), [], "Field 'x' is not a number, a string or null"),
        (x(type="number"), float("nan"), "Field 'x' is not a number"),
        (x(minLength=10), "a", "Field 'x' too short (min 10 chars)"),
        (x(minLength=1), "", "Field 'x' too short (min 1 char)"),
        (x(maxLength=2), "abc", "Field 'x' too long (max 2 chars)"),
        (x(pattern="^a+$"), "b", "Field 'x' does not match the pattern ^a+$"),
        (x(enum=["a", 1, None]), "b", "Field 'x' is not one of \"a\", 1, null"),
        (x(const={"a": 1}), "b", "Field 'x' is not {\"a\": 1}"),
        (x(minimum=5), 1, "Field 'x' too small (min 5)"),
        (x(maximum=5), 6, "Field 'x' too large (max 5)"),
        (x(exclusiveMinimum=5), 5, "Field 'x' too small (must be more than 5)"),
        (x(exclusiveMaximum=0.5), 0.5, "Field 'x' too large (must be less than 0.5)"),
        (DRAFT_4 | x(maximum=3, exclusiveMaximum=True), 3, "Field 'x' too large (must be less than 3)"),
        (x(multipleOf=3), 4, "Field 'x' is not a multiple of 3"),
        (DRAFT_7 | x(format="email"), "b", "Field 'x' is not in the format \"email\""),
        (x(minItems=2), [1], "Field 'x' has too few items (min 2)"),
        (x(maxItems=1), [1, 2], "Field 'x' has too many items (max 1)"),
        (x(uniqueItems=True), [1, 1], "Field 'x' has repeated items"),
        (x(contains={"type": "string"}), [1], "Field 'x' has no item that fits (contains)"),
        (x(contains={}, minContains=2), [1], "Field 'x' has too few items that fit (minContains)"),
        (x(contains={}, maxContains=1), [1, 2], "Field 'x' has too many items that fit (maxContains)"),
        (DRAFT_7 | x(items=[{}], additionalItems=False), [1, 2], "Field 'x' has too many items (max 1)"),
        (x(prefixItems=[{}], items=False), [1, 2], "Field 'x[1]' is not allowed"),
        (x(prefixItems=[{}], unevaluatedItems=False), [1, 2, 3], "Field 'x' has items that are not allowed (at 2, 3)"),
        (x(minProperties=2), {"a": 1}, "Field 'x' has too few fields (min 2)"),
        (x(maxProperties=0), {"a": 1}, "Field 'x' has too many fields (max 0)"),
        (x(additionalProperties=False), {"extra": 1}, "Unknown field: x.extra"),
        (x(additionalProperties=False, patternProperties={"^a": {}}), {"a": 1, "b": 1}, "Unknown field: x.b"),
        (x(propertyNames=False), {"a": 1}, "Unknown field: x.a"),
        (x(unevaluatedProperties=False), {"b": 1, "c": 1}, "Unknown fields: x.b, x.c"),
        (x(propertyNames={"maxLength": 2}), {"abc": 1}, "Field name 'x.abc' too long (max 2 chars)"),
        (x(dependentRequired={"a": ["b"]}), {"a": 1}, "Missing required field: x.b"),
        (DRAFT_7 | x(dependencies={"a": ["b"]}), {"a": 1}, "Missing required field: x.b"),
        (x(dependentSchemas={"a": {"required": ["b"]}}), {"a": 1}, "Missing required field: x.b"),
        ({"if": {"required": ["x"]}, "then": {"required": ["y"]}}, 1, "Missing required field: y"),
        (x(anyOf=[{"type": "string"}, {"minimum": 4}]), 1, "Field 'x' fits none of the schemas allowed (anyOf)"),
        (x(oneOf=[False, {"type": "string"}]), 1, "Field 'x' fits none of the schemas allowed (oneOf)"),
        (x(oneOf=[{}, True]), 1, "Field 'x' fits more than one of the schemas allowed (oneOf)"),
        (x(**{"not": {"type": "integer"}}), 1, "Field 'x' fits a schema that is not allowed (not)"),
        ({"properties": {"x": False}}, 1, "Field 'x' is not allowed"),
        (DRAFT_7 | x(contentEncoding="base64"), "{", "Field 'x' is not encoded as \"base64\""),
        (
            DRAFT_7 | x(contentMediaType="application/json"),
            "{",
            "Field 'x' is not of the media type \"application/json\"",
        ),
    ],
)
def test_every_keyword_has_its_words(schema: dict[str, Any], value: Any, message: str) -> None:
    """One sentence per kind of error, with the schema's limit where there is one."""
    assert said(schema, {"x": value}) == [message]


def test_a_field_that_is_called_like_a_keyword() -> None:
    """A field `additionalProperties` that is not allowed is one field, whatever is in it."""
    schema = {"properties": {"additionalProperties": False}}
    assert said(schema, {"additionalProperties": {"a": 1}}) == ["Field 'additionalProperties' is not allowed"]


def test_a_whole_record_that_does_not_fit() -> None:
    """At the root there is no field to name."""
    assert said({"minProperties": 2}, {}) == ["Record has too few fields (min 2)"]
    assert said({"type": "array"}, {}) == ["Record is not an array"]
    assert said(False, {}) == ["Record is not allowed"]
    assert said(True, {}) == []


def test_nested_fields_are_dotted_in_words_and_pointers_in_paths() -> None:
    """People read `messages[1].content`, programs `/messages/1/content`."""
    schema = {
        "properties": {
            "messages": {"items": {"required": ["role"], "properties": {"content": {"type": "string"}}}},
            "a/b~c": {"type": "string"},
        }
    }
    row = {"messages": [{"role": "user"}, {"content": 5}], "a/b~c": 1}
    assert [(problem.path, problem.message) for problem in compiled(schema)(row)] == [
        ("/messages/1", "Missing required field: messages[1].role"),
        ("/messages/1/content", "Field 'messages[1].content' is not a string"),
        ("/a~1b~0c", "Field 'a/b~c' is not a string"),
    ]


def test_at_most_ten_problems_are_said() -> None:
    """The eleventh thing that is wrong helps nobody."""
    assert len(said({"required": [f"f{number}" for number in range(20)]}, {})) == 10


def test_a_row_that_is_let_pass_has_warnings() -> None:
    """`reject_invalid_samples = false` turns errors into warnings, and changes nothing else."""
    (problem,) = compiled({"required": ["a"]}, reject_invalid_samples=False)({})
    assert (problem.severity, problem.message) == ("warning", "Missing required field: a")


def test_without_logging_a_row_has_one_problem() -> None:
    """`log_validation_errors = false` still refuses, and says no more than that."""
    (problem,) = compiled({"required": ["a", "b"]}, log_validation_errors=False)({})
    assert (problem.severity, problem.message) == ("error", "Record does not fit the schema")


def test_long_texts_of_the_schema_are_cut() -> None:
    """Enum members, constants and patterns are shown, but not at any length."""
    for schema in (x(enum=["a" * 500, "b"]), x(const="a" * 500), x(pattern="a" * 500), x(minimum=10**300)):
        (message,) = said(schema, {"x": 1 if "minimum" in schema["properties"]["x"] else "no"})
        assert "..." in message
        assert len(message) < 130


def test_names_of_a_record_are_shown_in_part_and_on_one_line() -> None:
    """Control characters would write over a terminal, and a name may be a whole text."""
    (message,) = said({"additionalProperties": False}, {f"n\x1b[2J\n{number}" + "z" * 100: 1 for number in range(9)})
    assert message.isprintable()
    assert message.startswith("Unknown fields: n?[2J?0zzz")
    assert message.endswith("... and 4 more")


ROWS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), ROWS))
def test_no_value_of_a_row_is_ever_shown(row: dict[str, Any]) -> None:
    """What is said of a row that holds a secret does not depend on the secret."""
    schema = {
        "properties": {
            "a": {"anyOf": [{"type": "integer"}, {"maxLength": 0}]},
            "b": {"enum": [1, 2]},
            "c": {"type": "object", "additionalProperties": {"const": 1}},
            "s": {"pattern": "^$", "maxLength": 3, "const": "", "not": {"type": "string"}, "format": "date"},
        },
        "oneOf": [{"required": ["z"]}, False],
    }
    judge = compiled(schema)
    one, other = (list(judge({**row, "s": secret})) for secret in ("first secret", "other secret"))
    assert one == other
    assert one
    assert "secret" not in str(one)


@given(st.text())
def test_a_name_is_always_printable_and_short(name: str) -> None:
    """Whatever stands in a record."""
    assert printable(name).isprintable()
    assert len(printable(name)) <= 40


def test_dotted() -> None:
    """The notation of paths."""
    assert dotted(["messages", 1, "content"]) == "messages[1].content"
    assert dotted([0, 1, "a"]) == "[0][1].a"
