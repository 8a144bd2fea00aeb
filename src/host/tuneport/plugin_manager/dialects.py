"""Manifests as other hosts write them, said in our own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec.json

_TYPES = {"int": "integer", "float": "number", "double": "number", "bool": "boolean", "list": "array", "map": "object"}


def plain(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The same manifest with one spelling for each thing it says.

    Taken are: the whole manifest below a key `plugin`; `entry_point` for `module`; `dependencies`, a list of names
    or an object of constraints, for `requires`; `configuration`, an object of fields, and text for `config_schema`;
    `capabilities` as a list for an object of flags. What a native `binary` is called says nothing here.

    Raises:
        ValueError: one of these is neither of its shapes.
    """
    said = _opened(raw)
    said.pop("binary", None)
    if isinstance(said.get("type"), str):
        said["type"] = said["type"].lower()
    if "entry_point" in said:
        said.setdefault("module", said.pop("entry_point"))
    for key, translate in _TRANSLATED.items():
        if key in said:
            translate(said)
    return said


def _opened(raw: Mapping[str, Any]) -> dict[str, Any]:
    inner = raw.get("plugin")
    if "name" in raw or not isinstance(inner, Mapping):
        return dict(raw)
    return {**{key: value for key, value in raw.items() if key != "plugin"}, **inner}


def _dependencies(said: dict[str, Any]) -> None:
    given = said.pop("dependencies")
    if isinstance(given, Mapping):
        given = [requirement(name, constraint) for name, constraint in given.items()]
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError("dependencies is neither a list of names nor an object of constraints")
    required = said.get("requires", [])
    if isinstance(required, list):
        said["requires"] = list(dict.fromkeys([*required, *given]))


def requirement(name: str, constraint: Any) -> str:
    """A name and a constraint such as `>=1.2 <2`, `^1.2`, `~1.2`, `1.2` or `*`, as PEP 508 writes both."""
    if not isinstance(constraint, str):
        raise ValueError(f"dependencies.{name} is no text such as >=1.2")
    return name + ",".join(_bounds(part) for part in constraint.replace(",", " ").split() if part != "*")


def _bounds(part: str) -> str:
    if part[0] not in "^~" or part.startswith("~="):
        return part if part[0] in "<>=!~" else f"=={part}"
    numbers = part[1:].split(".")
    if not all(number.isdigit() for number in numbers):
        return part
    # ^ keeps the first number that is not 0, ~ the first two.
    kept = 1 if part[0] == "~" else next((at for at, number in enumerate(numbers) if number != "0"), 0)
    kept = min(kept, len(numbers) - 1)
    return f">={part[1:]},<{'.'.join([*numbers[:kept], str(int(numbers[kept]) + 1)])}"


def _configuration(said: dict[str, Any]) -> None:
    fields = said["configuration"]
    if not isinstance(fields, Mapping) or not all(isinstance(field, Mapping) for field in fields.values()):
        raise ValueError("configuration is no object of fields")
    if "config_schema" in said:
        return
    del said["configuration"]
    properties = {name: _property(field) for name, field in fields.items()}
    required = [name for name, field in fields.items() if field.get("required") is True]
    schema = {"type": "object", "properties": properties}
    said["config_schema"] = {**schema, "required": required} if required else schema


def _property(field: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in field.items() if key != "required"}
    kind = kept.get("type")
    return {**kept, "type": _TYPES.get(kind, kind)} if isinstance(kind, str) else kept


def _config_schema(said: dict[str, Any]) -> None:
    if isinstance(said["config_schema"], str):
        said["config_schema"] = msgspec.json.decode(said["config_schema"] or "{}")


def _capabilities(said: dict[str, Any]) -> None:
    given = said.pop("capabilities")
    if isinstance(given, list):
        given = {str(name): True for name in given}
    if not isinstance(given, Mapping):
        raise ValueError("capabilities is neither a list of names nor an object")
    # A flag that is off says what its absence says.
    if on := {name: value for name, value in given.items() if value is not False}:
        said["capabilities"] = on


_TRANSLATED: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "dependencies": _dependencies,
    "configuration": _configuration,
    "config_schema": _config_schema,
    "capabilities": _capabilities,
}
