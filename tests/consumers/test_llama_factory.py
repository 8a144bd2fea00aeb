"""LLaMA-Factory's own loader and converters read the rows that we write for it, as dataset_info.json describes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consumers.cells import CELLS, folder_of, formats_for
from consumers.children import READERS, ask

CLASSIC = [name for name, cell in CELLS.items() if "llama_factory" in formats_for(cell.kind)]
VERSION_1 = [name for name, cell in CELLS.items() if "llama_factory_v1" in formats_for(cell.kind)]

ANSWERS = {"text": 0, "preference": 2, "unpaired": 2}
"""How many answers a row has, where that is not one: text stands in the prompt, and is all learnt in its own stage."""


def _folder(name: str, kind: str, base: Path) -> Path:
    return folder_of(name, base) / "data" / kind


def _rows(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "train").iterdir())
    return [json.loads(line) for file in files for line in file.read_text("utf-8").split("\n") if line]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], dict[str, Any]]:
    """What LLaMA-Factory makes of every style's rows, in one process, when it is first asked for."""
    seen: dict[str, Any] = {}

    def made() -> dict[str, Any]:
        if not seen:
            base, scratch = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("llama_factory")
            classic = {name: str(_folder(name, "llama_factory", base)) for name in CLASSIC}
            version_1 = {name: str(_folder(name, "llama_factory_v1", base) / "train") for name in VERSION_1}
            asked = {"classic": classic, "v1": version_1, "model": str(scratch / "tiny")}
            seen.update(ask(READERS / "read_llama_factory.py", asked, scratch, "llama_factory", "datasets36"))
        return seen

    return made


@pytest.fixture
def read(needs: Callable[[str], None], made: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What it makes of them, where it is there."""
    for name in ("llama_factory", "datasets36", "torch", "transformers"):
        needs(name)
    return made()


@pytest.mark.parametrize("name", CLASSIC)
def test_every_entry_is_read_whole(name: str, read: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each split is an entry, no row of it is skipped, and each has as many answers as its stage wants."""
    entries = read["classic"][name]
    assert isinstance(entries, dict), entries
    folder = _folder(name, "llama_factory", tmp_path_factory.getbasetemp())
    assert len(entries) == len([path for path in folder.iterdir() if path.is_dir()]) == 2
    written = sum(len(file.read_text("utf-8").splitlines()) for file in folder.glob("*/*.jsonl"))
    rows = [row for entry in entries.values() for row in entry["rows"]]
    assert len(rows) == written
    assert all(row["_prompt"] for row in rows)
    assert {len(row["_response"]) for row in rows} == {ANSWERS.get(CELLS[name].kind, 1)}
    assert {entry["ranking"] for entry in entries.values()} == {CELLS[name].kind == "preference"}


@pytest.mark.parametrize("name", VERSION_1)
def test_version_1_learns_what_the_assistant_says(
    name: str, read: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Its engine finds the rows without a description, and takes the weight of each turn."""
    rendered = read["v1"][name]
    assert isinstance(rendered, list), rendered
    rows = _rows(_folder(name, "llama_factory_v1", tmp_path_factory.getbasetemp()))
    assert len(rendered) == len(rows)
    for one, row in zip(rendered, rows, strict=True):
        turns = row.get("messages") or [*row["chosen_messages"], *row["rejected_messages"]]
        weights = {turn["loss_weight"] for turn in turns if turn["loss_weight"] > 0}
        assert set(one["weights"]) == weights
        parts = [part for turn in turns if turn["loss_weight"] > 0 for part in turn["content"]]
        assert all(part["value"].strip() in one["learnt"] for part in parts if part["type"] == "text")
        assert one["learnt"].count("<tool_call>") == sum(part["type"] == "tool_call" for part in parts)
