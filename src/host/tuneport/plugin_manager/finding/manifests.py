"""A plugin found by its manifest in a directory: where its code stands, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tuneport.plugin_manager.finding.found import Found, checked, innermost, intact, reader, top_of
from tuneport.plugin_manager.finding.installed import announced, folder_reader, is_installed, package_manifest
from tuneport.plugin_manager.manifest import MAX_SIZE, Manifest, parse
from tuneport.plugin_manager.trust.bundle import Reader


def from_manifest(path: Path, reader: Reader) -> Found:
    """The plugin that a manifest in a directory names, whatever is wrong with it."""
    found = Found(path.parent.name if path.name == "plugin.json" else path.stem, "", str(path))
    try:
        pointer = parse(_bytes(path))
        found = Found(pointer.name, pointer.module, str(path), manifest=pointer)
        if not pointer.module:
            raise ValueError("its manifest names no Python module (module); a native binary cannot run here")
        checked(pointer.module)
        place = placed(path, pointer.module)
        return _elsewhere(path, found, pointer, reader) if place is None else _here(path, found, reader, *place)
    except Exception as problem:  # noqa: BLE001  -- whatever is wrong with one plugin is its own affair
        return found.failing(problem)


def _bytes(path: Path) -> bytes:
    if not path.is_file() and not path.is_dir():
        raise ValueError("it is no regular file")
    with path.open("rb") as file:
        return file.read(MAX_SIZE + 1)


def placed(manifest: Path, module: str) -> tuple[Path, tuple[str, ...]] | None:
    """Where a manifest's code stands: the folder that imports start from, and the plugin's files and folders in it.

    That is the package the manifest stands in, else the package or module beside it; None where there is neither.
    """
    folder, names = manifest.parent, module.partition(":")[0].split(".")
    for depth in range(len(names), 0, -1):
        root = folder.parents[depth - 1] if len(folder.parts) > depth else folder
        if folder.parts[-depth:] == tuple(names[:depth]) and _has(root, names):
            return root, (names[0],)
    beside = next((name for name in (names[0], f"{names[0]}.py") if (folder / name).exists()), "")
    if not beside:
        return None
    signature = f"{manifest.name}.sig"
    signed = (signature,) if (folder / signature).exists() else ()
    return folder, (manifest.name, *signed, beside)


def _has(root: Path, names: list[str]) -> bool:
    module = root.joinpath(*names)
    return (module / "__init__.py").is_file() or module.with_name(f"{module.name}.py").is_file()


def _here(path: Path, found: Found, reader: Reader, root: Path, parts: tuple[str, ...]) -> Found:
    """A plugin whose code stands in the directory: it has to be trusted."""
    bundle, files = reader.bundle(path, root, parts)
    found = replace(found, bundle=bundle)
    own = path.relative_to(root).as_posix()
    manifest = _checked(own, files)
    inner = _inner(files, manifest, own)
    if top_of(manifest.module) not in bundle.tops:
        raise ValueError(f"its module {manifest.module} has no Python file in {root}")
    return replace(found, name=inner.name, target=manifest.module, manifest=inner)


def _inner(files: Mapping[str, bytes], manifest: Manifest, own: str) -> Manifest:
    """The manifest in the package that another manifest beside it points to, else that one."""
    top = top_of(manifest.module)
    for name in innermost(manifest.module):
        path = f"{top}/{name}"
        if path in files and path != own:
            inner = _checked(path, files)
            _agree(manifest, inner)
            return inner
        if path == own:
            break
    return manifest


def _checked(path: str, files: Mapping[str, bytes]) -> Manifest:
    manifest = parse(files[path])
    folder, _, name = path.rpartition("/")
    intact(name, files[path], manifest, reader(files, folder))
    return manifest


def _elsewhere(path: Path, found: Found, pointer: Manifest, reader: Reader) -> Found:
    """A manifest that only points to a module that is installed."""
    target = pointer.module
    if not is_installed(target):
        hint = "put it beside the manifest, or install it"
        return found.failing(ValueError(f"its module {target} is neither beside it nor installed"), hint)
    intact(path.name, _bytes(path), pointer, folder_reader(path.parent))
    if not announced(pointer.name, target):
        own = package_manifest(target)
        if own is not None:
            _agree(pointer, own)
        # Nothing says that this module wants to be a plugin: importing it has to be trusted, as code here has to be.
        bundle, _ = reader.bundle(path, path.parent, (path.name,))
        return replace(found, bundle=bundle, manifest=own or pointer)
    return replace(found, manifest=package_manifest(target) or pointer)


def _agree(pointer: Manifest, own: Manifest) -> None:
    if own.name != pointer.name:
        raise ValueError(f"it says its name is {pointer.name}; the plugin it points to says {own.name}")
