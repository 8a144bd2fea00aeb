"""Rows to a stream that takes some of them, or none for a while: all of them arrive, or the run says they do not."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from tools import recipe

from tuneport.errors import StorageError
from tuneport.runs import Plan, execute, plan_export


@pytest.fixture
def plan(faq: Path) -> Plan:
    """Some hundred kilobytes of rows, to a stream."""
    return plan_export(recipe(faq, Path("-")))


@pytest.fixture
def whole(faq: Path) -> bytes:
    """What they are."""
    stream = io.BytesIO()
    execute(plan_export(recipe(faq, Path("-"))), stream=stream)
    assert len(stream.getvalue()) > 200_000
    return stream.getvalue()


@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_stdout_that_takes_some(unbuffered: str, faq: Path, tmp_path: Path) -> None:
    """A file that may not grow takes what fits: exit 75, with buffers and without."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

    command: list[str | Path] = [sys.executable, "-m", "tuneport", "export", faq, "--to", "-"]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with (tmp_path / "rows").open("wb") as file:
        done = subprocess.run(
            command, stdout=file, stderr=subprocess.PIPE, check=False, preexec_fn=limited, env=environment
        )
    assert (done.returncode, done.stderr.splitlines()[0]) == (75, b"stdout: File too large")
    assert (tmp_path / "rows").stat().st_size == 100_000


@pytest.mark.parametrize("buffer", [0, 1000, 1 << 20])
def test_a_pipe_that_does_not_wait(buffer: int, plan: Plan, whole: bytes) -> None:
    """Whoever reads slowly gets all of it."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    got = bytearray()

    def reader() -> None:
        while data := os.read(reading, 7000):
            got.extend(data)

    thread = Thread(target=reader)
    with os.fdopen(writing, "wb", buffering=buffer) as stream:
        thread.start()
        execute(plan, stream=stream)
    thread.join()
    os.close(reading)
    assert got == whole


class Dry(io.BytesIO):
    """A stream that takes nothing, as some say it and as others do, and nobody can wait for."""

    def __init__(self, answer: int | None) -> None:
        super().__init__()
        self._answer = answer

    def write(self, _data: object) -> int:
        """Take nothing."""
        return self._answer  # type: ignore[return-value]


@pytest.mark.parametrize(("answer", "told"), [(None, "temporarily unavailable"), (0, "it takes no more")])
def test_a_stream_that_takes_nothing(answer: int | None, told: str, plan: Plan) -> None:
    """It is an error at once, and never a dataset."""
    with pytest.raises(StorageError, match=f"cannot write stdout: .*{told}"):
        execute(plan, stream=Dry(answer))
