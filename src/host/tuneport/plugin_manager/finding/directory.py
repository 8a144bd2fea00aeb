"""Everything in a directory that is a plugin, or looks like one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tuneport.errors import PluginError
from tuneport.plugin_manager.finding.distributions import Target, from_wheel
from tuneport.plugin_manager.finding.found import Found, top_of
from tuneport.plugin_manager.finding.manifests import from_manifest
from tuneport.plugin_manager.trust.files import NEVER_READ, link

LOCK_SUFFIX = ".lock.json"

MAX_FOLDERS = 20_000


def in_directory(directory: Path) -> list[Found]:
    """The plugins in a directory: manifests, wheels, what pip installed there, and what lacks a manifest.

    Raises:
        PluginError: there is no such directory, or it holds more folders than a plugin directory does.
    """
    if not directory.is_dir():
        raise PluginError(f"plugin directory {directory} does not exist", "name one that holds plugins")
    try:
        return _found(directory)
    except OSError as error:
        raise PluginError(f"plugin directory {directory} cannot be read: {error.strerror}") from error


def _found(directory: Path) -> list[Found]:
    target = Target(directory)
    tops = target.tops()
    manifests = [path for path in _manifests(directory) if path.relative_to(directory).parts[0] not in tops]
    found = [*target.found(), *_from_manifests(manifests)]
    wheels = sorted(directory.glob("*.whl"))
    for wheel in wheels:
        found.extend(from_wheel(wheel))
    claimed = tops | {path.relative_to(directory).parts[0] for path in manifests}
    modules = {top_of(one.target) for one in found if one.target}
    if directory.name not in modules:
        # Otherwise it is a plugin's own package.
        claimed |= modules | {f"{module}.py" for module in modules} | {wheel.name for wheel in wheels}
        found.extend(_leftovers(directory, claimed))
    return found


def in_path(path: Path) -> list[Found]:
    """The plugins of one folder, manifest or wheel.

    Raises:
        PluginError: it is none of these.
    """
    if path.is_dir():
        return in_directory(path)
    if path.suffix == ".whl" and path.is_file():
        return list(from_wheel(path))
    if path.suffix == ".json" and path.is_file():
        return [from_manifest(path)]
    how = "is no plugin" if path.exists() else "does not exist"
    raise PluginError(f"{path} {how}", "name a plugin's folder, its manifest (.json) or its wheel (.whl)")


def _from_manifests(paths: list[Path]) -> Iterator[Found]:
    """One plugin per manifest; that in a package to which another points is read with that one."""
    pointed: set[Path] = set()
    for path in paths:
        if path not in pointed:
            found = from_manifest(path)
            if found.target:
                names = found.target.partition(":")[0].split(".")
                pointed |= {path.parent.joinpath(*names[:depth], "plugin.json") for depth in range(1, len(names) + 1)}
            yield found


def _manifests(directory: Path) -> list[Path]:
    """`*.json` in a directory, then every `plugin.json` below it, the outermost first."""
    top = [path for path in directory.glob("*.json") if not path.name.endswith(LOCK_SUFFIX) and path.name[0] != "."]
    below = [folder / "plugin.json" for folder in _folders(directory) if (folder / "plugin.json").is_file()]
    return [*sorted(top), *sorted(below, key=lambda path: (len(path.parts), path))]


def _folders(directory: Path) -> Iterator[Path]:
    """Every folder below a directory, but for hidden ones and links."""
    seen = 0
    for here, folders, _ in os.walk(directory):
        kept = (name for name in folders if name[0] != "." and name not in NEVER_READ)
        folders[:] = sorted(name for name in kept if not Path(here, name).is_symlink())
        for name in folders:
            seen += 1
            if seen > MAX_FOLDERS:
                raise PluginError(
                    f"{directory} holds more than {MAX_FOLDERS:,} folders", "name a directory that holds plugins only"
                )
            yield Path(here, name)


def _leftovers(directory: Path, claimed: set[str]) -> Iterator[Found]:
    """What looks like a plugin and says nowhere that it is one."""
    for path in sorted(directory.iterdir()):
        if path.name in claimed or path.name[0] == "." or path.name in NEVER_READ | {"setup.py"}:
            continue
        found = Found(path.stem if path.is_file() else path.name, "", str(path))
        if path.is_symlink() and (path.is_dir() or path.suffix == ".py"):
            yield found.failing(link(path))
        elif path.suffix == ".py" and path.is_file():
            hint = f'write {path.stem}.json beside it: {{"name": "{path.stem}", "module": "{path.stem}"}}'
            yield found.failing(ValueError("it is a Python file without a manifest"), hint)
        elif path.is_dir() and any(path.rglob("*.py")):
            hint = f'write a plugin.json into its package: {{"name": "{path.name}", "module": "{path.name}"}}'
            yield found.failing(ValueError("it is a folder with Python code and without a plugin.json"), hint)
