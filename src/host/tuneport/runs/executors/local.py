"""Parts worked on in this process, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from tuneport.runs.messages import Candidates, Part, PartResult, Prepared, Verdict
from tuneport.runs.planning.plan import Plan
from tuneport.runs.working.outcome import Keeper
from tuneport.runs.working.prepare import Preparer
from tuneport.runs.working.render import Renderer
from tuneport.runs.working.spool import Spool


class InProcess:
    """Keeps what it prepared of each part until the part's verdict comes: in memory, or in a spool.

    Both calls are lazy: a part is prepared when the reducer asks for its candidates, and rendered when its
    verdict is there, so that one part is in memory at a time.
    """

    def __init__(self, plan: Plan, columns: Mapping[str, list[str]], keeper: Keeper, spool: Spool | None) -> None:
        self._preparer = Preparer(plan)
        self._renderer = Renderer(plan, columns, keeper)
        self._spool = spool
        self._waiting: dict[int, tuple[Candidates, Prepared]] = {}
        self.spooled = 0

    def prepare(self, parts: Iterable[Part], look: Callable[[Candidates], None]) -> Iterator[Candidates]:
        """Read parts; the columns the reducer needs, in part order.

        Args:
            parts: what to read.
            look: told of each part before anything of it is kept; what it raises ends the work.
        """
        for part in parts:
            candidates, prepared = self._preparer.prepare(part)
            look(candidates)
            if self._spool is None:
                self._waiting[part.index] = (candidates, prepared)
            else:
                written, size = self._spool.write(candidates, prepared)
                self._spool.add(written)
                self.spooled += size
            yield candidates

    def render(self, verdicts: Iterable[Verdict]) -> Iterator[PartResult]:
        """Write what the verdicts keep of their parts, in part order."""
        spool = self._spool
        for verdict in verdicts:
            part = verdict.part
            waiting = self._waiting.pop(part) if spool is None else spool.take(spool.part(part))
            yield self._renderer.render(*waiting, verdict)

    def close(self) -> None:
        """Nothing is held."""
