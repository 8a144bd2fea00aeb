"""Plugins as files in a directory: folders, wheels, and what pip installs beside them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from host.plugin_manager.making import FORMAT
from tuneport import PluginManager
from tuneport.plugin_manager import PluginRecord, lock_directory

Files = Mapping[str, str | bytes]


def write(folder: Path, files: Files) -> Path:
    """Put files below a folder; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
    return folder


def manifest(name: str = "acme", **more: Any) -> str:
    """A manifest whose module is called as the plugin is, unless `more` says otherwise."""
    return json.dumps({"name": name, "module": name, **more})


def package(name: str = "acme", code: str | None = None, **more: Any) -> dict[str, str]:
    """The files of a package with a manifest in it, and one format of its name."""
    code = FORMAT.format(name=name) if code is None else code
    return {f"{name}/__init__.py": code, f"{name}/plugin.json": manifest(name, **more)}


def wheel(folder: Path, files: Files, name: str = "acme", entry: str = "", metadata: str = "") -> Path:
    """Write a wheel of these files; `entry` is what its entry point names."""
    info = f"{name}-1.0.dist-info"
    lines = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}"
    more = {f"{info}/METADATA": lines, f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"}
    if entry:
        more[f"{info}/entry_points.txt"] = f"[tuneport.plugins]\n{name} = {entry}\n"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, text in {**more, **files}.items():
            archive.writestr(inner, text)
    return path


def installed(folder: Path, name: str, files: Files, entry: str = "", requires: tuple[str, ...] = ()) -> None:
    """Leave a distribution in a folder as `pip install --target` does."""
    info = f"{name}-1.0.dist-info"
    lines = "".join(f"Requires-Dist: {line}\n" for line in requires)
    more = {f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{lines}"}
    if entry:
        more[f"{info}/entry_points.txt"] = f"[tuneport.plugins]\n{name} = {entry}\n"
    record = "".join(f"{path},,\n" for path in [*more, *files, f"{info}/RECORD"])
    write(folder, {**more, **files, f"{info}/RECORD": record})


def locked(folder: Path, **options: Any) -> PluginManager:
    """Pin a directory, and a manager of it alone."""
    lock_directory(folder)
    return PluginManager([folder], discover=False, **options)


ASK = """
from tuneport import hookimpl

def ask():
{body}

@hookimpl
def register_formats(register):
    register("acme", lambda config, ctx: lambda sample: {{}})
"""


def asked(manager: PluginManager, name: str = "acme") -> Any:
    """What `ask()` of a loaded plugin answers."""
    return manager.load_plugin(manager.get(name)).ask()  # type: ignore[attr-defined]


def code(*lines: str) -> str:
    """A plugin whose `ask` has these lines."""
    return ASK.format(body="\n".join(f"    {line}" for line in lines))


def plugins(folder: Path, trust: str = "pinned", lock: Path | None = None) -> PluginManager:
    """A manager of one directory alone."""
    return PluginManager([folder], discover=False, trust=trust, lock=lock)


def only(manager: PluginManager) -> PluginRecord:
    """Its one record."""
    (record,) = manager.list()
    return record
