"""A process of its own, with mounts of its own: exports to real file systems that are too small.

    python -m faults.small_disk RECIPE FOLDER KIB...

mounts a file system of each size at FOLDER, runs the recipe there, enlarges it, runs it again, and prints what came of
it: a JSON document for each size. It wants to be started by `unshare --map-root-user --mount`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools import tree

from faults.kill_child import run
from tuneport.errors import TuneportError

OWN = ["unshare", "--map-root-user", "--mount"]
"""What gives a command mounts of its own, which need no privileges and are gone with it."""


def outcome(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What came of one run."""
    try:
        run(asked)
        code, said = 0, ""
    except TuneportError as error:
        code, said = error.exit_code, str(error)
    visible = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    target = Path(asked["output"]["path"])
    whole = tree(target) if target.is_dir() else {path.name: path.read_text() for path in (target,) if path.exists()}
    return {"code": code, "said": said, "visible": visible, "tree": whole}


def main(recipe: str, place: str, *sizes: str) -> None:
    """See the module."""
    asked, folder = json.loads(Path(recipe).read_text()), Path(place)
    for size in sizes:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", place], check=True)
        first = outcome(asked, folder)
        subprocess.run(["mount", "-o", "remount,size=32m", place], check=True)
        second = outcome(asked, folder)
        subprocess.run(["umount", place], check=True)
        print(json.dumps([first, second]), flush=True)  # noqa: T201  -- the answer


if __name__ == "__main__":
    main(*sys.argv[1:])
