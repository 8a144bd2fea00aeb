"""Staged bytes that are not what was written, or cannot be read: never published, and never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import Killed, faq_lines, recipe, tree, watched

from tuneport.errors import StorageError
from tuneport.runs import ExportResult, Sizes, execute, plan_export
from tuneport.runs.storage import Storage

SMALL = Sizes(part_bytes=9_000, savepoint_bytes=16_000)
WAITING = {"weighting": {"normalize": "percentile"}}


def run(data: dict[str, Any], storage: Storage | None = None) -> ExportResult:
    """One run, cut small enough for several savepoints."""
    return execute(plan_export(data, sizes=SMALL), storage=storage)


@pytest.fixture
def asked(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """A recipe over a few records."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(110) + faq_lines(20))

    def data(name: str = "out", **export: Any) -> dict[str, Any]:
        found = recipe(tmp_path / "faq.jsonl", tmp_path / name, export=export)
        found["output"]["index"] = True
        return found

    return data


def flipped(path: Path) -> None:
    """One bit is not as it was written."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut_off(path: Path) -> None:
    """The last byte is missing."""
    path.write_bytes(path.read_bytes()[:-1])


def zeroed(path: Path) -> None:
    """Nothing of it was ever written."""
    path.write_bytes(bytes(path.stat().st_size))


def gone(path: Path) -> None:
    """Somebody removed it."""
    path.unlink()


def unreadable(path: Path) -> None:
    """The disk answers with an error: so does the memory of this process, where nothing is."""
    path.unlink()
    path.symlink_to("/proc/self/mem")


def renewing(call: str, path: Path) -> None:
    """A file that could not be read can be written anew."""
    if call == "create" and path.is_symlink():
        path.unlink()


SILENT = {"is not what was written": [flipped, cut_off, zeroed], "cannot read": [gone, unreadable]}
DAMAGE = [(says, damage) for says, every in SILENT.items() for damage in every]


def damaging(file: str, damage: Callable[[Path], None], at: str) -> Storage:
    """A disk that damages a staged file at the first call on another one."""
    done = False

    def before(_call: str, path: Path) -> None:
        nonlocal done
        staging = next((one for one in (path, *path.parents) if one.name == ".out.staging"), None)
        if not done and staging is not None and path.match(at):
            done = True
            damage(staging / file)

    return watched(before)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize(("says", "damage"), DAMAGE)
@pytest.mark.parametrize("kind", ["tuneport.train", "rejects", "index", "samples", "candidates"])
def test_damaged_bytes_are_not_published(
    kind: str, says: str, damage: Callable[[Path], None], asked: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """The run that finds them says which file it is, and the next one makes it anew; nothing has to be removed."""
    spooled = kind in {"samples", "candidates"}
    export = WAITING if spooled else {}
    run(asked("whole", **export))
    file = f"spool/000001.{kind}" if spooled else f"segments/000001.{kind}.jsonl"
    at = "segments/000000.*" if spooled else "out/*/data"

    with pytest.raises(StorageError, match=says) as caught:
        run(asked(**export), damaging(file, damage, at))
    assert file in caught.value.message
    assert not (tmp_path / "out").exists()

    run(asked(**export), watched(renewing))
    assert told(tmp_path / "out") == told(tmp_path / "whole")
    assert not (tmp_path / ".out.staging").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("damage", [flipped, cut_off, zeroed, gone, unreadable])
@pytest.mark.parametrize("kind", ["tuneport.train", "rejects", "index"])
def test_work_that_is_damaged_is_done_again(
    kind: str, damage: Callable[[Path], None], asked: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """A run that is taken up trusts the parts before the damaged one, and no part from there on."""

    def dying(_call: str, path: Path) -> None:
        if path.name == "manifest.json":
            raise Killed

    made = set[str]()
    run(asked("whole"))
    with pytest.raises(Killed):
        run(asked(), watched(dying))
    damage(tmp_path / f".out.staging/segments/000001.{kind}.jsonl")

    def noting(call: str, path: Path) -> None:
        renewing(call, path)
        if call == "create":
            made.add(path.name)

    run(asked(), watched(noting))

    assert told(tmp_path / "out") == told(tmp_path / "whole")
    assert "000000.tuneport.train.jsonl" not in made
    assert {"000001.tuneport.train.jsonl", "000002.tuneport.train.jsonl"} <= made


def told(place: Path) -> dict[str, str]:
    """A dataset, whatever its name is."""
    return tree(place, without=frozenset({"stats.json", "recipe.json", "manifest.json", "SHA256SUMS", "README.md"}))
