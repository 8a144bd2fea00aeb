"""What an error that ends a run says: how far it came, what is kept, and how to go on."""

from __future__ import annotations

import errno
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, tree, watched

from faults.error_disk import Failing, Small
from tuneport.errors import DataError, Interrupted, StoppedError, StorageError, TryAgainError, TuneportError
from tuneport.runs import Sizes, execute, plan_export
from tuneport.runs.disk import Disk
from tuneport.runs.storage import Storage

SMALL = Sizes(part_bytes=20_000, part_entities=100, savepoint_bytes=60_000)
WAITING = {"weighting": {"normalize": "minmax"}}


def ended(data: dict[str, Any], disk: Disk | Storage | None = None, **options: Any) -> TuneportError:
    """The error that ends a run."""
    storage = disk if isinstance(disk, Storage) else Storage(disk)
    entities = options.pop("entities", None)
    with pytest.raises(TuneportError) as caught:
        execute(plan_export(data, sizes=SMALL, entities=entities), storage=storage, **options)
    assert caught.value.args == (caught.value.message, caught.value.hint)
    return caught.value


def failing_at(name: str, number: int = errno.EIO, call: str = "create") -> Failing:
    """A disk that fails at one call."""
    return Failing(number, lambda _count, made, path: made == call and path.name == name)


@pytest.fixture
def data(faq: Path, tmp_path: Path) -> dict[str, Any]:
    """A recipe of some forty parts."""
    return recipe(faq, tmp_path / "out")


@pytest.mark.parametrize(
    ("disk", "head"),
    [
        (Small(300_000), ".*/out: no space left"),
        (failing_at("000020.tuneport.train.jsonl", errno.EDQUOT), ".*/out: the disk quota is used up"),
        (failing_at("000020.tuneport.train.jsonl"), "cannot create .*: Input/output error"),
        (failing_at("000020.tuneport.train.jsonl", errno.EFBIG), ".*: File too large"),
    ],
)
def test_the_disk_ends_a_run(disk: Disk, head: str, data: dict[str, Any], tmp_path: Path) -> None:
    """What failed, after how many parts, and what is kept: as many as the next run takes up."""
    error = ended(data, disk)
    staging = tmp_path / ".out.staging"
    kept = r"nothing published, work kept in (.+) \(.* kB\)"
    told = re.fullmatch(rf"({head}) after (\d+) of 38 parts; {kept}", error.message)
    assert told is not None, error.message
    assert told[3] == str(staging)
    assert f"rm -r {staging}" in error.hint

    seen: list[int] = []
    execute(plan_export(data, sizes=SMALL), on_progress=lambda now: seen.append(now.parts))
    assert seen[0] == int(told[2]) + 1 > 5


ONE = replace(SMALL, savepoint_bytes=1 << 30)
"""No savepoint is due before the end."""


@pytest.mark.parametrize("export", [{}, WAITING])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EIO])
def test_whole_parts_are_kept_where_the_disk_fails(
    number: int, export: dict[str, Any], data: dict[str, Any], tmp_path: Path
) -> None:
    """All parts before the one whose file failed, which is not there any more and takes no space."""
    name = "000020.candidates" if export else "000020.tuneport.train.jsonl"
    plan = plan_export({**data, "export": export}, sizes=ONE)
    with pytest.raises(TuneportError, match=r"after (reading )?20 "):
        execute(plan, storage=Storage(failing_at(name, number, "write")))
    assert not [*(tmp_path / ".out.staging").glob(f"*/{name}")]


@pytest.mark.parametrize(("export", "folder"), [({}, "segments"), (WAITING, "spool")])
def test_a_signal_at_the_last_savepoint(
    export: dict[str, Any], folder: str, data: dict[str, Any], tmp_path: Path
) -> None:
    """It is made all the same: the work of all parts is kept."""
    left = [folder]

    def before(call: str, path: Path) -> None:
        if call == "sync" and path.parent.name in left:
            left.clear()
            raise Interrupted("SIGTERM")

    with pytest.raises(StoppedError, match=r"after (reading )?all 38 parts|after reading 38 "):
        execute(plan_export({**data, "export": export}, sizes=ONE), storage=watched(before))
    assert [*(tmp_path / ".out.staging").glob("done/*.json" if not export else "spool/*.json")]


@pytest.mark.parametrize("export", [{}, WAITING])
def test_a_savepoint_that_failed_is_not_tried_again(export: dict[str, Any], data: dict[str, Any]) -> None:
    """The system may say that all is well the next time it is asked to make the same file durable."""
    disk = Failing(errno.EIO, lambda _count, call, path: call == "sync" and path.name.startswith("000003."))
    with pytest.raises(StorageError, match="Input/output error; nothing published"):
        execute(plan_export({**data, "export": export}, sizes=ONE), storage=Storage(disk))
    assert len(disk.raised) == 1
    failed = next(at for at, (call, path) in enumerate(disk.calls) if call == "sync" and path.name[:7] == "000003.")
    assert "sync" not in [call for call, _path in disk.calls[failed + 1 :]]


def test_a_run_that_cannot_begin_leaves_the_work_of_another_plan(data: dict[str, Any], tmp_path: Path) -> None:
    """Though its own could not be taken up."""
    ended(data, failing_at("000020.tuneport.train.jsonl"))
    kept = tree(tmp_path / ".out.staging")
    disk = Failing(errno.ENOSPC, lambda _count, call, path: call == "mkdir" and path.name == "probe")
    other = {name: data[name] for name in ("output", "run")}
    ended({**other, "export": {}}, disk, entities=iter([{"question": "Q", "answer": "An answer."}]))
    assert tree(tmp_path / ".out.staging") == kept


def test_nothing_was_done_yet(data: dict[str, Any]) -> None:
    """Nothing is said to be kept where nothing is."""
    error = ended(data, failing_at("plan.json.part"))
    assert error.message.endswith("plan.json.part: Input/output error; nothing published")


def test_all_parts_are_done(data: dict[str, Any]) -> None:
    """An error when the output is put together says that."""
    assert " after all 38 parts; nothing published, work kept in " in ended(data, failing_at("manifest.json")).message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("000030.samples", " after reading [0-9]+ of 38 parts;"),
        ("000000.tuneport.train.jsonl", " after reading all 38 parts;"),
        ("000030.tuneport.train.jsonl", " after writing [0-9]+ of 38 parts;"),
        ("README.md", " after all 38 parts;"),
    ],
)
def test_samples_wait_for_all_others(name: str, words: str, data: dict[str, Any]) -> None:
    """Where all is read before anything is written, it is said which of both was done."""
    assert re.search(words, ended(data | {"export": WAITING}, failing_at(name)).message)


def stopping(after: int) -> Any:
    """Somebody who wants a run to end after so many parts: each is asked about before it is kept, and after it."""

    class Stop:
        asked = 0

        def is_set(self) -> bool:
            self.asked += 1
            return self.asked >= 2 * after

    return Stop()


def test_stopped_on_request(data: dict[str, Any]) -> None:
    """Whoever stops a run is told how to go on."""
    error = ended(data, cancel=stopping(13))
    assert isinstance(error, StoppedError)
    assert error.message.startswith("stopped on request after 13 of 38 parts; nothing published, work kept in ")
    assert error.hint.startswith("the same command goes on from there; to give it up instead: rm -r ")


def test_stopped_by_a_signal(data: dict[str, Any]) -> None:
    """A signal that the command line took becomes an error that says so."""

    def interrupted(now: Any) -> None:
        if now.parts == 20:
            raise Interrupted("SIGTERM")

    error = ended(data, on_progress=interrupted)
    assert isinstance(error, StoppedError)
    assert re.match("stopped by SIGTERM after [0-9]+ of 38 parts; nothing published, work kept in ", error.message)


def test_how_many_parts_there_are_may_be_a_guess(tmp_path: Path) -> None:
    """Where a table is read from end to end, what is told goes by its number of rows."""
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE faq (id INTEGER PRIMARY KEY, question TEXT, answer TEXT)")
        rows = [(number, f"What is {number}?", f"It is the number {number}. " * 8) for number in range(1000)]
        database.executemany("INSERT INTO faq VALUES (?, ?, ?)", rows)
    database.close()
    source = {"path": str(tmp_path / "a.db"), "table": "faq"}
    plan = plan_export(recipe(tmp_path, tmp_path / "out") | {"source": source}, sizes=replace(SMALL, seek=False))
    with pytest.raises(StoppedError, match="stopped on request after 5 of ~10 parts; nothing published"):
        execute(plan, cancel=stopping(5))


def test_too_many_errors(data: dict[str, Any]) -> None:
    """It is about the records, and not about the disk; what was done is kept all the same."""
    data["run"]["max_error_rate"] = 0.001
    error = ended(data)
    assert isinstance(error, DataError)
    assert "what was done is kept in" in error.hint
    assert "work kept" not in error.message


def entities() -> Iterator[dict[str, Any]]:
    """What can be read only once."""
    for number in range(1000):
        yield {"pk": number, "question": f"What is {number}?", "answer": f"It is the number {number}, as they say."}


def test_entities_cannot_be_read_twice(tmp_path: Path) -> None:
    """Where a run cannot be taken up nothing is kept, and it is said why."""
    data = recipe(tmp_path, tmp_path / "out")
    del data["source"]
    error = ended(data, failing_at("000005.tuneport.train.jsonl", errno.ENOSPC), entities=entities())
    assert isinstance(error, TryAgainError)
    assert error.message.endswith("out: no space left; nothing published, nothing kept")
    assert error.hint.endswith("entities that are handed over cannot be read twice")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("resumable", [True, False])
def test_an_error_of_cleaning_up_hides_none(resumable: bool, data: dict[str, Any], tmp_path: Path) -> None:
    """A disk that fails for good: the first error is told."""
    if not resumable:
        del data["source"]
    broken = False

    def fails(_count: int, _call: str, path: Path) -> bool:
        nonlocal broken
        broken = broken or path.name == "000005.tuneport.train.jsonl"
        return broken

    error = ended(data, disk := Failing(errno.EIO, fails), entities=None if resumable else entities())
    assert error.__cause__ is disk.raised[0]
    assert "000005.tuneport.train.jsonl" in error.message
    assert len(disk.raised) > 1
    assert not (tmp_path / "out").exists()


def test_published_all_the_same(data: dict[str, Any], tmp_path: Path) -> None:
    """Once the output is visible no error says that nothing was published."""
    target = tmp_path / "out"
    error = ended(
        data, Failing(errno.EIO, lambda _n, call, path: (call, path) == ("sync", tmp_path) and target.exists())
    )
    assert isinstance(error, StorageError)
    assert error.message.startswith(f"{target} is published, but not all is tidied up: cannot ")
    assert error.hint == "the same command does what is left to do"


def test_what_cannot_be_tidied_up_is_no_failure(
    data: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The output stands and lacks nothing: a warning says what to remove."""
    staging = tmp_path / ".out.staging"
    target = tmp_path / "out"
    disk = Failing(errno.EIO, lambda _n, call, path: (call, path) == ("rmdir", staging) and target.exists())
    assert execute(plan_export(data, sizes=SMALL), storage=Storage(disk)).status == "published"
    assert f"{staging} is left over (cannot remove {staging}: " in caplog.text
    assert f"rm -r {staging}" in caplog.text


def test_ctrl_c_in_a_library_is_not_ours(data: dict[str, Any]) -> None:
    """It passes as it came."""

    def before(call: str, path: Path) -> None:
        if path.name == "000010.tuneport.train.jsonl":
            raise KeyboardInterrupt

    stop: Callable[[], object] = lambda: execute(plan_export(data, sizes=SMALL), storage=watched(before))  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        stop()
