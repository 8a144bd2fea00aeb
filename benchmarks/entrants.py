"""Who runs, how, and what has to be known to read the figures."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib.metadata import version

HAND = "the code around it is a hand-written Python function per record"


@dataclass(frozen=True)
class Entrant:
    """A racer with a number of threads or processes.

    Attributes:
        program: its module in `benchmarks.racers`.
        library: what it is made of, as its distribution is called.
        module: what has to be there for it.
        rows: how its rows are compared with ours: `in order`, `with repeats`, or `not`.
        note: what it does otherwise than the rest.
    """

    name: str
    program: str
    threads: int
    library: str
    module: str
    rows: str = "in order"
    note: str = ""

    def absent(self) -> str:
        """Why it cannot take part; empty where it can."""
        if importlib.util.find_spec(self.module) is None:
            return f"{self.library} is not installed"
        return ""

    def version(self) -> str:
        """The version of its library."""
        return version(self.library)


def pair(name: str, program: str, library: str, module: str, note: str = "") -> list[Entrant]:
    """A racer with one thread, and with two."""
    return [Entrant(f"{name} {threads}", program, threads, library, module, note=note) for threads in (1, 2)]


OURS = "tuneport 1"
"""Comes first: what it wrote is what the others are compared with."""
ENTRANTS = [
    *pair(
        "tuneport",
        "ours",
        "tuneport",
        "tuneport",
        "resumable, synced to disk, rejects with reasons, any malformed line survived; the others do none of that",
    ),
    *pair("polars", "polars_plan", "polars", "polars", "has no JSON Schema: W2's rules are expressions by hand"),
    *pair("duckdb", "duckdb_sql", "duckdb", "duckdb", "has no JSON Schema: W2's rules are SQL conditions by hand"),
    *pair("datasets", "hf_datasets", "datasets", "datasets", f"{HAND}; what repeats is left out by one process"),
    Entrant("orjson loop", "orjson_loop", 1, "orjson", "orjson", note=HAND),
    Entrant(
        "datatrove 2",
        "datatrove_pipeline",
        2,
        "datatrove",
        "datatrove",
        "with repeats",
        f"{HAND}; two tasks, each of which knows only its own half: rows that stand in both are written twice, and W2 "
        "is measured by halves. Cutting the records in two counts",
    ),
    Entrant("datatrove 1", "datatrove_pipeline", 1, "datatrove", "datatrove", note=HAND),
    Entrant(
        "floor",
        "floor",
        1,
        "msgspec",
        "msgspec",
        "not",
        "only decodes the fields and encodes them again: nothing is left out, weighed, summed or written",
    ),
]


def chosen(names: str) -> list[Entrant]:
    """Those of these names, ours always among them; all where none are named.

    Raises:
        KeyError: there is no such racer.
    """
    if not names:
        return ENTRANTS
    asked = {name.strip() for name in names.split(",")}
    known = {entrant.name for entrant in ENTRANTS}
    if unknown := asked - known:
        raise KeyError(f"no racer {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return [entrant for entrant in ENTRANTS if entrant.name in asked | {OURS}]
