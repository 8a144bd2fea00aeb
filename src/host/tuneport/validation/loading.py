"""Whether a dataset loads: `load_dataset` itself is asked, in a process of its own, offline, and leaves no cache."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import msgspec
import msgspec.json

from tuneport.dataset import Dataset
from tuneport.validation.loader import Asked, Loaded
from tuneport.validation.report import Findings, Loads, Severity

_SECONDS = 120.0
_BYTES_A_SECOND = 1 << 20
"""How long loading may take: so many seconds, and one more for so many bytes of rows."""


def check_loading(dataset: Dataset, configs: Sequence[str], lenient: set[str], findings: Findings) -> Loads:
    """Load each config of a dataset, and compare its rows with those of the files.

    Args:
        dataset: the dataset.
        configs: the configs to load, as its card has them.
        lenient: formats whose readers take rows one by one: that they do not load only warns.
        findings: what is wrong is added here.
    """
    version = installed()
    if not version:
        return Loads(note="datasets is not installed: not tried")
    files = {
        name: {split: [file.path for file in files] for split, files in dataset.formats[name].splits.items()}
        for name in configs
    }
    answer, note = _asked(dataset, files)
    loads = Loads(version=version, note=note)
    for one in answer:
        loads.configs[one.name] = one.rows
        before = findings.errors + findings.warnings
        _judge(one, dataset, findings, lenient=one.name in lenient)
        loads.equal = loads.equal and findings.errors + findings.warnings == before
    return loads


def installed() -> str:
    """The version of `datasets`; "" where it is not installed. It is not imported."""
    try:
        return metadata.version("datasets")
    except metadata.PackageNotFoundError:
        return ""


def _judge(one: Loaded, dataset: Dataset, findings: Findings, *, lenient: bool) -> None:
    severity: Severity = "warning" if lenient else "error"
    if one.error:
        findings.add("load_failed", f"load_dataset fails on {one.name}: {one.error}", path=one.name, severity=severity)
        return
    splits = dataset.formats[one.name].splits
    held = {split: sum(file.rows for file in files) for split, files in splits.items()}
    for split in sorted(held.keys() | one.rows.keys()):
        if one.rows.get(split) != held.get(split):
            got = f"{one.rows[split]:,} rows" if split in one.rows else "nothing"
            message = f"load_dataset gives {got} of {one.name} in {split}, and the manifest has {held.get(split, 0):,}"
            findings.add("load_rows", message, path=one.name, severity=severity)
    for found in one.differences:
        message = f"load_dataset gives {found.loaded} for {found.column}, and the file has {found.written}"
        findings.add("load_differs", message, path=found.column, file=found.file, line=found.line, severity=severity)


def _asked(dataset: Dataset, files: dict[str, dict[str, list[str]]]) -> tuple[list[Loaded], str]:
    """What the loading process answers; and why it does not, where it does not."""
    from tuneport.storage import Storage

    rows = (file.size for info in dataset.formats.values() for split in info.splits.values() for file in split)
    seconds = _SECONDS + sum(rows) / _BYTES_A_SECOND
    with Storage().scratch() as folder:
        asked = Asked(str(dataset.path.absolute()), str(folder / "cache"), files)
        data, ending = _run(msgspec.json.encode(asked), _environment(folder), seconds)
    if ending is None:
        return [], f"it took more than {seconds:,.0f} seconds: stopped"
    try:
        return msgspec.json.decode(data, type=list[Loaded]), ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        return [], f"the process that loads ended with {ending}: not compared"


def _environment(folder: Path) -> dict[str, str]:
    """Offline, and nothing is kept outside a folder."""
    return {
        **os.environ,
        # The child looks for modules where we do, and -P keeps the working directory out of that.
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "HF_HOME": str(folder / "home"),
        "HF_DATASETS_CACHE": str(folder / "cache"),
        "HF_MODULES_CACHE": str(folder / "modules"),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def _run(request: bytes, environment: dict[str, str], seconds: float) -> tuple[bytes, int | None]:
    """The process's answer, and how it ended; None where it had to be stopped."""
    with tempfile.TemporaryFile() as asking, tempfile.TemporaryFile() as answering:
        asking.write(request)
        asking.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "tuneport.validation.loader"],
            stdin=asking,
            stdout=answering,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        try:
            ending: int | None = child.wait(seconds)
        except subprocess.TimeoutExpired:
            ending = None
        finally:
            # Whatever it started goes with it, as far as it is still in its group.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        answering.seek(0)
        return answering.read(), ending
