"""A row that no reader takes, `tuneport validate` among them, is not written: its format refuses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuneport import PluginManager, export, hookimpl
from tuneport.lines import MAX_LINE
from tuneport.nesting import DEEPEST
from tuneport.validation import validate

FRAME = len('{"a":""}\n')


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


class Formats:
    """Two formats: one whose rows hold what is asked, and one that writes a little of each sample."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row

    @hookimpl
    def register_formats(self, register: Any) -> None:
        """Offer them."""
        register("asked", lambda _config, _ctx: lambda _sample: self.row)
        register("little", lambda _config, _ctx: lambda sample: {"output": sample.output})


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"a": "x" * (MAX_LINE - FRAME)}, ""),
        ({"a": "x" * (MAX_LINE - FRAME + 1)}, "row_too_long"),
        ({"a": _nested(DEEPEST - 1)}, ""),
        ({"a": _nested(DEEPEST)}, "row_too_deep"),
        ({"a": "[{" * DEEPEST}, ""),
        ({"a": [{"b": "[" * DEEPEST}] * DEEPEST}, ""),
    ],
    ids=["8 MiB", "one byte more", "64 levels", "65 levels", "brackets in a text", "side by side"],
)
def test_what_validate_refuses_is_not_written(row: dict[str, Any], code: str, tmp_path: Path) -> None:
    """Its format says why, the other one writes the sample; and what is written is valid."""
    manager = PluginManager()
    manager.register(Formats(row), "odd")
    source = tmp_path / "a.jsonl"
    source.write_text('{"question": "What is it?", "answer": "It is this, and only this."}\n')
    made = {"style": "instruction_tuning", "formats": ["odd:asked", "odd:little"]}
    done = export({"source": str(source), "export": made, "output": {"path": str(tmp_path / "out")}}, manager=manager)
    assert done.stats.exported_entities == 1
    refused = {name: one.refused for name, one in done.stats.formats.items()}
    assert refused == {"asked": int(bool(code)), "little": 0}
    assert [note for note in done.notes if "refused by" in note] == ([f"{code} refused by asked"] if code else [])
    assert validate(tmp_path / "out").ok
