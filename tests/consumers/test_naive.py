"""Rows as one writes them by hand, and the same values as we write them: what a loader that guesses makes of both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import recipe

from consumers.children import READERS, ask
from tuneport import export

VERSIONS = {"3.6": ("datasets36",), "4.4": ("datasets44",), "5.2": ()}
SAME, CHANGED, REFUSED = "same", "changed", "refused"
Files = list[list[Any]]

# What a column holds, file by file; what 3.6, 4.4 and 5.2 make of it; and the type that our metadata declares.
COLUMNS: dict[str, tuple[Files, tuple[str, str, str], str]] = {
    "a null file before text": ([[None, None], ["c", "d"]], (REFUSED, REFUSED, REFUSED), "string"),
    "empty lists before full ones": ([[[], []], [["a"], ["b"]]], (REFUSED, REFUSED, REFUSED), "list[string]"),
    "text and numbers": ([["high", 5]], (REFUSED, REFUSED, SAME), "string"),
    "numbers, some of them as text": ([["5", 5]], (REFUSED, REFUSED, CHANGED), "string"),
    "times in text": ([["2024-01-01T00:00:00Z"] * 2], (CHANGED, CHANGED, CHANGED), "string"),
    "times, and then text": ([["2024-01-01"] * 2, ["soon"]], (REFUSED, REFUSED, REFUSED), "string"),
}

# Whole rows, file by file, and what becomes of them. A style has no such rows; the matrix has what stands for them.
ROWS: dict[str, tuple[list[list[dict[str, Any]]], tuple[str, str, str]]] = {
    "a whole weight before a fraction": (
        [[{"q": "a", "weight": 1}], [{"q": "b", "weight": 0.5}]],
        (REFUSED, REFUSED, REFUSED),
    ),
    "a key that a later file adds": ([[{"q": "a"}], [{"q": "b", "m": "x"}]], (REFUSED, REFUSED, REFUSED)),
    "an inner key that a later file adds": (
        [[{"m": {"a": 1}}], [{"m": {"a": 1, "b": 2}}]],
        (REFUSED, REFUSED, REFUSED),
    ),
    "arguments with keys of their own": ([[{"f": {"a": 1}}, {"f": {"b": "x"}}]], (CHANGED, CHANGED, SAME)),
    "arguments of types of their own": ([[{"f": {"a": 1}}, {"f": {"a": "x"}}]], (REFUSED, REFUSED, SAME)),
    "content as text and as blocks": (
        [[{"c": "text"}, {"c": [{"type": "text", "text": "text"}]}]],
        (REFUSED, REFUSED, SAME),
    ),
    "schemas as objects": (
        [[{"__schema__": {"properties": {"a": {}}}}, {"__schema__": {"properties": {"b": {"type": "string"}}}}]],
        (CHANGED, CHANGED, SAME),
    ),
}

Loaded = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Loaded]:
    """What each version makes of the rows above and of ours, loaded when it is first asked for."""
    seen: Loaded = {}

    def made() -> Loaded:
        if not seen:
            scratch = tmp_path_factory.mktemp("naive")
            asked = {name: _written(scratch, name, files) for name, (files, _) in ROWS.items()}
            for name, (files, _, _) in COLUMNS.items():
                rows = [[{"text": f"Text {n} here", "x": value} for n, value in enumerate(one)] for one in files]
                asked[name] = _written(scratch, name, rows)
            folders = {name: _ours(scratch, name) for name in COLUMNS}
            for version, beside in VERSIONS.items():
                question = {"folders": folders, "loose": [], "files": asked}
                seen[version] = ask(READERS / "load.py", question, scratch, *beside)
        return seen

    return made


@pytest.fixture
def loaded(needs: Callable[[str], None], made: Callable[[], Loaded]) -> Loaded:
    """What each version makes of them, where all are there."""
    for name in ("datasets", "datasets36", "datasets44"):
        needs(name)
    return made()


def _written(scratch: Path, name: str, files: list[list[dict[str, Any]]]) -> list[str]:
    folder = scratch / name
    folder.mkdir()
    for number, rows in enumerate(files):
        (folder / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [str(path) for path in sorted(folder.iterdir())]


def _ours(scratch: Path, name: str) -> str:
    """The same column as metadata, in as many files."""
    files, _, kind = COLUMNS[name]
    values = [value for one in files for value in one]
    records = [{"content": f"Text {number} of {name}.", "x": value} for number, value in enumerate(values)]
    source = scratch / f"{name}.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    asked = recipe(source, scratch / f"{name}, ours")
    asked["export"] = {"style": "text_completion", "metadata_fields": {"x": kind}}
    asked["output"]["shard_size"] = 1
    export(asked)
    return asked["output"]["path"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", [*COLUMNS, *ROWS])
def test_rows_by_hand_are_guessed_as_we_say(name: str, loaded: Loaded) -> None:
    """What three versions of datasets make of them; a version that has learnt better makes this fail."""
    said = COLUMNS[name][1] if name in COLUMNS else ROWS[name][1]
    assert tuple(loaded[version]["files"][name] for version in VERSIONS) == said


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_values_as_we_write_them_come_back(version: str, loaded: Loaded) -> None:
    """Each column as declared metadata, a file for each row, equal in value and type."""
    assert loaded[version]["version"].startswith(version)
    assert sorted(loaded[version]["loaded"]) == sorted(f"{name}/tuneport/train" for name in COLUMNS)
    assert loaded[version]["differ"] == {}
