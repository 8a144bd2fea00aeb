"""Every format of every style, loaded by three versions of datasets: each config and split, equal in value and type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consumers.cells import CELLS, ROWS, exported, formats_for
from consumers.children import READERS, ask
from tuneport import PluginManager

VERSIONS = {"3.6": ("datasets36",), "4.4": ("datasets44",), "5.2": ()}

# The formats that cannot hold a kind of sample; every other one is written, and loaded.
REFUSED = {
    "instruction": set[str](),
    "chat": set[str](),
    "text": {"alpaca", "anthropic", "bedrock_claude", "gemini", "llama_factory_v1", "mistral", "sharegpt"},
    "preference": {"alpaca", "anthropic", "bedrock", "bedrock_claude", "chatml", "huggingface", "mistral", "sharegpt"},
    "unpaired": set[str](),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """What a version of datasets makes of the whole matrix, in one process, when it is first asked for."""
    seen: dict[str, dict[str, Any]] = {}

    def made(version: str) -> dict[str, Any]:
        if version not in seen:
            base = tmp_path_factory.getbasetemp()
            folders = {name: str(base / "cells" / name / "out") for name in CELLS if exported(name, base)}
            manager = PluginManager()
            formats = manager.names("formats")
            loose = [name for name in formats if not manager.resolve("formats", name).traits.uniform]
            question = {"folders": folders, "loose": loose, "files": {}}
            seen[version] = ask(READERS / "load.py", question, base, *VERSIONS[version])
        return seen[version]

    return made


@pytest.fixture(params=VERSIONS)
def loaded(
    request: pytest.FixtureRequest, needs: Callable[[str], None], made: Callable[[str], dict[str, Any]]
) -> dict[str, Any]:
    """What one version makes of the matrix."""
    needs("datasets")
    for name in VERSIONS[request.param]:
        needs(name)
    answer = made(request.param)
    assert answer["version"].startswith(request.param)
    return answer


@pytest.mark.parametrize("name", CELLS)
def test_every_format_of_a_style_loads_as_it_was_written(name: str, loaded: dict[str, Any]) -> None:
    """No config of the dataset is refused, and no value of it comes back otherwise."""
    assert {place: what for place, what in loaded["differ"].items() if place.startswith(f"{name}/")} == {}
    seen = {place for place in loaded["loaded"] if place.startswith(f"{name}/")}
    assert seen == {f"{name}/{one}/{split}" for one in CELLS[name].kept() for split in ("train", "validation")}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_a_format_cannot_hold_is_known(kind: str) -> None:
    """The formats of a kind of sample are all but those that have no place for it."""
    names = set(PluginManager().names("formats"))
    assert names - set(formats_for(kind)) == REFUSED[kind]


@pytest.mark.parametrize("name", CELLS)
def test_no_row_of_the_matrix_is_lost(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every record is in every format but those that cannot hold such samples, and copies are counted."""
    dataset = exported(name, tmp_path_factory.getbasetemp())
    assert dataset.manifest.counts["exported"] == ROWS
    for form, one in dataset.formats.items():
        assert bool(one.ledger.refused) == (form in CELLS[name].refused)
        rows = sum(file.rows for files in one.splits.values() for file in files)
        assert rows == one.ledger.rows == ROWS - one.ledger.refused - one.ledger.left_out + one.ledger.copies
