"""Compressed files: the same records as from the file itself, all of them or an error, in bounded memory."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuneport import Source
from tuneport.errors import SourceError, SourceNotFoundError
from tuneport_sources import _lines, _packed, _rows
from tuneport_sources.csv_file import CsvConfig, CsvSource
from tuneport_sources.json_document import JsonSource
from tuneport_sources.jsonl import JsonlConfig, JsonlSource


def zstd(data: bytes) -> bytes:
    """One frame, with a checksum."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


PACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".zst": zstd}
READERS: dict[str, Callable[[Path], Source]] = {
    ".jsonl": JsonlSource,
    ".json": JsonSource,
    ".csv": lambda path: CsvSource(CsvConfig(path=path)),
}
DATA = {
    ".jsonl": b'\xef\xbb\xbf{"a": "1"}\n\n{"a": \n{"a": "2"}\n',
    ".json": b'{"items": [{"a": "1"}, 3, {"a": "2"}]}\n',
    ".csv": b'\xef\xbb\xbfa,b\n1,2\n1\n2,"3\n4"\n',
}
SKIPPED = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"


def written(folder: Path, name: str, data: bytes) -> Path:
    """A file of these bytes."""
    path = folder / name
    path.write_bytes(data)
    return path


def unpacked(path: Path, max_ratio: int = _packed.MAX_RATIO) -> bytes:
    """What a file holds."""
    with _packed.opened(path, max_ratio) as file:
        return file.read()


def size_of(path: Path, max_ratio: int = _packed.MAX_RATIO) -> int:
    """How much a file holds, read piece by piece."""
    with _packed.opened(path, max_ratio) as file:
        return sum(len(piece) for piece in iter(lambda: file.read(1 << 20), b""))


def message(path: Path, max_ratio: int = _packed.MAX_RATIO) -> str:
    """What unpacking it ends with."""
    with pytest.raises(SourceError) as caught:
        size_of(path, max_ratio)
    return str(caught.value)


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("kind", READERS)
def test_a_compressed_file_is_read_as_the_file_itself(tmp_path: Path, kind: str, suffix: str) -> None:
    """Records, malformed ones, ordinals and places are those of the file before compression, whatever its name."""
    plain = READERS[kind](written(tmp_path, f"faq{kind}", DATA[kind]))
    expected = list(plain.read(None, None))
    assert sum(len(batch.malformed) for batch in expected) == 1
    for name in (f"faq{kind}{suffix}", f"other{kind}", "packed"):
        found = READERS[kind](written(tmp_path, name, PACK[suffix](DATA[kind])))
        assert list(found.read(None, None)) == expected
        assert found.info().fields == plain.info().fields
        assert found.info().title.startswith(name)
        assert list(found.partitions(1)) == []
        assert found.locate(1).startswith(name)


@pytest.mark.parametrize("suffix", PACK)
def test_the_revision_is_that_of_the_compressed_file(tmp_path: Path, suffix: str) -> None:
    """Size and digests are those of the bytes on the disk, so that nothing is unpacked for them."""
    path = written(tmp_path, f"faq.jsonl{suffix}", PACK[suffix](DATA[".jsonl"]))
    revision = JsonlSource(path).info().revision
    assert revision is not None
    assert revision["size"] == path.stat().st_size


def test_a_tsv_is_one_when_compressed(tmp_path: Path) -> None:
    """The suffix before that of the compression says the delimiter."""
    path = written(tmp_path, "faq.tsv.gz", gzip.compress(b"a\tb\n1\t2\n"))
    assert list(CsvSource(CsvConfig(path=path)).importEntities()) == [{"a": "1", "b": "2"}]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from(list(PACK)),
    parts=st.lists(st.one_of(st.binary(max_size=60), st.integers(1, 300_000).map(bytes)), min_size=1, max_size=5),
    padding=st.sampled_from([b"", b"\0" * 7]),
    cut=st.integers(1, 40),
)
def test_members_are_read_on_and_never_shortened(
    tmp_path: Path, suffix: str, parts: list[bytes], padding: bytes, cut: int
) -> None:
    """Members one after the other are one text; without its last bytes a file is an error, not a shorter text."""
    padding = padding if suffix == ".gz" else SKIPPED * (len(padding) > 0)
    whole = b"".join(PACK[suffix](part) + padding for part in parts)
    path = written(tmp_path, f"a{suffix}", whole)
    assert unpacked(path) == b"".join(parts)
    last = len(PACK[suffix](parts[-1]) + padding)
    cut = len(padding) + 1 + cut % (last - len(padding) - 4)
    assert "ends in the middle of its" in message(written(tmp_path, f"b{suffix}", whole[:-cut]))


@pytest.mark.parametrize("suffix", PACK)
def test_a_member_may_begin_anywhere(tmp_path: Path, suffix: str) -> None:
    """Thousands of small members are found, wherever the pieces that the file is read in end."""
    assert unpacked(written(tmp_path, f"a{suffix}", PACK[suffix](b"x") * 5001)) == b"x" * 5001


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("kind", READERS)
def test_a_file_cut_off_is_an_error_of_the_source(tmp_path: Path, kind: str, suffix: str) -> None:
    """Even where all records are there and only the checksum is missing."""
    data = PACK[suffix](DATA[kind])
    for size in (len(data) - 1, len(data) - 4, len(data) // 2):
        with pytest.raises(SourceError, match="ends in the middle of its"):
            list(READERS[kind](written(tmp_path, f"faq{kind}{suffix}", data[:size])).read(None, None))


def flipped(data: bytes) -> bytes:
    """The same with its checksum changed."""
    place = len(data) - (8 if data[:2] == b"\x1f\x8b" else 4)
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


HOSTILE: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("garbage after it", lambda packed: packed + b'{"a": 1}\n', "holds something else after its"),
    ("a little garbage", lambda packed: packed + b"x", "holds something else after its"),
    ("a checksum changed", flipped, "holds damaged"),
    ("the other kind after it", lambda packed: packed + _other(packed), "holds something else after its"),
    ("nothing", lambda _: b"", "it is empty"),
    ("something else", lambda _: b'{"a": 1}\n', "holds no"),
    ("a few bytes", lambda packed: packed[:1], "holds no"),
]


def _other(packed: bytes) -> bytes:
    return zstd(b"") if packed[:2] == b"\x1f\x8b" else gzip.compress(b"")


@pytest.mark.parametrize(("spoil", "said"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
@pytest.mark.parametrize("suffix", PACK)
def test_what_is_no_sound_file_is_said_to_be_none(
    tmp_path: Path, suffix: str, spoil: Callable[[bytes], bytes], said: str
) -> None:
    """Each way to be damaged is an error with the file's name."""
    found = message(written(tmp_path, f"faq.jsonl{suffix}", spoil(PACK[suffix](DATA[".jsonl"]))))
    assert said in found
    assert found.startswith(str(tmp_path / f"faq.jsonl{suffix}"))


def test_a_window_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    """What zstd --long makes may need gigabytes to be unpacked: the error says how to make it again."""
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=30, enable_ldm=True)
    writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = writer.compress(b"a" * 100) + writer.flush()
    assert "without --long" in message(written(tmp_path, "a.zst", data))


def test_skippable_frames_are_no_data(tmp_path: Path) -> None:
    """Such frames may stand before, between and after others; the file need not be named for what it is."""
    assert unpacked(written(tmp_path, "a.jsonl", SKIPPED + zstd(b"a") + SKIPPED + zstd(b"b") + SKIPPED)) == b"ab"


def bomb(suffix: str, mebibytes: int) -> bytes:
    """So much of nothing, compressed as well as can be."""
    packer: Any = zlib.compressobj(9, wbits=31) if suffix == ".gz" else zstandard.ZstdCompressor(level=19).compressobj()
    block = b"\0" * 1024 * 1024
    return b"".join([*(packer.compress(block) for _ in range(mebibytes)), packer.flush()])


@pytest.mark.parametrize("suffix", PACK)
def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, suffix: str) -> None:
    """What unpacks to more than its share is ended soon after 64 MiB, in bounded memory; the limit can be lifted."""
    path = written(tmp_path, f"faq.jsonl{suffix}", bomb(suffix, 300))
    tracemalloc.start()
    said = message(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "unpacks to more than 200 times its size" in said
    assert "source.max_ratio" in said
    assert peak < 64 << 20
    assert size_of(path, max_ratio=0) == 300 << 20
    [batch] = JsonlSource(path, max_ratio=0).read(None, None)
    assert (batch.end, [bad.reason for bad in batch.malformed]) == (1, ["The line is longer than 8 MiB"])


@pytest.mark.parametrize("suffix", PACK)
def test_a_small_file_may_unpack_to_64_mebibytes(tmp_path: Path, suffix: str) -> None:
    """Below that no ratio is too high."""
    assert size_of(written(tmp_path, f"a{suffix}", bomb(suffix, 60))) == 60 << 20


_CONFINED = """
import resource, sys
from pathlib import Path
from tuneport_sources.jsonl import JsonlSource
source = JsonlSource(Path(sys.argv[1]), max_ratio=0)
assert [len(batch.entities) for batch in source.read(None, None)] == [1]
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (96 << 20),) * 2)
source = JsonlSource(Path(sys.argv[2]), max_ratio=0)
print(sum(batch.end for batch in source.read(None, None)))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs to know how much memory is used")
@pytest.mark.parametrize("suffix", PACK)
def test_memory_is_flat(tmp_path: Path, suffix: str) -> None:
    """A process that may take 96 MiB more reads a line of 400 MiB, and goes on behind it."""
    small = written(tmp_path, f"small.jsonl{suffix}", PACK[suffix](b'{"a": 1}\n'))
    large = written(tmp_path, f"large.jsonl{suffix}", bomb(suffix, 400) + PACK[suffix](b'\n{"a": 1}\n'))
    done = subprocess.run(
        [sys.executable, "-c", _CONFINED, str(small), str(large)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_a_line_over_the_limit_is_passed_over_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of a stream and lines of a range are the same, long ones and the first one included."""
    monkeypatch.setattr(_lines, "MAX_LINE", 20)
    monkeypatch.setattr(_lines, "_STEP", 7)
    for data in (b"", b"\n", b"x" * 21, b"x" * 20 + b"\n" + b"y" * 21 + b"\nz", _lines.BOM + b"x\n" + _lines.BOM):
        ranged = list(_lines.owned_lines(io.BufferedReader(io.BytesIO(data)), 0, len(data)))
        assert list(_lines.all_lines(io.BufferedReader(io.BytesIO(data)))) == ranged


def test_a_place_is_that_in_the_text(tmp_path: Path) -> None:
    """An error of syntax is found at its line and byte of what the file holds."""
    path = written(tmp_path, "faq.json.gz", gzip.compress(b'[\n{"a": 1},\n{"a": tiger}\n]'))
    with pytest.raises(SourceError, match=r"line 3 \(byte 18\): Expecting value"):
        list(JsonSource(path).read(None, None))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """As it is where nothing is compressed."""
    with pytest.raises(SourceNotFoundError, match=r"none\.csv\.gz does not exist"):
        JsonlSource(tmp_path / "none.csv.gz").info()


def test_the_limit_is_configured() -> None:
    """It is a key of each importer that reads files, with 200 as its default."""
    assert JsonlConfig(path=Path("a")).max_ratio == CsvConfig(path=Path("a")).max_ratio == 200


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("kind", [".jsonl", ".csv"])
def test_a_bomb_of_blank_lines_is_refused_before_they_are_lines(
    suffix: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It unpacks to too much; until that shows, no blank line is looked at on its own."""
    passed: list[int] = []
    before = _lines.pass_blank

    def counted(*arguments: Any) -> _lines.Blank | None:
        passed.append(1)
        return before(*arguments)

    monkeypatch.setattr(_lines, "pass_blank", counted)
    monkeypatch.setattr(_rows, "pass_blank", counted)
    start = b"a,b\n" if kind == ".csv" else b'{"a": 1}\n'
    path = written(tmp_path, f"faq{kind}{suffix}", PACK[suffix](start + b"\n" * (100 << 20) + start))
    with pytest.raises(SourceError, match="unpacks to more than 200 times its size"):
        list(READERS[kind](path).read(None, None))
    assert 0 < len(passed) < 10_000
