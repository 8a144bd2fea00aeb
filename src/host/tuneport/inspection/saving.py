"""Writing a suggested recipe to a place where nothing stands."""

from __future__ import annotations

import os
from pathlib import Path

from tuneport.errors import TargetExistsError, UsageError
from tuneport.storage import Storage


def must_be_free(path: Path) -> None:
    """Fail where a recipe could not be written.

    Raises:
        UsageError: its name is not that of a recipe.
        TargetExistsError: something stands there.
    """
    if path.suffix.lower() != ".toml":
        raise UsageError(f"--write {path}: a recipe's name ends in .toml", f"such as {path.with_suffix('.toml')}")
    if os.path.lexists(path):
        raise TargetExistsError(f"{path} exists", "choose another name, or move it away")


def save(text: str, path: Path) -> None:
    """Write a recipe, whole or not at all, and over nothing.

    Raises:
        TargetExistsError: something stands there.
    """
    storage = Storage()
    storage.mkdir(path.parent)
    part = path.with_name(f".{path.name}.part")
    try:
        storage.write(part, text.encode())
        storage.sync(part)
        storage.publish(part, path)
    finally:
        storage.remove(part)
