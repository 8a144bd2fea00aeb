"""Staged work: taken up where it is of this plan, and thrown away where it is of another."""

from __future__ import annotations

import time
from collections.abc import Iterable
from logging import getLogger
from pathlib import Path
from typing import Any

import msgspec.json

from tuneport.errors import TryAgainError
from tuneport.files import shown
from tuneport.runs.amounts import bytes_in, size
from tuneport.runs.planning.changes import changes, mapping_or_empty
from tuneport.runs.planning.identity import canonical, pinned_before
from tuneport.runs.planning.plan import Plan
from tuneport.runs.publishing.staging import Staging
from tuneport.runs.reading.parts import Parts
from tuneport.runs.tally import Tally
from tuneport.runs.working.spool import Spool

log = getLogger("tuneport")

_MOST_TOLD = 8


def taken_up(plan: Plan, staging: Staging) -> bool:
    """Whether what is staged is of this plan; where it is not, staging is begun anew.

    Called under the lock: what was planned before may have been overtaken by a run that held it meanwhile.

    Raises:
        TryAgainError: it was, and the facts it was planned by do not hold any more.
        TuneportError: what is staged cannot be read now, and stays as it is.
    """
    if plan.split is not None and plan.split.outdated(plan.recipe):
        raise TryAgainError("output.split.against is another dataset since this run was planned", "run it again")
    staged = None if plan.fresh else plan.target.staged_plan(quiet=False)
    same = staged is not None and canonical(_bound(staged)) == plan.document()
    if same and plan.resumable:
        return True
    if plan.resumable and not plan.fresh and _overtaken(plan, staged):
        raise TryAgainError("another run of this plan came or went while this one was planned", "run it again")
    place = shown(staging.path)
    if plan.fresh:
        log.info("starting afresh, as asked")
    elif staged is not None:
        log.warning("%s %s. Starting afresh.", place, _why(plan, staged))
    left = bytes_in(staging.path)
    staging.begin(plan)
    if left:
        log.info("discarded %s of %s", size(left), place)
    return False


def _bound(staged: dict[str, Any]) -> dict[str, Any]:
    """What work is bound to."""
    return {name: staged.get(name) for name in ("identity", "pinned")}


def _overtaken(plan: Plan, staged: dict[str, Any] | None) -> bool:
    """Whether work that lent its facts to this plan is gone, or work that would have lent them has come."""
    there = None
    if staged is not None and canonical(staged.get("identity")) == canonical(plan.identity):
        there = pinned_before(staged, {name: one for name, one in plan.identity.items() if name != "resources"})
    return there != plan.lent


def _why(plan: Plan, staged: dict[str, Any]) -> str:
    """Why staged work is of no use."""
    now = msgspec.json.decode(plan.noted())
    before, after = ({**mapping_or_empty(one.get("identity")), "rows": one.get("rows")} for one in (staged, now))
    found = changes(before, after, plan.recipe.references)
    if not found and not plan.resumable:
        return "is of a source that nobody can say has not changed since"
    found = found or ["pinned facts"]
    more = f"; and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    return f"belongs to another plan: {'; '.join(found[:_MOST_TOLD])}{more}"


def tell(plan: Plan, staging: Staging, tally: Tally, spool: Spool | None) -> None:
    """Say how much of the work was there already, if any was."""
    read = [*spool.done()] if spool is not None else []
    parts = len(read) or tally.next_part
    if not parts:
        return
    done = sum(count for _, count in read) or tally.stats.total_entities
    total = spool.parts if spool is not None and spool.complete else Parts(plan, ()).total
    of = f" of {total:,}" if total is not None else ""
    written = f" read, {tally.next_part:,} written" if read else " done"
    age = _age(staging.path)
    text = f"same plan, {parts:,}{of} parts{written} ({done:,} records)"
    log.info("taking up %s: %s%s", shown(staging.path), text, f", {age} old" if age else "")


def _age(folder: Path) -> str:
    """How long ago the last savepoint was; "" where there is none."""
    try:
        records = (*folder.glob("done/*.json"), *folder.glob("spool/record-*"))
    except OSError:
        return ""
    ages = [time.time() - when for when in _times(records)]
    if not ages:
        return ""
    seconds = max(0, round(min(ages)))
    for most, length, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < most:
            return f"{seconds // length} {unit}"
    return f"{seconds // 86_400} days"


def _times(paths: Iterable[Path]) -> Iterable[float]:
    for path in paths:
        try:
            yield path.stat().st_mtime
        except OSError:
            continue
