"""A folder in which one case runs again and again, each time from the same state, and is killed there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tools import Watched

from faults.kill_cases import Asked, Case
from faults.kill_child import KILLED, dying, forked, run
from faults.kill_sources import write_sources
from faults.kill_watch import Seen, Watcher
from tuneport.errors import TargetExistsError
from tuneport.runs.disk import Disk
from tuneport.runs.storage import Storage

EVERY = int(os.environ.get("TUNEPORT_KILL_EVERY", "120"))
"""The distance between two kill points; 1 is every one of them, the default keeps the suite short."""

_EXISTS = TargetExistsError.exit_code

_PUBLISH = {"rename_new", "exchange"}
_RENAMES = _PUBLISH | {"rename", "symlink"}

Calls = list[tuple[str, Path]]
"""Calls of the system that change the disk, each with its path."""


class Room:
    """What a case needs, and the state from which each of its runs starts.

    Args:
        case: what is run.
        root: an empty folder.
        storage: what runs write with; a test gives one that breaks a promise.

    Attributes:
        old: what is visible before a run.
        new: what a whole run makes visible.
        expected: what is visible after the run that follows a killed one.
    """

    def __init__(self, case: Case, root: Path, storage: Callable[[Disk], Storage] = Storage) -> None:
        self._case = case
        self._storage = storage
        self._template = root / "template"
        self.place = root / "place"
        write_sources(root)
        self._template.mkdir()
        self.place.symlink_to(self._template)  # what is made here has the paths that it will have there
        case.before(self.place)
        output = case.asked(self.place)["output"]
        self._fails = "on_exists" not in output
        self._target = Path(output["path"])
        self.watcher = Watcher(self._target, versions=output.get("on_exists") == "version")
        self.old = self.watcher.look()
        self.place.unlink()
        self.new = self._whole(case.asked)
        self.expected = self._whole(case.again) if case.again else self.new

    def _whole(self, asked: Asked) -> Seen:
        self.reset()
        run(asked(self.place))
        return self.watcher.look()

    def reset(self) -> None:
        """Put back what stands here before the run."""
        if self.place.exists():
            shutil.rmtree(self.place)
        shutil.copytree(self._template, self.place, symlinks=True)

    def calls(self) -> Calls:
        """What a whole run calls, in this process, from the first state on."""
        made: Calls = []
        self.reset()
        run(self._case.asked(self.place), self._storage(Watched(lambda call, path: made.append((call, path)))))
        assert self._case.holds(self.place), "the case is not what it is called"
        return made

    def start(self, before: Callable[[str, Path], None]) -> int:
        """Begin the run in a process of its own, which calls `before` ahead of each call; its number."""
        return forked(lambda: run(self._case.asked(self.place), self._storage(Watched(before))))

    def killed(self, after: int) -> bool:
        """Whether the run is killed, by itself, after so many calls; otherwise it has come to its end."""
        answered = self._answered()
        process = self.start(dying(lambda count, _call, _path: count > after))
        code = self.watcher.over(process, self.watcher.look(), self.new)
        assert code in (KILLED, _EXISTS if answered else 0), f"it ended with {code}"
        return code == KILLED

    def life(self, seconds: float = float("inf"), work: Callable[[], object] | None = None) -> bool:
        """Run on from whatever stands here; whether it came to its end before it was killed.

        What is left where it did is what an undisturbed run leaves.

        Args:
            seconds: after which it is killed.
            work: does the run, where it is not to be the library.
        """
        answered = self._answered()
        before = self.watcher.look()
        process = forked(work or (lambda: run(self._case.following(self.place))))
        code = self.watcher.over(process, before, self.expected, seconds)
        if code == KILLED:
            return False
        assert code == (_EXISTS if answered else 0), f"it ended with {code}"
        seen = self.watcher.look()
        assert seen == self.expected, f"it made {seen}, not {self.expected}"
        left = {path.relative_to(self.place).as_posix() for path in self.place.rglob("*") if _hidden(path, self.place)}
        # The last run was killed while it tidied up: there is nothing to be taken up any more, but what it published.
        spared = {f".{self._target.name}.{name}" for name in ("lock", "staging", "staging/sealed.json")}
        assert left <= (spared if answered else set()), f"it left {sorted(left)}"
        return True

    def _answered(self) -> bool:
        """Whether a run is one too many: all is published, and what could say so to the next run is gone."""
        staging = self.place / f".{self._target.name}.staging"
        told = (staging / "plan.json").exists() and (staging / "sealed.json").exists()
        return self._fails and self._target.exists() and not told


def _hidden(path: Path, place: Path) -> bool:
    return any(name.startswith(".") for name in path.relative_to(place).parts)


def sealing(calls: Calls) -> int:
    """Where the last steps begin: before this call nothing is visible of the run, and all of it is made."""
    return next((number for number, (_, path) in enumerate(calls) if path.name == "sealed.json.part"), len(calls))


def points(calls: Calls) -> list[int]:
    """After how many calls to kill: every n-th, from sealing on ahead of each rename, when all is visible, the last."""
    last = range(sealing(calls), len(calls))
    renames = {number for number in last if calls[number][0] in _RENAMES}
    visible = {number + 1 for number in renames if calls[number][0] in _PUBLISH}
    first = len(calls) % EVERY  # another one for each case, so that together they fall everywhere
    return sorted({*range(first, len(calls), EVERY), *renames, *visible, len(calls) - 1})
