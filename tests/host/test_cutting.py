"""Files and frames end where their content says, and hold every row once."""

from __future__ import annotations

import gzip
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st
from tools import recipe, tree

from tuneport import Dataset, FormatTraits, PluginManager, hookimpl
from tuneport.runs import Sizes, execute, plan_export
from tuneport.runs.publishing import cutting
from tuneport.runs.publishing.cutting import Cut, chunks

LENGTHS = st.lists(st.integers(0, 40), max_size=60)
LIMITS = st.one_of(st.none(), st.integers(1, 120))


def rows_of(lengths: list[int]) -> list[bytes]:
    """A row of each length."""
    return [b"x" * length + b"\n" for length in lengths]


def blocks(rows: list[bytes], sizes: list[int]) -> Iterator[bytes]:
    """The rows in blocks of so many, empty ones among them, and the rest."""
    at = 0
    for size in sizes:
        yield b"".join(rows[at : at + size])
        at += size
    yield b"".join(rows[at:])


def packed(rows: list[bytes], size: int | None, most: int | None) -> list[list[bytes]]:
    """The rows, as many together as fit, said as plainly as can be."""
    groups: list[list[bytes]] = []
    for row in rows:
        fits = groups and (size is None or len(b"".join(groups[-1])) + len(row) <= size)
        if fits and (most is None or len(groups[-1]) < most):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


@given(LENGTHS, LIMITS, st.one_of(st.none(), st.integers(1, 9)), st.lists(st.integers(0, 7)), st.booleans())
@example([40, 1, 1, 40, 40], 5, 2, [], False)
@example([39, 39, 39], 40, 1, [1, 0, 1], True)
def test_whichever_comes_first(
    lengths: list[int], size: int | None, most: int | None, cut: list[int], framed: bool
) -> None:
    """Bytes or rows end a file, and no block, nor any frame, does; none is empty."""
    rows = rows_of(lengths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "FRAME", 50)
        made = list(chunks(blocks(rows, cut), Cut(size, most), framed=framed))
    expected = packed(rows, size, most)
    files: list[list[Any]] = [[] for _ in expected]
    for one in made:
        assert (one.size, one.rows) == (len(one.data), bytes(one.data).count(b"\n"))
        files[one.shard].append(one)
    assert [b"".join(bytes(one.data) for one in file) for file in files] == [b"".join(group) for group in expected]
    if framed:
        frames = [packed(group, 50, None) for group in expected]
        assert [[bytes(one.data) for one in file] for file in files] == [
            [b"".join(group) for group in file] for file in frames
        ]


def frames_in(path: Path) -> list[bytes]:
    """What each frame of a compressed file holds."""
    left, found = path.read_bytes(), []
    while left:
        one: Any = zlib.decompressobj(31) if path.suffix == ".gz" else zstandard.ZstdDecompressor().decompressobj()
        found.append(one.decompress(left))
        assert one.eof
        left = one.unused_data
    return found


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_frames_are_the_same_from_any_number_of_threads(
    compression: str, faq: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each frame ends with a row, holds as many as fit, and can be read by itself; workers and parts change no byte."""
    monkeypatch.setattr(cutting, "FRAME", 20_000)
    monkeypatch.setattr("tuneport.runs.publishing.publish._MUCH", 0)
    found = []
    place = tmp_path / "out"
    for workers, part in ((1, 9_000), (2, 40_000), (5, 1 << 30)):
        asked = recipe(faq, place)
        asked["output"] |= {"compression": compression, "shard_size": 90_000, "shard_rows": 400, "index": True}
        asked["run"] |= {"workers": workers}
        execute(plan_export(asked, sizes=Sizes(part_bytes=part)))
        found.append(tree(place))
        dataset = Dataset.open(place)
        for file in dataset.formats["tuneport"].splits["train"]:
            frames = frames_in(place / file.path)
            rows = b"".join(frames).splitlines(keepends=True)
            assert frames == [b"".join(group) for group in packed(rows, 20_000, None)]
            assert (len(rows), sum(map(len, frames))) == (file.rows, file.size)
            assert file.rows <= 400
            assert file.size <= 90_000
        assert len(frames_in(place / "index/00000.jsonl.gz")) > 1
        assert gzip.decompress((place / "index/00000.jsonl.gz").read_bytes()).count(b"\n") == 2000
        shutil.rmtree(place)
    assert found[0] == found[1] == found[2]
    assert len([name for name in found[0] if name.startswith("data/")]) > 3


class Acme:
    """A format whose target likes small files."""

    @hookimpl
    def register_formats(self, register: Any) -> None:
        """Offer it."""
        traits = FormatTraits(shard_size=1000, shard_rows=7)
        register("small", lambda _config, _ctx: lambda sample: {"q": sample.prompt[0].content}, traits=traits)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({}, Cut(1000, 7)),
        ({"shard_size": 5000}, Cut(5000, 7)),
        ({"shard_rows": 9}, Cut(1000, 9)),
        ({"shard_rows": 9, "shard_size": "1KiB"}, Cut(1024, 9)),
    ],
)
def test_what_a_recipe_says_counts_more_than_what_a_target_likes(
    output: dict[str, Any], expected: Cut, faq: Path, tmp_path: Path
) -> None:
    """Each of the two limits by itself; a format without any has the default."""
    manager = PluginManager()
    manager.register(Acme(), "acme")
    asked = recipe(faq, tmp_path / "out", export={"formats": ["acme:small", "tuneport"]})
    asked["output"] |= output
    plan = plan_export(asked, manager=manager)
    assert plan.cut("small") == expected
    assert plan.cut("tuneport") == Cut(
        expected.size if "shard_size" in output else 256 << 20, expected.rows if "shard_rows" in output else None
    )
