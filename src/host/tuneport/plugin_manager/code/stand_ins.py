"""What a plugin from a directory sees of importlib: there, too, its own modules and distributions go first."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.resources
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from packaging.utils import canonicalize_name


def stand_ins(private: Callable[[str], str], files: Mapping[str, bytes]) -> dict[str, ModuleType]:
    """Module name to the module that a bundle gets in its place.

    Args:
        private: the name that a module of the bundle has in this process.
        files: the bundle's files.
    """
    resources = _like(importlib.resources, files=_files(private))
    metadata = _like(importlib.metadata, **_metadata(files))
    whole = _like(importlib, import_module=_import_module(private), resources=resources, metadata=metadata)
    return {module.__name__: module for module in (whole, resources, metadata)}


def _like(module: ModuleType, **other: Any) -> ModuleType:
    made = ModuleType(module.__name__, module.__doc__)
    # A submodule that is imported later is an attribute of the real one.
    made.__dict__.update({**vars(module), **other, "__getattr__": lambda name: getattr(module, name)})
    return made


def _import_module(private: Callable[[str], str]) -> Callable[..., ModuleType]:
    def import_module(name: str, package: str | None = None) -> ModuleType:
        return importlib.import_module(private(name), private(package) if package else package)

    return import_module


def _files(private: Callable[[str], str]) -> Callable[..., Any]:
    def files(*anchor: Any, **named: Any) -> Any:
        given = [private(one) if isinstance(one, str) else one for one in anchor]
        return importlib.resources.files(*given, **{key: _named(private, one) for key, one in named.items()})

    return files


def _named(private: Callable[[str], str], anchor: Any) -> Any:
    return private(anchor) if isinstance(anchor, str) else anchor


def _metadata(files: Mapping[str, bytes]) -> dict[str, Any]:
    """`distribution`, `version` and `metadata` that know the bundle's own distributions."""
    from tuneport.plugin_manager.finding.distributions import Unpacked

    infos = {name.partition("/")[0] for name in files if name.partition("/")[0].endswith(".dist-info")}
    own = {canonicalize_name(info.partition("-")[0]): Unpacked(files, info) for info in infos}

    def distribution(name: str) -> importlib.metadata.Distribution:
        return own.get(canonicalize_name(name)) or importlib.metadata.distribution(name)

    return {
        "distribution": distribution,
        "version": lambda name: distribution(name).version,
        "metadata": lambda name: distribution(name).metadata,
    }
