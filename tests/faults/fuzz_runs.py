"""Runs over rubbish: every line has one outcome, and whatever became a row is one that any loader reads."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec.json

from faults.fuzz_reading import agrees, strict, whole
from tuneport.runs import Plan, execute, plan_export
from tuneport.runs.messages import Part, Piece, Segment
from tuneport.runs.working.admit import Reducer
from tuneport.runs.working.prepare import Preparer
from tuneport.runs.working.render import Renderer

NAME = "in.jsonl"


class Outcome:
    """What came of some lines, wherever it stands: the rows as bytes, the lists as they were decoded."""

    def __init__(self, stats: Mapping[str, int], codes: Mapping[str, int], ledgers: Mapping[str, int]) -> None:
        self.stats, self.codes, self.ledgers = stats, codes, ledgers
        self.index: list[dict[str, Any]] = []
        self.rejects: list[dict[str, Any]] = []
        self.rows: defaultdict[str, list[bytes]] = defaultdict(list)


class Pump:
    """A recipe's whole way from bytes to rows, in memory: planned once, for any number of files.

    Args:
        folder: where the file stands that is read.
        export: what the recipe says of the export.
        first: lines that the plan learns the fields from.
        split: whether a part of it is kept for validation.
    """

    def __init__(self, folder: Path, export: Mapping[str, Any], first: Sequence[bytes], *, split: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file, self._out = folder / NAME, folder / "out"
        output: dict[str, Any] = {"path": str(self._out), "min_rows": 0, "index": True, "on_exists": "replace"}
        if split:
            output["split"] = {"validation": 0.2, "group_by": "category"}
        self._recipe = {
            # No record has such a key: each is named by its place.
            "source": {"path": str(self._file), "key": "no key"},
            "export": export,
            "output": output,
            "run": {"now": "2026-11-22T00:00:00Z"},
        }
        self._write(first)
        self._plan = plan_export(self._recipe)

    def _write(self, lines: Sequence[bytes]) -> list[bytes]:
        """Write lines; those that are read, for a change may have put a newline into one."""
        data = b"\n".join([*lines, b""])
        self._file.write_bytes(data)
        return data.split(b"\n")[:-1]

    def published(self, lines: Sequence[bytes]) -> Counter[str]:
        """Export lines to a folder, as a command does, and look at all that came of it."""
        read = self._write(lines)
        stats = execute(plan_export(self._recipe)).stats
        told = {
            "exported": stats.exported_entities,
            "filtered": stats.filtered_entities,
            "duplicate": stats.duplicate_entities,
            "errored": stats.errored_entities,
        }
        outcome = Outcome(told, stats.rejects, {name: one.rows for name, one in stats.formats.items()})
        outcome.index = [strict(line) for line in _lines(sorted((self._out / "index").glob("*")))]
        outcome.rejects = [strict(line) for line in _lines(sorted((self._out / "rejects").glob("*")))]
        for name in stats.formats:
            outcome.rows[name] = _lines(sorted((self._out / "data" / name).rglob("*.jsonl")))
        return looked_at(read, outcome, self._plan)

    def pumped(self, lines: Sequence[bytes]) -> Counter[str]:
        """The same stages over lines that are one part, with nothing kept on the disk."""
        read = self._write(lines)
        return looked_at(read, self._rendered(), self._plan)

    def rows_of(self, lines: Sequence[bytes]) -> dict[str, list[bytes]]:
        """Format name to the rows that it makes of lines."""
        self._write(lines)
        return self._rendered().rows

    def _rendered(self) -> Outcome:
        plan, keeper = self._plan, _Memory()
        candidates, prepared = Preparer(plan).prepare(Part(0, 0, None))
        reducer = Reducer(plan)
        verdict = next(reducer.decide(lambda: [candidates])) if plan.deferred else reducer.admit(candidates)
        result = Renderer(plan, {}, keeper).render(candidates, prepared, verdict)
        told = {**result.outcomes, "exported": result.exported}
        assert candidates.read == sum(told.values())
        outcome = Outcome(told, result.rejects, {name: one.rows for name, one in result.formats.items()})
        outcome.index, outcome.rejects, outcome.rows = keeper.index, keeper.rejects, keeper.rows
        return outcome


class _Memory:
    """Keeps what a part rendered."""

    def __init__(self) -> None:
        self.rows: defaultdict[str, list[bytes]] = defaultdict(list)
        self.rejects: list[dict[str, Any]] = []
        self.index: list[dict[str, Any]] = []

    def save(self, _part: int, name: str, split: str, data: bytes, rows: int) -> Segment:
        self.rows[name] += data.split(b"\n")[:-1]
        return Segment("", "", name, split, rows, len(data))

    def save_rejects(self, _part: int, entries: list[dict[str, Any]]) -> Piece | None:
        self.rejects = entries
        # Each is a line of a file: what cannot be written there would end the run.
        assert strict(msgspec.json.encode(entries)) == entries
        return None

    def save_index(self, _part: int, lines: list[bytes]) -> Piece | None:
        self.index = [msgspec.json.decode(line) for line in lines]
        return None


def looked_at(lines: Sequence[bytes], found: Outcome, plan: Plan) -> Counter[str]:
    """Hold what came of lines against them; how many had each outcome.

    Raises:
        AssertionError: a line is not accounted for, or something that was written is not as it has to be.
    """
    records = [number for number, line in enumerate(lines, 1) if line.strip()]
    places = [_number(entry["key"]) for entry in found.index]
    assert places == records, f"not accounted for once: {[lines[n - 1] for n in {*places} ^ {*records}][:3]}"
    outcomes = Counter(entry["outcome"] for entry in found.index)
    assert outcomes == Counter({name: count for name, count in found.stats.items() if count})
    index = dict(zip(places, found.index, strict=True))
    _look_at_rejects(lines, index, found)
    for number, entry in index.items():
        if entry["outcome"] == "exported":
            assert entry["rows"]
            assert agrees(lines[number - 1], read=True), f"no record, and yet exported: {lines[number - 1]!r}"
    uniform = {one.name: one.traits.uniform for one in plan.compiled.formats}
    for name, count in found.ledgers.items():
        rows = [whole(line) for line in found.rows[name]]
        assert len(rows) == count
        assert len({tuple(row) for row in rows}) <= 1 or not uniform[name]
    return outcomes


def _look_at_rejects(lines: Sequence[bytes], index: Mapping[int, Any], found: Outcome) -> None:
    """Each record that became no row is rejected once, at its own place; others only by single formats."""
    seen, codes = Counter[int](), Counter[str]()
    for entry in found.rejects:
        number = _number(entry["locator"])
        line = lines[number - 1]
        assert entry["code"], entry
        assert entry["reason"], entry
        assert not entry["code"].startswith("hook:"), f"a plugin of ours failed: {entry} at {line!r}"
        if index[number]["outcome"] == "exported":
            assert ":" in entry["stage"], entry
            continue
        seen[number] += 1
        codes[entry["code"]] += 1
        assert agrees(line, read=entry["stage"] != "source"), f"{entry} at {line!r}"
    assert seen == Counter(dict.fromkeys((n for n, entry in index.items() if entry["outcome"] != "exported"), 1))
    assert codes == Counter(found.codes)


def _number(place: str) -> int:
    return int(place.removeprefix(f"{NAME}:"))


def _lines(files: Sequence[Path]) -> list[bytes]:
    data = [gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files]
    assert all(one.endswith(b"\n") for one in data)
    return [line for one in data for line in one.split(b"\n")[:-1]]
