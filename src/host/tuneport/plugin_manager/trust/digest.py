"""Which code is this: one digest for a plugin's files, wherever they were found."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path

from tuneport.plugin_manager.trust.files import NEVER_READ


def tree_digest(hashes: Mapping[str, str]) -> str:
    """SHA-256 over the sorted paths and the SHA-256 of each file; "" where there is none."""
    lines = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    return sha256(lines.encode()) if hashes else ""


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


@functools.cache
def code_digest(module: str) -> str:
    """The tree digest of a module's top-level package, paths as they are imported: `acme/util.py`.

    "" for a module that has no files, such as one made at run time.
    """
    top = module.partition(".")[0]
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:
        # `__main__`, and modules made at run time, are imported and have no spec.
        return ""
    if spec is None:
        return ""
    roots = [Path(location) for location in spec.submodule_search_locations or []]
    files = {
        f"{top}/{path.relative_to(root).as_posix()}": path
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and not NEVER_READ & set(path.relative_to(root).parts)
    }
    if not roots and spec.origin and Path(spec.origin).is_file():
        files = {Path(spec.origin).name: Path(spec.origin)}
    return tree_digest({name: sha256(path.read_bytes()) for name, path in files.items()})
