"""Mapped fields: plain names, dotted paths, templates."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuneport import Reject
from tuneport_jsonl_llm.mapping import compile_mapping, parse


def test_a_plain_name_reads_a_field() -> None:
    """A name without braces or dots is a field."""
    mapped = compile_mapping("answer", {})
    assert (mapped.read({"answer": "42"}), mapped.fields) == ("42", ("answer",))


def test_a_dotted_path_goes_into_objects() -> None:
    """A path follows nested objects, and declares the top-level field."""
    mapped = compile_mapping("payload.user.text", {"payload": ""})
    assert mapped.read({"payload": {"user": {"text": "hi"}}}) == "hi"
    assert mapped.fields == ("payload",)


def test_a_field_named_like_a_path_comes_first() -> None:
    """Where the source has a field of exactly that name, dots and all, it is that field."""
    mapped = compile_mapping("payload.text", {"payload.text": "string"})
    assert mapped.read({"payload.text": "flat", "payload": {"text": "nested"}}) == "flat"
    assert mapped.fields == ("payload.text",)


@pytest.mark.parametrize("entity", [{}, {"payload": None}, {"payload": "text"}, {"payload": {}}, {"payload": [1]}])
def test_a_path_that_leads_nowhere_is_missing(entity: dict[str, Any]) -> None:
    """A step that is not there, or leads into no object, makes the field missing."""
    assert compile_mapping("payload.text", {}).read(entity) is None


def test_a_path_never_reads_attributes() -> None:
    """A path looks keys up, so that no template can reach into Python objects."""
    assert compile_mapping("{payload.__class__}!", {}).read({"payload": {"a": 1}}) is None


def test_a_template_joins_fields_and_text() -> None:
    """A template is its text with each place filled, and declares every field once."""
    mapped = compile_mapping("{title}\n\n{ body.text } ({title})", {})
    assert mapped.read({"title": "T", "body": {"text": "B"}}) == "T\n\nB (T)"
    assert mapped.fields == ("title", "body")


def test_a_template_with_a_missing_field_is_missing() -> None:
    """Half a text is not trained on: one missing field makes the whole template missing."""
    assert compile_mapping("{title}\n\n{body}", {}).read({"title": "T", "body": None}) is None


def test_double_braces_are_braces() -> None:
    """`{{` and `}}` in a template stand for one brace each."""
    assert compile_mapping("{{{a}}}", {}).read({"a": 1}) == "{1}"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{a!r}", "no conversions"),
        ("{a:>10}", "no conversions, formats"),
        ("{a[0]}", "indexes"),
        ("{a()}", "calls"),
        ("{a", "a lone {"),
        ("a}", "a lone }"),
        ("{}", "names no field"),
        ("{a..b}", "names no field"),
        ("{{text}}", "without a field"),
        ("", "empty"),
    ],
)
def test_a_template_is_names_and_nothing_more(template: str, said: str) -> None:
    """Whatever is more than a name in braces is refused when the template is compiled."""
    with pytest.raises(ValueError, match=said):
        parse(template)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (42, "42"),
        (4.5, "4.5"),
        (1234567890.5, "1234567890.5"),
        ({"b": "ü", "a": [1, None]}, '{"b":"ü","a":[1,null]}'),
        ([], "[]"),
        (date(2024, 11, 21), "2024-11-21"),
        (datetime(2024, 11, 21, 8, 30), "2024-11-21T08:30:00"),  # noqa: DTZ001  -- databases hold such
        (Decimal("4.50"), "4.50"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ([date(2024, 11, 21)], '["2024-11-21"]'),
    ],
)
def test_numbers_and_objects_become_json_text(value: object, text: str) -> None:
    """A value that is no text is written as JSON would, without six decimals or escapes."""
    assert compile_mapping("answer", {}).read({"answer": value}) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"raw", "Field 'answer' is bytes, not text"),
        (float("nan"), "Field 'answer' is not a finite number"),
        (Decimal("Infinity"), "Field 'answer' is not a finite number"),
        ({"a": float("inf")}, "Field 'answer' holds something that cannot be written as JSON"),
        ([b"raw"], "Field 'answer' holds something that cannot be written as JSON"),
        ({1, 2}, "Field 'answer' is of type set, not text"),
    ],
)
def test_what_is_no_text_is_bad_type(value: object, said: str) -> None:
    """Bytes and numbers that are not finite are rejected by their field's name, in a template too."""
    assert compile_mapping("answer", {}).read({"answer": value}) == Reject("bad_type", said)
    assert compile_mapping("A: {answer}", {}).read({"answer": value}) == Reject("bad_type", said)


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_ -]{0,8}[A-Za-z0-9]", fullmatch=True)


@given(st.lists(st.tuples(st.text(), NAMES, st.text()), min_size=1), st.dictionaries(NAMES, st.text()))
def test_a_template_puts_every_value_where_its_name_stands(
    parts: list[tuple[str, str, str]], values: dict[str, str]
) -> None:
    """For any literals and names: escaped literals stay, names become values, nothing else changes."""
    entity = {**{name: f"<{name}>" for _, name, _ in parts}, **values}
    template = "".join(f"{_escape(before)}{{{name}}}{_escape(after)}" for before, name, after in parts)
    expected = "".join(f"{before}{entity[name]}{after}" for before, name, after in parts)
    assert compile_mapping(template, {}).read(entity) == expected


@given(st.text())
def test_any_text_compiles_or_is_refused(mapping: str) -> None:
    """No mapping makes the compiler or the reader fail in any other way."""
    try:
        read = compile_mapping(mapping, {}).read
    except ValueError:
        return
    assert read({}) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_reading_never_raises(value: object) -> None:
    """Any value becomes text, nothing, or a reject."""
    result = compile_mapping("{a}", {}).read({"a": value})
    assert result is None if value is None else isinstance(result, str | Reject)


def test_numbers_beyond_all_measure_are_rejected_not_raised() -> None:
    """An integer with more digits than Python writes is a reject like any other."""
    result = compile_mapping("a", {}).read({"a": 10**5000})
    assert isinstance(result, Reject)
    assert result.code == "bad_type"


def _escape(literal: str) -> str:
    return literal.replace("{", "{{").replace("}", "}}")
