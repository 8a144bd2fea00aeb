"""Weights through a whole run: as columns, as copies over their mean, left out, or refused."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, rows, tree

from tuneport import ExportStats, FormatTraits, PluginManager, Sample, export, hookimpl
from tuneport.errors import DataError, RecipeError
from tuneport.runs import ExportResult, Sizes, execute, plan_export


class Plain:
    """A format of about ten lines, that states nothing of weights; and one that has a column for them."""

    @hookimpl
    def register_formats(self, register: Any) -> None:
        register("plain", lambda _config, _ctx: asked)
        register("heavy", lambda _config, ctx: weighed if ctx.weighted else asked, traits=FormatTraits(weight="row"))


def asked(sample: Sample) -> dict[str, Any]:
    """A row without a weight."""
    return {"q": sample.prompt[0].content, "a": sample.completion.content}


def weighed(sample: Sample) -> dict[str, Any]:
    """A row with its weight."""
    return {**asked(sample), "w": sample.weight}


@pytest.fixture
def manager() -> PluginManager:
    """A host with both formats."""
    manager = PluginManager()
    manager.register(Plain(), name="acme")
    return manager


def faq(path: Path, weights: Sequence[float]) -> Path:
    """Records of the given weights; half of the answers are their own number."""
    lines = [
        {"id": n, "question": f"What is number {n}?", "answer": f"It is the number {n}, as it happens.", "votes": w}
        for n, w in enumerate(weights)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def asking(source: Path, target: Path, formats: list[Any], **more: Any) -> dict[str, Any]:
    """A recipe whose weights are the votes; `more` is added to its sections."""
    data = recipe(source, target, export={"weighting": {"weight_field": "votes"}, "formats": formats})
    data["output"] |= more.pop("output", {})
    data["export"]["weighting"] |= more.pop("weighting", {})
    data["run"] |= more.pop("run", {})
    assert not more
    return data


def copies_in(folder: Path, name: str, split: str = "train") -> Counter[str]:
    """How often each question stands in a format's rows."""
    return Counter(row["q"] for file in (folder / f"data/{name}/{split}").glob("*") for row in rows(file))


def ledger(stats: ExportStats, name: str) -> tuple[int, int, int, int]:
    """A format's rows, refused, left out and copies."""
    one = stats.formats[name]
    return one.rows, one.refused, one.left_out, one.copies


def test_copies_stand_for_weights_over_their_mean(manager: PluginManager, tmp_path: Path) -> None:
    """Whole multiples of the mean are whole copies; a weight of 0 leaves; the ledger says what is missing, and more."""
    source = faq(tmp_path / "faq.jsonl", [0, 2, 4, 2, 2])
    result = export(asking(source, tmp_path / "out", ["tuneport", "acme:plain"]), manager=manager)

    found = copies_in(tmp_path / "out", "plain")
    assert found == {"What is number 1?": 1, "What is number 2?": 2, "What is number 3?": 1, "What is number 4?": 1}
    assert ledger(result.stats, "plain") == (5, 0, 1, 1)
    assert ledger(result.stats, "tuneport") == (5, 0, 0, 0)
    assert [row["weight"] for row in rows(next((tmp_path / "out/data/tuneport/train").iterdir()))] == [0, 2, 4, 2, 2]
    info = result.dataset.formats
    assert (info["plain"].weights, info["tuneport"].weights) == ("replicate", "column")


def test_the_mean_of_copies_is_the_weight(manager: PluginManager, tmp_path: Path) -> None:
    """Over many seeds each sample is written as often, on average, as it weighs: within four standard errors."""
    weights = [0.2, 0.5, 0.9, 1.0, 1.3, 2.1]
    mean, seeds, found = sum(weights) / len(weights), 120, Counter[str]()
    source = faq(tmp_path / "faq.jsonl", weights)
    for seed in range(seeds):
        target = tmp_path / f"out{seed}.jsonl"
        export(asking(source, target, ["acme:plain"], run={"seed": seed}), manager=manager)
        found += Counter(row["q"] for row in rows(target))
    for number, weight in enumerate(weights):
        expected, part = weight / mean, weight / mean % 1
        error = 4 * sqrt(part * (1 - part) / seeds)
        assert abs(found[f"What is number {number}?"] / seeds - expected) <= error + 1e-9, number


@pytest.mark.parametrize("most", [1, 3])
def test_copies_are_capped(most: int, manager: PluginManager, tmp_path: Path) -> None:
    """No sample stands there more often than max_copies."""
    source = faq(tmp_path / "faq.jsonl", [1] * 99 + [1000])
    formats = [{"use": "acme:plain", "max_copies": most, "weights": "replicate"}]
    export(asking(source, tmp_path / "out", formats), manager=manager)

    assert copies_in(tmp_path / "out", "plain")["What is number 99?"] == most


def test_validation_is_never_copied(manager: PluginManager, tmp_path: Path) -> None:
    """Each validation sample stands there once, whatever it weighs; the mean is that of what is trained on."""
    source = faq(tmp_path / "faq.jsonl", [number % 4 for number in range(400)])
    split = {"validation": 0.25, "mode": "exact"}
    result = export(
        asking(source, tmp_path / "out", ["tuneport", "acme:plain"], output={"split": split}), manager=manager
    )

    kept = copies_in(tmp_path / "out", "plain", "validation")
    assert set(kept.values()) == {1}
    assert len(kept) == 100
    train = [row["weight"] for row in rows(next((tmp_path / "out/data/tuneport/train").iterdir()))]
    assert result.weights["mean"] == pytest.approx(sum(train) / 300)
    assert copies_in(tmp_path / "out", "plain").total() == pytest.approx(300, abs=40)
    assert kept.keys().isdisjoint(copies_in(tmp_path / "out", "plain"))


def test_weights_are_divided_by_their_mean_where_that_is_asked(manager: PluginManager, tmp_path: Path) -> None:
    """mean_one: columns hold weights over their mean, and copies are those of the same weights."""
    source = faq(tmp_path / "faq.jsonl", [1, 2, 3])
    data = asking(source, tmp_path / "out", ["acme:heavy", "acme:plain"], weighting={"mean_one": True})
    result = export(data, manager=manager)

    (file,) = (tmp_path / "out/data/heavy/train").iterdir()
    assert [row["w"] for row in rows(file)] == [0.5, 1.0, 1.5]
    assert result.weights["mean"] == 1.0
    again = export(asking(source, tmp_path / "again", ["acme:plain"]), manager=manager)
    assert tree(tmp_path / "out/data/plain") == tree(tmp_path / "again/data/plain")
    assert again.weights["mean"] == 2.0


def test_ignored_and_refused_weights(manager: PluginManager, tmp_path: Path) -> None:
    """`ignore` writes each sample once and no weight; `refuse` writes those that weigh 1."""
    source = faq(tmp_path / "faq.jsonl", [1, 2, 0])
    formats = [{"use": "acme:heavy", "weights": "ignore"}, {"use": "acme:plain", "weights": "refuse"}]
    result = export(asking(source, tmp_path / "out", formats), manager=manager)

    assert ledger(result.stats, "heavy") == (3, 0, 0, 0)
    assert [list(row) for row in rows(next((tmp_path / "out/data/heavy/train").iterdir()))] == [["q", "a"]] * 3
    assert ledger(result.stats, "plain") == (1, 2, 0, 0)
    assert not plan_export(asking(source, tmp_path / "other", formats), manager=manager).waits


def test_a_sample_without_a_row_is_filtered(manager: PluginManager, tmp_path: Path) -> None:
    """Where copies are all there is, a sample that gets none was never exported; and every count adds up."""
    source = faq(tmp_path / "faq.jsonl", [0, 2, 2, 0])
    data = asking(source, tmp_path / "out", ["acme:plain"], output={"index": True})
    data["source"] = {"path": str(source), "key": "id"}
    result = export(data, manager=manager)

    assert (result.stats.exported_entities, result.stats.filtered_entities) == (2, 2)
    assert result.stats.rejects == {"left_out_by_weight": 2}
    assert ledger(result.stats, "plain") == (4, 0, 0, 2)
    index = gzip.decompress((tmp_path / "out/index/00000.jsonl.gz").read_bytes())
    lines = [json.loads(line) for line in index.splitlines()]
    assert [(line["key"], line["outcome"], line["rows"]) for line in lines] == [
        ("0", "filtered", []),
        ("1", "exported", ["plain:0:0", "plain:0:1"]),
        ("2", "exported", ["plain:0:2", "plain:0:3"]),
        ("3", "filtered", []),
    ]


def test_equal_weights_wait_for_nobody(manager: PluginManager, tmp_path: Path) -> None:
    """Where no weighting can tell samples apart, each is written once, part by part, and nothing is spooled."""
    source = faq(tmp_path / "faq.jsonl", [1, 2])
    off = asking(source, tmp_path / "out", ["acme:plain"], weighting={"enable_weights": False})
    assert not plan_export(off, manager=manager).deferred
    on = asking(source, tmp_path / "on", ["acme:plain"])
    assert plan_export(on, manager=manager).waits == ("plain: weights are taken over their mean",)

    result = export(off, manager=manager)
    assert ledger(result.stats, "plain") == (2, 0, 0, 0)


@pytest.mark.parametrize("normalize", ["none", "percentile"])
def test_copies_do_not_depend_on_how_work_is_cut(normalize: str, manager: PluginManager, tmp_path: Path) -> None:
    """One digest over part sizes, waiting or not, with factors that come at the barrier too."""
    source = faq(tmp_path / "faq.jsonl", [(number * 7919 % 100) / 10 for number in range(700)])

    def run(name: str, sizes: Sizes) -> ExportResult:
        data = asking(
            source,
            tmp_path / name,
            [{"use": "acme:plain", "max_copies": 4}, "acme:heavy"],
            weighting={"normalize": normalize, "mean_one": True},
            output={"split": {"validation": 0.1}},
        )
        return execute(plan_export(data, manager=manager, sizes=sizes))

    digests = {
        run(f"out{size}-{defer}", Sizes(part_bytes=size, defer=defer)).digest
        for size in (500, 20_000, 4 << 20)
        for defer in (False, True)
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("given", "place", "said"),
    [
        ({"weights": "colum"}, 'export.formats[0].weights = "colum"', "not one of column, replicate, ignore, refuse"),
        ({"weights": "column"}, 'export.formats[0].weights = "column"', "plain holds no weight"),
        ({"max_copies": 0}, "export.formats[0].max_copies = 0", "a whole number from 1 to 1,000 is wanted"),
        ({"weights": "ignore", "max_copies": 3}, "export.formats[0].max_copies = 3", "nothing is copied"),
    ],
)
def test_wrong_carriages(given: dict[str, Any], place: str, said: str, manager: PluginManager, tmp_path: Path) -> None:
    """What a format cannot do is a problem of the recipe, at its place."""
    source = faq(tmp_path / "faq.jsonl", [1])
    with pytest.raises(RecipeError) as caught:
        export(asking(source, tmp_path / "out", [{"use": "acme:plain", **given}]), manager=manager)
    (problem,) = caught.value.problems

    assert problem.path == place
    assert said in problem.message


def test_huge_weights_have_a_mean(manager: PluginManager, tmp_path: Path) -> None:
    """A sum beyond every float is no reason to leave samples out: equal weights are one row each."""
    source = faq(tmp_path / "faq.jsonl", [1e308] * 40)
    data = asking(source, tmp_path / "out", ["acme:plain", "acme:heavy"], weighting={"mean_one": True})
    result = export(data, manager=manager)

    assert ledger(result.stats, "plain") == (40, 0, 0, 0)
    assert {row["w"] for row in rows(next((tmp_path / "out/data/heavy/train").iterdir()))} == {1.0}


def test_a_format_with_nothing_to_train_on_publishes_nothing(manager: PluginManager, tmp_path: Path) -> None:
    """Rows to evaluate with alone are no dataset: the error names the format, and what to write."""
    source = faq(tmp_path / "faq.jsonl", [0] * 40)
    split = {"validation": 0.25, "mode": "exact"}
    data = asking(source, tmp_path / "out", ["tuneport", "acme:plain"], output={"split": split})
    with pytest.raises(DataError, match="plain has nothing to train on: 30 samples left out") as caught:
        export(data, manager=manager)

    assert 'weights = "ignore"' in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_what_no_format_takes_does_not_count_among_weights(manager: PluginManager, tmp_path: Path) -> None:
    """Samples that every format refuses were never exported: weights are those of the others."""
    source = faq(tmp_path / "faq.jsonl", [1, 3, 1])
    result = export(asking(source, tmp_path / "out", [{"use": "acme:plain", "weights": "refuse"}]), manager=manager)

    assert result.stats.rejects == {"weight_not_carried": 1}
    assert (result.weights["count"], result.weights["max"]) == (2, 1.0)
