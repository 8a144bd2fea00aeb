"""Which identities are new: exact on every bit, in little memory, and on disk where that is full."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuneport.errors import StorageError, TryAgainError
from tuneport.runs.storage import Storage
from tuneport.runs.working.seen.identities import Identities

NONE, SOME, ALL = 1, 32 * 20_000, 1 << 30
"""Memory for no key, for 20,000 of them, and for as many as there may be."""


@contextlib.contextmanager
def identities(memory: int, storage: Storage | None = None, folder: Path | None = None) -> Iterator[Identities]:
    """A set that is closed at the end."""
    with contextlib.closing(Identities(memory, storage or Storage(), folder)) as made:
        yield made


def verdicts(columns: list[list[bytes]]) -> list[bytes]:
    """What a plain set answers for each column of keys: 1 for a new one."""
    seen: set[bytes] = set()
    answers = []
    for column in columns:
        answer = bytearray()
        for key in column:
            answer.append(key not in seen)
            seen.add(key)
        answers.append(bytes(answer))
    return answers


def random_keys(count: int, seed: int = 5, head: bytes = b"") -> list[bytes]:
    """Distinct keys that may begin alike."""
    chosen = random.Random(seed)  # noqa: S311
    return [head + chosen.randbytes(16 - len(head)) for _ in range(count)]


ALIKE = st.integers(0, (1 << 16) - 1).map(lambda number: bytes(number >> bit & 1 for bit in range(16)))


@pytest.mark.parametrize("memory", [NONE, 32 * 5, ALL])
@given(columns=st.lists(st.lists(ALIKE, max_size=20), max_size=6))
@example(columns=[[b"\0" * 16, b"\0" * 16], [b"\0" * 15 + b"\1", b"\1" + b"\0" * 15]])
@example(columns=[[bytes(8) + b"\1" * 8, b"\1" * 8 + bytes(8)], [b"\1" * 16], [b"\1" * 16]])
def test_keys_that_are_alike(memory: int, columns: list[list[bytes]]) -> None:
    """Keys in one place, of two values of a byte: what overlaps two of them is no key that was there."""
    with identities(memory) as seen:
        assert [seen.add(b"".join(column)) for column in columns] == verdicts(columns)


@pytest.mark.parametrize("memory", [NONE, ALL])
def test_a_key_across_two_others_is_new_once(memory: int) -> None:
    """Whatever it overlaps by, and though it is found there first, ahead of where it stands itself."""
    first, second = bytes(8) + b"\1" * 8, b"\2" * 8 + bytes(8)
    for start in range(1, 16):
        across = (first + second)[start : start + 16]
        with identities(memory) as seen:
            assert [seen.add(key) for key in (first + second, across, across)] == [b"\1\1", b"\1", b"\0"]


@pytest.mark.parametrize("memory", [NONE, SOME, ALL])
def test_many_keys(memory: int) -> None:
    """While buckets and pages become more, and memory is full at some time, as a plain set would have it."""
    chosen = random.Random(7)  # noqa: S311
    keys = random_keys(90_000)
    columns = []
    for start in range(0, len(keys), 6_000):
        column = keys[start : start + 6_000] + chosen.sample(keys[: start + 6_000], 900)
        chosen.shuffle(column)
        columns.append(column)
    with identities(memory) as seen:
        assert [seen.add(b"".join(column)) for column in columns] == verdicts(columns)
        assert set(seen.add(b"".join(keys))) == {0}


@pytest.mark.parametrize("memory", [NONE, 32 * 200, ALL])
def test_more_keys_that_begin_alike_than_a_page_holds(memory: int) -> None:
    """They are known one by one, and after there are more pages as before."""
    alike = random_keys(700, head=bytes(4))
    others = random_keys(60_000, seed=6)
    with identities(memory) as seen:
        assert set(seen.add(b"".join(alike))) == {1}
        assert set(seen.add(b"".join(others))) == {1}
        assert set(seen.add(b"".join(alike + others))) == {0}
        assert set(seen.add(b"".join(random_keys(50, seed=8, head=bytes(4))))) == {1}


def test_a_column_of_none() -> None:
    """No keys, no verdicts."""
    with identities(NONE) as seen:
        assert seen.add(b"") == b""


MEMORY = """
import random, sys
from pathlib import Path
from tuneport.runs.storage import Storage
from tuneport.runs.working.seen.identities import Identities

def peak():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").open() if line.startswith("VmHWM"))

seen, chosen, new = Identities(int(sys.argv[1]), Storage(), Path(sys.argv[2])), random.Random(3), 0
seen.add(chosen.randbytes(16 * 4000))
before = peak()
for _ in range(int(sys.argv[3]) // 4000):
    new += seen.add(chosen.randbytes(16 * 4000)).count(1)
print(new, (peak() - before) * 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory(tmp_path: Path) -> None:
    """At most 40 bytes for a key; and where the rest is on disk, what was asked for and a little more."""

    def growth(memory: int, count: int) -> int:
        command = [sys.executable, "-c", MEMORY, str(memory), str(tmp_path), str(count)]
        new, grown = map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
        assert new == count
        return grown

    assert 16 * 300_000 < growth(ALL, 300_000) < 40 * 300_000
    assert growth(1 << 20, 160_000) < 3 << 20


def files_in(folder: Path) -> int:
    """How many open files of this process stand, or stood, in a folder."""
    return sum(str(folder) in str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_the_file_has_no_name_and_goes(tmp_path: Path) -> None:
    """It is made when it is needed, and nothing is left to be tidied up."""
    with identities(32 * 10, folder=tmp_path) as seen:
        seen.add(b"".join(random_keys(10)))
        assert files_in(tmp_path) == 0
        seen.add(b"".join(random_keys(50)))
        assert files_in(tmp_path) == 1
        assert list(tmp_path.iterdir()) == []
    assert files_in(tmp_path) == 0


class Given(Storage):
    """Gives this file for one without a name."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    @contextlib.contextmanager
    def unnamed(self, folder: Path | None = None) -> Iterator[IO[bytes]]:  # noqa: ARG002
        """The file."""
        with self._path.open("r+b", buffering=0) as file:
            yield file


def test_a_full_disk(tmp_path: Path) -> None:
    """It says where there is no space."""
    if not Path("/dev/full").exists():
        pytest.skip("no device that is always full")
    with (
        identities(NONE, Given(Path("/dev/full")), tmp_path) as seen,
        pytest.raises(TryAgainError, match=f"^{tmp_path}: No space left") as caught,
    ):
        seen.add(bytes(16))
    assert "free some space" in caught.value.hint


@pytest.mark.parametrize("count", [100, 45_000])
def test_a_file_that_was_cut_off(count: int, tmp_path: Path) -> None:
    """What cannot be read back is an error, and nothing is taken for new."""
    (tmp_path / "file").touch()
    keys = b"".join(random_keys(count))
    with identities(NONE, Given(tmp_path / "file"), tmp_path) as seen:
        seen.add(keys)
        os.truncate(tmp_path / "file", 0)
        with pytest.raises(StorageError, match="is not what was written"):
            seen.add(keys)
