"""Which code is this: one digest for a plugin's files."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path


@functools.cache
def code_digest(module: str) -> str:
    """SHA-256 over the sorted paths and contents of a module's top-level package, bytecode left out.

    "" for a module that has no files, such as one made at run time.
    """
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
    except ValueError:
        # `__main__`, and modules made at run time, are imported and have no spec.
        return ""
    if spec is None:
        return ""
    roots = [Path(location) for location in spec.submodule_search_locations or []]
    files = sorted(
        (path.relative_to(root).as_posix(), path)
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    if not roots and spec.origin and Path(spec.origin).is_file():
        files = [(Path(spec.origin).name, Path(spec.origin))]
    if not files:
        return ""
    whole = hashlib.sha256()
    for name, path in files:
        whole.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n".encode())
    return whole.hexdigest()
