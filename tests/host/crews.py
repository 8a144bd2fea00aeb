"""Runs in several processes, what they leave behind, and a plugin that other processes find as well."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tuneport import PluginManager
from tuneport.runs import ExportResult, Sizes, execute, plan_export

SMALL = Sizes(part_bytes=9_000, savepoint_bytes=30_000)


def ran(data: dict[str, Any], workers: int, sizes: Sizes = SMALL, **more: Any) -> ExportResult:
    """One run in so many processes."""
    manager = more.pop("manager", None)
    run = {**data["run"], "workers": workers}
    return execute(plan_export({**data, "run": run}, sizes=sizes, manager=manager), **more)


def children(process: int | None = None) -> set[int]:
    """The processes that a process has started, dead ones for which nobody has waited among them."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = place.read_text()
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == (process or os.getpid()):
            found.add(int(place.parent.name))
    return found


def _descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


@contextmanager
def nothing_left() -> Iterator[None]:
    """Check that a block leaves no process and no open file behind."""
    before, files = children(), _descriptors()
    yield
    assert children() == before
    assert _descriptors() == files


def plugins(folder: Path, code: str, **provides: list[str]) -> PluginManager:
    """A manager that finds one plugin, `acme`, in a directory, as the manager of any other process does."""
    package = folder / "acme"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    manifest = {"name": "acme", "module": "acme", "api": ">=1.0,<2", "provides": provides}
    (package / "plugin.json").write_text(json.dumps(manifest))
    for path in (folder, package, *package.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return PluginManager(folder, trust="any")
