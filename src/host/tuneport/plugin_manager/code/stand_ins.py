"""What a plugin from a directory sees of importlib and pkgutil: there, too, its own modules and files go first.

`pkgutil.walk_packages`, `runpy` and whatever other libraries import by name see nothing of them.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.resources
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from packaging.utils import canonicalize_name

from tuneport.plugin_manager.code.resources import as_file

_READERS = ("contents", "is_resource", "open_binary", "open_text", "path", "read_binary", "read_text")
"""What importlib.resources has beside `files`; not in every version of Python."""


def stand_ins(
    private: Callable[[str], str], files: Mapping[str, bytes], inside: Callable[[str], str | None]
) -> dict[str, ModuleType]:
    """Module name to the module that a bundle gets in its place.

    Args:
        private: the name that a module of the bundle has in this process.
        files: the bundle's files.
        inside: the path within the bundle of a place on the disk; None where it is not in it.
    """
    by_name = {name: getattr(importlib.resources, name) for name in _READERS if hasattr(importlib.resources, name)}
    wrapped = {name: _first(private, function) for name, function in by_name.items()}
    resources = _like(importlib.resources, files=_files(private), as_file=as_file, **wrapped)
    metadata = _like(importlib.metadata, **_metadata(files))
    util = _like(importlib.util, find_spec=_by_name(private, importlib.util.find_spec))
    inner = {"resources": resources, "metadata": metadata, "util": util}
    whole = _like(importlib, import_module=_by_name(private, importlib.import_module), **inner)
    package = _like(pkgutil, get_data=_first(private, pkgutil.get_data), iter_modules=_iter_modules(files, inside))
    return {module.__name__: module for module in (whole, resources, metadata, util, package)}


def _like(module: ModuleType, **other: Any) -> ModuleType:
    made = ModuleType(module.__name__, module.__doc__)
    # A submodule that is imported later is an attribute of the real one.
    made.__dict__.update({**vars(module), **other, "__getattr__": lambda name: getattr(module, name)})
    return made


def _by_name(private: Callable[[str], str], function: Callable[..., Any]) -> Callable[..., Any]:
    """`import_module` and `find_spec`: a name, and the package that a relative one starts from."""

    def called(name: str, package: str | None = None) -> Any:
        return function(private(name), private(package) if package else package)

    return called


def _first(private: Callable[[str], str], function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose first argument is a package, by name or as a module."""

    def called(package: Any, *more: Any, **named: Any) -> Any:
        return function(_named(private, package), *more, **named)

    return called


def _files(private: Callable[[str], str]) -> Callable[..., Any]:
    def files(*anchor: Any, **named: Any) -> Any:
        given = [_named(private, one) for one in anchor]
        return importlib.resources.files(*given, **{key: _named(private, one) for key, one in named.items()})

    return files


def _named(private: Callable[[str], str], anchor: Any) -> Any:
    return private(anchor) if isinstance(anchor, str) else anchor


def _iter_modules(files: Mapping[str, bytes], inside: Callable[[str], str | None]) -> Callable[..., Any]:
    def iter_modules(path: Iterable[str] | None = None, prefix: str = "") -> Iterator[pkgutil.ModuleInfo]:
        places = None if path is None else list(path)
        own = [folder for place in places or () if (folder := inside(place)) is not None]
        for folder in own:
            yield from _modules(files, folder, prefix)
        if places is None or len(own) < len(places):
            yield from pkgutil.iter_modules(places and [one for one in places if inside(one) is None], prefix)

    return iter_modules


def _modules(files: Mapping[str, bytes], folder: str, prefix: str) -> Iterator[pkgutil.ModuleInfo]:
    """The modules and packages in a folder of a bundle."""
    below = [name.removeprefix(f"{folder}/") for name in files if name.startswith(f"{folder}/")]
    packages = {name.removesuffix("/__init__.py") for name in below if name.endswith("/__init__.py")}
    modules = {name.removesuffix(".py") for name in below if name.endswith(".py")}
    for name in sorted((packages | modules) - {"__init__"}):
        if "/" not in name:
            yield pkgutil.ModuleInfo(None, prefix + name, name in packages)  # type: ignore[arg-type]


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
