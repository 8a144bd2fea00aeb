"""Helpers that several tests use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NOW = "2026-11-22T00:00:00Z"


def tree(path: Path, without: frozenset[str] = frozenset({"stats.json"})) -> dict[str, str]:
    """Relative path to SHA-256 of every file of a folder, the clock's own file left out."""
    return {
        file.relative_to(path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.name not in without
    }


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON lines file, or of a dataset folder's only format and split."""
    if path.is_dir():
        (folder,) = (path / "data").glob("*/train")
        return [row for file in sorted(folder.iterdir()) for row in rows(file)]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def recipe(source: Path, output: Path, **sections: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe with a pinned time."""
    return {"source": str(source), "output": {"path": str(output)}, "run": {"now": NOW}, **sections}
