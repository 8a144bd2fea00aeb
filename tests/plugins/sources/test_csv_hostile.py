"""CSV files that break the rules: what is lost of them is said, and what cannot be told ends the source."""

from __future__ import annotations

import csv
import io
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tuneport.errors import SourceError, SourceNotFoundError
from tuneport_sources import _lines, _rows
from tuneport_sources.csv_file import CsvConfig, CsvSource


def source(folder: Path, data: bytes | str, name: str = "faq.csv", **options: Any) -> CsvSource:
    """A file of these bytes, or of this text."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return CsvSource(CsvConfig(path=path, **options))


def outcome(found: CsvSource) -> list[tuple[int, Any]]:
    """Each line that begins a row with the row's second cell, or with the code and reason that it has."""
    rows: list[tuple[int, Any]] = []
    for batch in found.read(None, None):
        rows += [(line, entity["b"]) for line, entity in zip(batch.ordinals, batch.entities, strict=True)]
        rows += [(bad.ordinal, f"{bad.code}: {bad.reason}") for bad in batch.malformed]
    return sorted(rows, key=lambda row: row[0])


COUNT = "bad_type: The row has {} cells, there are 2 columns"
BAD: dict[bytes, str] = {
    b"1": "bad_type: The row has 1 cell, there are 2 columns",
    b"1,2,3": COUNT.format(3),
    b'"1,2"': "bad_type: The row has 1 cell, there are 2 columns",
    b'1,"x" y': "bad_type: Something stands between a closing quote and the end of the cell",
    b'1,"x"y"': "bad_type: Something stands between a closing quote and the end of the cell",
    b"1,x\ry": "bad_type: A line ends with a carriage return alone",
    b"1,x\0": "bad_type: Column 2 holds a NUL",
    b"\xff,x": "bad_utf8: Column 1 is not UTF-8",
    b"1,\xed\xa0\x80": "bad_utf8: Column 2 is not UTF-8",
    b'1,"\xc3"': "bad_utf8: Column 2 is not UTF-8",
    b"\xef\xbb\xbf,1,2": COUNT.format(3),
}


def test_bad_rows_are_listed_where_they_stand(tmp_path: Path) -> None:
    """Each kind of bad row has its code and line, and the rows around it are read."""
    found = source(tmp_path, b"a,b\n" + b"".join(b"0,ok\n" + row + b"\n" for row in BAD))
    expected: list[tuple[int, Any]] = []
    for at, reason in enumerate(BAD.values()):
        expected += [(1 + 2 * at, "ok"), (2 + 2 * at, reason)]
    assert outcome(found) == expected


def test_a_stray_quote_takes_rows_up_to_the_next_and_says_which(tmp_path: Path) -> None:
    """A row that reaches over lines because of a quote names the lines, and reading goes on behind them."""
    found = source(tmp_path, 'a,b\n1,"x\n2,y\n3,"z"\n4,ok\n')
    reason = "bad_type: Something stands between a closing quote and the end of the cell (lines 2 to 4)"
    assert outcome(found) == [(1, reason), (4, "ok")]


def test_a_quote_that_is_never_closed_ends_the_source(tmp_path: Path) -> None:
    """How many rows it took for its text nobody knows; in the last line it spoils that one alone."""
    found = source(tmp_path, 'a,b\n1,ok\n2,"x\n3,y\n')
    with pytest.raises(SourceError, match=r"faq\.csv, line 3: a quote is opened and never closed"):
        outcome(found)
    assert outcome(source(tmp_path, 'a,b\n1,ok\n2,"x')) == [
        (1, "ok"),
        (2, "bad_type: A quote is opened and never closed"),
    ]


@pytest.mark.parametrize(
    ("long", "lines"),
    [
        ("1," + "x" * 200, ""),
        ('1,"' + "x" * 200 + '"', ""),
        ('1,"' + 'x""\n' * 50 + '"', " (lines 3 to 53)"),
        ('1,"' + "x" * 30 + "\n" + "y" * 90 + '",2', " (lines 3 to 4)"),
        ('1,"\0\n' + "x" * 60 + '"', " (lines 3 to 4)"),
        ('1,"x\n' + "y" * 30 + '\n",' + "z" * 200, " (lines 3 to 5)"),
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_a_long_row_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: str, lines: str, last: bool
) -> None:
    """A row over the limit is one malformed row, however its length comes about, and reading goes on."""
    monkeypatch.setattr(_rows, "MAX_RECORD", 50)
    monkeypatch.setattr(_rows, "_STEP", 7)
    found = source(tmp_path, f"a,b\n0,ok\n{long}\n0,ok\n" if not last else f"a,b\n0,ok\n{long}")
    expected = [(1, "ok"), (2, f"bad_type: The row is longer than 0 MiB{lines}")]
    assert outcome(found) == expected + ([] if last else [(3 + long.count("\n"), "ok")])


def test_a_long_row_that_is_never_closed_ends_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote that swallows more than a row may hold, up to the end, is named with its line."""
    monkeypatch.setattr(_rows, "MAX_RECORD", 50)
    with pytest.raises(SourceError, match="line 2: a quote is opened and never closed"):
        outcome(source(tmp_path, 'a,b\n1,"x\n' + "2,y\n" * 50))


def test_a_huge_row_is_never_in_memory(tmp_path: Path) -> None:
    """Passing over a row of 64 MiB takes no more memory than a few rows of the limit; one of 7 MiB is read."""
    path = tmp_path / "faq.csv"
    with path.open("wb") as file:
        file.write(b'a,b\n1,"')
        for _ in range(64):
            file.write(b"y" * 1023 * 1024 + b"\n" * 1024)
        file.write(b'"\n2,"' + b"z" * 7 * 1024**2 + b'"\n')
    tracemalloc.start()
    rows = outcome(CsvSource(CsvConfig(path=path)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(line, len(what)) for line, what in rows[1:]] == [(2 + 64 * 1024, 7 * 1024**2)]
    assert rows[0] == (1, f"bad_type: The row is longer than 8 MiB (lines 2 to {2 + 64 * 1024})")
    assert peak < 8 * _lines.MAX_LINE


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(
        st.sampled_from([b"a", b",", b'"', b"\n", b"\r", b"\0", b"\xff", b" ", b"\xc3\xa9", b'",\n', b'"\n"']),
        max_size=30,
    )
)
def test_every_line_is_accounted_for(tmp_path: Path, pieces: list[bytes]) -> None:
    """Whatever the bytes, rows begin in ascending lines that are there, and what is read is what Python reads."""
    data = b"".join(pieces)
    found = source(tmp_path, data, header=["a", "b"])
    try:
        batches = list(found.read(None, None))
    except SourceError:
        assert data.count(b'"') > 0
        return
    lines = data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
    begun = [line for line, _ in outcome(found)]
    assert begun == sorted(set(begun))
    assert all(0 <= line < lines for line in begun)
    assert [batch.end for batch in batches][-1:] == ([lines] if lines else [])
    if not any(batch.malformed for batch in batches):
        rows = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
        read = [entity for batch in batches for entity in batch.entities]
        assert read == [{"a": row[0], "b": row[1]} for row in rows if len(row) == 2]


@pytest.mark.parametrize(
    ("data", "said", "hint"),
    [
        ("", "is empty", ""),
        ("\n\n", "is empty", ""),
        ("a,b,a,c,b\n", 'more than one columns "a", "b"', "name of its own"),
        ("a,,b, \n", "columns 2, 4 without a name", "first line"),
        (",a,b\n", "column 1 without a name", "first line"),
        ("a;b;c\n1;2;3\n", 'is one column by ",": "a;b;c"', 'source.delimiter = ";"'),
        ("a\tb\n", 'is one column by ","', 'source.delimiter = "\\t"'),
        ("a|b\n", 'is one column by ","', 'source.delimiter = "|"'),
        (b"\xff\xfea\0,\0b\0", "cannot be read. Column 1 holds a NUL", 'source.encoding = "utf-16"'),
        (b"Gr\xf6\xdfe,b\n", "cannot be read. Column 1 is not UTF-8", '"cp1252"'),
        ("a,b\r1,2\r3,4\r", "A line ends with a carriage return alone", "line feeds"),
        ('a,"b" c\n', "Something stands between a closing quote", ""),
    ],
)
def test_a_header_that_cannot_be_right(tmp_path: Path, data: bytes | str, said: str, hint: str) -> None:
    """The error names the file and what is wrong with its first line, before anything is read."""
    with pytest.raises(SourceError) as caught:
        source(tmp_path, data).info()
    assert said in caught.value.message
    assert caught.value.message.startswith(str(tmp_path / "faq.csv"))
    assert hint in caught.value.hint


def test_a_delimiter_that_was_named_is_believed(tmp_path: Path) -> None:
    """One column that holds another delimiter is read where somebody said which one it is."""
    assert source(tmp_path, "a;b\n1\n", delimiter=",").info().fields == {"a;b": "string"}
    assert source(tmp_path, "a;b\n1\n", header=["x"]).info().fields == {"x": "string"}


def test_a_type_of_no_column_is_an_error(tmp_path: Path) -> None:
    """A misspelt column among the types is named, with the closest."""
    with pytest.raises(SourceError, match='has no column "vots"') as caught:
        source(tmp_path, "id,votes\n", types={"vots": "integer"}).info()
    assert caught.value.hint == 'did you mean "votes"?'


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"delimiter": "||"}, "at most 1 character"),
        ({"delimiter": ""}, "at least 1 character"),
        ({"delimiter": "\n"}, "cannot be a line break"),
        ({"delimiter": '"'}, "not the delimiter"),
        ({"quote": ","}, "not the delimiter"),
        ({"quote": "é"}, "one ASCII character"),
        ({"header": False}, "header is true, or a list"),
        ({"header": []}, "header is true, or a list"),
        ({"encoding": "utf-9"}, "no encoding of texts"),
        ({"encoding": "rot13"}, "no encoding of texts"),
        ({"types": {"a": "date"}}, "'string', 'integer', 'number' or 'bool'"),
        ({"max_ratio": -1}, "greater than or equal to 0"),
        ({"delimeter": ";"}, "Extra inputs"),
    ],
)
def test_configuration_that_makes_no_sense_is_refused(options: dict[str, Any], said: str) -> None:
    """Each slip is named when the configuration is read."""
    with pytest.raises(ValidationError, match=said):
        CsvConfig(path=Path("faq.csv"), **options)


def test_a_byte_that_is_not_of_the_encoding_spoils_its_row_alone(tmp_path: Path) -> None:
    """What is no text in the encoding that was named is found in its row."""
    data = b"a,b\n0,\x80\n1,\x81\n0,ok\n"
    assert outcome(source(tmp_path, data, encoding="cp1252")) == [
        (1, "€"),
        (2, "bad_utf8: Column 2 is not CP1252"),
        (3, "ok"),
    ]
    lone = "a,b\n0,ok\n1,".encode("utf-16") + b"\x00\xd8" + "x\n0,ok\n".encode("utf-16-le") + b"a"
    rows = outcome(source(tmp_path, lone, encoding="utf-16"))
    assert [line for line, _ in rows] == [1, 2, 3, 4]
    assert rows[1] == (2, "bad_utf8: Column 2 is not UTF-16")


def test_a_missing_file_is_named_with_its_neighbour(tmp_path: Path) -> None:
    """A name that is not there is an error that offers the nearest one; a folder is refused."""
    source(tmp_path, "a,b\n")
    with pytest.raises(SourceNotFoundError, match=r"fag\.csv does not exist") as caught:
        CsvSource(CsvConfig(path=tmp_path / "fag.csv")).info()
    assert "faq.csv" in caught.value.hint
    with pytest.raises(SourceError, match="is a folder"):
        list(CsvSource(CsvConfig(path=tmp_path)).read(None, None))
