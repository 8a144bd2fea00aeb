"""The breaker: a plugin that fails at one record after another ends the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tuneport.errors import PluginError
from tuneport.runs.messages import Rejected, StageRef
from tuneport.runs.streaks import IN_A_ROW, Failure, Streak, Streaks


class Chain:
    """Stages of one part that a record comes to one after the other, until one of them ends it.

    Attributes:
        passed: how many records all of them have answered; counted by whoever drives them.
        full: whether one of them has failed at IN_A_ROW records in a row.
    """

    def __init__(self, stages: Sequence[str]) -> None:
        self.passed = 0
        self.full = False
        self._stages = stages
        self._streaks: dict[int, Streak] = {}
        self._noticed = self._reached = 0

    def ended(self, position: int, reject: Rejected) -> None:
        """The stage at this position ended a record: it failed, or its reject is an answer like any other."""
        failed = reject.code.startswith("hook:")
        self._notice(position if failed else position + 1)
        if failed:
            self._failed(position, Failure(reject.ordinal, reject.reason))

    def streaks(self) -> Streaks:
        """What came of the part."""
        self._notice(0)
        failing = {self._stages[position]: streak for position, streak in sorted(self._streaks.items())}
        return Streaks(failing, [*self._stages[: self._reached]])

    def _notice(self, upto: int) -> None:
        """The first stages, up to this one, have answered a record; all of them, if one has passed meanwhile."""
        if self.passed != self._noticed:
            self._noticed, upto = self.passed, len(self._stages)
        self._reached = max(self._reached, upto)
        for position, streak in self._streaks.items():
            if position < upto:
                streak.tail = 0

    def _failed(self, position: int, failure: Failure) -> None:
        streak = self._streaks.setdefault(position, Streak())
        streak.tail += 1
        if position >= self._reached:
            streak.lead.append(failure)
        if streak.tail == IN_A_ROW:
            streak.full = streak.full or failure
            self.full = True


def labels(stages: Iterable[StageRef]) -> list[str]:
    """What stages are called in the error of a breaker: `filter acme:polite`; numbered where that is not unique."""
    seen: Counter[str] = Counter()
    called: list[str] = []
    for stage in stages:
        label = f"{stage.kind.removesuffix('s')} {stage.qualified}"
        seen[label] += 1
        called.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return called


class Breaker:
    """Counts each stage's failures in a row over all parts, which are told in order."""

    def __init__(self) -> None:
        self._row: dict[str, int] = {}

    def broken(self, part: Streaks) -> PluginError | None:
        """Go on by a part; the error that ends the run where a stage is broken, and None where all are well.

        Of several stages it is the one that was found out at the earliest record.
        """
        found = [(failure, name) for name, one in part.failing.items() if (failure := self._full(name, one))]
        for name in part.answered:
            self._row.pop(name, None)
        for name, streak in part.failing.items():
            self._row[name] = self._row.get(name, 0) + streak.tail
        if not found:
            return None
        failure, name = min(found, key=lambda one: one[0].ordinal)
        text = f"{name} failed at {IN_A_ROW} records in a row; nothing published"
        return PluginError(text, f"the last time: {failure.reason}; the log has the text of the first\nmend the plugin")

    def _full(self, name: str, streak: Streak) -> Failure | None:
        """The failure that makes it IN_A_ROW, counting those of the parts before."""
        left = IN_A_ROW - self._row.get(name, 0)
        return streak.lead[left - 1] if len(streak.lead) >= left else streak.full
