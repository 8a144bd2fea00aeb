"""What the card says of splits, weights and losses, with the numbers of the manifest and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tuneport.dataset import DataFile, Dataset, DatasetManifest, FormatInfo, SplitInfo
from tuneport.options import FormatStats
from tuneport_formats.card import card

WEIGHTS = {"count": 2178, "min": 0.29, "max": 5.884, "mean": 1.0, "effective": 1640.4, "top_share": 0.05}
SPLIT = SplitInfo(
    mode="stable",
    asked={"validation": 0.1},
    samples={"train": 2178, "validation": 234},
    group_by=["thread_id"],
    prompts_on_both_sides=2,
)


def info(carriage: str, ledger: FormatStats, losses: dict[str, int] | None = None, **rows: int) -> FormatInfo:
    """One format, with so many rows in each split."""
    splits = {split: [DataFile(f"data/x/{split}/0.jsonl", count, 10, 10, "")] for split, count in rows.items()}
    return FormatInfo("acme:x", {"q": "string"}, splits, ledger, carriage, losses or {})


def lines_of(formats: dict[str, FormatInfo], **manifest: Any) -> list[str]:
    """The lines of a card below its metadata."""
    counts = {"total": 3000, "exported": 2412, "filtered": 588, "duplicate": 0, "errored": 0}
    known: dict[str, Any] = {
        "recipe": "",
        "source": "in.jsonl",
        "rejects": {},
        "notes": {},
        "plugins": [],
        "digest": "",
    }
    known |= {"weights": {}, "versions": {"tuneport": "1"}, "now": "2026-11-22T00:00:00Z", "seed": 0, "name": "faq"}
    made = DatasetManifest(**{**known, "counts": counts, "formats": formats, **manifest})
    return card(Dataset(Path("faq"), made)).partition("---\n\n")[2].splitlines()


TRL = info("column", FormatStats(2412), train=2178, validation=234)
LOSSES = {"turn_weights": 3, "metadata": 2412}
AXOLOTL = info("replicate", FormatStats(2409, 0, 441, 438), LOSSES, train=2175, validation=234)
UNWEIGHTED = "Evaluation is unweighted: rows to evaluate with are neither copied nor left out, and count alike."


def test_a_row_for_each_format_and_split() -> None:
    """What became of weights stands where samples are trained on; rows are exact, copies among them."""
    ignored, refused = info("ignore", FormatStats(5), train=5), info("refuse", FormatStats(5, 7), train=5)
    lines = lines_of({"trl": TRL, "axolotl": AXOLOTL, "a": ignored, "b": refused}, weights=WEIGHTS)

    assert [line for line in lines if line.startswith("|")] == [
        "| format | split | rows | weights |",
        "|---|---|---|---|",
        "| trl | train | 2,178 | in each row |",
        "| trl | validation | 234 |  |",
        "| axolotl | train | 2,175 | 441 samples left out, 438 extra rows |",
        "| axolotl | validation | 234 |  |",
        "| a | train | 5 | left out |",
        "| b | train | 5 | all 1 |",
    ]


def test_samples_that_no_format_wrote_are_left_out_of_each() -> None:
    """They stand among the records that were left out, and in no format's ledger."""
    lines = lines_of({"axolotl": AXOLOTL, "trl": TRL}, weights=WEIGHTS, rejects={"left_out_by_weight": 25})
    assert "| axolotl | train | 2,175 | 466 samples left out, 438 extra rows |" in lines
    assert "| trl | train | 2,178 | in each row |" in lines


def test_without_weights_nothing_is_said_of_them() -> None:
    """Neither a column nor a sentence."""
    lines = lines_of({"trl": info("column", FormatStats(9), train=9)})

    assert "| trl | train | 9 |" in lines
    assert not [line for line in lines if "eight" in line or "plit:" in line or "Not carried" in line]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Weights: 0.29 to 5.88, mean 1; 2,178 samples tell a trainer as much as 1,640 of one weight."),
        ({"min": 1.0, "max": 1.0}, "Weights: 1 to 1, mean 1."),
    ],
)
def test_weights_in_a_sentence(changes: dict[str, float], said: str) -> None:
    """Range, mean, effective sample size, and what evaluation makes of them."""
    assert f"{said} {UNWEIGHTED}" in lines_of({"trl": TRL}, weights={**WEIGHTS, **changes})


def test_how_it_was_split() -> None:
    """What was asked, how groups were drawn, and what stands on both sides."""
    assert (
        "Split: 10 % validation asked, stable, by thread_id. 0 groups and 2 prompts stand on both sides."
        in lines_of({"trl": TRL}, split=SPLIT)
    )
    moved = msgspec.structs.replace(SPLIT, samples_moved=7)
    said = "7 samples left their earlier side, for their group stands on the other."
    assert any(line.endswith(f"both sides. {said}") for line in lines_of({"trl": TRL}, split=moved))


def test_what_was_not_carried() -> None:
    """A line for each format that lost something."""
    lines = lines_of({"trl": TRL, "axolotl": AXOLOTL})
    at = lines.index("Not carried, and of how many samples:")

    assert lines[at : at + 4] == [lines[at], "", "- axolotl: turn weights 3, metadata 2,412", ""]


def test_names_of_fields_and_formats_mean_nothing() -> None:
    """A field or a format may be called whatever somebody likes: it makes no cell, heading or element."""
    split = SplitInfo(mode="exact", asked={"test": 0.5}, samples={}, group_by=["a|b\n# c"], stratify_by=["<i>", "*d*"])
    lines = lines_of({"x|y": info("column", FormatStats(1), {"<b>": 1}, train=1)}, split=split)

    assert r"| x\|y | train | 1 |" in lines
    assert r"- x\|y: &lt;b&gt; 1" in lines
    assert any(r"by a\|b\\n# c, alike in &lt;i&gt;, \*d\*. 0 groups" in line for line in lines)
    assert sum(line.startswith("#") for line in lines) == 1
