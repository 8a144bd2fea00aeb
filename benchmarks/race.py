"""tuneport and one loop by hand on the same records: seconds, memory, and the ratio of the two.

    python benchmarks/race.py [--records 100000] [--runs 3] [--workloads W1,W2,W3] [--seed 1]

W1  question, context and answer become instruction, input and output; weight is the importance
    x (1 + min(0.5, characters / 2000)) x freshness, with a half-life of 365 days and a floor of 0.1; records without
    a question or an answer, and answers that are blank or outside 50 to 8,192 characters, are left out, and so is
    what repeats earlier texts.
W2  W1 with metadata, a JSON Schema that rejects, and metrics of what is written.
W3  The same texts as chat messages without weights, led by the record's own system_prompt where that is not empty.

Each run is a process of its own, and the racers take turns. Seconds are those of whole processes, start-up and
imports included; seconds, CPU and memory are medians, memory being the peak resident size (ru_maxrss). No figure is
printed unless both wrote the same rows. Times on a busy machine are noise: compare the ratio, and the CPU seconds.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
WORKLOADS = ("W1", "W2", "W3")
LIBRARIES = ("tuneport", "orjson", "msgspec", "xxhash", "jsonschema-rs")
MISSING = "orjson is missing, which the loop that tuneport races against is made of:\n  python -m pip install orjson"


class RaceError(Exception):
    """Why there are no figures."""


@dataclass
class Racer:
    """A program, and what its runs took.

    Attributes:
        name: as the table calls it.
        program: called with a workload, a source and an output; prints the rows written and their SHA-256.
        answers: what its runs printed; one, unless something is wrong.
    """

    name: str
    program: Path
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    answers: set[str] = field(default_factory=set)

    def run(self, workload: str, source: Path, output: Path) -> None:
        """One run in a process of its own; an earlier output is removed first."""
        output.unlink(missing_ok=True)
        command = [sys.executable, str(self.program), workload, str(source), str(output)]
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            said = child.stdout.read() if child.stdout else ""
            # subprocess would wait for the child too, and throw away what it used
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        self.seconds.append(time.perf_counter() - started)
        if child.returncode:
            raise RaceError(f"{self.name} failed at {workload}")
        self.cpu.append(used.ru_utime + used.ru_stime)
        self.peak.append(used.ru_maxrss * 1024 / 1e6)
        self.answers.add(said)

    def row(self, records: int) -> str:
        """Its line of the table."""
        (answer,) = self.answers
        seconds = median(self.seconds)
        return (
            f"{self.name:<14}{seconds:9.2f}{min(self.seconds):9.2f}{median(self.cpu):9.2f}"
            f"{records / seconds / 1000:9.1f}{median(self.peak):9.0f}{int(answer.split()[0]):11,}"
        )


def race(workload: str, source: Path, runs: int, peer: Path) -> tuple[Racer, Racer]:
    """Both racers, run in turns, with the same rows written.

    Raises:
        RaceError: one failed, or wrote other rows than before, or other rows than the other.
    """
    ours, theirs = Racer("tuneport", HERE / "with_tuneport.py"), Racer(peer.stem, peer)
    outputs = [source.with_name(f"{racer.name}.jsonl") for racer in (ours, theirs)]
    for _ in range(runs):
        for racer, output in zip((ours, theirs), outputs, strict=True):
            racer.run(workload, source, output)
    for racer in (ours, theirs):
        if len(racer.answers) != 1:
            raise RaceError(f"{racer.name} wrote other rows each time at {workload}")
    compared = subprocess.run(
        [sys.executable, str(HERE / "same_rows.py"), *map(str, outputs)], check=False, stdout=subprocess.PIPE, text=True
    )
    if compared.returncode:
        raise RaceError(f"{workload}: {compared.stdout.rstrip()}")
    return ours, theirs


def table(workload: str, records: int, ours: Racer, theirs: Racer) -> str:
    """The figures of one workload."""
    heads = (("seconds", 9), ("min", 9), ("cpu s", 9), ("krec/s", 9), ("peak MB", 9), ("rows out", 11))
    ratios = (
        median(ours.seconds) / median(theirs.seconds),
        min(ours.seconds) / min(theirs.seconds),
        median(ours.cpu) / median(theirs.cpu),
    )
    lines = [
        f"{workload:<14}" + "".join(f"{head:>{width}}" for head, width in heads),
        ours.row(records),
        theirs.row(records),
        f"{'ratio':<14}" + "".join(f"{ratio:9.2f}" for ratio in ratios),
    ]
    return "\n".join(lines)


def main() -> str | None:
    """Race, and print one table per workload; why there is none, if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workloads", default="W1,W2,W3")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peer", type=Path, default=HERE / "orjson_loop.py", help="another program to race against")
    options = parser.parse_args()
    if importlib.util.find_spec("orjson") is None:
        return MISSING
    workloads = options.workloads.split(",")
    if unknown := set(workloads) - set(WORKLOADS):
        parser.error(f"no workload {', '.join(sorted(unknown))}; there are {', '.join(WORKLOADS)}")
    asked = f"--records {options.records} --runs {options.runs} --workloads {options.workloads} --seed {options.seed}"
    made_with = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    print(f"python benchmarks/race.py {asked}  # Python {platform.python_version()}, {made_with}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "records.jsonl")
        # made elsewhere, for the peak of this process counts as the least that any child of it ever held
        make = [sys.executable, str(HERE / "records.py"), str(source)]
        subprocess.run([*make, "--records", str(options.records), "--seed", str(options.seed)], check=True)
        try:
            results = [(workload, *race(workload, source, options.runs, options.peer)) for workload in workloads]
        except RaceError as error:
            return str(error)
    for workload, ours, theirs in results:
        print(f"\n{table(workload, options.records, ours, theirs)}")
    return None


if __name__ == "__main__":
    sys.exit(main())
