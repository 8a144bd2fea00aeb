"""JSON files: what is a record in their array, and that nothing of it is lost."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tuneport import Malformed
from tuneport.errors import SourceError, SourceNotFoundError
from tuneport_sources import _lines
from tuneport_sources._scanner import Scanner, SyntaxFault
from tuneport_sources.json_document import JsonSource

PER_EXAMPLE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXTS = st.text(st.sampled_from('ab"\\{}[],: \n\tü€\U0001f914\u2028'), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-999, 999) | st.floats(-9, 9) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
RECORDS = st.dictionaries(TEXTS, VALUES, max_size=4)
LAYOUTS = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 2]),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([None, (",", ":"), (" ,\n", " : ")]),
    }
)


def source(folder: Path, data: bytes | str | Any, at: str = "") -> JsonSource:
    """A file of these bytes, this text, or of this document."""
    path = folder / "faq.json"
    if isinstance(data, bytes):
        path.write_bytes(data)
    else:
        path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return JsonSource(path, at)


def entities(found: JsonSource, fields: frozenset[str] | None = None) -> list[dict[str, Any]]:
    """All records."""
    return [entity for batch in found.read(None, fields) for entity in batch.entities]


def malformed(found: JsonSource, fields: frozenset[str] | None = None) -> list[Malformed]:
    """All malformed elements."""
    return [bad for batch in found.read(None, fields) for bad in batch.malformed]


def message(found: JsonSource) -> str:
    """What reading it ends with."""
    with pytest.raises(SourceError) as caught:
        list(found.read(None, None))
    return str(caught.value)


@given(values=st.lists(VALUES, max_size=6), layout=LAYOUTS, step=st.integers(1, 60))
def test_elements_are_those_of_json(values: list[Any], layout: dict[str, Any], step: int) -> None:
    """Whatever the document, its layout and the size of the pieces it is read in, the elements are json's."""
    data = json.dumps(values, **layout).encode()
    scanner = Scanner(io.BytesIO(data), step)
    found = []
    for element in scanner.elements():
        assert element is not None
        assert data[scanner.started : scanner.started + len(element)] == element
        found.append(json.loads(element))
    assert (found, scanner.peek()) == (values, b"")


@given(values=st.lists(RECORDS, min_size=1, max_size=4), layout=LAYOUTS, step=st.integers(1, 60), data=st.data())
def test_a_shorter_document_is_an_error(
    values: list[Any], layout: dict[str, Any], step: int, data: st.DataObject
) -> None:
    """A document that ends too early is a fault wherever it ends, never a shorter list."""
    text = json.dumps(values, **layout).encode()
    length = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(SyntaxFault):
        list(Scanner(io.BytesIO(text[:length]), step).elements())


@PER_EXAMPLE
@given(
    values=st.lists(RECORDS | SCALARS, max_size=5),
    layout=LAYOUTS,
    place=st.integers(0, 200),
    byte=st.sampled_from([bytes([one]) for one in b'"\\{}[],:1 \n\x00\xffn'] + [b"", b"NaN", b'"a"', b"},{"]),
    removed=st.integers(0, 2),
)
@example(values=[{"a": 1}, {"a": 2}], layout={}, place=7, byte=b"]", removed=1)
def test_a_spoiled_document_loses_nothing(
    tmp_path: Path, values: list[Any], layout: dict[str, Any], place: int, byte: bytes, removed: int
) -> None:
    """Bytes changed anywhere end the source where JSON's syntax is broken; else each element is accounted for."""
    data = json.dumps(values, **layout).encode()
    place = 1 + place % len(data)
    data = data[:place] + byte + data[place + removed :]
    try:
        expected = json.loads(data.decode(errors="surrogateescape"), strict=False)
    except ValueError:
        message(source(tmp_path, data))
        return
    found = source(tmp_path, data)
    ends = [batch.end for batch in found.read(None, None)]
    assert (ends[-1:] or [0]) == [len(expected)]
    assert len(entities(found)) + len(malformed(found)) == len(expected)


@PER_EXAMPLE
@given(records=st.lists(RECORDS, max_size=4), before=VALUES, after=VALUES, layout=LAYOUTS, step=st.integers(1, 60))
def test_an_array_inside_is_read_at_its_place(
    tmp_path: Path, records: list[Any], before: Any, after: Any, layout: dict[str, Any], step: int
) -> None:
    """What stands beside the array, and the pieces the file is read in, do not matter."""
    document = {"x": before, "entries": {"y": before, "guidelines": records, "z": after}, "w": after}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scanner.__init__, "__defaults__", (step,))
        assert entities(source(tmp_path, json.dumps(document, **layout), "entries.guidelines")) == records


BAD = {
    '{"a": NaN}': "bad_json",
    '{"a": -Infinity}': "bad_json",
    '{"a": 1e999}': "bad_json",
    '{"a": "\n"}': "bad_json",
    "[1]": "bad_json",
    '"},{"': "bad_json",
    "12": "bad_json",
    "null": "bad_json",
    "NaN": "bad_json",
    '{"a": ' + "[" * 20_000 + "]" * 20_000 + "}": "bad_json",
    '{"a": "\udcff"}': "bad_utf8",
    '{"a": "\\ud800"}': "bad_utf8",
}


@pytest.mark.parametrize("fields", [None, frozenset({"a"})])
def test_elements_that_are_no_records_are_listed(tmp_path: Path, fields: frozenset[str] | None) -> None:
    """Each kind of bad element gets its code and index, and the records around it are read."""
    text = "[" + ",".join(f'{{"a": 1}},{element}' for element in BAD) + "]"
    found = source(tmp_path, text.encode(errors="surrogateescape"))
    assert [(bad.ordinal, bad.code) for bad in malformed(found, fields)] == [
        (1 + 2 * at, code) for at, code in enumerate(BAD.values())
    ]
    assert entities(found, fields) == [{"a": 1}] * len(BAD)


@pytest.mark.parametrize("element", BAD, ids=range(len(BAD)))
def test_a_bad_element_spoils_nothing_around_it(tmp_path: Path, element: str) -> None:
    """One bad element alone is found where it stands, with good ones before and behind it."""
    text = '[{"a": 1}, ' + element + ', {"a": 2}, {"a": {"b": [{}, {}]}}]'
    found = source(tmp_path, text.encode(errors="surrogateescape"))
    assert [(bad.ordinal, bad.code) for bad in malformed(found)] == [(1, BAD[element])]
    assert entities(found) == [{"a": 1}, {"a": 2}, {"a": {"b": [{}, {}]}}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[\n{"a": 1},\n{"a": tiger}\n]', "line 3 (byte 18): Expecting value"),
        ('[{"a": 1} {"a": 2}]', 'line 1 (byte 10): expected "," or "]"'),
        ('[{"a": 1},]', "line 1 (byte 10): expected a value"),
        ('[{"a": 1}', "line 1 (byte 9): expected"),
        ('[{"a": "1', "line 1 (byte 9): the file ends too early"),
        ('[{"a": [1]', "line 1 (byte 10): the file ends too early"),
        ('[{"a": [1}}]', "line 1 (byte 9): Expecting ',' delimiter"),
        ('[{"a": 01}]', "line 1 (byte 8): Expecting ',' delimiter"),
        ('[{"a": 1}]\n[]', "line 2 (byte 11): something stands after the end"),
        ("", "line 1 (byte 0): the file is empty"),
        ("12", "line 1 (byte 0): expected an array or an object"),
        ('{"a" 1}', 'line 1 (byte 5): expected ":"'),
        ('{"a": 1,}', "line 1 (byte 8): expected a key in quotes"),
        ('{"a": 1 "b": 2}', 'line 1 (byte 8): expected "," or "}"'),
        ('{"\\ud800": 1}', "line 1 (byte 1): a key that cannot be read"),
    ],
)
def test_broken_syntax_ends_the_source(tmp_path: Path, text: str, said: str) -> None:
    """An error of syntax is named with its line and byte, and shows nothing of the record."""
    assert said in message(source(tmp_path, text))
    assert "tiger" not in message(source(tmp_path, text))


def test_a_bom_is_no_part_of_the_document(tmp_path: Path) -> None:
    """A byte order mark is stepped over, and counts in the place of an error."""
    assert entities(source(tmp_path, b'\xef\xbb\xbf [{"a": 1}]')) == [{"a": 1}]
    assert "byte 5" in message(source(tmp_path, b"\xef\xbb\xbf [,]"))


@pytest.mark.parametrize("tail", [b"", b',{"a": {"b": [{"c": "x"}]}}'])
def test_a_huge_element_is_malformed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tail: bytes) -> None:
    """An element over the limit is one malformed record, and reading goes on behind it."""
    monkeypatch.setattr("tuneport_sources._scanner.MAX_RECORD", 50)
    fits = b'{"a": "' + b"x" * 41 + b'"}'
    data = b"[" + fits + b',{"a": "' + b"x" * 500 + b'"},' + fits + tail + b"]"
    for step in (1, 7, 60, 10_000):
        found = list(Scanner(io.BytesIO(data), step).elements())
        assert found[:3] == [fits, None, fits]
        assert len(found) == (4 if tail else 3)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Neither many records nor one of 64 MiB are in memory as a whole."""
    path = tmp_path / "faq.json"
    record = b'{"a": "%b", "b": [{"c": 1}]}' % (b"x" * 4000)
    with path.open("wb") as file:
        file.write(b"[" + b",".join([record] * 4000) + b',{"a": "')
        for _ in range(64):
            file.write(b"y" * 1024 * 1024)
        file.write(b'"},{"a": 1}]')
    tracemalloc.start()
    found = [0, 0]
    for batch in JsonSource(path).read(None, frozenset({"a"})):
        found[0] += len(batch.entities)
        found[1] += len(batch.malformed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [4001, 1]
    assert peak < 3 * _lines.MAX_LINE


def test_batches_are_bounded(tmp_path: Path) -> None:
    """A long array comes in batches of at most 512 records, whose ordinals run on; there are no ranges."""
    found = source(tmp_path, [{"a": number} for number in range(1200)])
    batches = list(found.read(None, None))
    assert [(len(batch.entities), batch.end) for batch in batches] == [(512, 512), (512, 1024), (176, 1200)]
    assert [ordinal for batch in batches for ordinal in batch.ordinals] == list(range(1200))
    assert entities(found) == [{"a": number} for number in range(1200)]
    assert list(found.partitions(100)) == []


def test_projection_keeps_the_fields_asked_for(tmp_path: Path) -> None:
    """A field asked for has its value, and what nobody asked for is left out; the last of two equal keys counts."""
    found = source(tmp_path, '[{"a": 1, "é": {"x": [1]}, "b": 2, "a": 3}]')
    assert entities(found) == [{"a": 3, "é": {"x": [1]}, "b": 2}]
    assert entities(found, frozenset({"a"})) == [{"a": 3}]
    assert entities(found, frozenset({"é"}))[0]["é"] == {"x": [1]}


def test_the_revision_follows_the_content(tmp_path: Path) -> None:
    """A change of the same length at the same time stamp is another revision."""
    revisions = []
    for number in (1, 2):
        found = source(tmp_path, [{"a": number}])
        os.utime(tmp_path / "faq.json", ns=(1, 1))
        revisions.append(found.info().revision)
    assert revisions[0] != revisions[1]
    assert (found.info().title, found.info().fields, found.info().rows) == ("faq.json", None, None)
    assert found.locate(17) == "faq.json[17]"


def test_a_missing_file_is_named_with_its_neighbour(tmp_path: Path) -> None:
    """A name that is not there is an error that offers the nearest one; a folder is refused."""
    source(tmp_path, [])
    with pytest.raises(SourceNotFoundError, match=r"fag\.json does not exist") as caught:
        JsonSource(tmp_path / "fag.json").info()
    assert "faq.json" in caught.value.hint
    with pytest.raises(SourceError, match="is a folder"):
        list(JsonSource(tmp_path).read(None, None))
