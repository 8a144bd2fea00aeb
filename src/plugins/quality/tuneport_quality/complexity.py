"""How much work a schema can make of one value, found before any value is judged.

References multiply: twenty definitions, each of which refers twice to the next, make a million checks of a
single value. A schema that refers to itself further down can multiply with every level of the row instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tuneport_quality.components import components
from tuneport_quality.keywords import Applies
from tuneport_quality.references import Node
from tuneport_quality.schema_text import SchemaError

MAX_CHECKS = 100_000
MAX_CHAIN = 1_000
# Sums of saturated numbers stay small; exact ones have as many digits as the schema has references.
_SATURATED = 10**9


@dataclass(frozen=True)
class Complexity:
    """The work a schema can make.

    Attributes:
        checks: most checks of one value, recursion left out.
        chain: most schemas that judge inside one another, recursion left out.
        growth: what recursion multiplies the checks by with each level of the row; 0 without any.
    """

    checks: int
    chain: int
    growth: int

    def checks_at(self, depth: int) -> float:
        """Most checks of one value of a row that has so many levels."""
        return self.checks * float(max(1, self.growth)) ** min(depth, 128)


def complexity(nodes: Sequence[Node]) -> Complexity:
    """Measure a schema.

    Raises:
        RecipeError: a schema judges by itself without going a level down, or references make more than
            100,000 checks of one value, or a chain of more than 1,000.
    """
    here = components([[to for applies, to in node.edges if applies is Applies.HERE] for node in nodes])
    whole = components([[to for _, to in node.edges] for node in nodes])
    _refuse_rings(nodes, here)
    weights = _Weights(nodes, whole)
    # Whatever an edge leads to comes first: both numberings count from the far ends of the graph.
    for index in sorted(range(len(nodes)), key=lambda index: (whole[index], here[index])):
        weights.weigh(index)
        if weights.heaviest[whole[index]] > MAX_CHECKS:
            said = f"the references at {nodes[index].pointer} multiply to more than {MAX_CHECKS:,} checks of one value"
            raise SchemaError(said, "let fewer schemas refer to one another")
        if weights.chain[index] > MAX_CHAIN:
            said = f"at {nodes[index].pointer}: more than {MAX_CHAIN:,} schemas judge inside one another"
            raise SchemaError(said, "let fewer schemas refer to one another")
    growth = max(max(pair) for pair in weights.growth)
    return Complexity(max(weights.heaviest.values()), max(weights.chain), growth)


def _refuse_rings(nodes: Sequence[Node], component: Sequence[int]) -> None:
    for index, node in enumerate(nodes):
        if any(applies is Applies.HERE and component[to] == component[index] for applies, to in node.edges):
            said = f"at {node.pointer}: the schema refers to itself without going a level down"
            raise SchemaError(said, 'refer to it from inside "properties" or "items"')


class _Weights:
    """What is known of each node, once all it leads to is known.

    A number for members and one for elements go side by side: a value is an object or a list, never both.
    """

    def __init__(self, nodes: Sequence[Node], component: Sequence[int]) -> None:
        self._nodes = nodes
        self._component = component
        self.heaviest: dict[int, int] = defaultdict(int)
        self.chain = [0] * len(nodes)
        self.growth = [(0, 0)] * len(nodes)
        self._checks = [0] * len(nodes)
        self._below = [(0, 0)] * len(nodes)

    def weigh(self, index: int) -> None:
        """Weigh one node."""
        node, component = self._nodes[index], self._component[index]
        checks, chain = _own(node.schema), 0
        below, growth = _Below(), _Below()
        for applies, to in node.edges:
            recursive = self._component[to] == component
            if applies is Applies.HERE:
                checks += self._checks[to]
                below.add(self._below[to])
                if recursive:
                    growth.add(self.growth[to])
            elif recursive:
                # Not work below: the library judges a value by a recursive schema once, however often it is asked to.
                growth.count(applies, 1)
                continue
            else:
                below.count(applies, self.heaviest[self._component[to]])
            chain = max(chain, self.chain[to])
        self._checks[index] = min(checks, _SATURATED)
        self._below[index], self.growth[index] = below.total(), growth.total()
        self.chain[index] = chain + 1
        self.heaviest[component] = max(self.heaviest[component], self._checks[index], *self._below[index])


class _Below:
    """What the values below a value have to expect: the most for some of them, plus what comes to each."""

    def __init__(self) -> None:
        self._most = dict.fromkeys((Applies.MEMBER, Applies.ELEMENT), 0)
        self._each = dict.fromkeys((Applies.EACH_MEMBER, Applies.EACH_ELEMENT), 0)

    def count(self, applies: Applies, number: int) -> None:
        if applies in self._most:
            self._most[applies] = max(self._most[applies], number)
        else:
            self._each[applies] += number

    def add(self, pair: tuple[int, int]) -> None:
        self._each[Applies.EACH_MEMBER] += pair[0]
        self._each[Applies.EACH_ELEMENT] += pair[1]

    def total(self) -> tuple[int, int]:
        members = self._most[Applies.MEMBER] + self._each[Applies.EACH_MEMBER]
        elements = self._most[Applies.ELEMENT] + self._each[Applies.EACH_ELEMENT]
        return min(members, _SATURATED), min(elements, _SATURATED)


def _own(schema: Any) -> int:
    """The checks a schema makes itself: each can become an error."""
    if not isinstance(schema, dict):
        return 1
    required = schema.get("required")
    return max(1, len(schema)) + (len(required) if isinstance(required, list) else 0)
