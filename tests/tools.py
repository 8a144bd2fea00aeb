"""Helpers that several tests use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tuneport.runs.disk import Disk
from tuneport.runs.storage import Storage
from tuneport.runs.summed import summed

NOW = "2026-11-22T00:00:00Z"


def tree(path: Path, without: frozenset[str] = frozenset({"stats.json"})) -> dict[str, str]:
    """Relative path to SHA-256 of every file of a folder, the clock's own file left out."""
    return {
        file.relative_to(path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.name not in without
    }


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON lines file, or of a dataset folder's only format and split."""
    if path.is_dir():
        (folder,) = (path / "data").glob("*/train")
        return [row for file in sorted(folder.iterdir()) for row in rows(file)]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def recipe(source: Path, output: Path, **sections: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe with a pinned time."""
    return {"source": str(source), "output": {"path": str(output)}, "run": {"now": NOW}, **sections}


def staged_plan(staging: Path) -> dict[str, Any]:
    """The plan that a staging folder holds."""
    plan: dict[str, Any] = json.loads((staging / "plan.json").read_bytes().partition(b"\n")[2])
    return plan


def put_staged_plan(staging: Path, plan: dict[str, Any]) -> None:
    """Put another in its place, whose sum is right."""
    (staging / "plan.json").write_bytes(summed(json.dumps(plan).encode()))


def faq_lines(count: int) -> bytes:
    """Records with duplicates, filtered ones, errors, bad lines and blank lines at fixed places."""
    lines: list[str | bytes] = []
    for number in range(count):
        record: dict[str, Any] = {
            "pk": f"qa_{number}",
            "question": f"What is the meaning of sign {number % 1500}?",
            "context": None
            if number % 11 == 0
            else f"Page {number % 1500 % 13} of the manual, ünïcödé \u2028 {number % 1500}",
            "answer": f"It stands for number {number % 1500}. " + "Read on. " * (number % 1500 % 40),
            "importance": (number % 7) / 4,
            "category": f"c{number % 5}",
            "tags": ["a", "b"][: number % 3],
        }
        if number % 17 == 3:
            record["answer"] = "short"
        if number % 29 == 5:
            del record["question"]
        if number % 101 == 7:
            record["importance"] = "many"
        line: str | bytes = json.dumps(record, ensure_ascii=number % 2 == 0)
        if number % 97 == 11:
            line = "{not json"
        if number % 103 == 12:
            line = b'{"pk": "\xff\xfe"}'
        lines.append(line)
        if number % 50 == 49:
            lines.append("")
    return b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)


class Killed(BaseException):
    """Stands for the death of the process: nothing may catch it."""


class Around(Disk):
    """The real disk; what others do around each call of it stands in `around`."""

    def __init__(self) -> None:
        for name in vars(Disk):
            if not name.startswith("_"):
                setattr(self, name, partial(self.around, name, getattr(super(), name)))

    def around(self, name: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """One call, by its name, and how it is done."""
        raise NotImplementedError

    @staticmethod
    def paths(arguments: tuple[Any, ...]) -> list[Path]:
        """The paths that a call is about; of two the second one comes to be."""
        return [one for one in arguments if isinstance(one, Path)]


class Watched(Around):
    """The real disk, and what is called with the name and the path of each call before it happens."""

    def __init__(self, before: Callable[[str, Path], None]) -> None:
        super().__init__()
        self._before = before

    def around(self, name: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """Tell of it, then do it."""
        self._before(name, self.paths(arguments)[-1])
        return call(*arguments)


def watched(before: Callable[[str, Path], None]) -> Storage:
    """Storage on a disk that is watched."""
    return Storage(Watched(before))


class Mortal(Storage):
    """A disk that the process dies at: from the n-th call on, none happens."""

    def __init__(self, last: int) -> None:
        super().__init__(Watched(self._count))
        self.operations = 0
        self._last = last

    def _count(self, _call: str, _path: Path) -> None:
        self.operations += 1
        if self.operations > self._last:
            raise Killed
