"""SHA256SUMS and the files it speaks of. Nothing outside the folder is ever opened."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path, PurePosixPath

from tuneport.validation.report import Findings

SUMS = "SHA256SUMS"
UNSUMMED = {SUMS, "stats.json"}
"""What stands in a dataset folder and not in its sums."""

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def regular_files(root: Path, findings: Findings) -> set[str]:
    """The folder's files, relative to it and with `/`. Links and devices are told, and not among them."""
    found: set[str] = set()
    folders = [""]
    while folders:
        folder = folders.pop()
        with os.scandir(root / folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                name = f"{folder}{entry.name}"
                if entry.is_symlink():
                    findings.add("link", "is a symbolic link", "put the file itself there", file=name)
                elif entry.is_dir():
                    folders.append(f"{name}/")
                elif entry.is_file():
                    found.add(name)
                else:
                    findings.add("no_file", "is neither a file nor a folder", "remove it", file=name)
    return found


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def listed(data: bytes, findings: Findings) -> dict[str, str]:
    """File to SHA-256, as the text of SHA256SUMS has it; what is wrong with its lines is told."""
    sums: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n"), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            findings.add("bad_sum", "a line is not a SHA-256, two spaces and a name", line=number, file=SUMS)
        elif not _inside(match[2]):
            message = f"names what does not stand in the folder: {match[2]}"
            findings.add("outside", message, "it was not opened", line=number, file=SUMS)
        elif match[2] in sums:
            findings.add("listed_twice", f"lists {match[2]} twice", line=number, file=SUMS)
        else:
            sums[match[2]] = match[1]
    return sums


def _inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and str(PurePosixPath(name)) == name and parts[0] != "/" and ".." not in parts


def compared(root: Path, sums: dict[str, str], files: set[str], findings: Findings) -> dict[str, str]:
    """Compare the folder with its sums; file to SHA-256 of every listed file that is there."""
    found: dict[str, str] = {}
    for name, expected in sums.items():
        if name not in files:
            findings.add("missing", "is listed in SHA256SUMS, and not there", file=name)
            continue
        found[name] = digest_of(root / name)
        if found[name] != expected:
            findings.add("changed", "is not what was written: SHA256SUMS has another digest of it", file=name)
    for name in sorted(files - sums.keys() - UNSUMMED):
        findings.add("unlisted", "is not listed in SHA256SUMS: it was added later", "remove it", file=name)
    return found
