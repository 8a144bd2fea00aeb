"""JSONL files: which lines are records, which are not, and who reads them."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tuneport import Batch, Malformed, Partition
from tuneport.errors import SourceError, SourceNotFoundError
from tuneport_sources import _blocks, _lines
from tuneport_sources._packed import is_packed
from tuneport_sources.csv_file import CsvConfig, CsvSource
from tuneport_sources.json_document import JsonSource
from tuneport_sources.jsonl import JsonlConfig, JsonlSource
from tuneport_sources.sqlite import SqliteSource


def source(folder: Path, data: bytes) -> JsonlSource:
    """A file of these bytes."""
    path = folder / "faq.jsonl"
    path.write_bytes(data)
    return JsonlSource(path)


def records(batches: Iterable[Batch], base: int = 0) -> tuple[list[tuple[int, Any]], int]:
    """Every record and malformed line with its ordinal over the whole file, and the ordinal after the last."""
    found: list[tuple[int, Any]] = []
    end = 0
    for batch in batches:
        found += [(base + ordinal, entity) for ordinal, entity in zip(batch.ordinals, batch.entities, strict=True)]
        found += [(base + bad.ordinal, bad.code) for bad in batch.malformed]
        end = batch.end
    return sorted(found, key=lambda pair: pair[0]), base + end


def codes(found: JsonlSource, fields: frozenset[str] | None = None) -> list[tuple[int, str]]:
    """Ordinal and code of each malformed line."""
    return [(bad.ordinal, bad.code) for bad in malformed(found, fields)]


def malformed(found: JsonlSource, fields: frozenset[str] | None = None) -> list[Malformed]:
    """All malformed lines."""
    return [bad for batch in found.read(None, fields) for bad in batch.malformed]


LINES = st.one_of(
    st.binary(max_size=12),
    st.integers(0, 99).map(lambda number: json.dumps({"n": number}).encode()),
    st.sampled_from([b"", b" ", b"\r", b"[1]", b'{"n":1}\r', b"\xef\xbb\xbf", b"\xef\xbb\xbf{}"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=st.lists(LINES, max_size=12), last=st.booleans(), target=st.integers(1, 60))
def test_partitions_tile_a_file(tmp_path: Path, lines: list[bytes], last: bool, target: int) -> None:
    """Ranges of any size give the same records with the same ordinals as the whole file, once and in order."""
    found = source(tmp_path, b"\n".join(lines) + (b"\n" if last else b""))
    assume(not is_packed(tmp_path / "faq.jsonl"))
    whole, end = records(found.read(None, None))
    pieces: list[tuple[int, Any]] = []
    base = 0
    for partition in found.partitions(target):
        piece, base = records(found.read(partition, None), base)
        pieces += piece
    assert (pieces, base) == (whole, end)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=80), target=st.integers(1, 90))
def test_every_line_is_accounted_for(tmp_path: Path, data: bytes, target: int) -> None:
    """The ordinals of all ranges add up to the number of lines in the file, whatever its bytes."""
    found = source(tmp_path, data)
    assume(not is_packed(tmp_path / "faq.jsonl"))
    total = sum(records(found.read(partition, None))[1] for partition in found.partitions(target))
    assert total == len(data.split(b"\n")) - data.endswith(b"\n") - (data == b"")


def test_blank_lines_count_and_are_no_records(tmp_path: Path) -> None:
    """Blank lines, CRLF endings and a BOM leave the records and their line numbers as an editor shows them."""
    found = source(tmp_path, b'\xef\xbb\xbf{"n": 1}\r\n\r\n  \t\n{"n": 2}\n\n')
    assert records(found.read(None, None)) == ([(0, {"n": 1}), (3, {"n": 2})], 5)
    assert malformed(found) == []
    assert found.locate(3) == "faq.jsonl:4"


BAD = {
    b'{"a": NaN}': "bad_json",
    b'{"a": Infinity}': "bad_json",
    b'{"a": 1': "bad_json",
    b'{"a": 1} {"a": 2}': "bad_json",
    b'{"a": 1e999}': "bad_json",
    b'{"a": 01}': "bad_json",
    b"[1]": "bad_json",
    b'"text"': "bad_json",
    b"null": "bad_json",
    b'{"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}": "bad_json",
    b'{"a": "\xff"}': "bad_utf8",
    b'{"a": "\xed\xa0\x80"}': "bad_utf8",
    b'{"a": "\\ud800"}': "bad_utf8",
    b'{"a": "\\udc00\\ud83d"}': "bad_utf8",
    b'{"a": "\\\\ud800" NaN}': "bad_json",
}


@pytest.mark.parametrize("fields", [None, frozenset({"a"})])
def test_bad_lines_are_listed_where_they_stand(tmp_path: Path, fields: frozenset[str] | None) -> None:
    """Each kind of bad line gets its code and ordinal, and the good lines around it are read."""
    found = source(tmp_path, b"".join(b'{"a": 1}\n' + line + b"\n" for line in BAD))
    assert codes(found, fields) == [(1 + 2 * at, code) for at, code in enumerate(BAD.values())]
    assert [entity for batch in found.read(None, fields) for entity in batch.entities] == [{"a": 1}] * len(BAD)


def test_reasons_show_the_place_and_nothing_of_the_record(tmp_path: Path) -> None:
    """A reason is a sentence with the byte, and no value of the record is in it."""
    found = source(tmp_path, b'{"secret": tiger}\n{"secret": "ti\xffger"}\n[1]\n{"secret": "tiger\n')
    assert [bad.reason for bad in malformed(found)] == [
        "Not JSON: invalid character (byte 15)",
        "Not UTF-8: invalid start byte (byte 14)",
        "Not a JSON object, but array",
        "Not JSON: the line ends too early",
    ]


def test_an_object_over_two_lines_is_no_record(tmp_path: Path) -> None:
    """Two halves of an object, and two objects on one line, are three bad lines, though their numbers add up."""
    found = source(tmp_path, b'{"a": 1}{"a": 2}\n{"a":\n3}\n')
    assert codes(found) == [(0, "bad_json"), (1, "bad_json"), (2, "bad_json")]


def test_a_huge_line_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line over the limit is one malformed record, whichever ranges it runs through, and reading goes on."""
    monkeypatch.setattr(_lines, "MAX_LINE", 50)
    monkeypatch.setattr(_lines, "_STEP", 7)
    monkeypatch.setattr(_blocks, "_BLOCK", 25)
    fits = b'{"a": "' + b"x" * 41 + b'"}'
    found = source(tmp_path, fits + b"\n" + b'{"a": "' + b"x" * 500 + b'"}\n{"a": 2}\n' + b"y" * 51)
    assert len(fits) == 50
    for target in (1, 3, 20, 60, 10_000):
        pieces: list[tuple[int, Any]] = []
        base = 0
        for partition in found.partitions(target):
            piece, base = records(found.read(partition, None), base)
            pieces += piece
        assert [(at, what if isinstance(what, str) else list(what)) for at, what in pieces] == [
            (0, ["a"]),
            (1, "bad_json"),
            (2, ["a"]),
            (3, "bad_json"),
        ]


def test_a_huge_line_is_never_in_memory(tmp_path: Path) -> None:
    """Skipping a line of 64 MiB takes no more memory than two lines of the limit."""
    path = tmp_path / "faq.jsonl"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
        file.seek(0, os.SEEK_END)
        file.write(b'\n{"a": 1}\n')
    tracemalloc.start()
    found, end = records(JsonlSource(path).read(None, None))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found, end) == ([(0, "bad_json"), (1, {"a": 1})], 2)
    assert peak < 3 * _lines.MAX_LINE


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("name", ["a b", "é", "\U0001f914", "class", 'q"\\', "missing", ""])
def test_projection_keeps_the_fields_asked_for(tmp_path: Path, name: str, escaped: bool) -> None:
    """A field asked for has the value it has without projection, however its name is spelt."""
    line = {"a b": 2**70, "é": ["x", {"y": None}], "\U0001f914": "é", "class": 1.5, 'q"\\': {}, "": 0, "rest": 1}
    found = source(tmp_path, json.dumps(line, ensure_ascii=escaped).encode())
    [whole] = found.read(None, None)
    [batch] = found.read(None, frozenset({name}))
    assert whole.entities == [line]
    assert batch.entities[0].get(name) == line.get(name)
    assert (name in batch.entities[0]) == (name in line)


def test_projection_leaves_the_rest_out(tmp_path: Path) -> None:
    """What nobody asked for is not decoded."""
    [batch] = source(tmp_path, b'{"a": 1, "b": [2]}').read(None, frozenset({"a"}))
    assert batch.entities == [{"a": 1}]


def test_no_fields_still_count_the_records(tmp_path: Path) -> None:
    """Where no field is asked for, every record is still there."""
    [batch] = source(tmp_path, b'{"a": 1}\n{"b": 2}\n').read(None, frozenset())
    assert (len(batch.entities), batch.end) == (2, 2)


def test_bad_text_in_a_field_nobody_asked_for_is_bad(tmp_path: Path) -> None:
    """Whether a line is UTF-8 does not depend on the fields that are looked at."""
    found = source(tmp_path, b'{"a": 1, "b": "\xff"}\n')
    assert codes(found, frozenset({"a"})) == codes(found, None) == [(0, "bad_utf8")]


def test_batches_are_bounded(tmp_path: Path) -> None:
    """A long file comes in batches of at most 512 records, whose ordinals run on."""
    assert [batch.end for batch in source(tmp_path, b'{"a": 1}\n' * 1024).read(None, None)] == [512, 1024]
    batches = list(source(tmp_path, b'{"a": 1}\n' * 1200).read(None, None))
    assert [len(batch.entities) for batch in batches] == [512, 512, 176]
    assert [ordinal for batch in batches for ordinal in batch.ordinals] == list(range(1200))
    assert [batch.end for batch in batches] == [512, 1024, 1200]


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    """An empty file is one range that gives nothing."""
    found = source(tmp_path, b"")
    [partition] = found.partitions(1 << 22)
    assert list(found.read(partition, None)) == []


def test_the_revision_follows_the_content(tmp_path: Path) -> None:
    """A change of the same length, at the same time stamp, at either end of the file is another revision."""
    data = b'{"a": 1}\n' * 50_000
    found = source(tmp_path, data)
    path = tmp_path / "faq.jsonl"
    revisions = []
    for changed in (data, b'{"a": 2}\n' + data[9:], data[:-9] + b'{"a": 2}\n'):
        path.write_bytes(changed)
        os.utime(path, ns=(1, 1))
        revisions.append(found.info().revision)
    assert revisions[0] != revisions[1] != revisions[2] != revisions[0]
    assert found.info().title == "faq.jsonl"
    assert found.info().fields is None


def test_a_missing_file_is_named_with_its_neighbour(tmp_path: Path) -> None:
    """A name that is not there is an error that offers the nearest one."""
    source(tmp_path, b"")
    with pytest.raises(SourceNotFoundError, match=r"fag\.jsonl does not exist") as caught:
        JsonlSource(tmp_path / "fag.jsonl").info()
    assert "faq.jsonl" in caught.value.hint


@pytest.mark.parametrize(
    "ask",
    [
        lambda found: found.info(),
        lambda found: list(found.read(None, None)),
        lambda found: list(found.partitions(10)),
    ],
    ids=["info", "read", "partitions"],
)
def test_a_folder_is_no_file(tmp_path: Path, ask: Callable[[JsonlSource], object]) -> None:
    """A folder is refused in words, whatever is asked of it first."""
    found = JsonlSource(tmp_path)
    with pytest.raises(SourceError, match="is a folder"):
        ask(found)


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    """A pipe is refused rather than waited for."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="not a regular file"):
        JsonlSource(tmp_path / "pipe").info()


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens and cannot be read")
def test_a_failing_read_is_a_source_error() -> None:
    """A read error in the middle ends the run with the file's name."""
    found = JsonlSource(Path("/proc/self/mem"))
    with pytest.raises(SourceError, match="/proc/self/mem cannot be read"):
        list(found.read(Partition({"start": 0, "end": 100}), None))


def test_unknown_configuration_is_refused() -> None:
    """A key that the importer does not know is an error."""
    with pytest.raises(ValidationError):
        JsonlConfig.model_validate({"path": "x.jsonl", "pth": 1})


class CountedReads(io.BufferedReader):
    """A file that counts the lines it was asked for."""

    asked = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        """A line."""
        self.asked += 1
        return super().readline(size)


@pytest.mark.parametrize("blank", [b"\n", b"\r\n", b" \t\n"])
def test_millions_of_blank_lines_are_passed_over_in_blocks(tmp_path: Path, blank: bytes) -> None:
    """Their number is right, in ranges too, and they are not read one by one."""
    data = b'{"n": 1}\n' + blank * 300_000 + b'{"n": 2}\n' + blank * 5 + b'{"n": 3}'
    found = source(tmp_path, data)
    pieces: list[tuple[int, Any]] = []
    base = 0
    for partition in found.partitions(77_777):
        piece, base = records(found.read(partition, None), base)
        pieces += piece

    assert records(found.read(None, None)) == (pieces, base)
    assert (pieces, base) == ([(0, {"n": 1}), (300_001, {"n": 2}), (300_007, {"n": 3})], 300_008)
    for count in (_lines.all_lines, lambda file: _lines.owned_lines(file, 0, len(data))):
        with CountedReads(io.FileIO(tmp_path / "faq.jsonl")) as file:
            assert len(list(count(file))) < 1000
            assert file.asked < 1000


def test_a_link_to_nothing_is_said_to_be_one(tmp_path: Path) -> None:
    """It is there, so that it does not exist would be no answer."""
    (tmp_path / "faq.jsonl").symlink_to(tmp_path / "moved.jsonl")
    with pytest.raises(SourceNotFoundError, match=r"faq\.jsonl is a link to nothing") as caught:
        JsonlSource(tmp_path / "faq.jsonl").info()
    assert "did you mean" not in caught.value.hint


def test_a_title_is_one_line(tmp_path: Path) -> None:
    """Whatever the file is called, and whoever reads it."""
    name = "a\n## h3 \x1b[1m<b>"
    for ending, data in {".jsonl": "{}", ".json": "[]", ".csv": "a,b\n1,2\n"}.items():
        (tmp_path / f"{name}{ending}").write_text(data)
    with sqlite3.connect(tmp_path / f"{name}.db") as connection:
        connection.execute('CREATE TABLE "b\nc" (id INTEGER)')
    connection.close()
    paths = {path.suffix: path for path in tmp_path.iterdir()}
    found = [
        JsonlSource(paths[".jsonl"]),
        JsonSource(paths[".json"]),
        CsvSource(CsvConfig(path=paths[".csv"])),
        SqliteSource(paths[".db"]),
    ]
    titles = [one.info().title for one in found]

    start = r"a\n## h3 \x1b[1m<b>"
    assert titles == [f"{start}.jsonl", f"{start}.json", f"{start}.csv", rf"{start}.db, table b\nc"]
