"""A schema as a graph: every schema in it is a node, every reference an edge. Nothing outside is ever looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urljoin

from tuneport_quality.keywords import REFERENCES, Applies, subschemas
from tuneport_quality.schema_text import Schema, SchemaError

_LEGACY = (
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-07/schema",
)
_MODERN = ("https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema")
_DRAFTS = "known: " + ", ".join((_MODERN[1], _MODERN[0], *(f"{name}#" for name in reversed(_LEGACY))))
_MOVE_IN = 'nothing is ever fetched: put that schema under "$defs" and refer to it as "#/$defs/name"'
_LOCAL = 'a reference is "#", "#/$defs/name", "#anchor", or the "$id" of a schema inside this one'


@dataclass(eq=False)
class Node:
    """A schema inside the schema.

    Attributes:
        schema: itself; anything that is no dict judges without looking further.
        pointer: where it stands, as `#/properties/output`.
        base: the URI that references in it are relative to; "" without any `$id`.
        edges: the nodes that judge along with it, and what they judge.
    """

    schema: Any
    pointer: str
    base: str
    edges: list[tuple[Applies, int]] = field(default_factory=list)


class SchemaGraph:
    """All nodes of a schema, the root first, references resolved.

    Attributes:
        nodes: the nodes; edges are indexes into this list.

    Raises:
        RecipeError: a reference leads out of the schema or to nothing in it, or a `$schema` is not known.
    """

    def __init__(self, schema: Schema) -> None:
        self.nodes: list[Node] = []
        self._known: dict[int, int] = {}
        self._resources: dict[str, int] = {}
        self._anchors: dict[tuple[str, str], int] = {}
        self._dynamic: dict[str, list[int]] = {}
        self._recursive: list[int] = []
        self._legacy = isinstance(schema, dict) and _dialect(schema.get("$schema")) in _LEGACY
        self._resources[""] = 0
        self._add(schema, "#", "")
        done = 0
        # Resolving a reference may add nodes: a pointer can lead to where no keyword looks for a schema.
        while done < len(self.nodes):
            self._refer(self.nodes[done])
            done += 1

    def _add(self, schema: Any, pointer: str, base: str) -> int:
        """Add a schema and all schemas inside it; the index of its node."""
        first = len(self.nodes)
        waiting = [self._node(schema, pointer, base)]
        while waiting:
            node = waiting.pop()
            if not isinstance(node.schema, dict):
                continue
            for applies, step, inner in subschemas(node.schema):
                index = len(self.nodes)
                waiting.append(self._node(inner, node.pointer + step, node.base))
                if applies is not Applies.NOWHERE:
                    node.edges.append((applies, index))
        return first

    def _node(self, schema: Any, pointer: str, base: str) -> Node:
        index = len(self.nodes)
        node = Node(schema, pointer, base)
        self.nodes.append(node)
        if isinstance(schema, dict):
            self._known[id(schema)] = index
            self._name(node, index)
        return node

    def _name(self, node: Node, index: int) -> None:
        """Note what a schema can be referred to as."""
        schema = node.schema
        if "$schema" in schema and isinstance(schema["$schema"], str) and _dialect(schema["$schema"]) is None:
            raise SchemaError(f'at {node.pointer}: "$schema" = "{schema["$schema"][:200]}" is not known', _DRAFTS)
        # Up to draft 7, whatever stands beside a reference is ignored.
        named = (
            None if self._legacy and "$ref" in schema else schema.get("$id", schema.get("id") if self._legacy else None)
        )
        if isinstance(named, str):
            uri, _, fragment = _joined(node, named).partition("#")
            if uri != node.base:
                node.base = uri
                self._resources.setdefault(uri, index)
            if fragment:
                self._anchors.setdefault((uri, fragment), index)
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(schema.get(keyword), str):
                self._anchors.setdefault((node.base, schema[keyword]), index)
        if isinstance(schema.get("$dynamicAnchor"), str):
            self._dynamic.setdefault(schema["$dynamicAnchor"], []).append(index)
        if schema.get("$recursiveAnchor") is True:
            self._recursive.append(index)

    def _refer(self, node: Node) -> None:
        """Add the edges of a schema's references."""
        if not isinstance(node.schema, dict):
            return
        for keyword in REFERENCES:
            reference = node.schema.get(keyword)
            if not isinstance(reference, str):
                continue
            targets = [self._target(node, keyword, reference)]
            if keyword == "$dynamicRef":
                targets += self._dynamic.get(reference.rpartition("#")[2], [])
            elif keyword == "$recursiveRef":
                targets += self._recursive
            node.edges += [(Applies.HERE, target) for target in dict.fromkeys(targets)]

    def _target(self, node: Node, keyword: str, reference: str) -> int:
        uri, _, fragment = _joined(node, reference).partition("#")
        said = f'at {node.pointer}: "{keyword}" = "{reference[:200]}"'
        root = self._resources.get(uri)
        if root is None:
            raise SchemaError(f"{said} leads out of the schema", _MOVE_IN)
        fragment = unquote(fragment)
        if not fragment:
            return root
        target = self._at(root, fragment) if fragment.startswith("/") else self._anchors.get((uri, fragment))
        if target is None:
            raise SchemaError(f"{said} names nothing in the schema", _LOCAL)
        return target

    def _at(self, root: int, fragment: str) -> int | None:
        """The node a JSON pointer leads to, counted from a root."""
        value: Any = self.nodes[root].schema
        for step in fragment[1:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and name in value:
                value = value[name]
            elif isinstance(value, list) and _is_index(name) and int(name) < len(value):
                value = value[int(name)]
            else:
                return None
        if not isinstance(value, (dict, bool)):
            return None
        if id(value) in self._known:
            return self._known[id(value)]
        return self._add(value, self.nodes[root].pointer + fragment, self.nodes[root].base)


def _joined(node: Node, reference: str) -> str:
    """A reference in full."""
    if reference.startswith("#"):
        return node.base + reference
    try:
        return urljoin(node.base, reference)
    except ValueError:
        raise SchemaError(f'at {node.pointer}: "{reference[:200]}" is no URI', _LOCAL) from None


def _dialect(given: Any) -> str | None:
    """The one name of a known draft."""
    if not isinstance(given, str):
        return None
    plain = given.removesuffix("#").partition("://")[2]
    return next((name for name in (*_LEGACY, *_MODERN) if name.partition("://")[2] == plain), None)


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) < 9
