"""What savepoints promise: work that was done before a power cut is not done again after it."""

from __future__ import annotations

import json
import re

from faults.power_calls import SYNCS, Event


def promised(events: list[Event], ended: bool) -> tuple[int, int]:
    """How many parts were rendered, and how many spooled, by savepoints after which the run went on."""
    done = spooled = 0
    made: list[Event] = []
    for event in events:
        if event.call == "lock_file":  # the run before was killed, and this one starts
            made = []
        if event.call not in SYNCS or ended:
            for one in made:
                folder, count = _record(one)
                done = max(done, count) if folder == "done" else done
                spooled = max(spooled, count) if folder == "spool" else spooled
            made = []
        if counts(event):
            made.append(event)
    return done, spooled


def counts(event: Event) -> bool:
    """Whether it is the last step of a savepoint before it is made durable."""
    return event.call == "rename" and _RECORD.search(event.paths[-1]) is not None


_RECORD = re.compile(r"\.staging/(done|spool)/[^/]*\.json$")


def _record(event: Event) -> tuple[str, int]:
    found = _RECORD.search(event.paths[-1])
    assert found is not None
    record = json.loads(event.data.partition(b"\n")[2])  # below its sum
    return found[1], record["results" if found[1] == "done" else "parts"][-1]["part"] + 1


def part_of(path: str, done: tuple[int, int]) -> int | None:
    """The part that a staged file belongs to, where that was done before."""
    for folder, count in (("segments", done[0]), ("spool", done[1])):
        found = re.search(rf"\.staging/{folder}/([0-9]+)\.", path)
        if found is not None and int(found[1]) < count:
            return int(found[1])
    return None
