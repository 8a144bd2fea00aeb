"""A process with mounts of its own, in which commands run: `python -m host.mounting FOLDER`, in `unshare --mount`.

Reads cases from stdin, a JSON list of what to mount, and of what to call tuneport with; each is tried in a copy of the
folder. Prints, a line of JSON for each, the exit code and stderr.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tuneport.commands.main import run


def main(folder: str) -> None:
    """See the module."""
    for number, (mounts, arguments) in enumerate(json.load(sys.stdin)):
        place = Path(f"{folder}-{number}")
        shutil.copytree(folder, place)
        os.chdir(place)
        subprocess.run(["sh", "-ec", mounts], check=True)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            code = run(["export", *arguments])
        print(json.dumps([code, said.getvalue()]), flush=True)  # noqa: T201  -- the answer


if __name__ == "__main__":
    main(sys.argv[1])
