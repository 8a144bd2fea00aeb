"""What a mapped field may be: a field, a dotted path, or a template. Compiled once into a plain function."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from tuneport import Entity, Reject
from tuneport_jsonl_llm.values import to_text

Reader = Callable[[Entity], str | Reject | None]
"""The text in one record; None where it has none; a Reject where what it has is no text."""

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_MORE_THAN_A_NAME = re.compile(r"[\[\]!:()]")


class Place(NamedTuple):
    """A field or dotted path."""

    name: str

    def steps(self, known: Collection[str]) -> list[str]:
        """The keys to follow; a field of exactly this name comes before a path."""
        return [self.name] if self.name in known else self.name.split(".")


class Mapped(NamedTuple):
    """A compiled mapping.

    Attributes:
        read: the text, a reject, or None where there is none.
        fields: the top-level fields it looks at.
        steps: the way to the one value it stands for; empty for a template.
    """

    read: Reader
    fields: tuple[str, ...]
    steps: tuple[str, ...] = ()

    def value(self, entity: Entity) -> Any:
        """What stands there as it is, None where nothing does; of a template its text, or a reject."""
        if not self.steps:
            return self.read(entity)
        value: object = entity
        for step in self.steps:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    def structure(self, entity: Entity, text: str) -> Any:
        """The object or list that `text` was made of, as the text says it; None where it was text already."""
        made_of = self.value(entity) if self.steps else None
        return json.loads(text) if isinstance(made_of, dict | list | tuple) else None


def parse(mapping: str) -> list[str | Place]:
    """The literal texts and places of a mapping, in order.

    A mapping without braces is one place. In a template `{name}` is a place, `{{` and `}}` are braces.
    A place in a template is a field or a dotted path and nothing else.

    Raises:
        ValueError: it is empty, has a lone brace, or a place that is more than a name.
    """
    if not mapping:
        raise ValueError("empty: name a field, a dotted path or a template")
    if "{" not in mapping and "}" not in mapping:
        return [Place(mapping)]
    pieces: list[str | Place] = []
    literal, end = "", 0
    for token in _TOKEN.finditer(mapping):
        literal += mapping[end : token.start()]
        end = token.end()
        if token.group() in ("{{", "}}"):
            literal += token.group()[0]
            continue
        if token[1] is None:
            raise ValueError(f'a lone {token.group()} in a template; write "{token.group() * 2}" for a brace')
        pieces += [literal, _place(token[1])]
        literal = ""
    pieces.append(literal + mapping[end:])
    if not any(isinstance(piece, Place) for piece in pieces):
        raise ValueError('a template without a field: write the name of one in braces, as in "{title}"')
    return [piece for piece in pieces if piece]


def _place(inside: str) -> Place:
    name = inside.strip()
    if _MORE_THAN_A_NAME.search(name):
        raise ValueError(
            f'"{{{inside}}}": a template holds fields and dotted paths only, '
            "no conversions, formats, indexes, attributes or calls"
        )
    if not all(name.split(".")):
        raise ValueError(f'"{{{inside}}}" names no field')
    return Place(name)


def compile_mapping(mapping: str, known: Collection[str]) -> Mapped:
    """Compile a mapping.

    A template is missing as a whole where any of its fields is: half a text is not worth training on.

    Args:
        mapping: a field, dotted path or template.
        known: the source's field names, where they are known.

    Raises:
        ValueError: as `parse` does.
    """
    pieces = parse(mapping)
    places = [piece.steps(known) for piece in pieces if isinstance(piece, Place)]
    fields = tuple(dict.fromkeys(steps[0] for steps in places))
    if len(pieces) == 1:
        return Mapped(_reader(places[0]), fields, tuple(places[0]))
    parts = [_reader(piece.steps(known)) if isinstance(piece, Place) else piece for piece in pieces]
    return Mapped(_template(parts), fields)


def _reader(steps: list[str]) -> Reader:
    if len(steps) > 1:
        return _path(steps)
    name = steps[0]

    def read(entity: Entity) -> str | Reject | None:
        value = entity.get(name)
        return value if value is None or type(value) is str else to_text(value, name)

    return read


def _path(steps: list[str]) -> Reader:
    name = ".".join(steps)

    def read(entity: Entity) -> str | Reject | None:
        value: object = entity
        for step in steps:
            if not isinstance(value, dict):
                return None
            value = value.get(step)
        return None if value is None else to_text(value, name)

    return read


def _template(pieces: list[str | Reader]) -> Reader:
    def read(entity: Entity) -> str | Reject | None:
        texts: list[str] = []
        for piece in pieces:
            text = piece if isinstance(piece, str) else piece(entity)
            if not isinstance(text, str):
                return text
            texts.append(text)
        return "".join(texts)

    return read
