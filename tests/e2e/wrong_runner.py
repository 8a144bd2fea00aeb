"""Runs command lines given on stdin as JSON, each in a process of its own, and prints what each answered.

A process is forked from this one, which has imported already what they need: a command line starts at once then.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import runpy
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NoReturn

_NEEDED = (
    "tuneport.commands.export",
    "tuneport.commands.validate",
    "tuneport.inspection",
    "tuneport.runs.preview",
    "tuneport.validation",
    "tuneport_formats._hosted",
    "tuneport_formats._open",
    "tuneport_formats._trl_rules",
    "tuneport_formats.card",
    "tuneport_formats.openai",
    "tuneport_formats.trl",
    "tuneport_jsonl_llm.exporter",
    "tuneport_jsonl_llm.filters",
    "tuneport_jsonl_llm.rows",
    "tuneport_jsonl_llm.styles",
    "tuneport_jsonl_llm.weightings",
    "tuneport_sources.sqlite",
)
_DROP_CAPABILITY, _READ_AND_WRITE_ANYTHING = 24, (1, 2)


def be_ordinary() -> None:
    """Give up what lets root read and write whatever the permissions are."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in _READ_AND_WRITE_ANYTHING:
            libc.prctl(_DROP_CAPABILITY, capability, 0, 0, 0)
        os.execv(sys.executable, [sys.executable, *sys.argv, "ordinary"])  # noqa: S606  -- this very script


def be_tuneport(folder: str, variables: dict[str, str], arguments: list[str], places: list[str]) -> NoReturn:
    """Do what `python -m tuneport` does, and end."""
    code = 70
    try:
        for number, place in enumerate(places, 1):
            os.dup2(os.open(place, os.O_WRONLY | os.O_CREAT, 0o600), number)
        os.chdir(folder)
        os.environ.update(variables)
        sys.argv = ["tuneport", *arguments]
        runpy.run_module("tuneport", run_name="__main__", alter_sys=True)
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 70
    except BaseException:  # noqa: BLE001  -- whatever it is, the process ends here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Answer with a line of JSON for each: exit code, stdout, stderr."""
    for module in _NEEDED:
        importlib.import_module(module)
    with tempfile.TemporaryDirectory() as scratch:
        places = [f"{scratch}/out", f"{scratch}/err"]
        for folder, variables, arguments in json.load(sys.stdin):
            child = os.fork()
            if child == 0:
                be_tuneport(folder, variables, arguments, places)
            _, status = os.waitpid(child, 0)
            out, err = (Path(place).read_text(encoding="utf-8") for place in places)
            print(json.dumps([os.waitstatus_to_exitcode(status), out, err]), flush=True)  # noqa: T201  -- its answer
            for place in places:
                Path(place).unlink()


if __name__ == "__main__":
    if sys.argv[-1] != "ordinary":
        be_ordinary()
    main()
