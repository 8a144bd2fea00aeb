"""What an expression is made of, once it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Gives = Literal["condition", "value", "any"]
"""What comes of a node: true, false or null; something that is never true or false; or what the record holds."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, a number, true, false, null, or a list of these."""

    value: Any
    position: int

    @property
    def gives(self) -> Gives:
        """Null is no reason to refuse an expression."""
        if isinstance(self.value, bool):
            return "condition"
        return "any" if self.value is None else "value"


@dataclass(frozen=True, slots=True)
class Field:
    """A field, or a path into the objects it holds."""

    path: tuple[str, ...]
    position: int
    gives: Gives = "any"


@dataclass(frozen=True, slots=True)
class Logic:
    """Conditions joined by `and`, or by `or`."""

    word: Literal["and", "or"]
    operands: tuple[Node, ...]
    position: int
    gives: Gives = "condition"


@dataclass(frozen=True, slots=True)
class Not:
    """A condition turned round."""

    operand: Node
    position: int
    gives: Gives = "condition"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`a < b`, or a chain of it: `a < b <= c`. The signs are also `in` and `not in`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    position: int
    gives: Gives = "condition"


@dataclass(frozen=True, slots=True)
class IsNull:
    """`x is null`, or `x is not null`."""

    operand: Node
    negated: bool
    position: int
    gives: Gives = "condition"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Terms joined by + and -, or factors joined by * and /, from left to right."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    position: int
    gives: Gives = "value"


@dataclass(frozen=True, slots=True)
class Negative:
    """`-x`."""

    operand: Node
    position: int
    gives: Gives = "value"


@dataclass(frozen=True, slots=True)
class Call:
    """One of the known functions."""

    name: str
    arguments: tuple[Node, ...]
    position: int
    gives: Gives


Node: TypeAlias = Constant | Field | Logic | Not | Comparison | IsNull | Arithmetic | Negative | Call
