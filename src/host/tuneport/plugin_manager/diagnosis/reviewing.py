"""What is wrong with the text of a manifest, all of it at once."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec.json

from tuneport.config import closest, suggest
from tuneport.plugin_manager.diagnosis.findings import Finding
from tuneport.plugin_manager.dialects import plain
from tuneport.plugin_manager.finding.requirements import required
from tuneport.plugin_manager.manifest import KINDS, Manifest, incompatible, parse

_KNOWN = frozenset(Manifest.__struct_fields__) - {"extra"}

_FOREIGN = {"$schema", "author", "capabilities", "expected_hash", "homepage", "license", "signature"}
"""Keys that say nothing to us, and are no slip."""


def reviewed(data: bytes, plugin: str, where: str) -> Iterator[Finding]:
    """Everything that is wrong with a manifest.

    Args:
        data: its bytes.
        plugin: the plugin's name.
        where: where it stands.
    """
    try:
        raw = msgspec.json.decode(data)
        said = plain(raw) if isinstance(raw, Mapping) else {}
    except (ValueError, RecursionError):
        said = {}
    found = [_finding(plugin, f"{where}: {key}" if key else where, *told) for key, *told in _problems(said)]
    try:
        parse(data)
    except ValueError as error:
        # What was told more exactly need not be told again.
        if not any(finding.severity == "error" for finding in found):
            found.append(_finding(plugin, where, "error", str(error), ""))
    yield from found


def _finding(plugin: str, where: str, severity: Any, message: str, hint: str) -> Finding:
    return Finding(severity=severity, plugin=plugin, where=where, message=message, hint=hint)


def _problems(said: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Key, severity, message and hint of each problem."""
    for key in sorted(said.keys() - _KNOWN - _FOREIGN):
        # One letter off is a slip; anything else may be another host's.
        near = closest(key, _KNOWN, cutoff=0.8)
        if near:
            yield key, "error", "unknown key", near
        else:
            yield key, "note", "unknown key: it is kept, and says nothing here", f"known: {', '.join(sorted(_KNOWN))}"
    yield from _api(said.get("api", ""))
    yield from _provides(said.get("provides"))
    yield from _aliases(said.get("aliases"), said.get("provides"))
    yield from _requires(said.get("requires"))


def _api(api: Any) -> Iterator[tuple[str, str, str, str]]:
    if api == "":
        yield "api", "note", "does not say which plugin API it speaks", 'write "api": ">=1.0,<2"'
    elif isinstance(api, str) and (why := incompatible(api)):
        yield "api", "error", why, 'write it like ">=1.0,<2"'


def _provides(provides: Any) -> Iterator[tuple[str, str, str, str]]:
    if provides is None:
        yield "provides", "note", "does not say what it provides: every look-up imports it", "list the names by kind"
        return
    for kind, names in provides.items() if isinstance(provides, Mapping) else ():
        if kind not in KINDS:
            yield f"provides.{kind}", "error", "unknown kind", suggest(kind, KINDS)
        for name in names if isinstance(names, list) else ():
            if isinstance(name, str) and kind == "traits" and not all(name.partition(":")):
                yield "provides.traits", "error", f"{name!r} is no format", "write plugin:format, as formats:openai"
            elif isinstance(name, str) and kind != "traits" and not name.replace("_", "").replace("-", "").isalnum():
                yield f"provides.{kind}", "error", f"{name!r} is no name", "letters, digits, _ and - only"
        if isinstance(names, list) and len(names) != len({str(name) for name in names}):
            yield f"provides.{kind}", "error", "a name stands there twice", "keep one of them"


def _aliases(aliases: Any, provides: Any) -> Iterator[tuple[str, str, str, str]]:
    if not isinstance(aliases, Mapping) or not isinstance(provides, Mapping):
        return
    names = {str(name) for of_kind in provides.values() if isinstance(of_kind, list) for name in of_kind}
    for alias, name in aliases.items():
        if name not in names:
            yield (
                f"aliases.{alias}",
                "error",
                f"stands for {name!r}, which it does not provide",
                suggest(str(name), names),
            )


def _requires(requires: Any) -> Iterator[tuple[str, str, str, str]]:
    for text in requires if isinstance(requires, list) else ():
        try:
            required(text)
        except ValueError:
            said = textwrap.shorten(repr(text), 100)
            yield "requires", "error", f"{said} is no requirement", "write it like acme>=1.2"
