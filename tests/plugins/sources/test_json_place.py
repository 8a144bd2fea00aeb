"""JSON files: which array in them is read, and what is said where that cannot be told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tuneport.errors import SourceError
from tuneport_sources.json_document import JsonSource


def source(folder: Path, data: str | Any, at: str = "") -> JsonSource:
    """A file of this text, or of this document."""
    path = folder / "faq.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return JsonSource(path, at)


def entities(found: JsonSource) -> list[dict[str, Any]]:
    """All records."""
    return [entity for batch in found.read(None, None) for entity in batch.entities]


def message(found: JsonSource) -> str:
    """What reading it ends with."""
    with pytest.raises(SourceError) as caught:
        list(found.read(None, None))
    return str(caught.value)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"version": 1, "items": [{"a": 1}]}, "items"),
        ({"items": [{"a": 1}], "errors": [], "ids": [1, 2]}, "items"),
        ({"deep": {"more": [{"b": 1}]}, "items": [{"a": 1}]}, "items"),
    ],
)
def test_the_only_array_of_objects_is_found(tmp_path: Path, document: Any, place: str) -> None:
    """One array of objects under a key of the top needs no name, and the title says which it is."""
    found = source(tmp_path, document)
    assert found.info().title == f"faq.json, {place}"
    assert entities(found) == [{"a": 1}]
    assert found.locate(17) == f"faq.json {place}[17]"


def test_an_empty_array_alone_is_found(tmp_path: Path) -> None:
    """No records are no error of the source."""
    assert entities(source(tmp_path, {"items": [], "count": 0})) == entities(source(tmp_path, [])) == []


@pytest.mark.parametrize(
    ("document", "hint"),
    [
        ({"a": [{}], "b": [{}]}, 'name it: source.at = "a" or source.at = "b"'),
        ({"entries": {"guidelines": [{}]}}, 'name it: source.at = "entries.guidelines"'),
        ({"id": 1, "question": "?"}, "jsonl"),
        ({"a": [1, 2]}, "jsonl"),
    ],
)
def test_an_array_that_cannot_be_told_is_asked_for(tmp_path: Path, document: Any, hint: str) -> None:
    """Two candidates, one deeper inside, or none: the error says what to write."""
    with pytest.raises(SourceError) as caught:
        source(tmp_path, document).info()
    assert hint in caught.value.hint


def test_a_wrong_place_names_the_right_ones(tmp_path: Path) -> None:
    """A place that is not there, or is no array, is an error that lists the arrays."""
    document = {"entries": {"guidelines": [{"a": 1}], "count": 3}, "a.b": [{"a": 2}]}
    for wrong in ("entries", "entries.count", "entries.guideline", "x"):
        with pytest.raises(SourceError, match="has no array at") as caught:
            source(tmp_path, document, wrong).info()
        assert caught.value.hint == "it has entries.guidelines, a.b"
    assert entities(source(tmp_path, document, "a.b")) == [{"a": 2}]
    with pytest.raises(SourceError, match="the file is an array"):
        source(tmp_path, [], "items").info()


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Of two arrays under one key none is silently left out."""
    text = '{"items": [{"a": 1}], "items": [{"a": 2}]}'
    assert "stands in it 2 times" in message(source(tmp_path, text, "items"))
    assert 'source.at = "items"' in message(source(tmp_path, text))


@pytest.mark.parametrize("first", ["{}", '{"a": 1}', '{"messages": [{"role": "user"}]}', "[1]"])
def test_json_lines_are_recognised(tmp_path: Path, first: str) -> None:
    """A file with one document a line is told apart, and the hint says how to read it."""
    assert 'source.importer = "jsonl"' in message(source(tmp_path, f"{first}\n{first}\n"))
