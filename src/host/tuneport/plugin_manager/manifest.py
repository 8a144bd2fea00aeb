"""A plugin's manifest: what it says of itself, readable without importing it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import msgspec.json
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from tuneport.plugin_manager.dialects import plain

API_VERSION = "1.0"
"""The version of the plugin contract (hookspecs and seam types). Within 1.x it only grows."""

KINDS = (
    "importers",
    "exporters",
    "styles",
    "filters",
    "weightings",
    "fingerprints",
    "formats",
    "traits",
    "validators",
    "metrics",
    "artifacts",
    "commands",
)
"""What plugins contribute; each is the second half of a `register_*` hook."""

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
"""What a plugin may be called. A colon would make `plugin:name` ambiguous."""

MAX_SIZE = 1 << 20


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`plugin.json`, in the plugin's package or pointing to it.

    Attributes:
        name: what the plugin is called; unique on a host.
        version: the plugin's own version; "" means its distribution's.
        type: a word for lists; nothing depends on it.
        description: one line.
        module: the module to import, or `module:attribute`.
        api: the plugin API it speaks, as a PEP 440 specifier such as `>=1.0,<2`; "" means any.
        provides: kind to names; for traits, the formats that it changes, as `plugin:format`. None where the plugin
            does not say: it is learnt at the first load.
        requires: plugins and distributions it needs, each as PEP 508 writes it: `acme>=1.2`.
        aliases: other names for what is provided; a file suffix names the importer that reads such files.
        config_schema: JSON Schema of the configuration, for a person to read.
        auto_load: load with the host instead of on first use.
        load_priority: lower loads first.
        files: path, from the manifest's folder, to SHA-256 of the plugin's files.
        codes: what the plugin's own codes of rejects and problems mean, one line each.
        extra: keys this version does not know, kept as they are.
    """

    name: str
    version: str = ""
    type: str = "custom"
    description: str = ""
    module: str = ""
    api: str = ""
    provides: dict[str, tuple[str, ...]] | None = None
    requires: tuple[str, ...] = ()
    aliases: dict[str, str] = {}
    config_schema: dict[str, Any] = {}
    auto_load: bool = False
    load_priority: int = 100
    files: dict[str, str] = {}
    codes: dict[str, str] = {}
    extra: dict[str, Any] = {}


def parse(data: bytes) -> Manifest:
    """Read a manifest, in our notation or another host's.

    Raises:
        ValueError: it is not JSON, not an object, or a key has the wrong type; the text says which.
    """
    try:
        if len(data) > MAX_SIZE:
            raise ValueError(f"larger than {MAX_SIZE >> 20} MiB")
        raw = msgspec.json.decode(data)
        if not isinstance(raw, Mapping):
            raise ValueError("not a JSON object")
        raw = plain(raw)
        known = {key: value for key, value in raw.items() if key in _KEYS}
        extra = {key: value for key, value in raw.items() if key not in _KEYS}
        manifest = msgspec.convert({**known, "extra": extra}, Manifest)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"unreadable manifest: {error}") from None
    if not NAME.fullmatch(manifest.name):
        raise ValueError(f"{manifest.name!r} is no name for a plugin: letters, digits, _ . and - only")
    unknown = sorted(set(manifest.provides or ()) - set(KINDS))
    # A plugin for a newer host may provide what that one knows: then this is why it cannot be used.
    if unknown and not incompatible(manifest.api):
        raise ValueError(f"provides {', '.join(unknown)}; this host knows {', '.join(KINDS)}")
    return manifest


_KEYS = frozenset(Manifest.__struct_fields__) - {"extra"}


def incompatible(api: str) -> str:
    """Why a plugin that asks for `api` cannot be used here; "" where it can."""
    try:
        fits = not api or SpecifierSet(api).contains(API_VERSION)
    except InvalidSpecifier:
        return f"its manifest's api is {api!r}, which is no version specifier such as >=1.0,<2"
    return "" if fits else f"needs plugin API {api}, this host speaks {API_VERSION}"
