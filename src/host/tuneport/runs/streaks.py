"""Failures in a row: what a part tells of each stage, so that the count does not depend on where parts end."""

from __future__ import annotations

import msgspec

IN_A_ROW = 100
"""So many records in a row that a plugin's stage fails at end the run: it is broken, and the records are not."""


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """A record that a stage failed at; `ordinal` counts from the part's first line or row."""

    ordinal: int
    reason: str


class Streak(msgspec.Struct):
    """A stage's failures in one part.

    Attributes:
        lead: those at the first records that came to it, before it answered one; at most IN_A_ROW.
        tail: how many there were since its last answer.
        full: the one that made it IN_A_ROW within the part; None where it did not come to that.
    """

    lead: list[Failure] = []
    tail: int = 0
    full: Failure | None = None


class Streaks(msgspec.Struct):
    """The stages that the records of one part came to.

    Attributes:
        failing: stage to its failures, in the order in which a record comes to them.
        answered: the stages that answered at least one record.
    """

    failing: dict[str, Streak] = {}
    answered: list[str] = []

    def joined(self, other: Streaks) -> Streaks:
        """Both together: the stages of `other` come after these."""
        return Streaks({**self.failing, **other.failing}, [*self.answered, *other.answered])

    @property
    def full(self) -> bool:
        """Whether one of the stages failed at IN_A_ROW records: the part was not worked on to its end then."""
        return any(streak.full is not None for streak in self.failing.values())
