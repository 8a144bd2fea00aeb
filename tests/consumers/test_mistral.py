"""The validator of Mistral's fine-tuning takes the rows that we write for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from consumers.cells import CELLS, folder_of, formats_for
from consumers.children import READERS, ask

WRITTEN = [name for name, cell in CELLS.items() if cell.kind in {"instruction", "chat"}]
USER, ANSWER = {"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Yes."}
CALL = {"id": "call_1", "type": "function", "function": {"name": "time", "arguments": "{}"}}
NAIVE = {
    "ends with a question": {"messages": [USER, ANSWER, USER]},
    "a weight of a half": {"messages": [USER, ANSWER | {"weight": 0.5}]},
    "an id of another service": {
        "messages": [USER, {"role": "assistant", "tool_calls": [CALL]},
                     {"role": "tool", "tool_call_id": "call_1", "content": "3"}, ANSWER],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], dict[str, list[str]]]:
    """What the validator says of every row, in one process, when it is first asked for."""
    seen: dict[str, list[str]] = {}

    def made() -> dict[str, list[str]]:
        if not seen:
            base = tmp_path_factory.getbasetemp()
            asked: dict[str, list[Any]] = {name: [row] for name, row in NAIVE.items()}
            for name in WRITTEN:
                files = sorted((folder_of(name, base) / "data/mistral").glob("*/*.jsonl"))
                asked[name] = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
            seen.update(ask(READERS / "accept_mistral.py", asked, base))
        return seen

    return made


@pytest.fixture
def said(needs: Callable[[str], None], made: Callable[[], dict[str, list[str]]]) -> dict[str, list[str]]:
    """What the validator says, where it is there."""
    needs("mistral")
    return made()


@pytest.mark.parametrize("name", WRITTEN)
def test_every_row_of_a_style_is_taken(name: str, said: dict[str, list[str]]) -> None:
    """Nothing is wrong with any of them."""
    assert len(said[name]) > 10
    assert [what for what in said[name] if what] == []


@pytest.mark.parametrize("name", NAIVE)
def test_rows_of_another_service_are_refused(name: str, said: dict[str, list[str]]) -> None:
    """The same validator has something to say of rows that other services take."""
    assert said[name][0]


def test_only_conversations_are_written() -> None:
    """The format is among those of the styles above, and of no style with pairs."""
    assert all("mistral" in formats_for(CELLS[name].kind) for name in WRITTEN)
    assert "mistral" not in formats_for("preference")
