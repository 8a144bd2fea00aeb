"""Parts worked on in this process, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tuneport.runs.messages import Candidates, Part, PartResult, Verdict
from tuneport.runs.plan import Plan
from tuneport.runs.prepare import Prepared, Preparer
from tuneport.runs.render import Renderer, Save


class InProcess:
    """Keeps what it prepared of each part until the part's verdict comes."""

    def __init__(self, plan: Plan, save: Save, save_rejects: Callable[[int, list[dict[str, Any]]], str]) -> None:
        self._preparer = Preparer(plan)
        self._renderer = Renderer(plan, save, save_rejects)
        self._waiting: dict[int, tuple[Candidates, Prepared]] = {}

    def prepare(self, part: Part) -> Candidates:
        """Read a part; the columns the reducer needs."""
        candidates, prepared = self._preparer.prepare(part)
        self._waiting[part.index] = (candidates, prepared)
        return candidates

    def render(self, verdict: Verdict) -> PartResult:
        """Write what the verdict keeps of its part."""
        candidates, prepared = self._waiting.pop(verdict.part)
        return self._renderer.render(candidates, prepared, verdict)
