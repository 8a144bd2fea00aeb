"""Everything in a directory that is a plugin, or looks like one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tuneport.errors import PluginError
from tuneport.plugin_manager.finding.distributions import Target, from_wheel
from tuneport.plugin_manager.finding.found import Found, top_of
from tuneport.plugin_manager.finding.manifests import from_manifest
from tuneport.plugin_manager.finding.walking import Walk, enters, walked
from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.trust.bundle import Reader
from tuneport.plugin_manager.trust.files import NEVER_READ
from tuneport.plugin_manager.trust.links import followed

LOCK_SUFFIX = ".lock.json"


def in_directory(directory: Path) -> list[Found]:
    """The plugins in a directory: manifests, wheels, what pip installed there, and what lacks a manifest.

    What stands there twice, as in a package and in the distribution that brought it, is found twice: which of the
    two can be believed is for whoever knows what is pinned to say.

    Raises:
        PluginError: there is no such directory, or it cannot be read.
    """
    if not directory.is_dir():
        raise PluginError(f"plugin directory {directory} does not exist", "name one that holds plugins")
    try:
        return _found(directory)
    except OSError as error:
        raise PluginError(f"plugin directory {directory} cannot be read: {error.strerror}") from error


def _found(directory: Path) -> list[Found]:
    reader = Reader(directory)
    entries = sorted(path for path in directory.iterdir() if path.name[0] != "." and path.name not in NEVER_READ)
    walks = {path: walked(path, directory) for path in entries if _is_folder(path) and enters(path, directory)}
    target = Target(directory, reader)
    found = list(target.found())
    manifests = [path for path in entries if path.suffix == ".json" and not path.name.endswith(LOCK_SUFFIX)]
    manifests += [path for walk in walks.values() for path in walk.manifests]
    named = [from_manifest(path, reader) for path in manifests]
    tops = target.tops()
    owners = _owners([*found, *named])
    found += [one for one in named if not _is_part(one, owners, directory, tops)]
    for path in entries:
        if path.suffix == ".whl":
            found.extend(from_wheel(path, reader))
    found += [walk.problem for walk in walks.values() if walk.problem is not None]
    claimed = tops | {path.relative_to(directory).parts[0] for path in manifests}
    modules = {top_of(one.target) for one in found if one.target}
    if directory.name not in modules:
        # Otherwise it is a plugin's own package.
        claimed |= modules | {f"{module}.py" for module in modules}
        found.extend(_leftovers([path for path in entries if path.name not in claimed], walks, directory))
    return found


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def in_path(path: Path) -> list[Found]:
    """The plugins of one folder, manifest or wheel.

    Raises:
        PluginError: it is none of these.
    """
    if path.is_dir():
        return in_directory(path)
    if path.suffix == ".whl" and path.is_file():
        return list(from_wheel(path, Reader(path.parent)))
    if path.suffix == ".json" and path.is_file():
        return [from_manifest(path, Reader(path.parent))]
    how = "is no plugin" if path.exists() else "does not exist"
    raise PluginError(f"{path} {how}", "name a plugin's folder, its manifest (.json) or its wheel (.whl)")


def _owners(found: Sequence[Found]) -> dict[str, set[str]]:
    """Path of each JSON file that sound plugins hold, to their names."""
    owners: dict[str, set[str]] = {}
    for one in found:
        if one.bundle is None or one.error:
            continue
        for name in one.bundle.hashes:
            if name.endswith(".json"):
                owners.setdefault(str(one.bundle.root / name), set()).add(one.name)
    return owners


def _is_part(one: Found, owners: Mapping[str, set[str]], directory: Path, tops: set[str]) -> bool:
    """Whether a manifest that is no plugin by itself belongs to something else that is there."""
    if not one.error:
        return False
    if not one.target and Path(one.origin).relative_to(directory).parts[0] in tops:
        return True
    names = owners.get(one.origin, set())
    return one.name in names or (bool(names) and not one.target)


def _leftovers(paths: Sequence[Path], walks: dict[Path, Walk], directory: Path) -> Iterator[Found]:
    """What looks like a plugin and says nowhere that it is one."""
    for path in paths:
        walk = walks.get(path)
        found = Found(path.name if walk is not None else path.stem, "", str(path))
        if path.is_symlink() and (path.suffix == ".py" or _is_folder(path)) and (why := _astray(path, directory)):
            yield found.failing(why)
        elif path.suffix == ".py" and path.name != "setup.py" and walk is None:
            hint = f'write plugin.json beside it: {{"name": "{path.stem}", "module": "{path.stem}"}}'
            yield found.failing(ValueError("it is a Python file without a manifest"), hint)
        elif walk is not None and walk.python:
            hint = f'write a plugin.json into its package: {{"name": "{path.name}", "module": "{path.name}"}}'
            yield found.failing(ValueError("it is a folder with Python code and without a plugin.json"), hint)


def _astray(path: Path, directory: Path) -> RefusedError | None:
    """Why a link may not be followed."""
    try:
        followed(path, directory)
    except RefusedError as error:
        return error
    return None
