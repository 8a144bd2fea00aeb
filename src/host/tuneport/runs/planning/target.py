"""Where a run writes: a folder, one file, or stdout; and the staging folder beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import msgspec.json

from tuneport.dataset import Dataset
from tuneport.errors import SourceError, SourceNotFoundError, TargetExistsError
from tuneport.model import Problem
from tuneport.options import Output

Kind = Literal["folder", "file", "stdout"]
Compression = Literal["none", "gzip", "zstd"]
OnExists = Literal["fail", "replace", "version"]

SUFFIX: dict[Compression, str] = {"none": "", "gzip": ".gz", "zstd": ".zst"}
LATEST = "latest"
"""The link to the version that was published last."""

_OR_REPLACE = "name another path, or --on-exists replace"
_ROWS = {".jsonl", ".ndjson"}
_OTHERS = {".json", ".csv", ".tsv", ".parquet", ".txt", ".arrow", ".bz2", ".xz", ".zip", ".lz4"}


@dataclass(frozen=True)
class Target:
    """Where rows go.

    Attributes:
        kind: a folder with card, manifest and sums; one file of rows; or rows on stdout.
        path: the folder or file.
        shown: the path as the user wrote it.
        compression: of the data files.
        on_exists: what to do where something stands at the path.
    """

    kind: Kind
    path: Path
    shown: str
    compression: Compression = "none"
    on_exists: OnExists = "fail"

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

    def staged_plan(self) -> dict[str, Any] | None:
        """The plan of the work in the staging folder; None where there is none, or it is torn."""
        try:
            plan = msgspec.json.decode((self.staging / "plan.json").read_bytes())
        except (OSError, msgspec.DecodeError):
            return None
        return plan if isinstance(plan, dict) else None

    def must_be_free(self) -> None:
        """Fail before anything is read where something stands in the way.

        Raises:
            TargetExistsError: something does.
        """
        if self.kind == "stdout" or not os.path.lexists(self.path):
            return
        if self.on_exists == "fail":
            raise TargetExistsError(f"{self.shown} exists. Nothing read.", self._ways_out())
        if self.on_exists == "version":
            if not self.path.is_dir():
                raise TargetExistsError(f"{self.shown} is no folder that could hold versions", "name another path")
            if (self.path / "manifest.json").exists():
                raise TargetExistsError(f"{self.shown} is a dataset itself, and holds no versions", _OR_REPLACE)
            link = self.path / LATEST
            if link.exists() and not link.is_symlink():
                raise TargetExistsError(f"{self.shown}/{LATEST} is no link that could be moved", "move it away")
        elif self.kind == "folder" and not self._replaceable():
            text = f"{self.shown} holds no dataset of ours, and is not replaced"
            raise TargetExistsError(text, "name another path, or move it away")
        elif self.kind == "file" and not (self.path.is_file() and not self.path.is_symlink()):
            raise TargetExistsError(f"{self.shown} is no regular file, and is not replaced", "name another path")

    def _replaceable(self) -> bool:
        """Whether nothing is lost with the folder but a dataset: others call a file manifest.json as well."""
        if self.path.is_symlink() or not self.path.is_dir():
            return False
        try:
            if any(self.path.iterdir()):
                Dataset.open(self.path)
        except (OSError, SourceNotFoundError, SourceError):
            return False
        return True

    def _ways_out(self) -> str:
        replace = "--on-exists replace    swap it, in one step"
        if self.kind == "file":
            return replace
        return f"{replace}          --on-exists version    publish versions, in a folder that holds nothing else"


def target_of(output: Output, base: Path, formats: int, problems: list[Problem]) -> Target | None:
    """Where an output section points; what is wrong with it is added to `problems`."""
    if output.path is None:
        hint = "name a folder, a .jsonl file, or - for stdout: --to, or output.path in a recipe"
        problems.append(Problem("output.path", "missing", hint))
        return None
    asked: Compression = "gzip" if output.compress else output.compression
    place = f'output.path = "{output.path}"'
    if str(output.path) == "-":
        if asked != "none":
            problems.append(Problem("output.compression", "stdout is never compressed", "pipe it through gzip"))
        kind: Kind = "stdout"
    elif output.path.name in {"", ".."} or "\0" in str(output.path):
        problems.append(Problem(place, "names no folder that could be made", "give it a name: out/faq"))
        return None
    else:
        kind, asked = _kind(output.path, asked, place, problems)
    if kind != "folder" and formats > 1:
        message = f"one {'file' if kind == 'file' else 'stream'} holds one format, and the recipe names {formats}"
        problems.append(Problem(place, message, "name a folder"))
    if kind != "folder" and output.on_exists == "version":
        problems.append(Problem('output.on_exists = "version"', "versions stand in a folder", "name a folder"))
    if kind != "folder" and output.max_shrink is not None:
        hint = "name a folder, or leave it out"
        problems.append(Problem("output.max_shrink", "rows alone do not say how many there were before", hint))
    if output.max_shrink is not None and output.on_exists == "fail":
        hint = 'with on_exists = "replace" or "version"'
        problems.append(Problem("output.max_shrink", "there is nothing to compare with", hint))
    path = base / output.path
    return Target(kind, path, "-" if kind == "stdout" else str(path), asked, output.on_exists)


def _kind(path: Path, asked: Compression, place: str, problems: list[Problem]) -> tuple[Kind, Compression]:
    """A folder or a file, as the name says; and how it is compressed, as name and recipe say."""
    named: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    last = named.get(suffixes[-1], "none") if suffixes else "none"
    inner = suffixes[-2] if last != "none" and len(suffixes) > 1 else (suffixes or [""])[-1]
    if inner in _OTHERS:
        problems.append(Problem(place, f"rows are JSON lines, not {inner}", "name a folder, or a .jsonl file"))
    if inner not in _ROWS:
        return "folder", asked
    if "none" not in (asked, last) and asked != last:
        hint = f"name it {path.stem}{SUFFIX[asked]}, or leave compression out"
        problems.append(Problem(place, f"the name says {last}, and output.compression says {asked}", hint))
    return "file", last if asked == "none" else asked
