"""Types seen in values: of a source's fields, and of a format's columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuneport.runs.reading import field_types
from tuneport.runs.reading.sources import IterableSource, with_field_types
from tuneport.runs.reading.streams import Stream
from tuneport.runs.working.features import Observer, feature_of, merged
from tuneport.source import SourceInfo

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], "integer"),
        ([1, 0.5], "number"),
        (["a", None], "string"),
        ([None], ""),
        ([True, None], "bool"),
        ([1, "a"], "string"),
        ([["a"], []], "list[string]"),
        ([[]], "list[string]"),
        ([[1], [0.5]], "list[number]"),
        ([["a", 1]], "list[string]"),
        ([{"a": 1}], "json"),
        ([["a"], "a"], "json"),
        ([[{"a": 1}]], "json"),
    ],
)
def test_field_types(values: list[Any], expected: str) -> None:
    """The type of a field is the narrowest that holds every value seen."""
    source = IterableSource([{"x": value} for value in values])

    assert with_field_types([Stream(0, "", source, source.info())], source.info())[1] == [("x", expected)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 0.5], "float64"),
        ([None, "a"], "string"),
        ([{"a": 1}, {"b": "x"}], {"struct": {"a": "int64", "b": "string"}}),
        ([[], ["a"]], {"list": "string"}),
        ([["a"], [1]], {"list": "json"}),
        (["a", 1], "json"),
        ([[{"role": "user"}], [{"role": None}]], {"list": {"struct": {"role": "string"}}}),
    ],
)
def test_columns(values: list[Any], expected: Any) -> None:
    """The type of a column holds every row's value, or is said not to exist."""
    observer = Observer()
    for value in values:
        observer.add({"x": value})

    assert observer.columns == {"x": expected}


@given(VALUES, VALUES, VALUES)
def test_merging_does_not_depend_on_the_order(one: Any, other: Any, third: Any) -> None:
    """Types merge to the same whichever part came first: what workers see adds up to one answer."""
    a, b, c = feature_of(one), feature_of(other), feature_of(third)

    assert _sorted(merged(a, b)) == _sorted(merged(b, a))
    assert _sorted(merged(merged(a, b), c)) == _sorted(merged(a, merged(b, c)))


def _sorted(feature: Any) -> Any:
    if isinstance(feature, dict) and "struct" in feature:
        return {"struct": sorted((name, str(_sorted(inner))) for name, inner in feature["struct"].items())}
    if isinstance(feature, dict):
        return {"list": _sorted(feature["list"])}
    return feature


def test_little_is_held_of_a_source_that_can_be_read_once() -> None:
    """Large records are looked at until they fill the memory set aside for it; every one is read all the same."""
    taken: list[int] = []

    def entities() -> Iterator[dict[str, Any]]:
        for number in range(200):
            taken.append(number)
            yield {"number": number, "text": "x" * (1 << 20)}

    info = SourceInfo(title="large")
    (stream,), fields = with_field_types([Stream(0, "", IterableSource(entities(), batch=8), info)], info)

    assert dict(fields) == {"number": "integer", "text": "string"}
    assert 32 <= len(taken) <= 40
    assert [entity["number"] for batch in stream.source.read(None, None) for entity in batch.entities] == list(
        range(200)
    )


def plain_type(value: Any) -> str:
    """The type of one value, said as plainly as can be."""
    if isinstance(value, list | tuple):
        inner = ""
        for item in value:
            inner = field_types.merged(inner, plain_type(item))
        return field_types.list_of(inner)
    names = {type(None): "", str: "string", bool: "bool", int: "integer", float: "number"}
    return names.get(type(value), "json" if isinstance(value, dict) else "string")


ENTITIES = st.lists(
    st.one_of(
        st.dictionaries(
            st.sampled_from(["a", "b", "é", "\ud800", 1]), st.one_of(VALUES, st.binary(), st.tuples(VALUES))
        ),
        st.integers(),
    )
)


@given(ENTITIES, st.booleans())
@example([{"a": [True]}, {"a": ["x"]}, {"a": []}, {"a": None}], False)
@example([{"a": [[1]], "b": 1}, {"b": 2, "a": [["x", None]]}, {"b": 0.5}], False)
def test_each_value_counts_however_alike_records_are(entities: list[Any], forgetful: bool) -> None:
    """What is remembered of records of one shape changes no answer, nor the order of fields."""
    expected: dict[str, str] = {}
    for entity in entities:
        for name, value in entity.items() if isinstance(entity, dict) else ():
            if isinstance(name, str) and name != "\ud800":
                expected[name] = field_types.merged(expected.get(name, ""), plain_type(value))
    with pytest.MonkeyPatch.context() as patch:
        if forgetful:
            patch.setattr(field_types, "_MOST_SHAPES", 1)
            patch.setattr(field_types, "_MOST_FIELDS", 1)
        found = field_types.types_in(entities * 2, {})
    assert list(found.items()) == list(expected.items())
