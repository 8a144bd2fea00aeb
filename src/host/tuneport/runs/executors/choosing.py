"""Where the parts of a run are worked on: in this process, or in others."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from logging import getLogger
from typing import Protocol

from tuneport.runs.executors.local import InProcess
from tuneport.runs.messages import Candidates, Part, PartResult, Verdict
from tuneport.runs.planning.plan import Plan
from tuneport.runs.publishing.staging import Staging
from tuneport.runs.reading.parts import Parts
from tuneport.runs.working.outcome import Keeper
from tuneport.runs.working.spool import Spool

log = getLogger("tuneport")

FEWEST = 3
"""Parts from which on other processes work where they were asked for."""
FEWEST_UNASKED = 16
"""The same where nobody asked: a process takes a while to start, and has to make up for it."""


class Executor(Protocol):
    """Prepares and renders the parts of a run, in part order.

    Attributes:
        spooled: bytes put into the spool.
    """

    spooled: int

    def prepare(self, parts: Iterable[Part], look: Callable[[Candidates], None]) -> Iterator[Candidates]:
        """Read parts; the columns the reducer needs, in part order.

        Args:
            parts: what to read.
            look: told of each part before anything of it is kept; what it raises ends the work.
        """

    def render(self, verdicts: Iterable[Verdict]) -> Iterator[PartResult]:
        """Write what the verdicts keep of their parts, in part order."""

    def close(self) -> None:
        """Let go of all that it holds."""


def executor_for(
    plan: Plan,
    parts: Parts,
    done: int,
    columns: Mapping[str, list[str]],
    keeper: Keeper,
    spool: Spool | None,
    workers: int,
) -> Executor:
    """Worker processes, as many as are of use; or this process, where none are wanted, or it cannot be otherwise.

    Args:
        plan: the run's plan.
        parts: what it is made of.
        done: how many of these were done before.
        columns: format name to the columns that earlier parts wrote.
        keeper: keeps what is rendered.
        spool: where samples wait; None where verdicts come part by part.
        workers: how many to have at most, where the recipe does not say.
    """
    asked = plan.recipe.run.workers
    most = workers if asked is None else asked
    if most < 2:
        return InProcess(plan, columns, keeper, spool)
    why = why_here(plan, parts, keeper)
    left = (parts.total or 0) - done
    if not why and left < (FEWEST_UNASKED if asked is None else FEWEST):
        why = "there is too little to do"
    if not why:
        # Most runs do without all that it takes to have others.
        from tuneport.runs.executors.processes import Processes
        from tuneport.runs.executors.remaking import start_of

        start = start_of(plan)
        if start is not None:
            return Processes(start, min(most, left), columns, spool, plan.compiled.warned)
        why = "the recipe cannot be handed on as plain data"
    if asked is not None:
        log.info("one process does it all: %s", why)
    return InProcess(plan, columns, keeper, spool)


def why_here(plan: Plan, parts: Parts, keeper: Keeper) -> str:
    """Why all has to be done in this process; "" where it has not."""
    if any(inlet.importer is None for inlet in plan.inlets):
        return "records that are handed over are in this process"
    if not isinstance(keeper, Staging):
        return "rows go to stdout as they are made"
    if plan.settings is None:
        return "plugins were registered in this process"
    if any(inlet.limit is not None for inlet in plan.inlets):
        return "source.limit counts records one part after the other"
    if (whole := parts.whole()) is not None:
        return f"{whole} can only be read from end to end"
    fickle = next((stream.info.title for stream in plan.streams if stream.info.revision is None), None)
    if fickle is not None:
        return f"{fickle} does not say when it has changed"
    if not parts.can_be_told():
        return "ranges of the source are no plain data"
    if not sys.executable or getattr(sys, "frozen", False):
        return "no interpreter is here that could be started"
    return "" if keeper.is_real else "its storage is of this process"
