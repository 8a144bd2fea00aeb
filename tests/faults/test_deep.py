"""Values nested without measure: whatever the stack, no process dies of them, and they are rejects by one code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from faults import deep_child
from tuneport import nesting

SHALLOW = sum(depth < nesting.DEEPEST for depth in deep_child.DEPTHS) * len(deep_child.KINDS)
DEEP = len(deep_child.DEPTHS) * len(deep_child.KINDS) - SHALLOW


@pytest.mark.parametrize("stack", [0, 512, 256], ids=["main", "512 KiB", "256 KiB"])
def test_no_depth_ends_the_process(stack: int, tmp_path: Path, figure: Callable[[str, object], None]) -> None:
    """In export, preview, inspect and validate, from files, databases and Python: a row, or a reject in words."""
    command = [sys.executable, deep_child.__file__, str(tmp_path), str(stack)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)

    # Deep ones with each leaf, a million levels, and a second time without an end.
    lines = 2 * (SHALLOW + DEEP) + len(deep_child.KINDS)
    assert told["jsonl"] == {"exported": SHALLOW, "schema_violation": SHALLOW, "bad_json": 2 * (lines - SHALLOW)}
    assert told["document"] == {"exported": SHALLOW, "bad_json": DEEP}
    assert told["entities"]["bad_json"] == 4 * DEEP + 5
    assert told["validated"]["too_deep"] == 3
    assert told["schema"] == {"sound": SHALLOW}
    assert told["sqlite"].keys() <= {"exported", "bad_type", "schema_violation", *OURS}
    figure(
        f"values up to a million levels deep, stack {stack or 'of the main thread'}", sum(map(_count, told.values()))
    )


OURS = {"jsonl_llm:bad_call", "jsonl_llm:bad_tools", "jsonl_llm:unknown_role"}


def _count(counts: dict[str, int]) -> int:
    return sum(counts.values())


def test_what_nobody_reads_is_passed_over(tmp_path: Path) -> None:
    """In the main thread a field that nobody reads may be nested deeper; it is not in the row."""
    import tuneport

    path = tmp_path / "a.jsonl"
    deep = "[" * 200 + "]" * 200
    path.write_text(f'{{"question":"Q","answer":"{deep_child.ANSWER}","other":{deep}}}')
    done = tuneport.export({"source": str(path), "output": {"path": str(tmp_path / "out")}})
    assert done.stats.exported_entities == 1


@pytest.mark.parametrize("levels", [1, nesting.DEEPEST - 1, nesting.DEEPEST, 5000])
@pytest.mark.parametrize("kind", deep_child.KINDS)
def test_a_value_and_its_text_are_as_deep(kind: str, levels: int) -> None:
    """The limit for Python's own values and for JSON text is one, and a text may end anywhere."""
    opening, ending = deep_child.KINDS[kind]
    value: object = 1
    for level in range(levels):
        value = {"a": value} if kind == "objects" or (kind == "both" and level % 2 == 0) else [value]
    count = levels // len(ending)
    text = f'{{"a":{opening * count}"[{{\\"[[",1{ending * count}}}'.encode()

    assert bool(nesting.excess({"a": value})) == (levels >= nesting.DEEPEST)
    if levels % len(ending) == 0:
        assert nesting.is_deep_text(text) == nesting.is_deep_text(text.rstrip(b"]}")) == (levels >= nesting.DEEPEST)
