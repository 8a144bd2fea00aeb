"""Importing one plugin in a process of its own, so that whatever it does there it does to nobody else."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuneport.plugin_manager.finding.found import Found
    from tuneport.plugin_manager.records import PluginRecord
    from tuneport.plugin_manager.settings import Scan, Settings

LONGEST = 60.0
"""Seconds that an import may take."""

LARGEST = 1 << 20
"""Bytes of an answer."""


def probed(
    name: str, origin: str, settings: Settings | None = None, path: Path | None = None, seconds: float = LONGEST
) -> tuple[str, str]:
    """Import a plugin in a child process.

    Args:
        name: the plugin's name.
        origin: where it comes from, for several may have the name.
        settings: of the manager that finds it; None means the installed plugins.
        path: a folder, manifest or wheel that it stands in; its code runs, whoever trusts it.
        seconds: how long that may take.

    Returns:
        What went wrong and how to mend it; "" twice where nothing did.
    """
    request = {
        "name": name,
        "origin": origin,
        "discover": settings is None or settings.discover,
        "scans": [_told(scan) for scan in settings.scans] if settings is not None else [],
        "path": None if path is None else str(path),
    }
    answer, ending = _asked(json.dumps(request).encode(), seconds)
    if ending is None:
        return f"its import did not end within {seconds:g} s", "do no work at import; register factories that do"
    if answer:
        return _answered(answer)
    how = f"exit code {ending}" if ending >= 0 else signal.Signals(-ending).name
    return f"it ended the process that imported it ({how})", "do not exit at import"


def _told(scan: Scan) -> dict[str, Any]:
    every = {field.name: getattr(scan, field.name) for field in dataclasses.fields(scan)}
    return {name: str(value) if isinstance(value, Path) else value for name, value in every.items()}


def _heard(said: Mapping[str, Any]) -> Scan:
    from tuneport.plugin_manager.settings import Scan

    paths = {name: Path(said[name]) for name in ("path", "lock", "expected") if said[name] is not None}
    return Scan(**{**said, **paths})


def _answered(answer: bytes) -> tuple[str, str]:
    try:
        reason, hint = json.loads(answer)
    except (ValueError, TypeError):
        return "it wrote among the answer of the process that imported it", "write to no file that it did not open"
    return str(reason), str(hint)


def _asked(request: bytes, seconds: float) -> tuple[bytes, int | None]:
    """The child's answer, and how it ended; None where it had to be killed.

    Both go through files, not pipes: a pipe stays open as long as a process that the plugin started lives.
    """
    # The child looks for modules where we do, and -P keeps the working directory out of that.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with tempfile.TemporaryFile() as asking, tempfile.TemporaryFile() as answering:
        asking.write(request)
        asking.seek(0)
        child = subprocess.Popen(  # noqa: S603  -- this interpreter, and this module
            [sys.executable, "-P", "-m", __name__],
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
        return answering.read(LARGEST), ending


def _main() -> None:
    """The child: reads the request, and answers on what was its stdout; a plugin that prints does not."""
    request = json.load(sys.stdin)
    answer = os.dup(1)
    os.dup2(2, 1)
    os.write(answer, json.dumps(_loaded(request)).encode())
    # A thread that the plugin started would keep the process.
    os._exit(0)


def _loaded(request: Mapping[str, Any]) -> tuple[str, str]:
    from tuneport.plugin_manager.hooks import Hooks
    from tuneport.plugin_manager.loading import Loader
    from tuneport.plugin_manager.records import PluginRecord
    from tuneport.plugin_manager.registry import Registry

    registry = Registry()
    registry.add([PluginRecord.of(one) for one in _found(request)])
    record = next((one for one in registry.named(request["name"]) if one.origin == request["origin"]), None)
    if record is None:
        return "it is not there any more", "look again"
    Loader(Hooks(), registry, strict=False).load(record)
    return _complaint(record)


def _complaint(record: PluginRecord) -> tuple[str, str]:
    return ("", "") if record.usable else (record.reason, record.hint)


def _found(request: Mapping[str, Any]) -> Iterator[Found]:
    """The plugins that the parent has found."""
    from tuneport.plugin_manager.finding.directory import in_path
    from tuneport.plugin_manager.finding.installed import installed
    from tuneport.plugin_manager.finding.paths import found_at
    from tuneport.plugin_manager.trust.doubles import distinct

    own = distinct(in_path(Path(request["path"]))) if request["path"] is not None else []
    names = {one.name for one in own}
    # What is about to be deployed is looked at itself, whatever is installed under its name.
    yield from (one for one in (installed() if request["discover"] else ()) if one.name not in names)
    yield from own
    for scan in request["scans"]:
        yield from found_at(_heard(scan))


if __name__ == "__main__":
    _main()
