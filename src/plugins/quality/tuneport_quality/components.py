"""Strongly connected components of a directed graph, without recursion (Tarjan 1972)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def components(edges: Sequence[Sequence[int]]) -> list[int]:
    """Node to the number of its component; an edge between components leads to the smaller number.

    Args:
        edges: node to the nodes its edges lead to.
    """
    search = _Search(edges)
    for node in range(len(edges)):
        if not search.met[node]:
            search.run(node)
    return search.component


class _Search:
    def __init__(self, edges: Sequence[Sequence[int]]) -> None:
        self.component = [-1] * len(edges)
        self.met = [0] * len(edges)
        self._edges = edges
        self._low = [0] * len(edges)
        self._open: list[int] = []
        self._clock = 0
        self._closed = 0

    def run(self, root: int) -> None:
        path = [self._enter(root)]
        while path:
            node, rest = path[-1]
            to = next(rest, None)
            if to is None:
                path.pop()
                self._leave(node)
                if path:
                    self._lower(path[-1][0], self._low[node])
            elif not self.met[to]:
                path.append(self._enter(to))
            elif self.component[to] < 0:
                self._lower(node, self.met[to])

    def _enter(self, node: int) -> tuple[int, Iterator[int]]:
        self._clock += 1
        self.met[node] = self._low[node] = self._clock
        self._open.append(node)
        return node, iter(self._edges[node])

    def _leave(self, node: int) -> None:
        """Close the component that was entered at this node, if one was."""
        if self._low[node] != self.met[node]:
            return
        member = -1
        while member != node:
            member = self._open.pop()
            self.component[member] = self._closed
        self._closed += 1

    def _lower(self, node: int, to: int) -> None:
        self._low[node] = min(self._low[node], to)
