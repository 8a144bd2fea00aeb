"""What a run looks at before it reads: whether its output can be published there in the end, and will last."""

from __future__ import annotations

import errno
import gzip
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from tools import faq_lines, recipe, tree

from faults.error_disk import KINDS, Failing
from faults.small_disk import OWN
from tuneport.errors import NotPermittedError, StorageError, TuneportError
from tuneport.runs import Sizes, execute, plan_export
from tuneport.runs.planning.target import Target
from tuneport.runs.publishing.preflight import may_replace, needed_bytes
from tuneport.runs.storage import Storage

TMPFS = "mount -t tmpfs -o size=6m none"
VERSION, REPLACE = ["--on-exists", "version"], ["--on-exists", "replace"]
LINKED = "mkdir other/here && ln -s other/here link"

REFUSED: list[tuple[str, list[str], str]] = [
    (f"{TMPFS} out", ["out"], "out is a mount point: nothing can be renamed over it"),
    (f"{TMPFS} out", ["out", *REPLACE], "name a folder inside it, such as out/dataset"),
    (f"{TMPFS} out", ["out", *VERSION], "name a folder inside it, such as out/dataset"),
    ("mount --bind other out", ["out", *VERSION], "out is a mount point"),
    ("mount --bind faq.jsonl old.jsonl", ["old.jsonl", *REPLACE], "old.jsonl is a mount point"),
    (f"mkdir .new.staging; {TMPFS} .new.staging", ["new"], ".new.staging is a mount point"),
    (f"{TMPFS} other; {LINKED}", ["link", *VERSION], "link lies on another file system than the folder it stands in"),
    (f"mkdir far; mount --bind far other; {LINKED}", ["link", *VERSION], "link lies on another file system"),
]
"""What is mounted, where to export, and what is said."""

FINE = [
    (f"{TMPFS} other", ["other/out"]),
    (f"{TMPFS} other", ["other/out", *VERSION]),
    ("mount --bind . other", ["other/new.jsonl"]),
    (LINKED, ["link", *VERSION]),
    (f"mkdir 'a b'; {TMPFS} 'a b'", ["a b/out"]),
]


def answers(place: Path, cases: Sequence[tuple[str, list[str]]]) -> list[tuple[int, str]]:
    """Exit code and stderr of exports from `faq.jsonl`, each in a copy of a folder; skipped where nobody may mount."""
    try:
        subprocess.run([*OWN, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"mounts of one's own need unprivileged user namespaces: {error}")
    asked = json.dumps([(mounts, ["faq.jsonl", "--to", *arguments]) for mounts, arguments in cases])
    search = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    command: list[str | Path] = [*OWN, sys.executable, "-m", "host.mounting", place]
    done = subprocess.run(
        command, input=asked, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": search}
    )
    assert done.returncode == 0, done.stderr
    return [(code, said) for code, said in map(json.loads, filter(_is_answer, done.stdout.splitlines()))]


def _is_answer(line: str) -> bool:
    return line.startswith("[")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with records and other things."""
    folder = tmp_path / "place"
    for name in ("out", "other"):
        (folder / name).mkdir(parents=True)
    (folder / "faq.jsonl").write_bytes(faq_lines(100))
    (folder / "old.jsonl").touch()
    return folder


def test_mount_points(place: Path) -> None:
    """Where nothing could be renamed to in the end, that is said before anything is read."""
    cases = [(mounts, [*arguments, "-q"]) for mounts, arguments, _ in REFUSED]
    for number, ((code, said), (_, _, expected)) in enumerate(zip(answers(place, cases), REFUSED, strict=True)):
        assert (code, expected in said) == (73, True), said
        assert not list(Path(f"{place}-{number}").glob(".*.staging/segments"))


def test_inside_a_mounted_file_system(place: Path) -> None:
    """A place inside one, or a link within one, is like any other."""
    assert answers(place, [(mounts, [*arguments, "-q"]) for mounts, arguments in FINE]) == [(0, "")] * len(FINE)


def test_little_space(place: Path) -> None:
    """Too little space is a warning with both figures, and no more than that."""
    lines = [
        {"question": f"What is number {number}?", "answer": f"{number} and so on. " * 60} for number in range(3500)
    ]
    (place / "faq.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ((code, said),) = answers(place, [(f"{TMPFS} other", ["other/out.jsonl.gz"])])

    assert code == 0, said
    told = "other/out.jsonl.gz: up to about 6.9 MB more are needed while it is made, and 6.3 MB are free"
    assert [line for line in said.splitlines() if line.startswith("note")] == [f"note  {told}"]


@pytest.mark.parametrize(
    ("export", "source", "times"),
    [
        ({}, "faq.jsonl", 2),
        ({"weighting": {"normalize": "minmax"}}, "faq.jsonl", 3),
        ({"formats": ["trl", "tuneport"]}, "faq.jsonl", 4),
        ({}, ["faq.jsonl", "more.jsonl"], 4),
        ({}, "faq.jsonl.gz", None),
        ({}, ["faq.jsonl", "faq.jsonl.gz"], None),
        ({}, {"path": "faq.jsonl", "limit": 10}, None),
    ],
)
def test_how_much_is_needed(
    export: dict[str, Any], source: Any, times: int | None, faq: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each format's rows twice, and what waits; nothing is said where nobody knows how much is read."""
    data, tmp_path = faq.read_bytes(), faq.parent
    (tmp_path / "more.jsonl").write_bytes(data)
    (tmp_path / "faq.jsonl.gz").write_bytes(gzip.compress(data))
    monkeypatch.chdir(tmp_path)
    plan = plan_export(recipe(faq, tmp_path / "out", export=export) | {"source": source})

    assert needed_bytes(plan) == (None if times is None else times * len(data))


def test_what_cannot_be_read_twice_says_nothing(tmp_path: Path) -> None:
    """Of entities that are handed over, nobody knows how many there are."""
    data = recipe(tmp_path, tmp_path / "out")
    del data["source"]
    assert needed_bytes(plan_export(data, entities=[])) is None


class Given:
    """Records, and whether anybody took one."""

    taken = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for number in range(1000):
            self.taken += 1
            yield {"question": f"What is {number}?", "answer": f"It is the number {number}."}


def at(call: str, name: str, number: int) -> Failing:
    """A disk on which a call fails before anything is read."""
    return Failing(number, lambda _count, made, path: (made, path.name) == (call, name))


@pytest.mark.parametrize("number", KINDS)
@pytest.mark.parametrize(
    ("call", "name"),
    [("mkdir", ".out.staging"), ("mkdir", "probe"), ("rename_new", "probe.part"), ("sync", ".out.staging")],
)
def test_what_fails_is_told_before_anything_is_read(
    call: str, name: str, number: int, faq: Path, tmp_path: Path
) -> None:
    """A disk that cannot, or fails: its error comes first, and nothing is left behind."""
    data, before = recipe(faq, tmp_path / "out"), set(tmp_path.iterdir())
    seen: list[object] = []
    with pytest.raises(TuneportError) as caught:
        execute(plan_export(data), storage=Storage(at(call, name, number)), on_progress=seen.append)

    assert caught.value.exit_code == KINDS[number]
    assert seen == []
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_folders_that_cannot_be_made_durable(
    number: int, faq: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a file system that knows no such call for folders one warning is given; the export is made all the same."""
    disk = Failing(number, lambda _count, call, path: call == "sync" and path.is_dir())
    with caplog.at_level(logging.WARNING, "tuneport"):
        execute(plan_export(recipe(faq, tmp_path / "out")), storage=Storage(disk))

    assert len(disk.raised) > 3
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}: this file system cannot make folders durable: a power cut may take what was just published"
    ]
    assert (tmp_path / "out/SHA256SUMS").exists()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EINVAL])
def test_folders_that_cannot_change_places(number: int, faq: Path, tmp_path: Path) -> None:
    """Where nothing could be replaced in the end, that is said before anything is read; what stands there stands."""
    data = recipe(faq, tmp_path / "out")
    execute(plan_export(data))
    before = tree(tmp_path)
    data["output"] |= {"on_exists": "replace", "shard_size": 1000}
    seen: list[object] = []
    disk = Failing(number, lambda _count, call, _path: call == "exchange")
    with pytest.raises(StorageError, match="cannot let two folders change places") as caught:
        execute(plan_export(data), storage=Storage(disk), on_progress=seen.append)

    assert "--on-exists version" in caught.value.hint
    assert seen == []
    assert tree(tmp_path) == before

    execute(plan_export(data))
    assert tree(tmp_path) != before


@pytest.mark.parametrize("on_exists", ["fail", "replace"])
def test_looking_ahead_costs_one_sync(on_exists: str, faq: Path, tmp_path: Path) -> None:
    """Of all that is tried out one call makes it durable; what a killed run left of it goes."""
    data = recipe(faq, tmp_path / "out")
    execute(plan_export(data))
    data["output"] |= {"on_exists": "replace", "shard_size": 1000}
    if on_exists == "fail":
        data["output"] |= {"path": str(tmp_path / "other"), "on_exists": on_exists}
    plan = plan_export(data)
    probes = [plan.target.staging / name for name in ("probe", "probe.part")]
    for path in probes:
        path.mkdir(parents=True)
    execute(plan, storage=Storage(disk := Failing(0, lambda *_: False)))

    ahead = disk.calls[: next(number for number, (_, path) in enumerate(disk.calls) if path.name == "plan.json.part")]
    ahead = ahead[: max(number for number, (_, path) in enumerate(ahead) if path in probes) + 1]
    assert [call for call, _ in ahead].count("sync") == 1
    assert ("exchange" in [call for call, _ in ahead]) == (on_exists == "replace")
    assert not plan.target.staging.exists()


def test_no_entity_is_taken_before(tmp_path: Path) -> None:
    """A generator keeps all but what planning looks at, where the disk fails."""
    given, data = Given(), recipe(tmp_path, tmp_path / "out")
    del data["source"]
    plan = plan_export(data, entities=given, sizes=Sizes(part_entities=10))
    looked_at = given.taken
    with pytest.raises(StorageError):
        execute(plan, storage=Storage(at("create", "plan.json.part", errno.EIO)))

    assert given.taken == looked_at


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of another user")
@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_what_belongs_to_another_is_refused_before_it_is_read(mode: int) -> None:
    """An exchange that would fail in the end: somebody else's folder, or anybody's in a folder like /tmp."""
    with TemporaryDirectory() as folder:  # where others may look, as they may not in the folders of tests
        place = Path(folder)
        place.chmod(mode)
        (place / "out").mkdir()
        (place / "out").chmod(0o755 if mode == 0o777 else 0o777)
        target = Target("folder", place / "out", "out", on_exists="replace")
        may_replace(target)
        os.seteuid(65534)
        try:
            with pytest.raises(NotPermittedError, match="out belongs to another user"):
                may_replace(target)
        finally:
            os.seteuid(0)
