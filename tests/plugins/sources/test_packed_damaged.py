"""Compressed files that were cut off or changed at any byte: the same text, or an error that names the file."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from tools import recipe

from tuneport import export
from tuneport.errors import SourceError
from tuneport.lines import DamagedError, Lines
from tuneport_sources import _packed

TEXT = b"".join(b'{"question": "%d", "answer": "It is the answer %d."}\n' % (at * 7919 % 1000, at) for at in range(24))
MIDDLE = TEXT.index(b"\n", len(TEXT) // 2) + 1
SKIPPED = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"


def zstd(data: bytes) -> bytes:
    """One frame, with a checksum."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


PACK: dict[str, Callable[[bytes], bytes]] = {".gz": lambda data: gzip.compress(data, mtime=0), ".zst": zstd}


def source(path: Path) -> bytes:
    """What an importer reads."""
    with _packed.opened(path) as file:
        return file.read()


def lines(path: Path) -> bytes:
    """What `validate` reads."""
    return b"".join(Lines(path))


READERS: dict[str, Callable[[Path], bytes]] = {"source": source, "lines": lines}


def outcomes(path: Path, read: Callable[[Path], bytes], changed: Iterable[bytes]) -> Iterator[bytes | str]:
    """What each file holds, or what its error says."""
    for data in changed:
        path.write_bytes(data)
        try:
            yield read(path)
        except (SourceError, DamagedError) as error:
            yield str(error)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("suffix", PACK)
def test_a_file_cut_off_anywhere_is_never_a_shorter_one(tmp_path: Path, suffix: str, reader: str) -> None:
    """Of two members only the first may stand alone: nothing says that another one followed."""
    first, second = PACK[suffix](TEXT[:MIDDLE]), PACK[suffix](TEXT[MIDDLE:])
    whole = first + second
    pieces = (whole[:end] for end in range(1, len(whole)))
    found = list(outcomes(tmp_path / f"a.jsonl{suffix}", READERS[reader], pieces))

    assert found.pop(len(first) - 1) == TEXT[:MIDDLE]
    assert all(isinstance(one, str) for one in found)
    if reader == "source":
        assert all(str(tmp_path) in str(one) for one in found)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("suffix", PACK)
def test_a_bit_changed_anywhere_never_changes_the_text(
    tmp_path: Path, suffix: str, reader: str, figure: Callable[[str, object], None]
) -> None:
    """What is read is the text as it was, where the bit means nothing; else an error."""
    data = PACK[suffix](TEXT)
    flipped = [data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :] for at in range(len(data)) for bit in range(8)]
    found = list(outcomes(tmp_path / f"a.jsonl{suffix}", READERS[reader], flipped))

    assert {one for one in found if isinstance(one, bytes)} <= {TEXT}
    assert sum(isinstance(one, str) for one in found) > 0.9 * len(found)
    figure(f"bits of a {suffix} file changed, each an error or the same text ({reader})", len(found))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("rest", [b"x", b"\n", b"{}", b"\x1f", b"\x1f\x8b", b"\x28\xb5\x2f", b"\xff" * 600])
@pytest.mark.parametrize("suffix", PACK)
def test_what_follows_the_last_member_is_an_error(tmp_path: Path, suffix: str, rest: bytes, reader: str) -> None:
    """Whatever it is, and however short."""
    [found] = outcomes(tmp_path / f"a.jsonl{suffix}", READERS[reader], [PACK[suffix](TEXT) + rest])
    assert isinstance(found, str)


@pytest.mark.parametrize("reader", READERS)
def test_frames_to_be_skipped_hold_nothing(tmp_path: Path, reader: str) -> None:
    """They may stand between others and at the end, and are cut off as others are."""
    whole = zstd(TEXT[:MIDDLE]) + SKIPPED + zstd(TEXT[MIDDLE:]) + SKIPPED
    found = list(outcomes(tmp_path / "a.jsonl.zst", READERS[reader], [whole, whole[:-1], whole[:-8]]))
    assert found[0] == TEXT
    assert all(isinstance(one, str) for one in found[1:])


@pytest.mark.parametrize("suffix", PACK)
def test_an_export_of_a_damaged_file_publishes_nothing(tmp_path: Path, suffix: str) -> None:
    """Though all but the last bytes were read: the records that are missing are nobody's reject."""
    path = tmp_path / f"a.jsonl{suffix}"
    path.write_bytes(PACK[suffix](TEXT)[:-3])
    made: dict[str, Any] = recipe(path, tmp_path / "out")
    with pytest.raises(SourceError, match="ends in the middle of its"):
        export(made)
    assert not (tmp_path / "out").exists()
