"""TRL's own trainers take a step on the rows that we write for them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consumers.cells import CELLS, folder_of
from consumers.children import READERS, ask

TRAINERS = {"preference": "dpo", "unpaired": "kto"}
NAIVE = {"instruction": "What is two?", "input": "", "output": "It is two."}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], dict[str, Any]]:
    """What the trainers made of every style's rows, in one process, when it is first asked for."""
    seen: dict[str, Any] = {}

    def made() -> dict[str, Any]:
        if not seen:
            base, scratch = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("trained")
            sets = {name: {"folder": str(folder_of(name, base)), "config": "trl"} for name in CELLS}
            (scratch / "naive").mkdir()
            (scratch / "naive" / "rows.jsonl").write_text(f"{json.dumps(NAIVE)}\n" * 4)
            sets["naive"] = {"folder": str(scratch / "naive"), "config": "default"}
            seen.update(ask(READERS / "train_steps.py", {"model": str(scratch / "tiny"), "sets": sets}, scratch))
        return seen

    return made


@pytest.fixture
def trained(needs: Callable[[str], None], made: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the trainers made of them, where TRL is there."""
    for name in ("torch", "trl", "datasets"):
        needs(name)
    return made()


def _rows(name: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = folder_of(name, tmp_path_factory.getbasetemp()) / "data/trl/train"
    return [json.loads(line) for file in sorted(folder.iterdir()) for line in _lines(file)]


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text("utf-8").split("\n") if line]


@pytest.mark.parametrize("name", CELLS)
def test_a_trainer_takes_every_row(
    name: str, trained: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The trainer for the style's kind takes a step on all rows, and evaluates the others."""
    seen = trained[name]
    assert "error" not in seen, seen
    assert seen["trainer"] == TRAINERS.get(CELLS[name].kind, "sft")
    assert seen["rows"] == seen["of"] == len(_rows(name, tmp_path_factory))
    assert 0 < seen["loss"] < math.inf
    assert 0 < seen["evaluated"] < math.inf


@pytest.mark.parametrize("name", [name for name, cell in CELLS.items() if cell.kind in {"instruction", "chat"}])
def test_what_is_learnt_is_the_answer(
    name: str, trained: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The last turn with the token that ends it, reasoning included, and nothing of the prompt."""
    row = _rows(name, tmp_path_factory)[0]
    (answer,) = row["completion"]
    reasoning = answer.get("reasoning_content")
    thought = f"<think>\n{reasoning}\n</think>\n\n" if reasoning else ""
    assert trained[name]["learnt"] == f"{thought}{answer['content']}<|im_end|>\n"
    assert all(turn["content"] in trained[name]["first"]["input_ids"] for turn in row["prompt"])


def test_tools_and_calls_reach_the_template(trained: dict[str, Any]) -> None:
    """The template is given tools as objects, and arguments as an object."""
    text = trained["tools"]["first"]["input_ids"]
    assert '"name": "weather", "description": "The weather of a city."' in text
    assert '<tool_call>\n{"name": "' in text
    assert '"arguments": {' in text


def test_both_answers_are_compared(trained: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """The preferred answer and the other are what the trainer was given as such."""
    row, seen = _rows("preference", tmp_path_factory)[0], trained["preference"]["first"]
    assert seen["chosen_ids"] == f"{row['chosen'][0]['content']}<|im_end|>\n"
    assert seen["rejected_ids"] == f"{row['rejected'][0]['content']}<|im_end|>\n"


def test_plain_instruction_rows_are_refused(trained: dict[str, Any]) -> None:
    """What the same trainer says of instruction, input and output as they are."""
    assert trained["naive"] == {"error": "KeyError: 'text'"}
