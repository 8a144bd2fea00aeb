"""Where a run writes: a folder, one file, or stdout; and the staging folder beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tuneport.dataset import Dataset
from tuneport.errors import SourceError, SourceNotFoundError, TargetExistsError
from tuneport.model import Problem
from tuneport.options import Output
from tuneport.runs.planning.mounts import is_mount
from tuneport.runs.summed import read_summed

Kind = Literal["folder", "file", "stdout"]
Compression = Literal["none", "gzip", "zstd"]
OnExists = Literal["fail", "replace", "version"]

SUFFIX: dict[Compression, str] = {"none": "", "gzip": ".gz", "zstd": ".zst"}
LATEST = "latest"
"""The link to the version that was published last."""

_OR_REPLACE = "name another path, or --on-exists replace"
_ROWS = {".jsonl", ".ndjson"}
_OTHERS = {
    *(".json", ".csv", ".tsv", ".parquet", ".txt", ".arrow", ".toml", ".db", ".sqlite", ".sqlite3"),
    *(".bz2", ".xz", ".zip", ".lz4"),
}


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

    def staged_plan(self, *, quiet: bool = True) -> dict[str, Any] | None:
        """The plan of the work in the staging folder; None where there is none, or it is damaged.

        Args:
            quiet: do not warn of damage, for it will be looked at again.

        Raises:
            TuneportError: it cannot be read now.
        """
        return read_summed(self.staging / "plan.json", dict, quiet=quiet)

    def must_be_free(self) -> None:
        """Fail before anything is read where something stands in the way.

        Raises:
            TargetExistsError: something does.
        """
        if self.kind == "stdout" or not os.path.lexists(self.path):
            return
        if is_mount(self.path):
            way = f"name a folder inside it, such as {self.shown}/dataset" if self.kind == "folder" else "name another"
            raise TargetExistsError(f"{self.shown} is a mount point: nothing can be renamed over it", way)
        if self.on_exists == "fail":
            raise TargetExistsError(f"{self.shown} exists. Nothing read.", self._ways_out())
        if self.on_exists == "version":
            self._must_hold_versions()
        elif self.kind == "folder":
            self._must_be_ours()
        elif self.kind == "file" and not (self.path.is_file() and not self.path.is_symlink()):
            raise TargetExistsError(f"{self.shown} is no regular file, and is not replaced", "name another path")

    def _must_hold_versions(self) -> None:
        """Check that what stands there is a folder in which versions can stand.

        Raises:
            TargetExistsError: it is not.
        """
        if not self.path.is_dir():
            raise TargetExistsError(f"{self.shown} is no folder that could hold versions", "name another path")
        if (self.path / "manifest.json").exists():
            raise TargetExistsError(f"{self.shown} is a dataset itself, and holds no versions", _OR_REPLACE)
        for link in (self.path / LATEST, self.path / f".{LATEST}.part"):  # it is made under the other name
            if link.exists() and not link.is_symlink():
                raise TargetExistsError(f"{self.shown}/{link.name} is no link that could be moved", "move it away")

    def _must_be_ours(self) -> None:
        """Check that nothing is lost with the folder but a dataset: others call a file manifest.json as well.

        Raises:
            TargetExistsError: it is no dataset of ours, or holds what no export wrote.
        """
        try:
            strange = strangers(self.path)
        except (OSError, SourceNotFoundError, SourceError):
            text = f"{self.shown} holds no dataset of ours, and is not replaced"
            raise TargetExistsError(text, "name another path, or move it away") from None
        if strange:
            more = f" and {len(strange) - 1:,} more" if len(strange) > 1 else ""
            text = f"{self.shown} holds {strange[0]}{more}, which no export wrote, and is not replaced"
            raise TargetExistsError(text, "move it away, or name another path")

    def would_lose(self, read: Path) -> Problem | None:
        """The problem of replacing what is read; None where that stands elsewhere."""
        if self.kind == "stdout" or self.on_exists != "replace":
            return None
        place, read = Path(os.path.realpath(self.path)), Path(os.path.realpath(read))
        if place != read and place not in read.parents:
            return None
        return Problem(f'output.path = "{self.shown}"', f"it would replace {read}, which is read", "name another path")

    def _ways_out(self) -> str:
        replace = "--on-exists replace    swap it, in one step"
        if self.kind == "file":
            return replace
        return f"{replace}          --on-exists version    publish versions, in a folder that holds nothing else"


def _shown(path: Path) -> str:
    """A path as it is shown: without ways up and down again, as a dataset's own recipe has them."""
    if ".." not in path.parts:
        return str(path)
    real = Path(os.path.realpath(path))
    return str(real.relative_to(Path.cwd())) if real.is_relative_to(Path.cwd()) else str(real)


def strangers(folder: Path) -> list[str]:
    """The files in a dataset's folder that no export wrote; none in one that is empty.

    Raises:
        SourceNotFoundError: it is no dataset of ours.
        SourceError: it cannot be read.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise SourceNotFoundError("no folder")
    return sorted(_files(folder) - Dataset.open(folder).listed()) if any(folder.iterdir()) else []


def _files(folder: Path) -> set[str]:
    """Every file below a folder, and every link."""
    every = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(folder).as_posix() for path in every}


def target_of(output: Output, base: Path, formats: int, problems: list[Problem]) -> Target | None:
    """Where an output section points; what is wrong with it is added to `problems`."""
    if output.path is None:
        if any(problem.path.startswith("output") for problem in problems):
            return None  # it may be there, and what is wrong with it is told already
        hint = "name a folder, a .jsonl file, or - for stdout: --to, or output.path in a recipe"
        problems.append(Problem("output.path", "missing", hint))
        return None
    asked: Compression = "gzip" if output.compress else output.compression
    place = f'output.path = "{output.path}"'
    if str(output.path) == "-":
        if asked != "none":
            key = "output.compress" if output.compress else "output.compression"
            problems.append(Problem(key, "stdout is never compressed", "pipe it through gzip"))
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
        hint = 'it goes with output.on_exists = "replace" or "version"'
        problems.append(Problem("output.max_shrink", "there is nothing to compare with", hint))
    path = base / output.path
    return Target(kind, path, "-" if kind == "stdout" else _shown(path), asked, output.on_exists)


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
