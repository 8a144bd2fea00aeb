"""Runs that wait for all samples, judge and index, replace and version: killed between any two disk operations.

TUNEPORT_KILL_EVERY is the distance between two kill points (1 is every one of them; the default keeps the
suite short).
"""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tools import Killed, faq_lines, recipe, tree, watched

from tuneport.errors import TargetExistsError
from tuneport.runs import ExportResult, Sizes, execute, plan_export
from tuneport.runs.storage import Storage

SMALL = Sizes(part_bytes=12_000, savepoint_bytes=30_000)
EVERY = int(os.environ.get("TUNEPORT_KILL_EVERY", "20"))


def mortal(dies: Callable[[int, str], bool]) -> Storage:
    """A disk that the process dies at: from the operation on that `dies` says, none happens."""
    count, dead = 0, False

    def before(operation: str, _path: Path) -> None:
        nonlocal count, dead
        count += 1
        dead = dead or dies(count, operation)
        if dead:
            raise Killed

    return watched(before)


def run(asked: dict[str, Any], storage: Storage | None = None) -> ExportResult:
    """One run, cut small enough for several savepoints."""
    return execute(plan_export(asked, sizes=SMALL), storage=storage)


WAITING = {"weighting": {"normalize": "minmax"}}
RANKED = {"weighting": {"normalize": "percentile", "auto_weight_by_length": True}}
JUDGED = {
    "formats": ["tuneport"],
    "structured_gen": {
        "enable_schema_validation": True,
        "json_schema": {"properties": {"output": {"maxLength": 300}}},
    },
    "quality_metrics": {"enable_metrics": True, "track_per_sample": True},
}


@dataclass(frozen=True)
class Case:
    """What stands in a folder before, and the run that is killed there; both are given the folder."""

    asked: Callable[[Path], dict[str, Any]]
    before: Callable[[Path], None] = lambda _place: None
    again: Callable[[Path], dict[str, Any]] | None = None
    """The run that comes afterwards, where it is not the same."""


def asking(export: dict[str, Any], name: str = "out", **output: Any) -> Callable[[Path], dict[str, Any]]:
    """A recipe over the records beside the folder."""

    def asked(place: Path) -> dict[str, Any]:
        data = recipe(place.parent / "faq.jsonl", place / name, export=export)
        data["output"] |= {"shard_size": 50_000, **output}
        return data

    return asked


def published(export: dict[str, Any], name: str = "out", **output: Any) -> Callable[[Path], None]:
    """Stands there before: another dataset."""

    def before(place: Path) -> None:
        run(asking(export, name, **output)(place))

    return before


def died(asked: Callable[[Path], dict[str, Any]], dies: Callable[[int, str], bool]) -> Callable[[Path], None]:
    """Stands there before: what a run that was killed has left."""

    def before(place: Path) -> None:
        with pytest.raises(Killed):
            run(asked(place), mortal(dies))

    return before


def both(*steps: Callable[[Path], None]) -> Callable[[Path], None]:
    """One after the other."""

    def before(place: Path) -> None:
        for step in steps:
            step(place)

    return before


def several(export: dict[str, Any]) -> Callable[[Path], dict[str, Any]]:
    """A recipe over two sources: two files, one of them compressed, and one of these again in another style."""

    def asked(place: Path) -> dict[str, Any]:
        lines = (place.parent / "faq.jsonl").read_bytes()
        cut = lines.index(b"\n", len(lines) // 2) + 1
        first, second = place.parent / "first.jsonl", place.parent / "second.jsonl.gz"
        if not first.exists():
            first.write_bytes(lines[:cut])
            second.write_bytes(gzip.compress(lines[cut:], mtime=0))
        data = recipe(first, place / "out", export=export)
        again = {"path": str(first), "limit": 40, "style": {"use": "text_completion", "field_mapping": TEXT}}
        return data | {"source": [{"path": [str(first), str(second)], "limit": 130}, again]}

    return asked


TEXT = {"text_field": "answer"}

CASES = {
    "several sources": Case(several({})),
    "several sources, deferred": Case(several(RANKED)),
    "deferred folder": Case(asking(RANKED)),
    "deferred file": Case(asking(WAITING, "out.jsonl")),
    "judged": Case(asking(JUDGED)),
    "judged, deferred and compressed": Case(asking({**JUDGED, **WAITING}, compression="gzip", index=True)),
    "replace": Case(asking(JUDGED, on_exists="replace"), published(WAITING)),
    "replace, deferred": Case(asking(WAITING, on_exists="replace"), published({})),
    "replace a file": Case(asking(WAITING, "out.jsonl", on_exists="replace"), published({}, "out.jsonl")),
    "first version": Case(asking(WAITING, on_exists="version")),
    "second version": Case(asking(JUDGED, on_exists="version"), published({}, on_exists="version")),
    "the same again": Case(asking(JUDGED, on_exists="replace"), published(JUDGED, on_exists="replace")),
    "the same file again": Case(
        asking({}, "out.jsonl", on_exists="replace"), published({}, "out.jsonl", on_exists="replace")
    ),
    "the same version again": Case(asking(WAITING, on_exists="version"), published(WAITING, on_exists="version")),
    "taken up just before the exchange": Case(
        asking(WAITING, on_exists="replace"),
        both(
            published({}),
            died(asking(WAITING, on_exists="replace"), lambda _count, operation: operation == "exchange"),
        ),
    ),
    "taken up just before a version appears": Case(
        asking({}, on_exists="version"),
        both(
            published(WAITING, on_exists="version"),
            died(asking({}, on_exists="version"), lambda _count, operation: operation == "rename_new"),
        ),
    ),
    "over the staged work of another": Case(
        asking(WAITING, on_exists="replace"),
        both(published(RANKED), died(asking({}, on_exists="replace"), lambda count, _operation: count == 40)),
    ),
    "over staged work that is wanted again": Case(
        asking(WAITING, on_exists="replace"),
        both(
            published(RANKED),
            died(asking({}, on_exists="replace"), lambda _count, operation: operation == "exchange"),
        ),
        again=asking({}, on_exists="replace"),
    ),
}


def visible(place: Path) -> dict[str, dict[str, str] | str]:
    """What others can see: files and folders to their contents, links to where they point, versions one by one."""
    found: dict[str, dict[str, str] | str] = {}
    for path in sorted([*place.iterdir(), *place.glob("out/v0*"), *place.glob("out/latest")]):
        name = path.relative_to(place).as_posix()
        if name.startswith("."):
            continue
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_dir():
            if not (path == place / "out" and not (path / "manifest.json").exists()):
                found[name] = tree(path)
        else:
            found[name] = path.read_text()
    return found


def is_whole(now: dict[str, Any], wholes: list[dict[str, Any]], versions: bool) -> bool:
    """Whether what is visible is a state that a whole run leaves; of versions, each, and the link to one of them."""
    if not versions:
        return now in wholes
    folders = {name: one for name, one in now.items() if name != "out/latest"}
    latest = now.get("out/latest")
    known = any(folders.items() <= whole.items() for whole in wholes)
    return known and (latest is None or f"out/{latest}" in folders)


def left(place: Path) -> set[str]:
    """What is there besides the output."""
    hidden = {path.name for path in place.rglob(".*")}
    return hidden - {".out.lock", ".out.jsonl.lock"}


@pytest.mark.parametrize("name", CASES)
def test_killed_between_any_two_operations(name: str, tmp_path: Path) -> None:
    """Old or new is visible at every moment, each whole, and the next run ends where an undisturbed one does."""
    case, place, template = CASES[name], tmp_path / "place", tmp_path / "template"
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(110) + faq_lines(50))
    template.mkdir()
    place.symlink_to(template)  # what is made here has the paths that it will have there
    case.before(place)
    old = visible(template)
    place.unlink()
    again = case.again or case.asked
    operations = 0

    def start() -> None:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(template, place, symlinks=True)

    def counting(_count: int, _operation: str) -> bool:
        nonlocal operations
        operations += 1
        return False

    start()
    run(again(place))
    expected = visible(place)
    start()
    run(case.asked(place), mortal(counting))
    new = visible(place)

    versions = case.asked(place)["output"].get("on_exists") == "version"
    unchanged = old == new
    assert operations > 20
    assert unchanged == ("again" in name and name.startswith("the same"))
    # Every EVERY-th operation, and each of the last ones: sealing and publishing.
    for last in sorted({*range(0, operations, EVERY), *range(operations - 14, operations)}):
        start()
        with pytest.raises(Killed):
            run(case.asked(place), mortal(lambda count, _operation, last=last: count > last))  # type: ignore[misc]
        assert is_whole(visible(place), [old, new], versions), f"killed before operation {last + 1}"

        # Where all was done but letting go of the lock, the next run is one too many, and says so.
        fails = "on_exists" not in case.asked(place)["output"] and last == operations - 1
        with pytest.raises(TargetExistsError) if fails else contextlib.nullcontext():
            run(again(place))
        assert visible(place) == expected, f"killed before operation {last + 1}"
        assert left(place) == set()


@pytest.mark.parametrize("lost", ["plan.json", "done", "segments", "spool", "index", "rejects", "out", "sealed.json"])
@pytest.mark.parametrize("died_before", ["exchange", "rename"])
def test_staged_work_of_which_something_is_gone(lost: str, died_before: str, tmp_path: Path) -> None:
    """A process that dies while a staging folder is thrown away leaves any part of it; the next run makes the rest."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(110) + faq_lines(50))
    place = tmp_path / "place"
    place.mkdir()
    asked = asking({**JUDGED, **WAITING}, on_exists="replace")
    run(asked(place))
    expected = visible(place)
    shutil.rmtree(place / "out")
    run(asking({})(place))
    renames = 0

    def dies(_count: int, operation: str) -> bool:
        nonlocal renames
        renames += operation == "rename"
        return operation == died_before and (operation == "exchange" or renames == 9)

    died(asked, dies)(place)
    gone = place / ".out.staging" / lost
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink(missing_ok=True)

    result = run(asked(place))
    assert result.status == "published"
    assert visible(place) == expected
    assert left(place) == set()
