"""The results as a page of tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.figures import a_row, ratio, reference
from benchmarks.goals import Results, goals

HEAD = """# What was measured

Written by `python -m benchmarks`; `results.json` beside it has every run. What the workloads are stands in
`benchmarks/workloads.py`, each racer in a file of `benchmarks/racers`. Times on a busy machine are noise: read ratios.
"""
RACE = """Seconds are those of whole processes, checksums and all; *inside* is without start-up and imports. CPU counts
children. Memory is the peak of the proportional set size of the process and its children, sampled every 20 ms (less
often where adding up pages would take more than a fiftieth of the time); *own* is without pages of mapped files. All
are medians, and *min* is the least. Ratios are medians over turns, each racer beside ours of the same turn; above 1 we
are faster. Rows were compared one by one with ours; numbers may differ by 1e-9 of their size.
"""


def page(results: Results) -> str:
    """All that was measured, as Markdown."""
    parts = [HEAD, "## Goals\n", *goal_table(results)]
    for name, shown in (
        ("race", race),
        ("overheads", overheads),
        ("growth", growth),
        ("startup", startup),
        ("pace", pace),
    ):
        if section := results.get(name):
            parts += ["", f"## {name.capitalize()}\n", made(section), *shown(section)]
    return "\n".join(parts) + "\n"


def made(section: Mapping[str, Any]) -> str:
    """How and on what a part was measured."""
    machine = section["machine"]
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    return (
        f"`{section['command']}`, {machine['when']}: {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['disk']}, Linux {machine['kernel']}, "
        f"Python {machine['python']}, {libraries}. "
        f"Load before: {', '.join(map(str, machine['load']))}.\n"
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table; all columns but the first are numbers."""
    yield f"| {' | '.join(heads)} |"
    yield f"|---|{'--:|' * (len(heads) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def goal_table(results: Results) -> Iterator[str]:
    """Each goal with what was found."""
    rows = [[one.what, one.wanted, one.found, "reached" if one.reached else "**missed**"] for one in goals(results)]
    yield from table(["", "goal", "found", ""], rows)


def race(section: Mapping[str, Any]) -> Iterator[str]:
    """A table for each workload, and what has to be known of each racer."""
    yield RACE
    yield "![seconds](race.svg)\n"
    heads = ["", "seconds", "min", "inside", "CPU", "MB", "own MB", "rows", "ratio", "inside"]
    for workload, racers in section["workloads"].items():
        ours = reference(racers)["used"]
        yield f"### {workload}, {section['records']:,} records, {section['bytes'] / 1e6:,.0f} MB\n"
        rows = []
        for racer in sorted(racers, key=lambda racer: median(racer["used"]["seconds"])):
            used = racer["used"]
            middle = {name: median(figures) for name, figures in used.items()}
            rows.append(
                [
                    racer["name"],
                    f"{middle['seconds']:.2f}",
                    f"{min(used['seconds']):.2f}",
                    f"{middle['inside']:.2f}",
                    f"{middle['cpu']:.2f}",
                    f"{middle['peak']:,.0f}",
                    f"{middle['own']:,.0f}",
                    f"{racer['rows']:,}",
                    f"{ratio(used, ours):.2f}",
                    f"{ratio(used, ours, 'inside'):.2f}",
                ]
            )
        yield from table(heads, rows)
        yield ""
        yield from (f"- {racer['name']}: {racer['compared']}" for racer in racers if racer["name"] != "tuneport 1")
        yield ""
    notes = {racer["name"]: racer["note"] for racers in section["workloads"].values() for racer in racers}
    yield from (f"- {name}: {note}." for name, note in notes.items() if note)
    yield "- Metrics of W2 are made by all, and not compared: each picks the words it counts pairs of by itself."
    yield from (f"- {name} stayed out: {why}." for name, why in section["absent"].items())


def overheads(section: Mapping[str, Any]) -> Iterator[str]:
    """What each thing adds."""
    yield f"One process, into a folder, {section['records']:,} records: medians over turns, each with beside without.\n"
    rows = [
        [what, f"{more['cpu']:+.1%}", f"{more['inside']:+.1%}", f"{more['seconds']:+.1%}"]
        for what, more in section["pairs"].items()
    ]
    yield from table(["", "CPU", "time inside", "whole process"], rows)


def growth(section: Mapping[str, Any]) -> Iterator[str]:
    """Seconds and memory at each size."""
    sizes = [one["records"] for one in next(iter(section["cases"].values()))]
    rows = []
    for name, found in section["cases"].items():
        row = [f"{median(one['used']['seconds']):.2f} s, {median(one['used']['peak']):,.0f} MB" for one in found]
        more = a_row(found)
        rows.append([name, *row, "" if more is None else f"{more:.0f}"])
    yield from table(["W1", *(f"{size:,}" for size in sizes), "bytes a row kept"], rows)


def startup(section: Mapping[str, Any]) -> Iterator[str]:
    """Milliseconds."""
    yield from table(["", "ms"], [[f"`{name}`", f"{median(times):.0f}"] for name, times in section["ms"].items()])
    yield f"\nRatio: {section['ratio']:.1f}."


def pace(section: Mapping[str, Any]) -> Iterator[str]:
    """Rows a second, exported and checked."""
    rows = []
    for name, found in section["formats"].items():
        each = [
            f"{found['rows'] / median(found['used'][what]['inside']) / 1000:.0f}" for what in ("export", "validate")
        ]
        rows.append([name, f"{found['rows']:,}", *each, f"{found['ratio']:.2f}"])
    yield from table(["format", "rows", "exported, k/s", "checked, k/s", "ratio"], rows)
