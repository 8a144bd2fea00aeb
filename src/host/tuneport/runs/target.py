"""Where a run writes: a folder, one file, or stdout; and the staging folder beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tuneport.errors import TargetExistsError
from tuneport.model import Problem
from tuneport.options import Output

Kind = Literal["folder", "file", "stdout"]
Compression = Literal["none", "gzip", "zstd"]

SUFFIX: dict[Compression, str] = {"none": "", "gzip": ".gz", "zstd": ".zst"}
_ROWS = {".jsonl", ".ndjson"}
_OTHERS = {".json", ".csv", ".tsv", ".parquet", ".txt", ".arrow"}


@dataclass(frozen=True)
class Target:
    """Where rows go.

    Attributes:
        kind: a folder with card, manifest and sums; one file of rows; or rows on stdout.
        path: the folder or file.
        shown: the path as the user wrote it.
        compression: of the data files.
    """

    kind: Kind
    path: Path
    shown: str
    compression: Compression = "none"

    @property
    def staging(self) -> Path:
        """The folder beside it in which everything is made."""
        return self.path.with_name(f".{self.path.name}.staging")

    @property
    def lock(self) -> Path:
        """The file that a run holds while it works."""
        return self.path.with_name(f".{self.path.name}.lock")

    @property
    def suffix(self) -> str:
        """What data files' names end with."""
        return f".jsonl{SUFFIX[self.compression]}"

    def must_be_free(self) -> None:
        """Fail before anything is read where something stands at the path.

        Raises:
            TargetExistsError: something does.
        """
        if self.kind != "stdout" and os.path.lexists(self.path):
            raise TargetExistsError(f"{self.shown} exists. Nothing read.", "remove it, or name another path")


def target_of(output: Output, base: Path, formats: int, problems: list[Problem]) -> Target | None:
    """Where an output section points; what is wrong with it is added to `problems`."""
    compression: Compression = "gzip" if output.compress else output.compression
    if output.path is None:
        problems.append(Problem("output.path", "missing", "a folder, a .jsonl file, or - for stdout"))
        return None
    shown = str(output.path)
    if shown == "-":
        kind: Kind = "stdout"
        if compression != "none":
            problems.append(Problem("output.compression", "stdout is never compressed", "pipe it through gzip"))
    else:
        suffixes = output.path.suffixes
        named: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
        inner = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] in named else (suffixes or [""])[-1]
        kind = "file" if inner in _ROWS else "folder"
        if kind == "file" and suffixes[-1] in named:
            compression = named[suffixes[-1]]
        if inner in _OTHERS:
            hint = "name a folder, or a file that ends in .jsonl"
            problems.append(Problem(f'output.path = "{shown}"', f"rows are JSON lines, not {inner}", hint))
    if kind != "folder" and formats > 1:
        message = f"one {'file' if kind == 'file' else 'stream'} holds one format, and the recipe names {formats}"
        problems.append(Problem(f'output.path = "{shown}"', message, "name a folder"))
    path = base / output.path
    return Target(kind, path, "-" if kind == "stdout" else str(path), compression)
