"""Every format of every style, loaded by three versions of datasets: each config and split, equal in value and type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consumers.cells import CELLS, ROWS, exported, folder_of, formats_for
from consumers.children import READERS, ask
from tuneport import PluginManager

VERSIONS = {"3.6": ("datasets36",), "4.4": ("datasets44",), "5.2": ()}

_ANY = {"llama_factory", "trl", "tuneport"}
_TALK = _ANY | {
    "alpaca", "anthropic", "axolotl", "bedrock", "bedrock_claude", "chatml", "fireworks", "gemini", "huggingface",
    "llama_factory_v1", "mistral", "ms_swift", "openai", "sharegpt", "together",
}  # fmt: skip
HELD = {
    "instruction": _TALK,
    "chat": _TALK,
    "text": _ANY | {"axolotl", "chatml", "huggingface", "mistral", "ms_swift", "together"},
    "preference": _ANY | {"axolotl", "fireworks", "gemini", "ms_swift_rlhf", "openai", "together"},
    "unpaired": _ANY | {"ms_swift_rlhf"},
}
"""Kind of samples to the formats that can hold it."""

UNTYPED = [(name, form) for name, cell in CELLS.items() for form in sorted(cell.untyped)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """What a version of datasets makes of the whole matrix, in one process, when it is first asked for."""
    seen: dict[str, dict[str, Any]] = {}

    def made(version: str) -> dict[str, Any]:
        if version not in seen:
            base = tmp_path_factory.getbasetemp()
            manager = PluginManager()
            loose = [name for name in manager.names("formats") if not manager.resolve("formats", name).traits.uniform]
            folders = {name: str(folder_of(name, base)) for name in CELLS}
            every = [f"{name}/{one}" for name in folders for one in loose]
            # Turns of TRL's rows have only the keys that apply to them.
            question = {"folders": folders, "loose": [*every, "tools/trl", "reasoning/trl"], "files": {}}
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
    untyped = tuple(f"{name}/{one}/" for one in CELLS[name].untyped)
    differ = {place: what for place, what in loaded["differ"].items() if f"{place}/".startswith(f"{name}/")}
    assert {place: what for place, what in differ.items() if not f"{place}/".startswith(untyped)} == {}
    seen = {place for place in loaded["loaded"] if place.startswith(f"{name}/") and not place.startswith(untyped)}
    assert seen == {f"{name}/{one}/{split}" for one in CELLS[name].kept() for split in ("train", "validation")}


@pytest.mark.parametrize(("name", "form"), UNTYPED)
def test_rows_without_a_type_load_since_4_7(name: str, form: str, loaded: dict[str, Any]) -> None:
    """The trainer that they are for asks for that version; what an older one makes of them is its own affair."""
    if not loaded["version"].startswith("5"):
        return
    place = f"{name}/{form}"
    assert {one: what for one, what in loaded["differ"].items() if one.startswith(place)} == {}
    assert {f"{place}/{split}" for split in ("train", "validation")} <= set(loaded["loaded"])


@pytest.mark.parametrize("kind", HELD)
def test_the_matrix_has_every_format_of_a_kind(kind: str) -> None:
    """A format that comes, or takes another kind of sample, has to be said here."""
    assert set(formats_for(kind)) == HELD[kind]


@pytest.mark.parametrize("name", CELLS)
def test_no_row_of_the_matrix_is_lost(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every record is in every format but those that cannot hold such samples, and copies are counted."""
    dataset = exported(name, tmp_path_factory.getbasetemp())
    assert dataset.manifest.counts["exported"] == ROWS
    for form, one in dataset.formats.items():
        assert bool(one.ledger.refused) == (form in CELLS[name].refused)
        rows = sum(file.rows for files in one.splits.values() for file in files)
        assert rows == one.ledger.rows == ROWS - one.ledger.refused - one.ledger.left_out + one.ledger.copies
