"""CSV files: what is written as CSV is read as it was, with types and nulls where these are asked for."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuneport import Entity, Malformed
from tuneport_sources._rows import Dialect, Rows
from tuneport_sources.csv_file import CsvConfig, CsvSource

TEXTS = st.text(st.sampled_from("ab\",;|\t \n\r'é€\U0001f914\u2028\ufeff"), max_size=8)


def source(folder: Path, data: bytes | str, name: str = "faq.csv", **options: Any) -> CsvSource:
    """A file of these bytes, or of this text."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return CsvSource(CsvConfig(path=path, **options))


def entities(found: CsvSource, fields: frozenset[str] | None = None) -> list[Entity]:
    """All records."""
    return [entity for batch in found.read(None, fields) for entity in batch.entities]


def malformed(found: CsvSource, fields: frozenset[str] | None = None) -> list[Malformed]:
    """All malformed rows."""
    return [bad for batch in found.read(None, fields) for bad in batch.malformed]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    columns=st.integers(2, 4),
    cells=st.lists(TEXTS, max_size=24),
    delimiter=st.sampled_from([",", ";", "\t", "|", " ", "é"]),
    quote=st.sampled_from(['"', "'"]),
    always=st.booleans(),
    ending=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
)
def test_what_csv_writes_is_read(
    tmp_path: Path, columns: int, cells: list[str], delimiter: str, quote: str, always: bool, ending: str, encoding: str
) -> None:
    """Whatever texts Python's writer is given, in whichever dialect and encoding, come back as they were."""
    names = [f"c {number}" for number in range(columns)]
    if not always and ending == "\n":
        cells = [cell.replace("\r", "") for cell in cells]  # before 3.13, Python's writer forgets to quote it
    rows = [cells[at : at + columns] for at in range(0, len(cells) - columns + 1, columns)]
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=delimiter,
        quotechar=quote,
        quoting=csv.QUOTE_ALL if always else csv.QUOTE_MINIMAL,
        lineterminator=ending,
    )
    writer.writerows([names, *rows])
    data = text.getvalue().encode(encoding)
    found = source(tmp_path, data, delimiter=delimiter, quote=quote, encoding=encoding)
    expected = [dict(zip(names, row, strict=True)) for row in rows]
    assert entities(found) == expected
    assert malformed(found) == []
    wanted = frozenset(names[1:2])
    assert entities(found, wanted) == [{name: row[name] for name in wanted} for row in expected]
    ends = [batch.end for batch in found.read(None, None)]
    assert ends[-1] == text.getvalue().count("\n")


def test_records_stand_in_the_line_they_begin_in(tmp_path: Path) -> None:
    """Blank lines and lines within quotes count as an editor counts them."""
    found = source(tmp_path, 'id,text\r\n1,a\r\n\r\n2,"b\r\nb"\r\n  \r\n3,c\r\n\r\n')
    [batch] = found.read(None, None)
    assert batch.entities == [{"id": "1", "text": "a"}, {"id": "2", "text": "b\r\nb"}, {"id": "3", "text": "c"}]
    assert (list(batch.ordinals), batch.end, batch.malformed) == ([1, 3, 6], 8, [])
    assert found.locate(3) == "faq.csv:4"


def test_info_names_the_columns(tmp_path: Path) -> None:
    """The header is the whole schema; each column is a text unless the configuration says otherwise."""
    info = source(tmp_path, "id,text\n1,a\n", types={"id": "integer"}).info()
    assert info.title == "faq.csv"
    assert info.fields == {"id": "integer", "text": "string"}
    assert (info.closed, info.key, info.rows) == (True, (), None)


def test_it_is_read_in_one_piece(tmp_path: Path) -> None:
    """There are no ranges; batches are of at most 512 records, whose ordinals run on."""
    found = source(tmp_path, "n,m\n" + "1,2\n" * 1200)
    assert list(found.partitions(10)) == []
    batches = list(found.read(None, None))
    assert [(len(batch.entities), batch.end) for batch in batches] == [(512, 513), (512, 1025), (176, 1201)]
    assert [ordinal for batch in batches for ordinal in batch.ordinals] == list(range(1, 1201))


def test_batches_of_large_rows_are_smaller(tmp_path: Path) -> None:
    """A batch ends after 4 MiB, however few its rows are."""
    found = source(tmp_path, "n,m\n" + f"1,{'x' * 1024**2}\n" * 10)
    assert [len(batch.entities) for batch in found.read(None, None)] == [4, 4, 2]


def test_the_revision_follows_the_content(tmp_path: Path) -> None:
    """A change of the same length at the same time stamp is another revision."""
    revisions = []
    for data in ("a,b\n1,2\n", "a,b\n1,3\n"):
        found = source(tmp_path, data)
        os.utime(tmp_path / "faq.csv", ns=(1, 1))
        revisions.append(found.info().revision)
    assert revisions[0] != revisions[1]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("faq.csv", "id,text\n1,a\n"),
        ("faq.tsv", "id\ttext\n1\ta\n"),
        ("faq.TSV", "id\ttext\n1\ta\n"),
        ("faq.v2.csv", "id,text\n1,a\n"),
        ("faq", "id,text\n1,a"),
    ],
)
def test_the_name_says_the_delimiter(tmp_path: Path, name: str, data: str) -> None:
    """A tab where the file is a .tsv, a comma elsewhere."""
    assert entities(source(tmp_path, data, name)) == [{"id": "1", "text": "a"}]


def test_names_may_be_given(tmp_path: Path) -> None:
    """Where names are given, the first line is a record."""
    found = source(tmp_path, "1,a\n2,b\n", header=["id", "text"])
    assert entities(found) == [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]
    assert [list(batch.ordinals) for batch in found.read(None, None)] == [[0, 1]]
    assert entities(source(tmp_path, "", header=["id", "text"])) == []


def test_quotes_may_mean_nothing(tmp_path: Path) -> None:
    """Without a quote, quotes are characters like others, as in most .tsv files."""
    found = source(tmp_path, 'id\ttext\n1\t"a\n2\t5" "b"\n', "faq.tsv", quote="")
    assert [row["text"] for row in entities(found)] == ['"a', '5" "b"']


def test_one_column_is_a_table(tmp_path: Path) -> None:
    """A file of one column is read; a blank line is no record, an empty text in quotes is one."""
    assert entities(source(tmp_path, 'text\na\n\n""\nb\n')) == [{"text": "a"}, {"text": ""}, {"text": "b"}]


def test_empty_cells_are_texts_unless_they_mean_null(tmp_path: Path) -> None:
    """What means null is configured, for all columns; an empty cell is an empty text by default."""
    data = 'id,text\n1,\n2,""\nNA,a\n'
    assert [row["text"] for row in entities(source(tmp_path, data))] == ["", "", "a"]
    nulled = source(tmp_path, data, nulls=["", "NA"])
    assert entities(nulled) == [{"id": "1", "text": None}, {"id": "2", "text": None}, {"id": None, "text": "a"}]


VALUES: dict[str, dict[str, Any]] = {
    "integer": {"1": 1, " -20 ": -20, "+3": 3, "007": 7, "": None, " ": None, "NA": None, str(2**70): 2**70},
    "number": {"1": 1.0, "-.5": -0.5, "1e3": 1000.0, "2.": 2.0, "": None, "NA": None},
    "bool": {"true": True, "FALSE": False, "1": True, "0": False, "t": True, "no": False, "Yes": True, "": None},
    "string": {"1": "1", "": "", "NA": None},
}
NO_VALUES = {
    "integer": ["1.0", "a", "1_000", "1 0", "\u0661", "0x1", "9" * 5000, "true"],
    "number": ["nan", "inf", "-Infinity", "1e999", "1,5", "1_0.0", "a", ".", "1e"],
    "bool": ["2", "on", "truee"],
}


@pytest.mark.parametrize("kind", VALUES)
def test_typed_columns(tmp_path: Path, kind: str) -> None:
    """A column of a type holds its values, and null where the cell is empty or says so."""
    rows = [[str(number), text] for number, text in enumerate(VALUES[kind])]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["id", "v"], *rows])
    found = source(tmp_path, text.getvalue(), types={"v": kind}, nulls=["NA"])
    values = [row["v"] for row in entities(found)]
    assert values == list(VALUES[kind].values())
    assert [type(value) for value in values] == [type(value) for value in VALUES[kind].values()]


@pytest.mark.parametrize("kind", NO_VALUES)
def test_cells_that_are_not_of_their_type(tmp_path: Path, kind: str) -> None:
    """Each is malformed, by the name of its column and without the cell, where that column is asked for."""
    found = source(tmp_path, "id,v\n" + "".join(f'0,"{text}"\n0,\n' for text in NO_VALUES[kind]), types={"v": kind})
    what = {"integer": "an integer", "number": "a number", "bool": "true or false"}[kind]
    assert malformed(found) == [
        Malformed(1 + 2 * at, "bad_type", f"Field 'v' is not {what}") for at in range(len(NO_VALUES[kind]))
    ]
    assert malformed(found, frozenset({"id"})) == []


def test_fields_nobody_has_are_left_out(tmp_path: Path) -> None:
    """A field that is no column is in no record, and without fields the records are still there."""
    found = source(tmp_path, "id,text\n1,a\n", types={"id": "integer"}, nulls=["x"])
    assert entities(found, frozenset({"id", "no"})) == [{"id": 1}]
    assert entities(found, frozenset()) == [{}]


def test_other_encodings(tmp_path: Path) -> None:
    """What Windows programs write is read where its encoding is named."""
    text = "id\ttext\r\n1\tGröße €\r\n"
    for encoding in ("cp1252", "UTF-16", "utf_8_sig"):
        found = source(tmp_path, text.encode(encoding), "faq.tsv", encoding=encoding)
        assert entities(found) == [{"id": "1", "text": "Größe €"}]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_many_blank_lines_are_passed_over_in_blocks(tmp_path: Path, ending: bytes) -> None:
    """They count as lines, are not read one by one, and stay where they stand within quotes."""
    blanks, asked = ending * 300_000, [0]
    data = b"a,b" + ending + blanks + b"1,2" + ending

    class Counted(io.BufferedReader):
        def readline(self, size: int | None = -1, /) -> bytes:
            asked[0] += 1
            return super().readline(size)

    with Counted(io.FileIO(source(tmp_path, data)._path)) as file:
        assert [line for line, _ in Rows(file, Dialect(",", '"'), "faq.csv")] == [0, 300_001]
    assert asked[0] < 1000

    (batch,) = source(tmp_path, data + b'3,"x' + blanks + b'y"' + ending + blanks).read(None, None)
    assert batch.entities == [{"a": "1", "b": "2"}, {"a": "3", "b": f"x{blanks.decode()}y"}]
    assert list(batch.ordinals) == [300_001, 300_002]
    assert batch.end == 900_003
