"""Processes that run an export, and die where they are told to."""

from __future__ import annotations

import os
import signal
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools import watched

from tuneport.errors import TuneportError
from tuneport.runs import ExportResult, Sizes, execute, plan_export
from tuneport.runs.storage import Storage

SMALL = Sizes(part_bytes=8_000, part_entities=40, savepoint_bytes=12_000)
"""Cut small enough for several savepoints."""

KILLED = -signal.SIGKILL
"""How a killed process ended."""

_HUNG = 120
"""Seconds after which a process that we started has hung, and is ended."""

Dies = Callable[[int, str, Path], bool]
"""Whether to die ahead of a call of the disk: its number, from 1 on, its name and its path."""


def run(asked: dict[str, Any], storage: Storage | None = None) -> ExportResult:
    """One run, in this process."""
    return execute(plan_export(asked, sizes=SMALL), storage=storage)


def forked(work: Callable[[], object]) -> int:
    """Do something in a process of its own; its number. It ends with 0, or with the exit code of the error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of a test runner hold nothing that is needed here
        number = os.fork()
    if number:
        return number
    code = 1
    try:
        signal.alarm(_HUNG)
        work()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except TuneportError as error:
        code = error.exit_code
        os.write(2, f"{error}\n".encode())
    except BaseException:  # noqa: BLE001  -- nothing may go on in this copy of the tests
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def ended(process: int) -> int:
    """Wait for a process; its exit code, or less than 0 for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def dying(dies: Dies) -> Callable[[str, Path], None]:
    """What is called ahead of each call of the disk, and ends the process ahead of the first that `dies` picks."""
    count = 0

    def before(call: str, path: Path) -> None:
        nonlocal count
        count += 1
        if dies(count, call, path):
            os.kill(os.getpid(), signal.SIGKILL)

    return before


def died(asked: dict[str, Any], dies: Dies) -> None:
    """Leave behind what a run leaves that is killed."""
    assert ended(forked(lambda: run(asked, watched(dying(dies))))) == KILLED
