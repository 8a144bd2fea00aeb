"""Sources whose first records can be looked at before they are read."""

from __future__ import annotations

import abc
from collections.abc import Iterator

from tuneport.model import Entity
from tuneport.source import Source


class Peekable(Source):
    """A source that shows its first records by itself, and gives all of them when it is read.

    It stands before other sources, whose records were looked at when they were read.
    """

    shallow = True

    @abc.abstractmethod
    def peek(self, count: int) -> Iterator[Entity]:
        """The first records, or fewer: what they are like, for those who have to know before a run."""
