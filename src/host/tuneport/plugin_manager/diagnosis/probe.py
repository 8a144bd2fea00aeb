"""Importing one plugin in a process of its own, so that whatever it does there it does to nobody else."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuneport.plugin_manager.finding.found import Found
    from tuneport.plugin_manager.records import PluginRecord
    from tuneport.plugin_manager.settings import Settings

LONGEST = 60.0
"""Seconds that an import may take."""


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
    scans = settings.scans if settings is not None else ()
    request = {
        "name": name,
        "origin": origin,
        "discover": settings is None or settings.discover,
        "scans": [[str(one.path), one.trust, None if one.lock is None else str(one.lock)] for one in scans],
        "path": None if path is None else str(path),
    }
    answer, ending = _asked(json.dumps(request).encode(), seconds)
    if answer:
        reason, hint = json.loads(answer)
        return reason, hint
    if ending is None:
        return f"its import did not end within {seconds:g} s", "do no work at import; register factories that do"
    how = f"exit code {ending}" if ending >= 0 else signal.Signals(-ending).name
    return f"it ended the process that imported it ({how})", "do not exit at import"


def _asked(request: bytes, seconds: float) -> tuple[bytes, int | None]:
    """The child's answer, and how it ended; None where it had to be killed."""
    # The child looks for modules where we do, and -P keeps the working directory out of that.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    child = subprocess.Popen(  # noqa: S603  -- this interpreter, and this module
        [sys.executable, "-P", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        answer, _ = child.communicate(request, timeout=seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return b"", None
    return answer, child.returncode


def _main() -> None:
    """The child: reads the request, and answers on what was its stdout; a plugin that prints does not."""
    request = json.load(sys.stdin)
    answer = os.dup(1)
    os.dup2(2, 1)
    os.write(answer, json.dumps(_loaded(request)).encode())
    # A thread that the plugin started would keep the process.
    os._exit(0)


def _loaded(request: Mapping[str, Any]) -> tuple[str, str]:
    from tuneport.plugin_manager import dependencies
    from tuneport.plugin_manager.hooks import Hooks
    from tuneport.plugin_manager.loading import Loader
    from tuneport.plugin_manager.records import PluginRecord
    from tuneport.plugin_manager.registry import Registry

    registry = Registry()
    for one in _found(request):
        registry.add(PluginRecord.of(one))
    dependencies.settle(registry.records())
    record = next((one for one in registry.named(request["name"]) if one.origin == request["origin"]), None)
    if record is None:
        return "it is not there any more", "look again"
    Loader(Hooks(), registry, strict=False).load(record)
    return _complaint(record)


def _complaint(record: PluginRecord) -> tuple[str, str]:
    return ("", "") if record.usable else (record.reason, record.hint)


def _found(request: Mapping[str, Any]) -> Iterator[Found]:
    """The plugins that the parent has found."""
    from tuneport.plugin_manager.finding.directory import in_directory, in_path
    from tuneport.plugin_manager.finding.installed import installed
    from tuneport.plugin_manager.trust.policy import trusted

    own = in_path(Path(request["path"])) if request["path"] is not None else []
    names = {one.name for one in own}
    # What is about to be deployed is looked at itself, whatever is installed under its name.
    yield from (one for one in (installed() if request["discover"] else ()) if one.name not in names)
    yield from own
    for path, trust, lock in request["scans"]:
        directory = Path(path)
        yield from trusted(in_directory(directory), directory, trust, Path(lock) if lock is not None else None)


if __name__ == "__main__":
    _main()
