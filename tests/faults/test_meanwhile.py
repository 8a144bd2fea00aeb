"""What others do at the target while a run works: nothing of theirs is lost, and nothing half-made becomes visible."""

from __future__ import annotations

import logging
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import Killed, faq_lines, recipe, tree, watched

from faults.kill_child import KILLED, died, ended, forked, run
from tuneport.errors import TargetExistsError, TryAgainError
from tuneport.runs.storage import Storage

Place = Callable[[Path], None]
"""What is done in the folder that the target stands in."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder to write in, beside a source."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(120))
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def asking(place: Path, name: str = "out", **output: Any) -> dict[str, Any]:
    """A recipe, of which something stands there already where it may replace it."""
    data = recipe(place.parent / "faq.jsonl", place / name)
    data["output"] |= output
    return data


def meanwhile(call: str, name: str, work: Callable[[], object]) -> Storage:
    """A disk on which something happens once, just ahead of a call on a path of this name."""
    left = [work]

    def before(now: str, path: Path) -> None:
        if (now, path.name) == (call, name) and left:
            left.pop()()

    return watched(before)


def published(place: Path, **export: Any) -> None:
    """Another dataset stands at the target."""
    run({**asking(place), "export": {"weighting": {"normalize": "percentile"}}, **export})


def notes(place: Path) -> None:
    """Somebody keeps things in a dataset's folder."""
    (place / "out/checkpoints").mkdir(parents=True)
    (place / "out/checkpoints/adapter.bin").write_bytes(b"trained")
    (place / "out/NOTES.md").write_text("precious")


def thesis(place: Path) -> None:
    """Somebody makes a folder of that name."""
    (place / "out").mkdir()
    (place / "out/thesis.txt").write_text("precious")


@pytest.mark.parametrize(
    ("before", "come", "told"),
    [
        (published, notes, r"out holds NOTES\.md and 1 more, which no export wrote, and is not replaced"),
        (None, thesis, r"out holds no dataset of ours, and is not replaced"),
    ],
)
@pytest.mark.parametrize("late", [("create", "manifest.json"), ("rename", "sealed.json")])
def test_what_came_during_the_run_is_not_replaced(
    late: tuple[str, str], before: Place | None, come: Place, told: str, place: Path
) -> None:
    """It is looked for again at the end; once it is moved away, the work that was done is published."""
    if before is not None:
        before(place)
    asked = asking(place, on_exists="replace")
    with pytest.raises(TargetExistsError, match=told):
        run(asked, meanwhile(*late, lambda: come(place)))
    assert "precious" in {path.read_text() for path in place.glob("out/*.*")}

    (place / "out").rename(place / "mine")
    assert run(asked).status == "published"
    assert sorted(path.name for path in place.iterdir()) == ["mine", "out"]


@pytest.mark.parametrize("killed", [False, True])
def test_what_came_in_the_last_moment_is_kept(killed: bool, place: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It goes with the folder that is replaced, which is kept then under a name of its own, and told."""
    published(place)
    (place / ".out.replaced-1").mkdir()
    asked = asking(place, on_exists="replace")
    if killed:

        def dies(_count: int, call: str, path: Path) -> bool:
            if (call, path.name) == ("exchange", "out"):
                notes(place)
            return any(place.glob(".out.staging/out/*/NOTES.md"))

        died(asked, dies)
    with caplog.at_level(logging.WARNING, "tuneport"):
        assert run(asked, meanwhile("exchange", "out", lambda: notes(place))).status == "published"

    kept = place / ".out.replaced-2"
    assert (kept / "NOTES.md").read_text() == "precious"
    assert (kept / "checkpoints/adapter.bin").read_bytes() == b"trained"
    assert "held NOTES.md and 1 more, which no export wrote; what stood there is kept in" in caplog.text
    assert sorted(path.name for path in place.iterdir()) == [".out.replaced-1", ".out.replaced-2", "out"]
    run({**asked, "run": {"seed": 7}})
    assert (kept / "NOTES.md").exists()


def test_a_link_that_came_during_the_run_is_not_replaced(place: Path) -> None:
    """Where one file is written as well."""
    asked = asking(place, "out.jsonl", on_exists="replace")
    with pytest.raises(TargetExistsError, match="is no regular file"):
        run(asked, meanwhile("rename", "sealed.json", lambda: (place / "out.jsonl").symlink_to("elsewhere")))

    assert (place / "out.jsonl").readlink() == Path("elsewhere")


def without_folder(place: Path) -> None:
    """`rm -rf`, of the folder that all stands in."""
    shutil.rmtree(place)


def without_lock(place: Path) -> None:
    """A cleaner takes the file for a left-over."""
    next(place.glob(".*.lock")).unlink()


@pytest.mark.parametrize("removed", [without_folder, without_lock])
@pytest.mark.parametrize("name", ["out", "out.jsonl"])
@pytest.mark.parametrize(
    "at", [("create", "000001.tuneport.train.jsonl"), ("rename", "sealed.json"), ("rename_new", "")]
)
def test_an_overtaken_run_publishes_nothing(at: tuple[str, str], name: str, removed: Place, place: Path) -> None:
    """Its lock's file is gone, and another run makes the same: that one's half-made output stays where it is."""
    asked = asking(place, name)
    run(asked)
    expected = tree(place)
    shutil.rmtree(place)

    def dies(call: str, path: Path) -> None:
        if call == "sync_file" and ".staging/out/" in str(path):
            raise Killed

    def overtaken() -> None:
        removed(place)
        with pytest.raises(Killed):
            run(asked, watched(dies))

    with pytest.raises(TryAgainError, match=r"lock was removed while this run held it, .*; nothing published"):
        run(asked, meanwhile(at[0], at[1] or name, overtaken))
    assert not (place / name).exists()
    assert [*place.glob(".*.staging/segments/*")]
    run(asked)
    assert tree(place) == expected


def test_a_damaged_dataset_is_not_taken_for_the_one_that_replaces_it(place: Path) -> None:
    """Their sums are the same; the run was killed just before they changed places."""
    asked = asking(place, on_exists="replace")
    run(asked)
    expected = tree(place)
    (rows,) = (place / "out/data").glob("*/train/*")
    rows.write_bytes(rows.read_bytes().replace(b"It stands", b"It stood!", 1))
    died(asked, lambda _count, call, path: (call, path.name) == ("exchange", "out"))

    assert run(asked).status == "published"
    assert tree(place) == expected


def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    """Its parent was killed while it exported; the child lives on."""
    lock, (reads, writes) = tmp_path / ".lock", os.pipe()

    def host() -> None:
        with Storage().lock(lock):
            if os.fork() == 0:
                os.close(writes)
                os.read(reads, 1)  # until the test is done
                os._exit(0)
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        assert ended(forked(host)) == KILLED
        with Storage().lock(lock):
            pass
    finally:
        os.close(writes)
        os.close(reads)


def test_a_forked_child_does_not_take_the_lock_away(tmp_path: Path) -> None:
    """As it leaves the block, in its copy of the program, the parent still holds the file."""
    lock = tmp_path / ".lock"

    def child() -> None:
        with Storage().lock(lock):
            inner = os.fork()
            if inner:
                assert ended(inner) == 0
                with pytest.raises(TryAgainError, match="another run is writing here"), Storage().lock(lock):
                    pass

    assert ended(forked(child)) == 0
