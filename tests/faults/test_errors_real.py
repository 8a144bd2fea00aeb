"""Errors that the system itself makes: small file systems, limits, pipes, permissions, sources and work gone bad.

TUNEPORT_FAULT_EVERY = 1 tries many sizes of file systems.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import faq_lines, recipe, tree, watched

from faults.kill_cases import CASES
from faults.kill_child import SMALL, run
from faults.kill_room import Room
from faults.small_disk import OWN
from tuneport.errors import StorageError
from tuneport.runs import execute, plan_export

SIZES = [*range(28, 900, 20)] if os.environ.get("TUNEPORT_FAULT_EVERY") == "1" else [28, 88, 188]
"""KiB of a file system that is too small, or so small that it just suffices."""

TESTS = Path(__file__).parents[1]
TUNEPORT = [sys.executable, "-m", "tuneport"]


@pytest.fixture
def own_mounts() -> None:
    """Skip a test where nobody may have mounts of their own."""
    try:
        subprocess.run([*OWN, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"mounts of one's own need unprivileged user namespaces: {error}")


def unprivileged() -> None:
    """In a child that is about to become another program: permissions hold, even for root."""
    drop, overriding = 24, (1, 2)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    for capability in overriding if os.getuid() == 0 else ():
        assert ctypes.CDLL(None).prctl(drop, capability, 0, 0, 0) == 0


def said(*arguments: str | Path, cwd: Path, **options: Any) -> tuple[int, str]:
    """Exit code and stderr of the command line."""
    options = {"stdout": subprocess.PIPE} | options
    done = subprocess.run([*TUNEPORT, *arguments], cwd=cwd, stderr=subprocess.PIPE, text=True, check=False, **options)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def written(folder: Path, asked: dict[str, Any]) -> Path:
    """A recipe as a file."""
    path = folder / "recipe.json"
    path.write_text(json.dumps(asked))
    return path


def made(asked: Path) -> dict[str, str]:
    """What a recipe makes here, be it of staged work; it is gone again then."""
    target = Path(str(execute(plan_export(asked, sizes=SMALL)).path))
    if target.is_file():
        text = target.read_text()
        target.unlink()
        return {target.name: text}
    found = tree(target)
    shutil.rmtree(target)
    return found


@pytest.mark.parametrize("mode", ["folder", "file", "deferred folder"])
@pytest.mark.usefixtures("own_mounts")
def test_small_file_systems(mode: str, tmp_path: Path, figure: Callable[[str, object], None]) -> None:
    """A full file system: exit 75, nothing visible; the same run after it was enlarged ends in the same bytes."""
    room = Room(CASES[mode], tmp_path)
    asked, target = CASES[mode].asked(room.place), Path(CASES[mode].asked(room.place)["output"]["path"])
    room.reset()
    run(asked)
    expected = tree(target) if target.is_dir() else {target.name: target.read_text()}
    room.reset()
    command: list[str | Path] = [*OWN, sys.executable, "-m", "faults.small_disk", written(tmp_path, asked), room.place]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([*command, *map(str, SIZES)], capture_output=True, text=True, check=False, env=environment)

    assert done.returncode == 0, done.stderr
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(outcomes) == len(SIZES)
    full = 0
    for first, second in outcomes:
        assert first["code"] in (0, 75), first["said"]
        assert first["visible"] == ([] if first["code"] else [target.name])
        assert "no space left" in first["said"].lower() or not first["code"]
        assert second["code"] == 0 or not first["code"]
        assert second["tree"] == expected
        full += first["code"] == 75
    assert full >= 2
    assert any("more are needed here. Free some, then run the same command." in first["said"] for first, _ in outcomes)
    figure("file systems that were full", full)


@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_a_limit_on_the_size_of_files(name: str, faq: Path, tmp_path: Path) -> None:
    """A file that may not grow: exit 75 with a way out that would help, and the same bytes once it may."""
    asked = written(tmp_path, recipe(faq, tmp_path / name))

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))

    code, text = said("export", asked, cwd=tmp_path, preexec_fn=limited)
    assert (code, (tmp_path / name).exists()) == (75, False)
    assert "File too large; nothing published" in text
    assert "ulimit -f" in text
    assert made(asked) == made(asked)


def test_stdout_that_is_full_or_closed(faq: Path, tmp_path: Path) -> None:
    """Rows to a full device: exit 75. To somebody who has seen enough: exit 0, and not a word."""
    with Path("/dev/full").open("wb") as full:
        code, text = said("export", faq, "--to", "-", cwd=tmp_path, stdout=full)
    assert code == 75
    assert text.startswith("stdout: No space left on device\n")

    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        assert said("export", faq, "--to", "-", cwd=tmp_path, stdout=closed) == (0, "")


@pytest.mark.parametrize("name", ["out", "new/out.jsonl"])
def test_a_folder_that_may_not_be_written(name: str, faq: Path, tmp_path: Path) -> None:
    """A folder that is for reading only: exit 77, and it is named."""
    place = tmp_path / "theirs"
    place.mkdir(mode=0o555)
    code, text = said("export", faq, "--to", place / name, cwd=tmp_path, preexec_fn=unprivileged)

    assert code == 77
    assert str(place) in text
    assert "Permission denied" in text
    assert list(place.iterdir()) == []


def test_a_source_that_cannot_be_read(tmp_path: Path) -> None:
    """A disk that gives an error instead of records: exit 69, the file is named, and nothing is left behind."""
    (tmp_path / "faq.jsonl").symlink_to("/proc/self/mem")  # at its beginning lies nothing
    code, text = said("export", "faq.jsonl", "--to", "out", cwd=tmp_path)

    assert (code, text.splitlines()[0]) == (69, "faq.jsonl cannot be read: Input/output error")
    assert [path.name for path in tmp_path.iterdir()] == ["faq.jsonl"]


def failing_reads(path: Path, when: str) -> list[str]:
    """What runs a command for which reading a file fails, at these reads of it."""
    inject = ["-e", "trace=read,pread64", "-e", f"inject=read,pread64:error=EIO:when={when}"]
    broken = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", os.devnull, "-P", str(path), *inject]
    if subprocess.run([*broken, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here")
    return broken


def test_a_source_that_fails_on_the_way(tmp_path: Path, needs: Callable[[str], None]) -> None:
    """A disk that gives an error after many records: exit 69; the same run later ends in the same bytes."""
    needs("strace")
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(12_000))
    asked = written(tmp_path, recipe(tmp_path / "faq.jsonl", tmp_path / "out"))
    broken = failing_reads(tmp_path / "faq.jsonl", when="1400+")  # of some 2,000
    done = subprocess.run([*broken, *TUNEPORT, "export", asked], capture_output=True, text=True, check=False)

    assert done.returncode == 69, done.stderr
    assert "faq.jsonl cannot be read: Input/output error" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / ".out.staging").exists()
    assert not (tmp_path / "out").exists()
    assert made(asked) == made(asked)


@pytest.mark.parametrize(
    ("pattern", "when"), [("segments/*.train.jsonl", "1"), ("done/*.json", "1"), ("plan.json", "1+")]
)
def test_staged_work_that_cannot_be_read(pattern: str, when: str, tmp_path: Path, needs: Callable[[str], None]) -> None:
    """What cannot be read of staged work is made again, to the same bytes."""
    needs("strace")
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(200))
    asked = written(tmp_path, recipe(tmp_path / "faq.jsonl", tmp_path / "out"))
    expected = made(asked)

    def before(call: str, path: Path) -> None:
        if path.name == "manifest.json":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(plan_export(asked, sizes=SMALL), storage=watched(before))
    broken = failing_reads(min((tmp_path / ".out.staging").glob(pattern)), when)
    done = subprocess.run([*broken, *TUNEPORT, "export", asked, "-q"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert tree(tmp_path / "out") == expected
    assert not (tmp_path / ".out.staging").exists()


def test_work_that_goes_bad_before_it_is_published(tmp_path: Path) -> None:
    """A piece that cannot be read back when the output is made: exit 74, nothing visible, and the next run mends it."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(200))
    asked = written(tmp_path, recipe(tmp_path / "faq.jsonl", tmp_path / "out"))
    staging = tmp_path / ".out.staging"

    def before(call: str, path: Path) -> None:
        if call == "create" and path.name == "00000":
            file = max((staging / "segments").glob("*.train.jsonl"))
            file.unlink()
            file.symlink_to("/proc/self/mem")

    with pytest.raises(StorageError) as caught:
        execute(plan_export(asked, sizes=SMALL), storage=watched(before))
    assert caught.value.exit_code == 74
    assert ".out.staging/segments" in caught.value.message
    assert not (tmp_path / "out").exists()

    max((staging / "segments").glob("*.train.jsonl")).unlink()  # as a disk that was mended has lost it
    assert made(asked) == made(asked)
