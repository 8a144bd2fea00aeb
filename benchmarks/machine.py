"""What figures were measured on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = (
    "tuneport",
    "msgspec",
    "xxhash",
    "jsonschema-rs",
    "pydantic",
    "pluggy",
    "polars",
    "duckdb",
    "datasets",
    "pyarrow",
    "datatrove",
    "orjson",
)


def described(folder: Path) -> dict[str, Any]:
    """The machine, what runs on it, where files are written, and how busy it is with other things."""
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return {
        "when": datetime.now(UTC).isoformat(timespec="minutes"),
        "cpu": line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int((line("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 1e6, 1),
        "disk": file_system(folder),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "libraries": found,
        "load": [round(one, 2) for one in os.getloadavg()],
    }


def file_system(folder: Path) -> str:
    """What kind of file system a folder is on: on `tmpfs` making things durable costs nothing."""
    mounts = [text.split()[1:3] for text in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    above = [(len(place), kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(above, default=(0, "unknown"))[1]


def line(file: str, name: str) -> str:
    """What stands behind a name in a file of the kernel's; empty where it does not."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((text.partition(":")[2].strip() for text in lines if text.startswith(name)), "")
