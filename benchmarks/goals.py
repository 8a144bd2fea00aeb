"""What we want to reach, and whether we do. Each needs what it is about; it is left out where that was not measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.figures import a_row, ratio, reference

Results = Mapping[str, Any]

POLARS = {"W1": 1.0, "W2": 1.2, "W3": 1.3}
TIMES = {"duckdb": 5.0, "datasets": 15.0, "orjson loop": 3.0, "datatrove": 9.0}
"""How many times faster than the quicker of a library's racers, at W1."""
MEMORY, FLOOR, HELP = 0.1, 2.3, 6.0
OVERHEADS = {"JSON Schema": 0.08, "metrics": 0.05, "third-party weighting": 0.05, "crash safety": 0.05}
GROWTH = {"nothing is remembered": 12, "dedup": 120, "dedup, weights wait for all": 180}
"""Bytes a row kept."""
GROWN = 1_000_000
"""Records from which growth is told: before, the few MB by which a peak varies are more than all keys."""


class Goal(NamedTuple):
    """One line of the table."""

    what: str
    wanted: str
    found: str
    reached: bool


def goals(results: Results) -> list[Goal]:
    """All goals that these results say something about."""
    found: list[Goal] = []
    if race := results.get("race"):
        for workload, racers in race["workloads"].items():
            found += raced(workload, racers)
    if overheads := results.get("overheads"):
        found += [
            Goal(f"{what}, {of}", f"at most {most:.0%}", f"{more:+.1%}", more <= most)
            for what, most in OVERHEADS.items()
            for of, more in (("CPU", overheads["pairs"][what]["cpu"]), ("time", overheads["pairs"][what]["inside"]))
        ]
    if growth := results.get("growth"):
        found += grown(growth["cases"])
    if startup := results.get("startup"):
        times = startup["ratio"]
        found.append(Goal("tuneport --help", f"at most {HELP:g}x a bare Python", f"{times:.1f}x", times <= HELP))
    return found


def raced(workload: str, racers: Sequence[Mapping[str, Any]]) -> Iterator[Goal]:
    """The goals of one workload."""
    ours, by_name = reference(racers), {racer["name"]: racer for racer in racers}
    if polars := by_name.get("polars 2"):
        yield faster(workload, "polars 2", POLARS[workload], ratio(polars["used"], ours["used"]), ours)
        share = ratio(ours["used"], polars["used"], "peak")
        yield Goal(f"{workload}, memory of polars 2", f"at most {MEMORY:g}x", f"{share:.3f}x", share <= MEMORY)
    if workload != "W1":
        return
    for library, times in TIMES.items():
        ratios = {name: ratio(its["used"], ours["used"]) for name, its in by_name.items() if name.startswith(library)}
        if ratios:
            quickest = min(ratios, key=ratios.__getitem__)
            yield faster(workload, quickest, times, ratios[quickest], ours)
    if floor := by_name.get("floor"):
        times = ratio(by_name["tuneport 1"]["used"], floor["used"])
        yield Goal("W1, one process beside the floor", f"at most {FLOOR:g}x", f"{times:.2f}x", times <= FLOOR)


def faster(workload: str, name: str, wanted: float, found: float, ours: Mapping[str, Any]) -> Goal:
    """One about speed."""
    what = f"{workload}, {ours['name']} beside {name}"
    return Goal(what, f"at least {wanted:g}x its speed", f"{found:.2f}x", found >= wanted)


def grown(cases: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Goal]:
    """The goals of growth."""
    for name, most in GROWTH.items():
        found = a_row(cases[name])
        if found is not None and cases[name][-1]["records"] >= GROWN:
            yield Goal(f"memory, {name}", f"at most {most} bytes a row kept", f"{found:.0f}", found <= most)
