"""Starts command lines as processes of their own: fast, several at once, and with signals at chosen moments.

A process is forked from one that has imported already what commands need. Run as a script, this is that process.
"""

from __future__ import annotations

import functools
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self

from tools import Watched

PART_BYTES, SAVEPOINT_BYTES, MOST_SECONDS = 20_000, 150_000, 60.0


class Ran(NamedTuple):
    """What came of a process: its exit code, minus the signal that killed it; and what it said."""

    code: int
    out: str
    err: str
    seconds: float


class Starter:
    """Starts command lines in a folder each; work is cut small.

    A job is a mapping with `arguments` and `folder`, and may have: `env`; `signals`, pairs of a name and the seconds
    after which it is sent; `calls`, of signals that the process sends itself: a name, a text as `create 00000.keys`,
    and before the how many-th disk call of which that is a part; `opening`, a name and the end of the name of the file
    that it opens then; `ignored`, names of signals.
    """

    def __init__(self) -> None:
        path = os.pathsep.join(one for one in sys.path if one)
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._process.communicate()

    def together(self, jobs: Sequence[dict[str, Any]]) -> list[Ran]:
        """All of them let go at the same moment."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(jobs), file=self._process.stdin, flush=True)
        return [Ran(*one) for one in json.loads(self._process.stdout.readline())]

    def run(self, folder: Path, *arguments: str, **job: Any) -> Ran:
        """One command line."""
        return self.together([{"arguments": arguments, "folder": str(folder), **job}])[0]


def _prepare(scratch: Path) -> None:
    """Import what commands need, by running some, and cut work small."""
    from tuneport import runs
    from tuneport.commands.main import run

    (scratch / "a.jsonl").write_text('{"question": "What is it?", "answer": "It is a thing."}\n', encoding="utf-8")
    source, made = str(scratch / "a.jsonl"), str(scratch / "a")
    commands = (
        ["export", source, "--to", made],
        ["preview", source],
        ["inspect", source],
        ["validate", made, "--no-load"],
    )
    assert [run([*command, "--quiet"]) for command in commands] == [0, 0, 0, 0]
    sizes = runs.Sizes(part_bytes=PART_BYTES, part_entities=150, savepoint_bytes=SAVEPOINT_BYTES)
    vars(runs)["plan_export"] = functools.partial(runs.plan_export, sizes=sizes)


def _send(name: str) -> None:
    os.kill(os.getpid(), getattr(signal, name))


def _arm(job: dict[str, Any]) -> None:
    """Let the process send itself a signal."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        usual = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
        signal.signal(getattr(signal, name), signal.SIG_IGN if name in job.get("ignored", ()) else usual)
    if "calls" in job:
        from tuneport.runs import storage

        left = [[*one] for one in job["calls"]]

        def before(call: str, path: Path) -> None:
            for one in left:
                if one[1] in f"{call} {path.name}":
                    one[2] -= 1
                    if one[2] == 0:
                        _send(one[0])

        vars(storage)["Disk"] = lambda: Watched(before)
    if "opening" in job:
        left = [job["opening"]]

        def opening(event: str, arguments: tuple[Any, ...]) -> None:
            named = event in {"open", "sqlite3.connect"} and str(arguments[0]).partition("?")[0]
            if left and named and named.endswith(left[0][1]):
                _send(left.pop()[0])

        sys.addaudithook(opening)


def _be(job: dict[str, Any], place: str, gate: int) -> NoReturn:
    """Do what `python -m tuneport` does, once the gate is open."""
    code = 70
    try:
        for number, stream in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{place}.{stream}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.chdir(job["folder"])
        os.environ.update(job.get("env", {}))
        sys.argv = ["tuneport", *job["arguments"]]
        _arm(job)
        os.read(gate, 1)
        runpy.run_module("tuneport", run_name="__main__", alter_sys=True)
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 70
    except KeyboardInterrupt:
        # Before anybody listens: Python dies of it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _send("SIGINT")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _started(jobs: list[dict[str, Any]], scratch: str) -> Iterator[list[Any]]:
    """Fork a child for each job, open the gate, send signals when they are due, and wait for all."""
    gate, opens = os.pipe()
    children: dict[int, int] = {}
    for number, job in enumerate(jobs):
        child = os.fork()
        if child == 0:
            os.close(opens)
            _be(job, f"{scratch}/{number}", gate)
        children[child] = number
    os.close(opens)
    begun = time.monotonic()
    due = [(after, name, child) for child, one in children.items() for name, after in jobs[one].get("signals", ())]
    due += [(MOST_SECONDS, "SIGKILL", child) for child in children]
    ended: dict[int, tuple[int, float]] = {}
    while len(ended) < len(children):
        passed = time.monotonic() - begun
        for child in children.keys() - ended.keys():
            if (found := os.waitpid(child, os.WNOHANG))[0]:
                ended[child] = os.waitstatus_to_exitcode(found[1]), passed
        for one in [one for one in due if one[0] <= passed]:
            due.remove(one)
            if one[2] not in ended:
                os.kill(one[2], getattr(signal, one[1]))
        time.sleep(0.0005)
    os.close(gate)
    for child, number in children.items():
        out, err = (Path(f"{scratch}/{number}.{stream}").read_text(encoding="utf-8") for stream in ("out", "err"))
        yield [ended[child][0], out, err, ended[child][1]]


def main() -> None:
    """Answer each line of jobs with a line of what came of them."""
    with tempfile.TemporaryDirectory() as scratch:
        _prepare(Path(scratch))
        for line in sys.stdin:
            print(json.dumps(list(_started(json.loads(line), scratch))), flush=True)  # noqa: T201  -- its answer


if __name__ == "__main__":
    main()
