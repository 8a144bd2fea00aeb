"""Sealing with several threads: the same files and errors as with one, and little is taken ahead."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from xxhash import xxh3_128_hexdigest

from tuneport.errors import StorageError
from tuneport.runs.messages import Piece
from tuneport.runs.planning.target import Compression
from tuneport.runs.publishing import cutting
from tuneport.runs.publishing.cutting import Cut
from tuneport.runs.publishing.helpers import Helpers
from tuneport.runs.publishing.seal import Shard, blocks, seal
from tuneport.runs.storage import Storage


@pytest.fixture
def pieces(tmp_path: Path) -> list[Piece]:
    """Three files of rows."""
    made = []
    for number in range(3):
        data = b"".join(b"row %d of %d\n" % (row, number) for row in range(4000))
        (tmp_path / f"{number}").write_bytes(data)
        made.append(Piece(f"{number}", xxh3_128_hexdigest(data)))
    return made


def sealed(pieces: list[Piece], folder: Path, compression: Compression, workers: int) -> list[Shard]:
    """The files that are made of them."""
    into = folder / f"out {compression} {workers}"
    into.mkdir()
    storage = Storage()
    with Helpers(workers) as helpers:
        return seal(blocks(folder, pieces, storage), into, Cut(40_000, 3_000), compression, storage, helpers)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("workers", [2, 7])
def test_what_is_noted_of_a_file_is_what_it_holds(
    compression: Compression, workers: int, pieces: list[Piece], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums and sizes are those of the bytes on disk, which are the same from one thread and from several."""
    monkeypatch.setattr(cutting, "FRAME", 5_000)
    alone, together = (sealed(pieces, tmp_path, compression, count) for count in (1, workers))
    assert [shard.path.read_bytes() for shard in together] == [shard.path.read_bytes() for shard in alone]
    for shard in together:
        data = shard.path.read_bytes()
        assert (shard.sha256, shard.bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert sum(shard.rows for shard in together) == 12_000
    assert len(together) > 4


@pytest.mark.parametrize("workers", [1, 3])
def test_rows_that_went_bad_are_found(workers: int, pieces: list[Piece], tmp_path: Path) -> None:
    """A file that does not hold what was written ends it, and no thread is left."""
    before = threading.active_count()
    path = tmp_path / pieces[1].file
    path.write_bytes(path.read_bytes().replace(b"row 77 ", b"row 78 "))
    with pytest.raises(StorageError, match="1"):
        sealed(pieces, tmp_path, "zstd", workers)
    assert threading.active_count() == before


@pytest.mark.parametrize(("workers", "most"), [(1, 1), (2, 5), (4, 7)])
def test_little_is_taken_ahead(workers: int, most: int) -> None:
    """However many items there are, those that wait are about as many as there are threads; and order is kept."""
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(200):
            taken += 1
            yield number

    with Helpers(workers) as helpers:
        for number, made in enumerate(helpers.each(lambda one: one * 2, items())):
            assert made == number * 2
            assert taken - number <= most
    assert taken == 200


def test_what_a_thread_raises_is_raised() -> None:
    """In its turn, whoever did the work."""

    def work(number: int) -> float:
        return 1 / (3 - number)

    for workers in (1, 3):
        with Helpers(workers) as helpers:
            made = helpers.each(work, range(6))
            assert [next(made) for _ in range(3)] == [1 / 3, 1 / 2, 1.0]
            with pytest.raises(ZeroDivisionError):
                next(made)
