"""Parts worked on in this process, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tuneport.runs.messages import Candidates, Part, PartResult, Verdict
from tuneport.runs.plan import Plan
from tuneport.runs.prepare import Prepared, Preparer
from tuneport.runs.render import Renderer, Save, SaveRejects


class InProcess:
    """Keeps what it prepared of each part until the part's verdict comes.

    Both calls are lazy: a part is prepared when the reducer asks for its candidates, and rendered when its
    verdict is there, so that one part is in memory at a time where verdicts come part by part.
    """

    def __init__(self, plan: Plan, columns: Mapping[str, list[str]], save: Save, save_rejects: SaveRejects) -> None:
        self._preparer = Preparer(plan)
        self._renderer = Renderer(plan, columns, save, save_rejects)
        self._waiting: dict[int, tuple[Candidates, Prepared]] = {}

    def prepare(self, parts: Iterable[Part]) -> Iterator[Candidates]:
        """Read parts; the columns the reducer needs, in part order."""
        for part in parts:
            candidates, prepared = self._preparer.prepare(part)
            self._waiting[part.index] = (candidates, prepared)
            yield candidates

    def render(self, verdicts: Iterable[Verdict]) -> Iterator[PartResult]:
        """Write what the verdicts keep of their parts, in part order."""
        for verdict in verdicts:
            candidates, prepared = self._waiting.pop(verdict.part)
            yield self._renderer.render(candidates, prepared, verdict)
