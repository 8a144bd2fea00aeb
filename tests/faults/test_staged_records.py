"""Records of staged work that are damaged, or cannot be read for a moment: the same bytes, and nothing lost.

TUNEPORT_FAULT_FLIPS says how many bits of each record are tried.
"""

from __future__ import annotations

import logging
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tools import Killed, faq_lines, recipe, tree, watched

from tuneport.errors import TryAgainError
from tuneport.runs import ExportResult, Sizes, execute, plan_export
from tuneport.runs.disk import Disk
from tuneport.runs.storage import Storage
from tuneport.runs.working.spool import Spool

FLIPS = int(os.environ.get("TUNEPORT_FAULT_FLIPS", "4"))
SMALL = Sizes(part_bytes=4_000, savepoint_bytes=5_000)
WAITING = {"weighting": {"normalize": "minmax"}}
AT_ONCE: dict[str, Any] = {}
RECORDS = [
    *((WAITING, name) for name in ("plan.json", "sealed.json", "done/00001.json", "spool/record-00000.json")),
    *((AT_ONCE, name) for name in ("done/00000.json", "done/00001.json", "done/00000.keys")),
]


def run(data: dict[str, Any], storage: Storage | None = None) -> ExportResult:
    """One run, cut small enough for several savepoints."""
    return execute(plan_export(data, sizes=SMALL), storage=storage)


def killed(tmp_path: Path, export: dict[str, Any]) -> dict[str, Any]:
    """A recipe whose run was killed right before its output became visible; what it would have been is in `whole`."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(60))
    data = recipe(tmp_path / "faq.jsonl", tmp_path / "out", export=export)
    run(data)
    (tmp_path / "out").rename(tmp_path / "whole")

    def dying(call: str, path: Path) -> None:
        if (call, path.name) == ("rename_new", "out"):
            raise Killed

    with pytest.raises(Killed):
        run(data, watched(dying))
    assert len([*(tmp_path / ".out.staging/done").glob("*.json")]) >= 2
    return data


@pytest.mark.parametrize(("export", "record"), RECORDS)
def test_no_bit_of_a_record_is_believed(
    export: dict[str, Any],
    record: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    figure: Callable[[str, object], None],
) -> None:
    """Each region of it has a bit changed in turn: a warning names it, and what it stood for is done again."""
    asked = killed(tmp_path, export)
    staging, before, random = tmp_path / ".out.staging", tmp_path / "kept", Random(record)  # noqa: S311  -- the same each time
    expected, size = tree(tmp_path / "whole"), (staging / record).stat().st_size
    staging.rename(before)
    flips = min(FLIPS, size)
    for number in range(flips):
        shutil.copytree(before, staging)
        data = bytearray((staging / record).read_bytes())
        data[random.randrange(number * size // flips, (number + 1) * size // flips)] ^= 1 << random.randrange(8)
        (staging / record).write_bytes(data)
        caplog.clear()

        assert run(asked).status == "published"
        assert tree(tmp_path / "out") == expected
        assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == [
            f"{staging / record} is not what was written: what it stood for is done again"
        ]
        shutil.rmtree(tmp_path / "out")
    figure("bits of a record changed", flips)


@contextmanager
def no_more_files() -> Iterator[None]:
    """Nothing can be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Exhausted(Disk):
    """After one call of the disk, nothing can be opened any more."""

    def __init__(self, call: str, name: str) -> None:
        self._at = call, name
        self._limit = resource.getrlimit(resource.RLIMIT_NOFILE)

    def _after(self, call: str, path: Path) -> None:
        if (call, path.name) == self._at:
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, self._limit[1]))

    def again(self) -> None:
        """Let files be opened again."""
        resource.setrlimit(resource.RLIMIT_NOFILE, self._limit)

    def sync(self, path: Path) -> None:
        """Make durable."""
        super().sync(path)
        self._after("sync", path)

    def rmdir(self, path: Path) -> None:
        """Remove a folder."""
        super().rmdir(path)
        self._after("rmdir", path)


def test_work_that_cannot_be_opened_now_stays(tmp_path: Path) -> None:
    """Nothing is planned where nobody can see whether the work is of this plan, and nothing taken from a spool."""
    plan = plan_export(killed(tmp_path, WAITING), sizes=SMALL)
    held, spool = tree(tmp_path / ".out.staging"), Spool(tmp_path / ".out.staging/spool", Storage(), plan.digest)
    looks: dict[str, Callable[[], object]] = {"plan.json": plan.target.staged_plan, "record-00000.json": spool.resume}
    for name, look in looks.items():
        with no_more_files(), pytest.raises(TryAgainError, match=f"{name}: Too many open files") as caught:
            look()
        assert "ulimit -n" in caught.value.hint
    assert tree(tmp_path / ".out.staging") == held


@pytest.mark.parametrize(
    ("call", "name", "missing"), [("rmdir", "probe.part", "plan.json"), ("sync", "", "done/00000.json")]
)
def test_a_run_whose_records_cannot_be_opened_now_keeps_them(
    call: str, name: str, missing: str, tmp_path: Path
) -> None:
    """It ends there, and says that the work is kept; the next one does none of it again."""
    asked, staging = killed(tmp_path, AT_ONCE), tmp_path / ".out.staging"
    held = {name: one for name, one in tree(staging).items() if name.startswith(("plan", "done", "segments"))}
    plan, disk = plan_export(asked, sizes=SMALL), Exhausted(call, name or tmp_path.name)
    try:
        with pytest.raises(TryAgainError) as caught:
            execute(plan, storage=Storage(disk))
    finally:
        disk.again()
    assert f"{missing}: Too many open files; nothing published" in caught.value.message
    assert f"what was done is kept in {staging}" in caught.value.hint
    assert held.items() <= tree(staging).items()

    made = set[str]()
    run(asked, watched(lambda call, path: made.add(path.parent.name) if call == "create" else None))
    assert "segments" not in made
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_nothing_that_was_done_is_nothing_to_speak_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A run that was killed before its first savepoint is begun again without a word."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(60))
    data = recipe(tmp_path / "faq.jsonl", tmp_path / "out")

    def dying(_call: str, path: Path) -> None:
        if path.parent.name == "segments":
            raise Killed

    with pytest.raises(Killed):
        run(data, watched(dying))
    with caplog.at_level(logging.INFO, "tuneport"):
        run(data)
    assert "taking up" not in caplog.text
