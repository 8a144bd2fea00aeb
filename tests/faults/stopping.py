"""Runs that are cut small and stopped at a call of the disk, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools import watched

from tuneport.runs import ExportResult, Sizes, execute, plan_export

SMALL = Sizes(part_bytes=20_000, savepoint_bytes=60_000)


def run(data: dict[str, Any], before: Callable[[str, Path], None] | None = None) -> ExportResult:
    """One run, cut into several savepoints."""
    return execute(plan_export(data, sizes=SMALL), storage=None if before is None else watched(before))


def interrupting(last: int) -> Callable[[str, Path], None]:
    """Ctrl-C before one operation, and none after it."""
    count = 0

    def before(_operation: str, _path: Path) -> None:
        nonlocal count
        count += 1
        if count == last:
            raise KeyboardInterrupt

    return before


def told(result: ExportResult) -> tuple[Any, ...]:
    """What a result says, but for the clock."""
    return (*{**vars_of(result.stats), "duration_ms": 0}.items(), result.weights, result.notes, result.digest)


def vars_of(stats: Any) -> dict[str, Any]:
    """A struct's fields."""
    return {name: getattr(stats, name) for name in stats.__struct_fields__}


def dying_at(name: str) -> Callable[[str, Path], None]:
    """Ctrl-C before the first operation on a file of this name, and on each later one."""

    def before(_operation: str, path: Path) -> None:
        if path.name == name:
            raise KeyboardInterrupt

    return before
