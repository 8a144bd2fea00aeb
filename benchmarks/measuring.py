"""Runs a program, and sees what it and its children take: seconds, CPU and memory."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
EVERY = 0.02
SHARE = 50
"""The kernel walks all pages of a process to add them up: however large it is, that takes no more than 1/SHARE."""


class FailedError(Exception):
    """A program failed: what it was, and the end of what it said."""


@dataclass
class Used:
    """What runs of one program took, a number each.

    Attributes:
        seconds: of the whole process, start-up and imports included.
        inside: seconds of the work alone, as the program says; 0 where it does not.
        cpu: seconds, children included.
        peak: MB, proportional set size of the process and its children together, at its highest as sampled.
        own: the same without pages of files, such as a source that is mapped: these the kernel may take back.
    """

    seconds: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)

    def middle(self, of: str) -> float:
        """The median of one figure."""
        return float(median(getattr(self, of)))

    def plain(self) -> dict[str, list[float]]:
        """All figures, rounded as they are worth."""
        return {name: [round(figure, 4) for figure in figures] for name, figures in asdict(self).items()}


def measured(command: Sequence[str], used: Used, **environment: str) -> dict[str, Any]:
    """Run a program once, note what it took, and return what it answers: JSON in the last line of its output.

    Raises:
        FailedError: it failed.
    """
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=said, stderr=complained, cwd=ROOT, env={**os.environ, **environment})
        watch = Watch(child.pid)
        # subprocess would wait for the child too, and throw away what it used
        _, status, resources = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        watch.stop()
        complained.seek(0)
        if child.returncode:
            end = complained.read().decode(errors="replace").strip().splitlines()[-5:]
            raise FailedError(f"{' '.join(command)} ended with {child.returncode}\n" + "\n".join(end))
        said.seek(0)
        lines = said.read().splitlines()
    answer: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    used.seconds.append(seconds)
    used.inside.append(answer.get("inside", 0.0))
    # children that nobody waited for are in the samples alone
    used.cpu.append(max(resources.ru_utime + resources.ru_stime, watch.cpu))
    used.peak.append(watch.peak / 1e6)
    used.own.append(watch.own / 1e6)
    return answer


class Watch:
    """Samples a process and its children until it is stopped.

    Attributes:
        peak: the most bytes they held together, each page that several share counted once.
        own: the same without pages of files.
        cpu: seconds that all those ever seen used, as last seen.
    """

    def __init__(self, pid: int) -> None:
        self.peak = self.own = 0
        self._ticks: dict[int, int] = {}
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def cpu(self) -> float:
        """Seconds."""
        return sum(self._ticks.values()) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Sample no more."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        wait = 0.0
        while not self._done.wait(wait):
            started = time.perf_counter()
            pids = list(family(self._pid))
            held = [proportional(pid) for pid in pids]
            self.peak = max(self.peak, sum(every for every, _ in held))
            self.own = max(self.own, sum(every - filed for every, filed in held))
            for pid in pids:
                self._ticks[pid] = max(ticks(pid), self._ticks.get(pid, 0))
            wait = max(EVERY, SHARE * (time.perf_counter() - started))


def family(pid: int) -> Iterator[int]:
    """A process and all that come from it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:  # it has ended
            continue
        for child in found:
            yield from family(int(child))


def proportional(pid: int) -> tuple[int, int]:
    """Bytes a process holds, its share of what it shares, and how many of them are pages of files; 0 once it ended."""
    found = {"Pss:": 0, "Pss_File:": 0}
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, size, *_ = line.split()
            if name in found:
                found[name] = int(size) * 1024
    except OSError:
        return 0, 0
    return found["Pss:"], found["Pss_File:"]


def ticks(pid: int) -> int:
    """CPU a process has used; 0 where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])
