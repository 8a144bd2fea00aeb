"""Where a worker process has its parts between one order and the next."""

from __future__ import annotations

from pathlib import Path

import msgspec
import msgspec.json

from tuneport.runs.executors.protocol import Offered, Render, Rendered
from tuneport.runs.messages import Candidates, Part, Prepared
from tuneport.runs.planning.plan import Plan
from tuneport.runs.publishing.staging import Staging
from tuneport.runs.storage import Storage
from tuneport.runs.working.prepare import Preparer
from tuneport.runs.working.render import Renderer
from tuneport.summary import Summary

_encode = msgspec.json.Encoder().encode


class Bench:
    """Prepares and renders the parts of one worker, into the staging folder of its run.

    Args:
        plan: the run's plan, made again here.
        staging: the staging folder.

    Attributes:
        summaries: what all verdicts have.
    """

    def __init__(self, plan: Plan, staging: Path) -> None:
        self._plan = plan
        self._keeper = Staging(staging, Storage())
        self._spool = self._keeper.spool(plan) if plan.deferred else None
        self._preparer = Preparer(plan)
        self._columns: dict[str, list[str]] = {}
        self._renderer = Renderer(plan, self._columns, self._keeper)
        self._waiting: dict[int, tuple[Candidates, Prepared]] = {}
        self.summaries: list[Summary] = []

    def prepared(self, part: Part) -> Offered:
        """Prepare a part, and keep it, in memory or in the spool."""
        candidates, prepared = self._preparer.prepare(part)
        if self._spool is None:
            self._waiting[part.index] = candidates, prepared
            return Offered(candidates, [])
        return Offered(candidates, [], *self._spool.write(candidates, prepared))

    def rendered(self, asked: Render) -> Rendered:
        """Render a part that was prepared, or waits in the spool."""
        verdict = msgspec.structs.replace(asked.verdict, summaries=self.summaries)
        if self._columns != asked.columns:
            # What this worker has rendered before may come later in the run.
            self._renderer = Renderer(self._plan, asked.columns, self._keeper)
        candidates, prepared = self._taken(asked)
        result = self._renderer.render(candidates, prepared, verdict)
        self._columns = dict(result.columns)
        return Rendered(result.part, _encode(result), [])

    def _taken(self, asked: Render) -> tuple[Candidates, Prepared]:
        if self._spool is not None and asked.spooled is not None:
            return self._spool.take(asked.spooled)
        if asked.again is not None:  # what was rendered once is not what it was
            return self._preparer.prepare(asked.again)
        return self._waiting.pop(asked.verdict.part)
