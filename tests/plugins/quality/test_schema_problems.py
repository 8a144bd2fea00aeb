"""Schemas that cannot be used: each is a problem of the recipe that says what is wrong, where, and what to do."""

from __future__ import annotations

import pickle
from datetime import date
from typing import Any

import pytest

from plugins.quality.support import compiled, refused
from tuneport.errors import RecipeError

ROOT = {"type": "object"}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("", "no schema is given"),
        (" \n", "no schema is given"),
        ('{"type":\n  objekt}', "not JSON: Expecting value at line 2, column 3"),
        ('{"type": "object",}', "not JSON: "),
        ('{"a": 1, "required": [], "required": ["b"]}', 'the key "required" stands twice in one object of the schema'),
        ("[]", "the schema is a list, not an object"),
        ("5", "the schema is 5, not an object"),
        ("null", "the schema is null, not an object"),
        ('"object"', "the schema is text, not an object"),
        ('{"minimum": NaN}', "the schema holds NaN, which JSON does not have"),
        ('{"minimum": -Infinity}', "the schema holds -Infinity, which JSON does not have"),
        ('{"minimum": 1e999}', "the schema holds a number that is too large: 1e999"),
        ('{"minimum": ' + "9" * 5000 + "}", "the schema holds a number of 5000 digits"),
        ({"minimum": float("inf")}, "the schema holds what JSON cannot: Out of range float values"),
        ({"const": date(2024, 1, 1)}, "the schema holds what JSON cannot: Object of type date"),
        ({"properties": {1: {}}}, "the key 1 in the schema is no text"),
        ({"const": "\ud800"}, "the schema cannot be compiled"),
    ],
)
def test_what_is_no_json_schema(schema: Any, message: str) -> None:
    """Neither text nor table is read leniently."""
    problem = refused(schema)
    assert problem.message.startswith(message)
    assert problem.hint


@pytest.mark.parametrize(
    ("schema", "where", "what"),
    [
        ({"type": "strin"}, "#/type", '"strin" fits none of the schemas allowed'),
        ({"properties": {"a": {"minLength": -1}}}, "#/properties/a/minLength", "-1 too small (min 0)"),
        ({"properties": {"a": {"required": "b"}}}, "#/properties/a/required", '"b" is not an array'),
        ({"properties": {"a/b": 5}}, "#/properties/a~1b", "5 is not a boolean or an object"),
        ({"required": ["a", "a"]}, "#/required", "has repeated items"),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "required": []}, "#/required", "too few items"),
        ({"$ref": 5}, "#/$ref", "5 is not a string"),
    ],
)
def test_a_schema_that_its_draft_refuses(schema: Any, where: str, what: str) -> None:
    """The place in the schema is named, with the value and what is wrong with it."""
    problem = refused(schema)
    assert problem.message.startswith(f"not a JSON Schema, at {where}: ")
    assert what in problem.message


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", "(?<!a)b", r"(a)\1", "([", "(?:(?:\\p{L}{1,100}){1,100}){1,100}", "^.{0,8192}$"]
)
def test_a_pattern_that_is_not_linear_or_too_large(pattern: str) -> None:
    """Look-around, back-references and patterns above a megabyte are refused, with what to do instead."""
    problem = refused({"properties": {"a": {"pattern": pattern}}})
    assert problem.message.startswith("at #/properties/a/pattern: ")
    assert problem.message.endswith("cannot be used as a pattern")
    assert "maxLength" in problem.hint


def test_a_pattern_that_stands_as_a_key() -> None:
    """patternProperties are patterns as well."""
    assert refused({"patternProperties": {"(?=a)": {}}}).message.startswith("at #/patternProperties/(?=a)")


@pytest.mark.parametrize(
    "name",
    [
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft-07/schema#",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    ],
)
def test_known_drafts(name: str) -> None:
    """All drafts in use, however their names end."""
    assert list(compiled({"$schema": name, "required": ["a"]})({"a": 1})) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "http://json-schema.org/draft-03/schema#"},
        {"$schema": "https://example.org/our-own"},
        {"$schema": "file:///etc/hostname"},
        {"$schema": ""},
        {"$defs": {"a": {"$schema": "http://json-schema.org/schema#"}}},
    ],
)
def test_unknown_drafts(schema: Any) -> None:
    """A `$schema` that is not known is refused wherever it stands, and the known ones are named."""
    problem = refused(schema)
    assert '"$schema" = "' in problem.message
    assert "https://json-schema.org/draft/2020-12/schema" in problem.hint


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/b", "$defs": {"a": {}}},
        {"$ref": "#nowhere"},
        {"$ref": "#/allOf/1", "allOf": [{}]},
        {"$ref": "#/allOf/" + "9" * 5000, "allOf": [{}]},
        {"$ref": "#/type", "type": "object"},
        {"$dynamicRef": "#nowhere"},
        {"properties": {"a": {"$ref": "#/definitions/a"}}},
        {"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveRef": "#x"},
    ],
)
def test_a_local_reference_to_nothing(schema: Any) -> None:
    """Found before anything is judged, and named with its place."""
    problem = refused(schema)
    assert problem.message.startswith("at #")
    assert problem.message.endswith("names nothing in the schema")


@pytest.mark.parametrize(
    ("schema", "row"),
    [
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}, 1),
        ({"$ref": "#/x/y", "x": {"y": {"type": "string"}}}, 1),
        ({"$ref": "#/a~1b%20c", "a/b c": {"type": "string"}}, 1),
        ({"$ref": "#/prefixItems/1", "prefixItems": [True, {"type": "string"}]}, 1),
        ({"$ref": "#named", "$defs": {"a": {"$anchor": "named", "type": "string"}}}, 1),
        ({"$ref": "urn:x", "$defs": {"a": {"$id": "urn:x", "type": "string"}}}, 1),
        ({"$id": "http://h/r.json", "$ref": "r.json#/$defs/a", "$defs": {"a": {"type": "string"}}}, 1),
        ({"$id": "http://h/r", "$ref": "a", "$defs": {"a": {"$id": "a", "type": "string"}}}, 1),
        ({"$dynamicRef": "#n", "$defs": {"a": {"$dynamicAnchor": "n", "type": "string"}}}, 1),
        (
            {
                "$schema": "http://json-schema.org/draft-04/schema#",
                "id": "http://h/r",
                "allOf": [{"$ref": "b"}],
                "definitions": {"b": {"id": "b", "type": "string"}},
            },
            1,
        ),
        (
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "$ref": "#named",
                "definitions": {"a": {"$id": "#named", "type": "string"}},
            },
            1,
        ),
    ],
)
def test_references_inside_the_schema(schema: Any, row: Any) -> None:
    """Pointers, anchors and identifiers, as each draft writes them, are followed."""
    assert [problem.message for problem in compiled(schema)(row)] == ["Record is not a string"]


def test_what_only_looks_like_a_reference() -> None:
    """A property may be called `$ref`, and data may hold one."""
    schema = {
        "properties": {"$ref": {"type": "string"}, "a": {"const": {"$ref": "http://h/x"}}},
        "default": {"$ref": "http://h/x"},
        "examples": [{"$ref": "#/nowhere"}],
        "x-ours": {"$ref": "other.json"},
    }
    assert list(compiled(schema)({"$ref": "a", "a": {"$ref": "http://h/x"}})) == []


def test_a_schema_from_a_file() -> None:
    """A table of just `file` names a JSON file, read as text in a recipe is."""
    judge = compiled({"file": "qa.json"}, {"qa.json": b'\xef\xbb\xbf{"required": ["a"]}'})
    assert judge.schema == {"required": ["a"]}
    assert [problem.message for problem in judge({})] == ["Missing required field: a"]


def test_a_table_that_is_more_than_a_file_name_is_a_schema() -> None:
    """`file` is no keyword of JSON Schema, but a schema may carry anything beside one; alone it judges nothing."""
    assert compiled({"file": "qa.json", "type": "object"}).schema == {"file": "qa.json", "type": "object"}
    for given in ({"file": {"type": "object"}}, {"use": 3}, '{"use": 3}', {"file": "qa.json"}):
        problem = refused(given, {"qa.json": b'{"use": 3}'})
        assert problem.message.startswith("none of its keys is a keyword of JSON Schema: ")
        assert problem.hint.startswith("such as { required = ")
    assert compiled({}).schema == {}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "qa.json: No such file or directory"),
        ({"qa.json": b"\xff{}"}, "qa.json: not UTF-8 at byte 0"),
        ({"qa.json": b"{\n\n"}, "qa.json: not JSON: "),
        ({"qa.json": b'{"a": 1, "a": 1}'}, 'qa.json: the key "a" stands twice in one object of the schema'),
        ({"qa.json": b" " * (1 << 20) + b"{}"}, "qa.json: the schema is larger than 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_used(files: dict[str, bytes], message: str) -> None:
    """The file is named."""
    assert refused({"file": "qa.json"}, files).message.startswith(message)


def test_the_schema_is_the_validators_own() -> None:
    """Changing the table afterwards changes nothing."""
    table: dict[str, Any] = {"required": ["a"]}
    judge = compiled(table)
    table["required"].append("b")
    assert judge.schema == {"required": ["a"]}


def test_errors_travel_between_processes() -> None:
    """A worker's problem arrives whole."""
    with pytest.raises(RecipeError) as caught:
        compiled("[]")
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert copy.problems == caught.value.problems
