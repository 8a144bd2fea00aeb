"""A run with weights, a split and several formats: what the terminal and the card say is what stands in the files."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tools import recipe

from tuneport import export
from tuneport.commands.planned import plan_lines
from tuneport.commands.summary import result_lines
from tuneport.runs import ExportResult, plan_export

VOTES = [0, 1, 1, 2, 3, 9]
FORMATS: list[Any] = ["trl", "axolotl", {"use": "openai", "max_copies": 2}, {"use": "anthropic", "weights": "ignore"}]


def asked(folder: Path) -> dict[str, Any]:
    """A recipe over 600 records with votes, a tenth of them for validation."""
    records = [
        {
            "id": number,
            "question": f"What is {number}?",
            "answer": f"The number {number}.",
            "votes": VOTES[number % 6],
        }
        for number in range(600)
    ]
    (folder / "in.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records))
    exporting = {
        "formats": FORMATS,
        "weighting": {"weight_field": "votes", "auto_weight_by_length": False},
        "metadata_fields": {"votes": "integer"},
    }
    made = recipe(folder / "in.jsonl", folder / "out", export=exporting)
    made["output"]["split"] = {"validation": 0.1, "mode": "exact"}
    return made


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> ExportResult:
    """The run."""
    return export(asked(tmp_path_factory.mktemp("said")))


def counted(result: ExportResult, name: str, split: str) -> Counter[str]:
    """The rows of a format's split, and how often each stands there."""
    folder = Path(result.path) / f"data/{name}/{split}"
    return Counter(line for file in folder.iterdir() for line in file.read_text().splitlines())


def test_the_terminal_says_what_stands_in_the_files(result: ExportResult) -> None:
    """Rows, samples left out, extra rows, and what was not carried."""
    text = result_lines(result)
    copied, capped = counted(result, "axolotl", "train"), counted(result, "openai", "train")
    left_out, extra = 540 - len(copied), copied.total() - len(copied)

    assert "  split       540 train · 60 validation (asked 10 %, got 10 %: exact)\n" in text
    assert "  leakage     no group and no prompt on both sides\n" in text
    assert re.search(r"  weights     0\.00 to 9\.00, mean 2\.\d\d, effective sample size \d+ of 540\n", text)
    assert "  trl         540 + 60 rows, weight column; our trainer reads it, stock TRL ignores it\n" in text
    assert (
        f"  axolotl     {copied.total()} + 60 rows, weights as copies: {left_out} samples left out, {extra} ex" in text
    )
    assert f"  openai      {capped.total()} + 60 rows, weights as copies: {left_out} samples left out" in text
    assert "  anthropic   540 + 60 rows, weights left out\n" in text
    assert text.count("not carried: metadata ") == 3
    assert "              not carried: metadata 600\n" in text
    assert max(copied.values()) == 4
    assert max(capped.values()) == 2
    assert len(capped) == len(copied)


def test_copies_stand_for_weights(result: ExportResult) -> None:
    """A sample with nine votes stands there about nine times as often as those with one; none does without votes."""
    rows: Counter[int] = Counter()
    for line, count in counted(result, "axolotl", "train").items():
        rows[VOTES[int(re.findall(r"What is (\d+)\?", line)[0]) % 6]] += count

    assert rows[0] == 0
    assert rows[9] == pytest.approx(9 * rows[1] / 2, rel=0.3)
    assert set(counted(result, "axolotl", "validation").values()) == {1}


def test_odd_weights_and_ends_are_told(result: ExportResult) -> None:
    """Below the formats, each in its own note, and once for all formats that leave out the same samples."""
    notes = [line for line in result_lines(result).splitlines() if line.startswith("note  ")]

    assert [note.split(" ")[2] for note in notes] == ["540", "axolotl,", "openai", "anthropic"]


def test_the_card_says_the_same(result: ExportResult) -> None:
    """Rows by format and split, what became of weights, the split, and what was not carried."""
    card = (Path(result.path) / "README.md").read_text()
    ledger = result.stats.formats["axolotl"]

    assert "| trl | train | 540 | in each row |\n| trl | validation | 60 |  |\n" in card
    assert (
        f"| axolotl | train | {ledger.rows - 60} | {ledger.left_out} samples left out, {ledger.copies} extra rows |"
        in card
    )
    assert "Split: 10 % validation asked, exact. 0 groups and 0 prompts stand on both sides." in card
    assert "- trl: metadata 600\n" in card


def test_the_plan_says_it_before(tmp_path: Path) -> None:
    """What will become of weights, what is kept apart, and which targets end."""
    text = plan_lines(plan_export(asked(tmp_path), to_run=False))

    assert "  split       10 % validation: exact\n" in text
    assert "  weights     trl: weight column; our trainer reads it, stock TRL ignores it\n" in text
    assert "              axolotl: weights as copies, at most 8 of a sample\n" in text
    assert "              openai: weights as copies, at most 2 of a sample\n" in text
    assert "              anthropic: weights left out\n" in text
    assert "              openai ends on 2027-01-06: " in text
