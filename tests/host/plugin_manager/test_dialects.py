"""Manifests as other hosts write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tuneport.plugin_manager.dialects import requirement
from tuneport.plugin_manager.manifest import Manifest, parse

OURS = {
    "name": "jsonl",
    "version": "1.2.0",
    "type": "exporter",
    "module": "jsonl_code",
    "requires": ["zlib>=1.11", "base"],
    "config_schema": {
        "type": "object",
        "properties": {"level": {"type": "integer", "default": 3, "description": "How hard"}},
        "required": ["level"],
    },
    "load_priority": 5,
    "capabilities": {"streaming": True, "batching": True},
}
LEVEL = {"type": "int", "required": True, "default": 3, "description": "How hard"}


def changed(**keys: Any) -> dict[str, Any]:
    """OURS with other keys; None takes one away."""
    return {key: value for key, value in {**OURS, **keys}.items() if value is not None}


@pytest.mark.parametrize(
    "said",
    [
        changed(requires=None, dependencies={"zlib": ">=1.11", "base": "*"}),
        changed(requires=None, dependencies=["zlib>=1.11", "base"]),
        changed(requires=["zlib>=1.11"], dependencies=["zlib>=1.11", "base"]),
        changed(capabilities=["streaming", "batching"]),
        changed(capabilities={"streaming": True, "gpu_accelerated": False, "batching": True}),
        changed(config_schema=None, configuration={"level": LEVEL}),
        changed(config_schema=json.dumps(OURS["config_schema"])),
        changed(type="EXPORTER", binary={"linux": "jsonl.so", "windows": "jsonl.dll"}),
        changed(module=None, entry_point="jsonl_code"),
        {"plugin": OURS},
    ],
)
def test_shapes_that_say_the_same_parse_to_the_same(said: dict[str, Any]) -> None:
    """Lists and objects, older keys, and a manifest below the key `plugin` make one record."""
    expected = parse(json.dumps(OURS).encode())
    assert expected.requires == ("zlib>=1.11", "base")
    assert parse(json.dumps(said).encode()) == expected


def test_keys_of_other_hosts_are_kept() -> None:
    """What only another host understands stands in `extra`, wherever it stood."""
    more = {"expected_hash": "ab" * 32, "signature": {"algorithm": "ed25519"}, "supported_formats": ["jsonl"]}
    flat = parse(json.dumps({"name": "a", "author": "A", **more}).encode())
    assert flat == Manifest(name="a", extra={"author": "A", **more})
    sidecar = parse(json.dumps({"plugin": {"name": "a", "author": "A"}, **more}).encode())
    assert sidecar.extra == {"author": "A", **more}


def test_an_older_configuration_stays_beside_a_schema() -> None:
    """Where both are there the schema counts, and the other is kept."""
    both = parse(json.dumps(changed(configuration={"level": LEVEL})).encode())
    assert both.config_schema == OURS["config_schema"]
    assert both.extra["configuration"] == {"level": LEVEL}


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("*", "lib"),
        ("", "lib"),
        (">=1.2 <2", "lib>=1.2,<2"),
        (">=1.2, <2", "lib>=1.2,<2"),
        ("1.2.3", "lib==1.2.3"),
        ("^1.2.3", "lib>=1.2.3,<2"),
        ("^0.3.1", "lib>=0.3.1,<0.4"),
        ("^0.0.3", "lib>=0.0.3,<0.0.4"),
        ("~1.2.3", "lib>=1.2.3,<1.3"),
        ("~1", "lib>=1,<2"),
        ("~=1.4", "lib~=1.4"),
        ("!=1.4", "lib!=1.4"),
    ],
)
def test_constraints_are_said_as_python_says_them(constraint: str, expected: str) -> None:
    """Carets, tildes, bare versions and spaces become a requirement of PEP 508."""
    assert requirement("lib", constraint) == expected


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"dependencies": "zlib"}, "dependencies is neither a list of names nor an object of constraints"),
        ({"dependencies": [1]}, "dependencies is neither"),
        ({"dependencies": {"zlib": 1}}, "dependencies.zlib is no text such as >=1.2"),
        ({"configuration": ["level"]}, "configuration is no object of fields"),
        ({"configuration": {"level": 3}}, "configuration is no object of fields"),
        ({"capabilities": "streaming"}, "capabilities is neither a list of names nor an object"),
        ({"config_schema": "{"}, "unreadable manifest"),
        ({"codes": ["x"]}, "at `$.codes`"),
    ],
)
def test_what_is_neither_shape_is_told(said: dict[str, Any], reason: str) -> None:
    """The error names the key."""
    with pytest.raises(ValueError, match="unreadable manifest") as caught:
        parse(json.dumps({"name": "a", **said}).encode())
    assert reason in str(caught.value)


def test_a_manifest_may_say_what_its_codes_mean() -> None:
    """`codes` maps a code to one line."""
    assert parse(b'{"name": "a", "codes": {"internal_link": "A link"}}').codes == {"internal_link": "A link"}


def test_a_manifest_of_megabytes_is_not_read() -> None:
    """Its size is bounded."""
    with pytest.raises(ValueError, match="larger than 1 MiB"):
        parse(b'{"name": "a", "description": "' + b"x" * (1 << 20) + b'"}')
