"""Fake distributions and plugins, on sys.path for one test."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tuneport.plugin_manager.trust.digest import code_digest

FORMAT = """
from tuneport import hookimpl

@hookimpl
def register_formats(register):
    register("{name}", lambda config, ctx: lambda sample: {{"text": sample.text}}, doc="A format")
"""
"""A plugin's code with one format; `.format(name=...)` it."""

HELLO = '''
from pathlib import Path
from typing import Literal
from tuneport import hookimpl
from tuneport.errors import DataError

Tone = Literal["warm", "cold"]

def hello(name: str, times: int = 1, loud: bool = False, tone: Tone = "warm", to: Path | None = None):
    """Greet somebody.

    Args:
        name: who it is.
        times: how often,
            in a row.

    Returns:
        A secret.
    """
    if name == "nobody":
        raise DataError("there is nobody", "name somebody")
    if name == "everybody":
        raise KeyError("too many")
    if name == "silence":
        return None
    if name == "data":
        return {"name": name, "times": times, "loud": loud, "tone": tone, "to": type(to).__name__}
    return " ".join(["HELLO" if loud else "hello"] * times + [name])

@hookimpl
def register_commands(register):
    register("hello", hello, doc="Greet")
'''
"""A plugin's code with the command `hello`."""


class Site:
    """A folder on sys.path, as site-packages is one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def distribution(self, name: str, version: str = "1.0", **entry_points: str) -> None:
        """Install a distribution that announces plugins."""
        lines = "".join(f"{plugin} = {target}\n" for plugin, target in entry_points.items())
        self.raw_distribution(name, f"[tuneport.plugins]\n{lines}".encode(), version)

    def raw_distribution(self, name: str, entry_points: bytes, version: str = "1.0") -> None:
        """Install a distribution with this entry_points.txt."""
        info = self.path / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_bytes(entry_points)

    def module(self, name: str, code: str = "") -> None:
        """Put a module of one file there."""
        (self.path / f"{name}.py").write_text(dedent(code))

    def package(self, name: str, code: str = "", manifest: Mapping[str, Any] | str | None = None) -> None:
        """Put a package there, with a `plugin.json` where `manifest` is given."""
        folder = self.path.joinpath(*name.split("."))
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(dedent(code))
        if manifest is not None:
            (folder / "plugin.json").write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))

    def plugin(self, name: str, code: str, manifest: Mapping[str, Any] | str | None = None) -> None:
        """Install a plugin: distribution `x-NAME`, package `NAME_code`, entry point NAME."""
        self.package(f"{name}_code", code, manifest)
        self.distribution(f"x-{name}", **{name: f"{name}_code"})

    def imported(self) -> set[str]:
        """The modules of this folder that were imported."""
        return {name for name, module in list(sys.modules.items()) if self._is_ours(module)}

    def _is_ours(self, module: Any) -> bool:
        return str(getattr(module, "__file__", "") or "").startswith(f"{self.path}/")


@contextmanager
def new_site(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site on sys.path; what was imported from it is forgotten afterwards."""
    path.mkdir()
    monkeypatch.syspath_prepend(path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    site = Site(path)
    code_digest.cache_clear()
    yield site
    for name in site.imported():
        del sys.modules[name]
    code_digest.cache_clear()
