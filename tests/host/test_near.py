"""Near-duplicates by anybody's fingerprints: which samples they connect, and who gets them wrong."""

from __future__ import annotations

import gzip
import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools import recipe
from xxhash import xxh3_64_intdigest

from tuneport import PluginManager, Text, hookimpl, preview
from tuneport.errors import PluginError, RecipeError
from tuneport.runs import ExportResult, Sizes, execute, plan_export
from tuneport.runs.joined import Joined
from tuneport.runs.messages import Bands, StageRef
from tuneport.runs.splitting.linked import linked
from tuneport.runs.working.near.marks import Marker, Marks
from tuneport.runs.working.near.repeats import repeated
from tuneport.runs.working.near.second import Shared

SMALL = Sizes(part_entities=7, seek=False, savepoint_bytes=2_000)

Pairs = set[tuple[int, int]]


def together(pairs: Pairs, count: int) -> list[int]:
    """For each number the least that pairs connect it with, the slow way."""
    firsts = [*range(count)]
    for _ in range(count):
        for one, other in pairs:
            firsts[one] = firsts[other] = min(firsts[one], firsts[other])
    return firsts


def hashed(word: object) -> int:
    """A number as good as random."""
    return xxh3_64_intdigest(str(word).encode())


# The pieces


@given(st.sets(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_joined_numbers(pairs: Pairs) -> None:
    """The first is the least of all that are connected, in whatever order they were joined."""
    joined = Joined(20)
    for one, other in pairs:
        joined.join(one, other)
    assert [joined.first(number) for number in range(20)] == together(pairs, 20)


SETS = st.lists(st.sets(st.integers(0, 40), max_size=4), max_size=30)


class Given:
    """A fingerprint that says what it is given, twice; a sketch is the number of its sample."""

    def __init__(self, number: int, bands: set[int]) -> None:
        self._number, self._bands = number, bands

    def __call__(self, _sample: Any) -> list[int]:
        return [*map(hashed, self._bands)] * 2

    def sketch(self, _sample: Any) -> bytes:
        return self._number.to_bytes(2)


SAMPLE = Text(text="any")
STAGE = StageRef("fingerprints", "acme", "any", "", "", {})


def parts(bands: Sequence[set[int]], size: int) -> Callable[[], Iterator[tuple[int, int, Bands]]]:
    """The bands of samples, as parts of a size offer them."""

    def made() -> Iterator[tuple[int, int, Bands]]:
        for base in range(0, len(bands), size):
            marks = Marks()
            for number, one in enumerate(bands[base : base + size], base):
                marks.add(Marker(STAGE, Given(number, one)).mark(SAMPLE))
            yield base, len(bands[base : base + size]), marks.bands()

    return made


@given(SETS, st.integers(1, 9), st.integers(1, 50), st.integers(1, 20))
def test_bands_that_several_have(bands: list[set[int]], size: int, held: int, at_once: int) -> None:
    """Each is found once, with all that have it, however little is held in memory."""
    total = 2 * sum(map(len, bands))
    found = sorted(repeated(parts(bands, size), total, held, at_once))
    having: defaultdict[int, list[int]] = defaultdict(list)
    for number, one in enumerate(bands):
        for band in one:
            having[band].append(number)
    assert found == sorted(numbers for numbers in having.values() if len(numbers) > 1)


@given(SETS, st.integers(1, 9), st.integers(2, 5))
def test_a_second_look(bands: list[set[int]], size: int, step: int) -> None:
    """Of samples that share a band those are connected that are alike."""
    made = parts(bands, size)

    def alike(left: bytes, right: bytes) -> bool:
        return (int.from_bytes(left) - int.from_bytes(right)) % step == 0

    pairs = set(Shared(repeated(made, 2 * sum(map(len, bands)))).alike(made, alike))
    expected = {
        (one, other)
        for other in range(len(bands))
        for one in range(other)
        if bands[one] & bands[other] and (one - other) % step == 0
    }
    assert together(pairs, len(bands)) == together(expected, len(bands))


def test_a_band_that_everybody_has() -> None:
    """Not each is compared with each, and those that are alike find each other all the same."""
    bands, asked = [{1}] * 3000, []
    made = parts(bands, 500)

    def alike(left: bytes, right: bytes) -> bool:
        asked.append(1)
        return (int.from_bytes(left) - int.from_bytes(right)) % 7 == 0

    pairs = set(Shared(repeated(made, 6000)).alike(made, alike))
    assert len(set(together_fast(pairs, 3000))) == 7
    assert len(asked) < 3000 * 33


def together_fast(pairs: Pairs, count: int) -> list[int]:
    """The same as `together`, for many."""
    joined = Joined(count)
    for one, other in pairs:
        joined.join(one, other)
    return [joined.first(number) for number in range(count)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-1, 6)), max_size=25))
def test_units_and_clusters(samples: list[tuple[int, int]]) -> None:
    """What both connect has one unit: that of the first of those that have a cluster."""
    units = b"".join(number.to_bytes(16) for number, _ in samples)
    made = linked(units, (cluster for _, cluster in samples))
    pairs = {
        (one, other)
        for other, (unit, cluster) in enumerate(samples)
        for one in range(other)
        if samples[one][0] == unit or samples[one][1] == cluster >= 0
    }
    got = [made[16 * place : 16 * place + 16] for place in range(len(samples))]
    expected = together(pairs, len(samples))
    for place, first in enumerate(expected):
        assert (got[place] == got[first]) is True
        assert got[place] in {samples[n][0].to_bytes(16) for n, other in enumerate(expected) if other == first}
    assert len(set(got)) == len(set(expected))


# Runs


class Acme:
    """A third party's fingerprints: samples that share a word, those that drop, and those that fail."""

    @hookimpl
    def register_fingerprints(self, register: Any) -> None:
        class Words:
            def __init__(self, drops: bool, place: int) -> None:
                self.drops, self.place = drops, place

            def __call__(self, sample: Any) -> list[int]:
                words = sample.completion.content.split()[2:]
                return [hashed(word) for word in words if word[0] == "ab"[self.place]]

        class Spoilt(Words):
            def sketch(self, _sample: Any) -> bytes:
                return b"x"

            def alike(self, _left: bytes, _right: bytes) -> bool:
                raise ValueError("no idea")

        def failing(sample: Any) -> list[Any]:
            return [-1] if "a1 " in sample.completion.content else []

        register("words", lambda _config, _ctx: Words(drops=False, place=0))
        register("drops", lambda _config, _ctx: Words(drops=True, place=1))
        register("spoilt", lambda _config, _ctx: Spoilt(drops=False, place=0))
        register("failing", lambda _config, _ctx: failing)


@pytest.fixture
def manager() -> PluginManager:
    """With the third party."""
    plugins = PluginManager()
    plugins.register(Acme(), "acme")
    return plugins


WORDS = ["a1 b1", "b1", "a2", "a1", "b2 a2", "b3", "b2", "a3 b1", "a4", "", "b1 a4", "a9", "b4", "a9"]


def source(tmp_path: Path, words: Sequence[str]) -> Path:
    """Records that say these words; the last one is the first again."""
    path = tmp_path / "faq.jsonl"
    said = [{"id": n, "thread": n // 2, "question": "?", "answer": f"Answer {n} {one} "} for n, one in enumerate(words)]
    path.write_text("\n".join(map(json.dumps, [*said, {**said[0], "id": len(words)}])))
    return path


def asked(tmp_path: Path, *stages: str, split: Any = None, words: Sequence[str] = WORDS) -> dict[str, Any]:
    """A recipe."""
    data = recipe(tmp_path, tmp_path / "out", export={"fingerprints": [*stages], "quality": {"min_text_length": 1}})
    data["source"] = {"path": str(source(tmp_path, words)), "key": "id"}
    data["output"] |= {"split": split} if split else {}
    return data


def run(data: dict[str, Any], manager: PluginManager, sizes: Sizes = SMALL) -> ExportResult:
    """One run."""
    return execute(plan_export(data, manager=manager, sizes=sizes))


def index(result: ExportResult) -> dict[int, dict[str, Any]]:
    """Number of a record to its line of the index."""
    (file,) = (result.dataset.path / "index").iterdir()
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return {int(line["key"]): line for line in map(json.loads, lines)}


def outcomes(result: ExportResult) -> dict[int, str]:
    """Number of a record to what became of it."""
    return {number: line["outcome"] for number, line in index(result).items()}


@pytest.mark.parametrize("sizes", [SMALL, Sizes(part_entities=1, seek=False), Sizes()])
def test_clusters_of_an_export(tmp_path: Path, manager: PluginManager, sizes: Sizes) -> None:
    """What bands connect is a cluster, whichever fingerprint they are of; an exact duplicate counts in none."""
    result = run(asked(tmp_path, "acme:words", "acme:drops"), manager, sizes)
    lines = index(result)
    near = result.dataset.manifest.near_duplicates
    assert near is not None
    # a1: 0 3; b1: 0 1 7 10; a4: 8 10; a2: 2 4; b2: 4 6; a9: 11 13
    clusters = [{0, 1, 3, 7, 8, 10}, {2, 4, 6}, {11, 13}]
    assert (near.clusters, near.samples, near.largest, near.left_out) == (3, 11, 6, 4)
    for cluster in clusters:
        assert {lines[number]["cluster"] for number in cluster} == {lines[min(cluster)]["id"]}
    assert {number for number, line in lines.items() if "cluster" in line} == {*set().union(*clusters), 14}
    left_out = {number for number, outcome in outcomes(result).items() if outcome == "filtered"}
    assert left_out == {1, 7, 10, 6}
    assert result.stats.rejects == {"near_duplicate": 4, "duplicate": 1}


def test_nothing_alike(tmp_path: Path, manager: PluginManager) -> None:
    """Said as well: no cluster, and nothing in the index."""
    result = run(asked(tmp_path, "acme:words", words=["b1", "b1"]), manager)
    assert result.dataset.manifest.near_duplicates is not None
    assert result.dataset.manifest.near_duplicates.clusters == 0
    assert not any("cluster" in line for line in index(result).values())


@pytest.mark.parametrize("mode", ["stable", "exact"])
@pytest.mark.parametrize("group_by", [[], ["thread"]])
def test_a_split_and_an_earlier_one(tmp_path: Path, manager: PluginManager, mode: str, group_by: list[str]) -> None:
    """No cluster is parted; and what stood somewhere before takes what comes to its cluster with it."""
    words = [f"a{number // 3} a{number // 3 + 200 * (number % 50 == 0)}" for number in range(240)]
    split: dict[str, Any] = {"validation": 0.3, "mode": mode, "group_by": group_by}
    first = run(asked(tmp_path, "acme:words", split=split, words=words), manager)
    before = {number: line["split"] for number, line in index(first).items() if number < len(words)}
    sides: defaultdict[str, set[str]] = defaultdict(set)
    for number, word in enumerate(words):
        sides[word.split()[0]].add(before[number])
        sides[f"thread {number // 2 if group_by else number}"].add(before[number])
    assert all(len(one) == 1 for one in sides.values())
    assert set(before.values()) == {"train", "validation"}

    (tmp_path / "out").rename(tmp_path / "old")
    data = asked(
        tmp_path, "acme:words", words=[*words, *words[::-1]], split={**split, "against": str(tmp_path / "old")}
    )
    second = run(data, manager)
    after = {number: line["split"] for number, line in index(second).items() if line["split"] is not None}
    assert {number: after[number] for number in before} == before
    assert second.dataset.manifest.split is not None
    assert second.dataset.manifest.split.moved == 0
    assert second.dataset.manifest.near_duplicates is not None
    assert second.dataset.manifest.near_duplicates.clusters_on_both_sides == 0


def test_a_preview_knows_them_too(tmp_path: Path, manager: PluginManager) -> None:
    """Of the records that it shows."""
    shown = preview(asked(tmp_path, "acme:drops"), manager=manager)
    rejected = [item.reject.code for item in shown.items if item.reject is not None]
    assert rejected == ["near_duplicate"]


def test_the_plan_says_why_it_waits(tmp_path: Path, manager: PluginManager) -> None:
    """And names who asked for it."""
    plan = plan_export(asked(tmp_path, "acme:words"), manager=manager)
    assert plan.waits == ("acme:words: near-duplicates may stand anywhere in the source",)
    with pytest.raises(RecipeError, match="named twice"):
        plan_export(asked(tmp_path, "acme:words", "acme:words"), manager=manager)


def test_bands_that_are_none(tmp_path: Path, manager: PluginManager) -> None:
    """A record with a band below 0 is an error of the plugin, and the run goes on."""
    result = run(asked(tmp_path, "acme:failing"), manager)
    assert result.stats.rejects["hook:acme"] == 3
    assert result.stats.exported_entities == len(WORDS) + 1 - 3


def test_a_second_look_that_fails(tmp_path: Path, manager: PluginManager) -> None:
    """It ends the run, and names who it was."""
    with pytest.raises(PluginError, match="fingerprint acme:spoilt: no idea"):
        run(asked(tmp_path, "acme:spoilt"), manager)
    assert not (tmp_path / "out").exists()


def test_sketches_of_one_length() -> None:
    """Others are an error where they are made."""
    sizes = iter((b"x", b"xy"))
    fingerprint: Any = type("Any", (), {"__call__": lambda *_: [1], "sketch": lambda *_: next(sizes)})()
    marker = Marker(STAGE, fingerprint)
    assert marker.mark(SAMPLE) == (array("Q", [1]), b"x")
    with pytest.raises(ValueError, match="a sketch of 2 bytes after one of 1"):
        marker.mark(SAMPLE)
