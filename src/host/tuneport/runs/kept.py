"""What a staging folder keeps of a run that ended: parts, bytes, and about how many more it will take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from tuneport.runs.amounts import bytes_in, size
from tuneport.runs.failures import translated
from tuneport.runs.messages import DoneRecord, SpoolRecord
from tuneport.runs.planning.plan import Plan
from tuneport.runs.summed import read_summed

_Record = TypeVar("_Record", bound=msgspec.Struct)


@dataclass(frozen=True)
class Kept:
    """What the next run of the same plan will find.

    Attributes:
        waiting: parts that are read and wait in the spool.
        done: parts whose rows are there.
        complete: all parts wait in the spool.
        read: records of the parts that are read.
        bytes: of everything in staging.
        sealing: all parts are done, and were being put together.
    """

    waiting: int
    done: int
    complete: bool
    read: int
    bytes: int
    sealing: bool

    @property
    def parts(self) -> int:
        """How many parts need not be read again."""
        return max(self.waiting, self.done)

    def guessed(self, plan: Plan) -> int | None:
        """About how many parts there are, by the number of records; None where nobody knows that either."""
        limits = [inlet.limit for inlet in plan.inlets]
        if plan.rows is None or not self.read or any(limit is not None for limit in limits):
            return None
        return max(self.parts, round(self.parts * plan.rows / self.read))


def what_is_kept(plan: Plan) -> Kept:
    """Look at a plan's staging folder. What is damaged is not kept.

    Raises:
        TuneportError: nobody can say, for it cannot be read now.
    """
    staging, digest = plan.target.staging, plan.digest
    done = [one for one in _records(staging / "done", "*.json", DoneRecord) if one.plan == digest]
    spooled = [one for one in _records(staging / "spool", "record-*.json", SpoolRecord) if one.plan == digest]
    rendered = [part.read for record in done for part in record.results]
    waiting = [part.read for record in spooled for part in record.parts]
    complete = any(record.last for record in spooled)
    read = sum(waiting) or sum(rendered)
    return Kept(len(waiting), len(rendered), complete, read, bytes_in(staging), (staging / "out").is_dir())


def missing_bytes(plan: Plan, kept: Kept, total: int | None, free: int) -> str:
    """About how many more bytes the run takes, in words; "" where that cannot be said, or nothing seems to be missing.

    Parts that are still to come are taken to be as large as those that are there. What is rendered of all parts is
    there twice in the end, for it is copied into the files of the output before it goes; what waits stays till then.

    Args:
        plan: the run's plan.
        kept: what is there.
        total: how many parts there are; None where that is not known.
        free: bytes that could still be written.
    """
    if kept.sealing:
        total = kept.done
    elif plan.deferred:
        total = kept.waiting if kept.complete else None
    else:
        total = total or kept.guessed(plan)
    segments = plan.target.staging / "segments"
    parts = {path.name.partition(".")[0] for path in segments.glob("*.jsonl")}
    if total is None or not parts:
        return ""
    rendered = bytes_in(segments) / len(parts) * max(total, len(parts))
    missing = round(bytes_in(plan.target.staging / "spool") + 2 * rendered) - kept.bytes - free
    word = "about" if plan.target.compression == "none" else "up to"
    return f"{word} {size(missing)}" if missing > 0 else ""


def _records(folder: Path, pattern: str, kind: type[_Record]) -> list[_Record]:
    found = []
    with translated("read", folder):
        paths = sorted(folder.glob(pattern))
    for path in paths:
        record = read_summed(path, kind, quiet=True)
        if record is None:
            break
        found.append(record)
    return found
