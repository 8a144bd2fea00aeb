"""The check `adapter_versions`: the adapter's version, its parent's, and those of vLLM.

Semantic Versioning 2.0.0 (semver.org) for adapters, PEP 440 specifiers for vLLM.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tuneport import AdapterMetadata, Problem
from tuneport_lora_metadata.words import shown

_NUMBER = "(?:0|[1-9][0-9]*)"
_IDENTIFIER = f"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
SEMVER = (
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
"""Semantic Versioning 2.0.0."""
LONGEST_VERSION = 200

_SEMVER = re.compile(SEMVER)
_SHORT = re.compile(rf"[vV]?({_NUMBER}(?:\.{_NUMBER}){{0,2}})(.*)", re.DOTALL)

_Precedence = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]


def check(adapter: AdapterMetadata) -> Iterator[Problem]:
    """What is wrong with the versions."""
    own = precedence(adapter.adapter_version)
    if own is None:
        yield _not_semver("adapter_version", adapter.adapter_version)
    yield from _parent(adapter, own)
    if adapter.vllm_config.enabled:
        yield from _vllm(adapter.vllm_config.vllm_version)


def precedence(version: str) -> _Precedence | None:
    """What a version is compared by; None where it is no semantic version. Build metadata does not count."""
    matched = _SEMVER.fullmatch(version) if len(version) <= LONGEST_VERSION else None
    if matched is None:
        return None
    major, minor, patch, before = matched.groups()
    identifiers = tuple(
        (False, int(one), "") if one.isdecimal() else (True, 0, one) for one in (before or "").split(".") if one
    )
    return int(major), int(minor), int(patch), before is None, identifiers


def _parent(adapter: AdapterMetadata, own: _Precedence | None) -> Iterator[Problem]:
    """A parent that is another version of the same adapter, `id@version`, must be a lower one."""
    name, at, version = adapter.parent_adapter_id.rpartition("@")
    if not at or not name or name != adapter.adapter_id or version == adapter.adapter_version:
        return
    parent = precedence(version)
    if parent is None:
        yield _not_semver("parent_adapter_id", version)
    elif own is not None and parent >= own:
        message = f"goes on from {version}, which is not below its own version {adapter.adapter_version}"
        hint = "MAJOR for another base model, MINOR for new data, PATCH for a fix"
        yield Problem("adapter_version", message, f"raise it: {hint}", "version_not_above_parent")


def _not_semver(path: str, version: str) -> Problem:
    short = _SHORT.fullmatch(version.strip()) if len(version) <= LONGEST_VERSION else None
    hint = 'write it like "1.2.0"'
    if short is not None:
        fixed = ".".join([*short[1].split("."), "0", "0"][:3]) + short[2]
        if precedence(fixed) is not None:
            hint = f'write "{fixed}"'
    return Problem(path, f"{shown(version)} is not MAJOR.MINOR.PATCH", hint, "version_not_semver")


def _vllm(specifier: str) -> Iterator[Problem]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        SpecifierSet(specifier)
    except InvalidSpecifier:
        try:
            hint = f'write "=={Version(specifier)}", or ">={Version(specifier)}" for that one and later'
        except InvalidVersion:
            hint = 'write it like ">=0.4.0"'
        message = f"{shown(specifier)} is no set of versions as PEP 440 has them"
        yield Problem("vllm_config.vllm_version", message, hint, "vllm_version")
