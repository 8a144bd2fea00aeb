"""Measures what we claim.

    python -m benchmarks [race] [overheads] [growth] [startup] [pace]

race       tuneport, its peers, a loop by hand and a floor on the same records, in turns; rows are compared
overheads  what a schema, metrics, a third party's function and crash safety cost
growth     seconds and memory as records grow
startup    how long `tuneport --help` takes
pace       checking a file beside exporting it

Without a name, all of them. What was found goes into --results: results.json, and made from it a page and a plot.
Parts that are not measured again stay there as they are.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.data import FullError, must_fit, records
from benchmarks.entrants import chosen
from benchmarks.goals import goals
from benchmarks.growth import growth
from benchmarks.machine import described
from benchmarks.measuring import FailedError
from benchmarks.overheads import overheads
from benchmarks.pace import FORMATS, pace
from benchmarks.page import page
from benchmarks.plot import bars
from benchmarks.race import RaceError, race
from benchmarks.startup import startup
from benchmarks.workloads import WORKLOADS

PARTS = ("race", "overheads", "growth", "startup", "pace")
STARTS = 15
RESULTS = Path(__file__).with_name("results")


def say(line: str) -> None:
    """Show what is done."""
    print(line, flush=True)


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    made = argparse.ArgumentParser(
        "python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("parts", nargs="*", metavar="part", help="what to measure")
    made.add_argument("--records", type=int, default=1_000_000, help="default 1,000,000")
    made.add_argument("--runs", type=int, default=3, help="of each, default 3")
    made.add_argument("--seed", type=int, help="of the records; another each time unless given")
    made.add_argument("--workloads", default=",".join(WORKLOADS), help=f"of the race, default {','.join(WORKLOADS)}")
    made.add_argument("--racers", default="", help="of the race, as in `polars 2,orjson loop`; default all")
    made.add_argument("--formats", default=FORMATS, help=f"of the pace, default {FORMATS}")
    made.add_argument("--large", action="store_true", help="let growth go to ten times as many records")
    made.add_argument("--folder", type=Path, help="where records are made, and kept; else a temporary folder")
    made.add_argument("--results", type=Path, default=RESULTS, help="default benchmarks/results")
    return made


@contextlib.contextmanager
def workplace(folder: Path | None) -> Iterator[Path]:
    """Where records and outputs lie meanwhile."""
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            yield Path(made)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.resolve()


def measure(part: str, folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """One part."""
    if part == "startup":
        return startup(STARTS)
    source = records(folder, asked.records, asked.seed)
    if part == "race":
        found = race(source, asked.workloads.split(","), chosen(asked.racers), asked.runs, say)
    elif part == "overheads":
        found = overheads(source, asked.runs, say)
    elif part == "pace":
        found = pace(source, asked.formats.split(","), asked.runs, say)
    else:
        sizes = [asked.records // 10, asked.records, *([asked.records * 10] if asked.large else [])]
        found = growth(records(folder, sizes[-1], asked.seed), sizes, asked.runs, say)
    return {"records": asked.records, "seed": asked.seed, "bytes": source.stat().st_size, **found}


def repeated(part: str, asked: argparse.Namespace) -> str:
    """The command that measures one part again, on the same records."""
    words = ["python -m benchmarks", part]
    if part != "startup":
        words.append(f"--records {asked.records} --runs {asked.runs} --seed {asked.seed}")
    if part == "race":
        words.append(f"--workloads {asked.workloads}")
        words += [f'--racers "{asked.racers}"'] if asked.racers else []
    if part == "pace":
        words.append(f"--formats {asked.formats}")
    if part == "growth" and asked.large:
        words.append("--large")
    return " ".join(words)


def written(results: dict[str, Any], folder: Path) -> None:
    """Write the results, the page and the plot."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(page(results), encoding="utf-8")
    if race := results.get("race"):
        title = f"{race['records']:,} records, {race['machine']['cores']} cores"
        (folder / "race.svg").write_text(bars(title, race["workloads"]), encoding="utf-8")


def main() -> str | None:
    """Measure, and write what was found; why not, if something is wrong."""
    arguments = parser()
    asked = arguments.parse_args()
    parts = asked.parts or PARTS
    for given, known in ((parts, PARTS), (asked.workloads.split(","), WORKLOADS)):
        if unknown := sorted(set(given) - set(known)):
            arguments.error(f"no {', '.join(unknown)}; there are {', '.join(known)}")
    try:
        chosen(asked.racers)
    except KeyError as error:
        arguments.error(str(error.args[0]))
    asked.seed = secrets.randbelow(1 << 32) if asked.seed is None else asked.seed
    file = asked.results / "results.json"
    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    with workplace(asked.folder) as folder:
        try:
            must_fit(folder, asked.records * (10 if asked.large else 1))
            for part in (one for one in PARTS if one in parts):
                command = repeated(part, asked)
                say(command)
                about = {"command": command, "machine": described(folder)}
                results[part] = about | measure(part, folder, asked)
                written(results, asked.results)
        except (FailedError, FullError, RaceError) as error:
            return str(error)
    for goal in goals({part: results[part] for part in parts}):
        say(f"{'reached' if goal.reached else 'MISSED ':<9}{goal.what:<44}{goal.wanted:<32}{goal.found}")
    say(f"see {asked.results / 'README.md'}")
    return None


if __name__ == "__main__":
    sys.exit(main())
