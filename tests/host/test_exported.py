"""What a run and a plan say of splits, weights and losses: every sentence, for every way a weight may go."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tuneport.commands.exported import format_rows, remarks, split_rows, weight_row
from tuneport.commands.wording import WIDTH, note, percent, row
from tuneport.dataset import DataFile, FormatInfo, SplitInfo
from tuneport.options import FormatStats
from tuneport.runs.weights import words
from tuneport.traits import FormatTraits, status_words

TODAY = date(2026, 12, 24)

WEIGHTS = {"count": 2178, "min": 0.29, "max": 5.88, "mean": 1.0, "effective": 1640.4, "top_share": 0.04}
TRL = FormatTraits(weight="row", weight_note="our trainer reads it, stock TRL ignores it")
SWIFT = FormatTraits(weight="message", weight_flags=("--loss_scale", "default"), scale="absolute")
BINARY, NONE = FormatTraits(weight="binary"), FormatTraits()


def info(weights: str, ledger: FormatStats, losses: dict[str, int] | None = None, **rows: int) -> FormatInfo:
    """One format of a dataset, with so many rows in each split."""
    splits = {split: [DataFile(f"data/x/{split}/0.jsonl", count, 1, 1, "")] for split, count in rows.items()}
    return FormatInfo("acme:x", None, splits, ledger, weights, losses or {})


@pytest.mark.parametrize(
    ("one", "traits", "weights", "lines"),
    [
        (info("column", FormatStats(7), train=7), TRL, {}, ["  x           7 rows"]),
        (info("column", FormatStats(0)), TRL, {}, ["  x           0 rows"]),
        (info("column", FormatStats(1), train=1), TRL, {}, ["  x           1 row"]),
        (
            info("column", FormatStats(2412), validation=234, train=2178),
            TRL,
            WEIGHTS,
            ["  x           2,178 + 234 rows, weight column; our trainer reads it, stock TRL ignores it"],
        ),
        (
            info("replicate", FormatStats(2409, 1, 441, 438), train=2175, validation=234),
            NONE,
            WEIGHTS,
            ["  x           2,175 + 234 rows, 1 refused, weights as copies: 441 samples left out, 438 extra rows"],
        ),
        (
            info("replicate", FormatStats(8, 0, 1, 1), train=8),
            BINARY,
            WEIGHTS,
            ["  x           8 rows, weights as copies: 1 sample left out, 1 extra row"],
        ),
        (
            info("column", FormatStats(8), train=8),
            SWIFT,
            WEIGHTS,
            ["  x           8 rows, a weight per message", "              its trainer needs --loss_scale default"],
        ),
        (info("ignore", FormatStats(8), train=8), SWIFT, WEIGHTS, ["  x           8 rows, weights left out"]),
        (
            info("refuse", FormatStats(8), train=8),
            NONE,
            WEIGHTS,
            ["  x           8 rows, weights other than 1 refused"],
        ),
        (
            info("column", FormatStats(8), {"reasoning": 31, "metadata": 2412, "tools": 0}, train=8),
            TRL,
            {},
            ["  x           8 rows", "              not carried: metadata 2,412, reasoning 31"],
        ),
    ],
)
def test_a_format_is_a_line_or_a_few(
    one: FormatInfo, traits: FormatTraits, weights: dict[str, Any], lines: list[str]
) -> None:
    """Rows by split, what became of the weight, what its trainer needs, what was not carried."""
    assert format_rows("x", one, traits, weights) == lines


def test_samples_that_no_format_wrote_are_left_out_of_each() -> None:
    """They are in no format's ledger, and were left out for their weights all the same."""
    one = info("replicate", FormatStats(7, 0, 1, 2), train=7)

    assert format_rows("x", one, NONE, WEIGHTS, 25) == [
        "  x           7 rows, weights as copies: 26 samples left out, 2 extra rows"
    ]
    assert format_rows("x", info("column", FormatStats(8), train=8), TRL, WEIGHTS, 25) == [
        "  x           8 rows, weight column; our trainer reads it, stock TRL ignores it"
    ]


def test_a_long_name_keeps_its_distance() -> None:
    """Its line is longer, and says the same."""
    name = "bedrock_claude_2"

    assert format_rows(name, info("column", FormatStats(8), train=8), TRL, {}) == [f"  {name}  8 rows"]


@pytest.mark.parametrize(
    ("way", "traits", "said"),
    [
        ("column", TRL, "weight column; our trainer reads it, stock TRL ignores it"),
        ("column", SWIFT, "a weight per message"),
        ("replicate", NONE, "weights as copies, at most 4 of a sample"),
        ("replicate", BINARY, "weights as copies, at most 4 of a sample"),
        ("ignore", TRL, "weights left out"),
        ("refuse", NONE, "weights other than 1 refused"),
    ],
)
def test_what_will_become_of_weights(way: str, traits: FormatTraits, said: str) -> None:
    """In the plan, before anything is counted."""
    assert words.planned(way, 4, traits) == said


@pytest.mark.parametrize(
    ("traits", "all_notes", "said"),
    [
        (FormatTraits(note="rows go as they are"), True, "x: rows go as they are"),
        (FormatTraits(note="rows go as they are"), False, ""),
        (FormatTraits(), True, ""),
        (FormatTraits(status="sunset", sunset=date(2027, 1, 6)), False, "x ends on 2027-01-06"),
        (FormatTraits(status="sunset", sunset=date(2027, 1, 6), note="a"), False, "x ends on 2027-01-06: a"),
        (FormatTraits(sunset=TODAY), False, "x ends on 2026-12-24"),
        (FormatTraits(sunset=date(2026, 12, 23), note="a"), False, "x ended on 2026-12-23: a"),
        (FormatTraits(status="sunset"), False, "x will end"),
        (FormatTraits(status="legacy", note="a"), False, "x is legacy: a"),
        (FormatTraits(status="legacy", sunset=date(2026, 9, 10)), False, "x is legacy since 2026-09-10"),
    ],
)
def test_targets_that_end(traits: FormatTraits, all_notes: bool, said: str) -> None:
    """After a run only what has ended or will end; in a plan whatever is to be known."""
    assert status_words("x", traits, TODAY, all_notes=all_notes) == said


@pytest.mark.parametrize(
    ("split", "lines"),
    [
        (
            SplitInfo(
                mode="stable",
                asked={"validation": 0.1},
                samples={"validation": 234, "train": 2178},
                group_by=["thread_id"],
            ),
            [
                "  split       2,178 train · 234 validation (asked 10 %, got 9.7 %: stable, by thread_id)",
                "  leakage     no group and no prompt on both sides",
            ],
        ),
        (
            SplitInfo(
                mode="exact",
                asked={"validation": 0.1, "test": 0.05},
                samples={"train": 85, "validation": 10, "test": 5},
                stratify_by=["a", "b", "c"],
                against="0123456789",
                groups_on_both_sides=2,
                prompts_on_both_sides=12,
                stayed=90,
                moved=1,
            ),
            [
                "  split       85 train · 10 validation · 5 test (asked 10 % and 5 %, got 10 % and 5 %: exact, each",
                "              value of a, b and c alike, as in 01234567)",
                "  leakage     12 prompts of validation or test in train as well · 2 groups on both sides · 1 of 91",
                "              earlier samples moved",
            ],
        ),
    ],
)
def test_how_samples_were_split(split: SplitInfo, lines: list[str]) -> None:
    """Counts, what was asked and what came of it, and what stands on both sides."""
    assert split_rows(split) == lines
    assert max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize(("count", "told"), [(1, "1 sample"), (1200, "1,200 samples")])
def test_samples_that_followed_their_group_are_told(count: int, told: str) -> None:
    """They stood elsewhere in the earlier dataset, which is no leak by itself and has to be known."""
    info = SplitInfo(mode="stable", asked={"test": 0.1}, samples={"train": 9, "test": 1}, group_by=["a"])
    info.against, info.stayed, info.samples_moved = "0123", 5, count
    text = " ".join("".join(split_rows(info)).split())
    assert text.endswith(f"0 of 5 earlier groups moved · {told} moved to where the group stands")


def test_nothing_is_said_of_what_is_not_there() -> None:
    """No split, no weights."""
    assert split_rows(None) == weight_row({}) == row("x", "") == []


def test_weights_have_an_effective_size_where_they_differ() -> None:
    """Of equal weights it is their number, and not worth a word."""
    assert weight_row(WEIGHTS) == [
        "  weights     0.29 to 5.88, mean 1.00, effective sample size 1,640 of 2,178",
    ]
    assert weight_row({**WEIGHTS, "min": 2.0, "max": 2.0}) == ["  weights     2.00 to 2.00, mean 1.00"]


def test_remarks_of_a_run() -> None:
    """Odd weights as such, odd weights in a format, and targets that end: in this order."""
    formats = {"swift": info("column", FormatStats(9), train=9), "old": info("ignore", FormatStats(9), train=9)}
    traits = {"swift": SWIFT, "old": FormatTraits(status="legacy")}
    said = list(remarks(formats, traits, {**WEIGHTS, "top_share": 0.5, "mean": 2.0}, TODAY))

    assert [one.split(" ")[0] for one in said] == ["50", "swift", "old"]
    assert list(remarks(formats, traits, {}, TODAY)) == ["old is legacy"]


def test_notes_are_wrapped_and_stay_on_their_lines() -> None:
    """What plugins have a part in cannot draw on the terminal."""
    lines = note(f"a\x1b[1mb {'word ' * 40}")

    assert lines[0].startswith(r"note  a\x1b[1mb word")
    assert all(line.startswith("      word") for line in lines[1:])
    assert max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize(("share", "said"), [(0.1, "10 %"), (0.0970149, "9.7 %"), (1.0, "100 %"), (0.0, "0 %")])
def test_shares(share: float, said: str) -> None:
    """Three digits."""
    assert percent(share) == said
