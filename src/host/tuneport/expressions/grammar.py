"""Reads an expression into nodes. Nothing of it is ever handed to Python to run."""

from __future__ import annotations

import math
import re
from typing import Any, Literal

from tuneport.config import closest
from tuneport.expressions.functions import FUNCTIONS
from tuneport.expressions.nodes import (
    Arithmetic,
    Call,
    Comparison,
    Constant,
    Field,
    IsNull,
    Logic,
    Negative,
    Node,
    Not,
)
from tuneport.expressions.tokens import KEYWORDS, ExpressionError, Token, failure, tokens

MAX_DEPTH = 100

_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT = range(1, 7)
_ORDER = ("<", "<=", ">", ">=", "==", "!=")
_LEVELS = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys((*_ORDER, "in", "not", "is"), _COMPARISON),
    **dict.fromkeys("+-", _SUM),
    **dict.fromkeys("*/", _PRODUCT),
}
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_ESCAPED = re.compile(r"\\(.)|''|\"\"", re.DOTALL)
_MOST_DIGITS = 300
_HINTS = {
    "=": "use ==",
    "<>": "use !=",
    "like": "use contains(), startswith() or endswith()",
    "between": "use low <= x <= high",
}
_CONDITION = "compare it with something, as in rating >= 4"


class Parser:
    """Reads one expression; `fields` are the top-level fields it names."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._at = 0
        self._depth = 0
        self.fields: set[str] = set()

    def whole(self) -> Node:
        """Read all of it.

        Raises:
            ExpressionError: it cannot be understood.
        """
        node = self._expression(0)
        if self._token.kind != "end":
            raise self._unexpected()
        return node

    def condition(self, node: Node) -> Node:
        """Refuse a node that is never true or false.

        Raises:
            ExpressionError: it is one.
        """
        if node.gives == "value":
            raise self._error("a condition is needed here, and this is a value", node.position, _CONDITION)
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._token
        self._at += 1
        return token

    def _accept(self, kind: str) -> bool:
        if self._token.kind != kind:
            return False
        self._at += 1
        return True

    def _expect(self, kind: str) -> None:
        if not self._accept(kind):
            raise self._unexpected(f'expected "{kind}"')

    def _error(self, message: str, position: int, hint: str = "") -> ExpressionError:
        return failure(self._text, position, message, hint)

    def _unexpected(self, expected: str = "") -> ExpressionError:
        token = self._token
        what = expected or ("ends too early" if token.kind == "end" else f"unexpected {token.text}")
        return self._error(what, token.position, _HINTS.get(token.text.lower(), ""))

    def _level(self) -> int:
        return _LEVELS.get(self._token.kind, 0)

    def _expression(self, above: int) -> Node:
        """Read what binds more tightly than `above`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"nested more than {MAX_DEPTH} deep", self._token.position)
        node = self._not() if above < _NOT and self._token.kind == "not" else self._operand()
        while (level := self._level()) > above:
            if level in (_OR, _AND):
                node = self._logic(node, "or" if level == _OR else "and", level)
            elif level == _COMPARISON:
                node = self._comparison(node)
            else:
                node = self._arithmetic(node, level)
        self._depth -= 1
        return node

    def _not(self) -> Node:
        position = self._next().position
        return Not(self.condition(self._expression(_AND)), position)

    def _logic(self, first: Node, word: Literal["and", "or"], level: int) -> Node:
        operands = [self.condition(first)]
        while self._accept(word):
            operands.append(self.condition(self._expression(level)))
        return Logic(word, tuple(operands), first.position)

    def _arithmetic(self, first: Node, level: int) -> Node:
        rest = []
        while self._level() == level:
            sign = self._next().kind
            rest.append((sign, self._expression(level)))
        return Arithmetic(first, tuple(rest), first.position)

    def _comparison(self, first: Node) -> Node:
        rest = []
        while self._token.kind in _ORDER:
            sign = self._next().kind
            rest.append((sign, self._expression(_COMPARISON)))
        node = Comparison(first, tuple(rest), first.position) if rest else self._membership(first)
        if self._level() == _COMPARISON:
            raise self._unexpected(f'"{self._token.text}" cannot follow here without parentheses')
        return node

    def _membership(self, first: Node) -> Node:
        """`in`, `not in`, `is null`, `is not null`."""
        if self._accept("is"):
            negated = self._accept("not")
            if not self._accept("null"):
                raise self._error('expected "null"', self._token.position, "use == or != for anything but null")
            return IsNull(first, negated, first.position)
        sign = "not in" if self._accept("not") else "in"
        self._expect("in")
        holder = self._list(")") if self._sql_list() else self._expression(_COMPARISON)
        return Comparison(first, ((sign, holder),), first.position)

    def _sql_list(self) -> bool:
        """Whether a list as SQL writes it comes next: `('a', 'b')`, and also `('a')`."""
        kinds = [token.kind for token in self._tokens[self._at : self._at + 4]]
        if kinds[:1] != ["("]:
            return False
        kinds = kinds[2:] if kinds[1:2] == ["-"] else kinds[1:]
        return kinds[0] in ("text", "number", *_WORDS) and kinds[1] in (",", ")")

    def _operand(self) -> Node:
        token = self._token
        if token.kind in ("text", "number") or token.kind in _WORDS:
            return Constant(self._constant(), token.position)
        if token.kind == "name":
            return self._named()
        if token.kind == "[":
            return self._list("]")
        if self._accept("("):
            node = self._expression(0)
            self._expect(")")
            return node
        if self._accept("-"):
            return self._negative(token.position)
        raise self._unexpected("ends where a value is needed" if token.kind == "end" else "")

    def _negative(self, position: int) -> Node:
        operand = self._expression(_PRODUCT)
        if isinstance(operand, Constant) and isinstance(operand.value, int | float) and operand.gives == "value":
            return Constant(-operand.value, position)
        return Negative(operand, position)

    def _list(self, closing: str) -> Node:
        position = self._next().position
        values: list[Any] = []
        while not self._accept(closing):
            if values:
                self._expect(",")
            sign = -1 if self._accept("-") else 1
            kind = self._token.kind
            if kind != "number" and (sign < 0 or kind not in ("text", *_WORDS)):
                raise self._unexpected("a list holds texts, numbers, true, false and null only")
            values.append(sign * self._constant() if kind == "number" else self._constant())
        return Constant(values, position)

    def _constant(self) -> Any:
        token = self._next()
        if token.kind == "number":
            return self._number(token)
        return self._string(token) if token.kind == "text" else _WORDS[token.kind]

    def _number(self, token: Token) -> int | float:
        value = int(token.text) if token.text.isdigit() and len(token.text) <= _MOST_DIGITS else float(token.text)
        if not math.isfinite(value):
            raise self._error("this number is too large", token.position)
        return value

    def _string(self, token: Token) -> str:
        quote = token.text[0]

        def unescaped(found: re.Match[str]) -> str:
            if found[1] is None:
                return quote if found[0][0] == quote else found[0]
            if found[1] not in _ESCAPES:
                where = token.position + 1 + found.start()
                raise self._error(f"unknown escape {found[0]}", where, "write \\\\ for a backslash")
            return _ESCAPES[found[1]]

        return _ESCAPED.sub(unescaped, token.text[1:-1])

    def _named(self) -> Node:
        """A field, a path, or a call."""
        token = self._next()
        if self._token.kind == "(":
            return self._odd_field(token) if token.text == "field" else self._call(token)
        return self._path([token.text], token.position)

    def _path(self, steps: list[str], position: int) -> Node:
        while self._accept("."):
            if self._token.text not in KEYWORDS and self._token.kind != "name":
                raise self._unexpected("expected a name after the dot")
            steps.append(self._next().text)
        if self._token.kind == "(":
            raise self._error("values have nothing to call", position, f"write {steps[-1]}({'.'.join(steps[:-1])})")
        self.fields.add(steps[0])
        return Field(tuple(steps), position)

    def _odd_field(self, token: Token) -> Node:
        """`field("odd name")`, or `field("payload", "odd name")` for a path."""
        self._next()
        steps: list[str] = []
        while not self._accept(")"):
            if steps:
                self._expect(",")
            if self._token.kind != "text":
                raise self._unexpected('a field\'s name stands in quotes, as in field("odd name")')
            steps.append(self._constant())
        if not steps:
            raise self._error("names no field", token.position, 'as in field("odd name")')
        return self._path(steps, token.position)

    def _call(self, token: Token) -> Node:
        function = FUNCTIONS.get(token.text)
        if function is None:
            known = f"known: {', '.join(FUNCTIONS)}"
            near = closest(token.text.lower(), FUNCTIONS)
            raise self._error(f'no function "{token.text}"', token.position, f"{near} {known}".strip())
        self._next()
        arguments: list[Node] = []
        while not self._accept(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._expression(0))
        if not function.least <= len(arguments) <= function.most:
            wanted = f"{function.least}" if function.least == function.most else f"{function.least} or more"
            raise self._error(f"{token.text} takes {wanted}, not {len(arguments)}", token.position)
        return Call(token.text, tuple(arguments), token.position, function.gives)
