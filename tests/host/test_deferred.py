"""Weights that say where a record stands among all samples, against a naive count; and who gets them wrong."""

from __future__ import annotations

import io
import json
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tools import recipe, rows, tree, watched

from tuneport import PluginManager, Reject, hookimpl
from tuneport.errors import DataError, PluginError, SourceError
from tuneport.runs import ExportResult, Sizes, execute, plan_export
from tuneport.runs.result import Progress

SMALL = Sizes(part_bytes=3_000, part_entities=20, savepoint_bytes=6_000)


def naive(number: float | None, kept: list[float], normalize: str, default: float) -> float:
    """What a weight should be, the slow way."""
    if number is None:
        return default
    low, high, count = min(kept), max(kept), len(kept)
    if count == 1 or low == high:
        return 1.0
    if normalize == "minmax":
        return 0.5 + (number - low) / (high - low)
    below = sum(other < number for other in kept)
    equal = sum(other == number for other in kept)
    return 0.5 + (below + (equal - 1) / 2) / (count - 1)


def expected(records: list[dict[str, Any]], normalize: str, default: float, dedup: bool) -> list[float]:
    """The weights of the samples that are written."""
    seen: set[str] = set()
    kept = []
    for record in records:
        if not dedup or record["question"] not in seen:
            seen.add(record["question"])
            number = record["importance"]
            kept.append(None if number is None else max(0.0, float(number)))
    numbers = [number for number in kept if number is not None]
    return [naive(number, numbers, normalize, default) for number in kept]


NUMBERS = st.one_of(
    st.none(),
    st.integers(-3, 6),
    st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.30000000000000004, 0.3, 5e-324, 1e-300, 1e300, -1.0, 2**53, 2**53 + 1]),
    st.floats(-10, 1e6),
)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 8), NUMBERS), min_size=1, max_size=12),
    st.sampled_from(["minmax", "percentile"]),
    st.sampled_from([0.0, 1.0, 7.5]),
    st.booleans(),
)
@example([(0, 3)], "percentile", 7.5, True)
@example([(0, 3), (0, 5)], "minmax", 7.5, True)
@example([(0, None), (1, None)], "minmax", 7.5, True)
@example([(0, 0), (1, -5), (2, None)], "percentile", 0.0, False)
def test_weights_are_what_a_naive_count_says(
    numbers: list[tuple[int, float | None]], normalize: str, default: float, dedup: bool
) -> None:
    """Over the samples kept after deduplication; a record without a number has the default, as it is."""
    records = [{"question": f"Q{name}", "answer": "Long enough.", "importance": number} for name, number in numbers]
    weighting = {"normalize": normalize, "default_weight": default}
    data = {
        "export": {"weighting": weighting, "quality": {"skip_duplicates": dedup}},
        "output": {"path": "-", "progress_interval": 3},
    }
    stream = io.BytesIO()
    result = execute(plan_export(data, entities=iter(records), sizes=Sizes(part_entities=3)), stream=stream)
    weights = [json.loads(line)["weight"] for line in stream.getvalue().splitlines()]

    assert weights == expected(records, normalize, default, dedup)
    assert all(type(weight) is float for weight in weights)
    negative = sum(number is not None and number < 0 for _, number in numbers)
    assert result.notes.get("negative_weight", 0) == negative


def test_factors_multiply_with_the_others(tmp_path: Path) -> None:
    """Length and freshness are factors of their own; what filters left out has no say in the ranks."""
    records = [
        {"question": f"Q{n}", "answer": "word " * (3 + n), "importance": n * n, "created_at": f"2026-11-{n + 1:02d}"}
        for n in range(20)
    ]
    records[7]["answer"] = "short"
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    factors: dict[str, Any] = {"auto_weight_by_length": True, "auto_weight_by_freshness": True}
    found = {}
    for normalize in ("none", "minmax", "percentile"):
        weighting = {**factors, "normalize": normalize}
        data = recipe(tmp_path / "in.jsonl", tmp_path / f"{normalize}.jsonl", export={"weighting": weighting})
        execute(plan_export(data, sizes=SMALL))
        found[normalize] = [row["weight"] for row in rows(tmp_path / f"{normalize}.jsonl")]
    kept = [float(record["importance"]) for n, record in enumerate(records) if n != 7]  # type: ignore[arg-type]

    assert len(kept) == len(found["minmax"]) == 19
    for normalize in ("minmax", "percentile"):
        for number, plain, weight in zip(kept[1:], found["none"][1:], found[normalize][1:], strict=True):
            assert weight == pytest.approx(plain / number * naive(number, kept, normalize, 1.0), rel=1e-12)


class Odd:
    """A third party's weighting that waits, and what it does when it is asked."""

    def __init__(self, finish: Callable[[Any], Any], number: Callable[[Any], Any] = float) -> None:
        self._made = finish
        self._number = number
        self.asked: list[Any] = []

    @hookimpl
    def register_weightings(self, register: Any) -> None:
        register("odd", lambda _config, _ctx: self)

    def __call__(self, entity: dict[str, Any], _sample: Any) -> Any:
        return self._number(entity["n"])

    def finish(self, summary: Any) -> Any:
        self.asked.append(summary)
        return self._made(summary)


def odd(plugin: Odd, output: Path, count: int = 50, **export: Any) -> ExportResult:
    """Export numbered records with a third party's weighting."""
    manager = PluginManager()
    manager.register(plugin, "acme")
    source = output.parent / "in.jsonl"
    source.write_text(
        "".join(f'{{"n": {n}, "question": "Q{n % 40}", "answer": "Long enough."}}\n' for n in range(count))
    )
    data = recipe(source, output, export={"weighting": {"enable_weights": False}, "weightings": ["acme:odd"], **export})
    return execute(plan_export(data, manager=manager, sizes=Sizes(part_bytes=600, savepoint_bytes=1200)))


def test_a_third_party_learns_of_the_samples_kept(tmp_path: Path) -> None:
    """`finish` is called once, with the numbers of the samples that deduplication left; None has none."""
    plugin = Odd(
        lambda summary: lambda number: 9.0 if number is None else number / summary.total,
        lambda n: None if n == 3 else float(n),
    )
    odd(plugin, tmp_path / "out.jsonl")
    (summary,) = plugin.asked
    numbers = [float(n) for n in range(40) if n != 3]

    assert (summary.count, summary.low, summary.high, summary.total) == (39, 0.0, 39.0, sum(numbers))
    weights = [row["weight"] for row in rows(tmp_path / "out.jsonl")]
    assert weights == [9.0 if n == 3 else n / sum(numbers) for n in range(40)]


def _raises(_given: Any) -> Any:
    raise LookupError("never mind")


@pytest.mark.parametrize(
    ("finish", "says"),
    [
        (_raises, "LookupError: never mind"),
        (lambda _summary: None, "TypeError: finish returned NoneType, no function"),
    ],
)
@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_a_third_party_that_fails_is_named(name: str, finish: Any, says: str, tmp_path: Path) -> None:
    """Whatever it does when all samples are there, nothing is published, and the error says whose fault it is."""
    with pytest.raises(PluginError, match=rf"weighting acme:odd: {says}"):
        odd(Odd(finish), tmp_path / name)

    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("factor", [_raises, lambda _number: None, lambda _number: "many", lambda _number: 1j])
def test_a_factor_that_fails_costs_its_own_record(factor: Any, tmp_path: Path) -> None:
    """As with any other weighting: the reject names the plugin, and nothing else is lost."""
    result = odd(Odd(lambda _summary: lambda number: factor(number) if number == 7 else 2.0), tmp_path / "out")

    assert result.stats.rejects.get("hook:acme") == 1
    assert {row["weight"] for row in rows(tmp_path / "out")} == {2.0}


def test_a_factor_that_is_no_weight_is_a_reject(tmp_path: Path) -> None:
    """A factor that is negative or not finite, or a number that is not, costs its own record and no other."""
    bad = {0: math.nan, 1: math.inf, 2: -1.0, 3: -math.inf}
    plugin = Odd(
        lambda _summary: lambda number: bad.get(number, 2.0),
        lambda n: {10: math.nan, 11: math.inf, 12: "x", 13: Reject("dull", "No")}.get(n, float(n)),
    )
    result = odd(plugin, tmp_path / "out")
    (summary,) = plugin.asked
    stats = result.stats

    assert summary.count == 36
    assert stats.rejects == {"weight_not_finite": 5, "hook:acme": 2, "acme:dull": 1, "duplicate": 10}
    assert (stats.exported_entities, stats.errored_entities, stats.filtered_entities) == (32, 7, 1)
    assert {row["weight"] for row in rows(tmp_path / "out")} == {2.0}
    listed = rows(tmp_path / "out/rejects/00000.jsonl")
    assert [int(entry["locator"].partition(":")[2]) for entry in listed] == sorted(
        int(entry["locator"].partition(":")[2]) for entry in listed
    )
    assert {entry["stage"] for entry in listed} == {"acme:odd", "admit"}


@pytest.mark.parametrize("limit", [1, 7, 20, 21, 45, 60, 1000])
def test_a_limit_counts_records_read(limit: int, tmp_path: Path) -> None:
    """`source.limit` takes the same records whether or not samples wait, and only those have a say in the ranks."""
    records = [
        {"question": f"Q{n % 50}", "answer": "Long enough, surely.", "importance": n * 13 % 29} for n in range(60)
    ]
    lines = [json.dumps(record) + "\n" for record in records]
    (tmp_path / "in.jsonl").write_text("{bad\n\n" + "".join(lines))
    taken = records[: limit - 1]
    data = recipe(tmp_path / "in.jsonl", tmp_path / "out.jsonl", export={"weighting": {"normalize": "percentile"}})
    data["source"] = {"path": str(tmp_path / "in.jsonl"), "limit": limit}
    data["output"]["min_rows"] = 0
    for sizes in (Sizes(part_bytes=700), Sizes(seek=False, part_entities=9), Sizes()):
        stats = execute(plan_export(data, sizes=sizes)).stats
        assert stats.total_entities == min(limit, 61)
        assert [row["weight"] for row in rows(tmp_path / "out.jsonl")] == expected(taken, "percentile", 1.0, dedup=True)
        (tmp_path / "out.jsonl").unlink()


def test_progress_says_what_was_read_and_what_is_done(tmp_path: Path, faq: Path) -> None:
    """While samples wait nothing is exported and `read` grows; then all is read, and parts count up to their total."""
    for source in ({"path": str(faq)}, {"path": str(faq), "limit": 900}):
        told: list[Progress] = []
        seen: list[tuple[int, int, int | None, int]] = []

        def tell(now: Progress, told: list[Progress] = told, seen: Any = seen) -> None:
            told.append(now)
            seen.append((now.read, now.parts, now.parts_total, now.stats.total_entities))

        data = recipe(faq, tmp_path / "out.jsonl", export={"weighting": {"normalize": "minmax"}})
        data["source"] = source
        total = execute(plan_export(data, sizes=Sizes(part_bytes=40_000)), on_progress=tell).stats.total_entities
        (tmp_path / "out.jsonl").unlink()
        parts = len(seen) // 2

        assert parts > 3
        reading, rendering = seen[:parts], seen[parts:]
        assert [read for read, *_ in reading] == sorted({read for read, *_ in reading})
        assert {entry[1] for entry in reading} == {0}
        assert {entry[3] for entry in reading} == {0}
        assert [(read, done, of) for read, done, of, _ in rendering] == [
            (total, number + 1, parts) for number in range(parts)
        ]
        assert rendering[-1][3] == total


class Broken(io.BytesIO):
    """A stream whose reader goes away."""

    def write(self, _data: Any) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("stop", ["stream", "interrupt", "source", "finish", "disk", "rows"])
def test_nothing_is_left_of_a_stream(stop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples that waited for stdout in a temporary folder are gone, however the run ends."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    waited: list[int] = []
    count = 0

    def before(operation: str, path: Path) -> None:
        nonlocal count
        count += 1
        waited.append(len(list(temporary.rglob("*.samples"))))
        if operation == "write" and count >= 12 and stop == "disk":
            raise OSError(28, "No space left on device")
        if operation == "write" and count >= 12 and stop == "interrupt":
            raise KeyboardInterrupt

    def entities() -> Any:
        # As many are looked at before the run begins as would hide the fault.
        for n in range(10_900 if stop == "source" else 200):
            if n == 10_800:
                raise RuntimeError("torn")
            yield {"n": n, "question": f"Q{n}", "answer": "Long enough.", "importance": n}

    manager = PluginManager()
    manager.register(Odd(_raises if stop == "finish" else lambda _summary: lambda _number: 1.0), "acme")
    data = {"export": {"weightings": ["acme:odd"]}, "output": {"path": "-", "min_rows": 500 if stop == "rows" else 1}}
    sizes = Sizes(part_entities=2_000) if stop == "source" else SMALL
    plan = plan_export(data, manager=manager, entities=entities(), sizes=sizes)
    stream = Broken() if stop == "stream" else io.BytesIO()
    errors = {
        "interrupt": KeyboardInterrupt, "source": SourceError, "finish": PluginError, "rows": DataError,
    }  # fmt: skip
    with pytest.raises(errors.get(stop, Exception)):
        execute(plan, storage=watched(before), stream=stream)

    assert max(waited) > 0
    assert list(temporary.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]


def test_a_number_too_large_for_a_sum_is_still_a_rank(tmp_path: Path) -> None:
    """Numbers whose sum no float holds are weighed all the same."""
    records = [{"question": f"Q{n}", "answer": "Long enough.", "importance": 1e308 + n * 1e307} for n in range(4)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    for normalize in ("minmax", "percentile"):
        data = recipe(tmp_path / "in.jsonl", tmp_path / "out.jsonl", export={"weighting": {"normalize": normalize}})
        execute(plan_export(data))
        weights = [row["weight"] for row in rows(tmp_path / "out.jsonl")]
        assert weights == expected(records, normalize, 1.0, dedup=True)
        (tmp_path / "out.jsonl").unlink()


def test_what_waited_is_not_read_again(tmp_path: Path, faq: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A run stopped while it rendered goes on from its samples; one stopped while it read, from its last part."""
    data = recipe(faq, tmp_path / "out", export={"weighting": {"normalize": "percentile"}})
    sizes = Sizes(part_bytes=30_000, savepoint_bytes=60_000)
    execute(plan_export(data, sizes=sizes))
    whole = tree(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "whole")

    def interrupted(name: str) -> None:
        def before(operation: str, path: Path) -> None:
            if path.name.startswith(name):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            execute(plan_export(data, sizes=sizes), storage=watched(before))

    interrupted("000007.candidates")
    assert len(list((tmp_path / ".out.staging/spool").glob("record-*"))) >= 3
    interrupted("000005.tuneport")
    assert sorted(path.name for path in (tmp_path / ".out.staging/done").glob("*.json"))
    written: list[str] = []
    with caplog.at_level(logging.INFO, "tuneport"):
        storage = watched(lambda call, path: written.append(path.name if call == "write" else ""))
        execute(plan_export(data, sizes=sizes), storage=storage)

    assert "same plan, 25 of 25 parts read, 5 written (2,000 records)" in caplog.text
    assert not [name for name in written if name.endswith((".candidates", ".samples"))]
    assert not [name for name in written if name.startswith(("000000.", "000004."))]
    assert tree(tmp_path / "out") == whole


@pytest.mark.parametrize("normalize", ["none", "minmax"])
def test_bounds_hold_for_the_whole_weight(normalize: str, tmp_path: Path) -> None:
    """A sample's weight is kept within its bounds after the last factor, at once or once all samples are there."""
    votes = [0, 1, 2, 3, 10]
    lines = [{"question": f"What is {n}?", "answer": f"It is the number {n}.", "votes": n} for n in votes]
    (tmp_path / "in.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    weighting = {"weight_field": "votes", "normalize": normalize, "min_weight": 0.6, "max_weight": 1.25}
    result = execute(
        plan_export(recipe(tmp_path / "in.jsonl", tmp_path / "out", export={"weighting": weighting})),
    )

    plain = {"none": [0.0, 1.0, 2.0, 3.0, 10.0], "minmax": [0.5, 0.6, 0.7, 0.8, 1.5]}[normalize]
    assert [row["weight"] for row in rows(tmp_path / "out")] == [min(max(one, 0.6), 1.25) for one in plain]
    assert (result.weights["min"], result.weights["max"]) == (0.6, 1.25)
