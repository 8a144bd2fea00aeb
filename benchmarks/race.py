"""All racers on the same records, in turns, each a process of its own; no figure unless all wrote the same rows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.data import cleared
from benchmarks.entrants import Entrant
from benchmarks.measuring import Used, measured
from benchmarks.same_rows import Comparison, in_order, with_repeats
from benchmarks.workloads import WORKLOADS

Say = Callable[[str], None]


class RaceError(Exception):
    """Why there are no figures."""


@dataclass
class Result:
    """What one racer did at one workload.

    Attributes:
        compared: how its rows stand to ours, in words.
    """

    entrant: Entrant
    output: Path
    used: Used = field(default_factory=Used)
    rows: int = 0
    sha256: str | None = None
    compared: str = ""

    def run(self, workload: str, source: Path) -> None:
        """Run once more.

        Raises:
            FailedError: it failed.
            RaceError: it wrote other bytes than before.
        """
        entrant = self.entrant
        program = f"benchmarks.racers.{entrant.program}"
        arguments = (workload, str(source), str(cleared(self.output)), str(entrant.threads))
        command = [sys.executable, "-m", program, *arguments]
        said = measured(command, self.used, POLARS_MAX_THREADS=str(entrant.threads))
        if self.sha256 not in {None, said["sha256"]}:
            raise RaceError(f"{entrant.name} wrote other bytes than before at {workload}")
        self.rows, self.sha256 = said["rows"], said["sha256"]

    def agree(self, workload: str, ours: Result) -> None:
        """Compare its rows with ours, unless these very bytes were compared before, and remove them.

        Raises:
            RaceError: they differ.
        """
        if not self.compared:
            self.compared = self._compared(workload, ours)
        if self is not ours:
            cleared(self.output)

    def _compared(self, workload: str, ours: Result) -> str:
        if self.entrant.rows == "not":
            return "writes no rows"
        if self.sha256 == ours.sha256:
            return "the same bytes"
        if self.entrant.program == ours.entrant.program:
            raise RaceError(f"{workload}: {self.entrant.name} wrote other bytes than {ours.entrant.name}")
        found = (with_repeats if self.entrant.rows == "with repeats" else in_order)(ours.output, self.output)
        if found.difference:
            raise RaceError(f"{workload}, {ours.entrant.name} and {self.entrant.name}: {found.difference}")
        return worded(found)

    def plain(self) -> dict[str, Any]:
        """As it stands in the results."""
        entrant = self.entrant
        return {
            "name": entrant.name,
            "library": f"{entrant.library} {entrant.version()}",
            "note": entrant.note,
            "rows": self.rows,
            "compared": self.compared,
            "used": self.used.plain(),
        }


def race(source: Path, workloads: Sequence[str], entrants: Sequence[Entrant], runs: int, say: Say) -> dict[str, Any]:
    """Race on some workloads.

    Raises:
        FailedError: a racer failed.
        RaceError: one wrote other rows than ours, or other bytes each time.
    """
    absent = {entrant.name: why for entrant in entrants if (why := entrant.absent())}
    for name, why in absent.items():
        say(f"{name} stays out: {why}")
    present = [entrant for entrant in entrants if entrant.name not in absent]
    done: dict[str, list[dict[str, Any]]] = {}
    place = cleared(source.with_name("race"))
    for workload in (one for one in WORKLOADS if one in workloads):
        place.mkdir()
        results = [Result(entrant, place / f"{entrant.name}.jsonl".replace(" ", "-")) for entrant in present]
        for turn in range(runs):
            for result in results:
                result.run(workload, source)
                result.agree(workload, results[0])
                say(f"{workload}  run {turn + 1}  {result.entrant.name:<14}{result.used.seconds[-1]:9.2f} s")
        done[workload] = [result.plain() for result in results]
        cleared(place)
    return {"workloads": done, "absent": absent}


def worded(found: Comparison) -> str:
    """What a comparison found, in words."""
    repeats = f", and {found.repeats:,} of them again, in another order" if found.repeats else ""
    numbers = f"; numbers differ by at most {found.worst:.0e} of their size" if found.worst else ""
    return f"the same rows{repeats}{numbers}"
