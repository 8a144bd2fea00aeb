"""Numbers that belong together: union-find over an array."""

from __future__ import annotations

from array import array


class Joined:
    """Numbers from 0 on, four bytes each; those that were joined have the least of them as their first."""

    def __init__(self, count: int = 0) -> None:
        self._above = array("I", range(count))

    def __len__(self) -> int:
        return len(self._above)

    def add(self) -> None:
        """Add the next number, which belongs to no other."""
        self._above.append(len(self._above))

    def copy(self) -> Joined:
        """Another one, where the same belongs together."""
        other = Joined()
        other._above = self._above[:]
        return other

    def first(self, number: int) -> int:
        """The least of those that belong together with a number."""
        above = self._above
        while (up := above[number]) != number:
            # Halves the way for whoever asks next.
            above[number] = above[up]
            number = up
        return number

    def join(self, one: int, other: int) -> None:
        """Let all that belong to either belong together."""
        one, other = self.first(one), self.first(other)
        if one < other:
            self._above[other] = one
        else:
            self._above[one] = other
