"""Runs whose every call is recorded, what a power cut leaves of them, and what may never be lost."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tools import Killed, recipe

from faults.power import Thing, World
from faults.power_calls import Event, Recorder, Tree, lay, tree_of
from faults.power_savepoints import part_of, promised
from tuneport.errors import TargetExistsError
from tuneport.runs import Sizes, execute, plan_export
from tuneport.runs.storage import Storage

SMALL = Sizes(part_bytes=9_000, savepoint_bytes=16_000)

Asked = Callable[[Path], dict[str, Any]]
"""The recipe of a run, into a folder."""


def asking(name: str, export: dict[str, Any], **output: Any) -> Asked:
    """A recipe over the records beside the folder."""

    def asked(place: Path) -> dict[str, Any]:
        data = recipe(place.parent / "faq.jsonl", place / name, export=export)
        data["output"] |= {"shard_size": 20_000, **output}
        return data

    return asked


@dataclass(frozen=True)
class Mode:
    """A way to export: what is asked for, where it goes, and the run that was there before it."""

    target: str
    asked: Asked
    before: Asked | None = None

    @property
    def on_exists(self) -> str:
        """What it does where something stands at its target."""
        return str(self.asked(Path())["output"].get("on_exists", "fail"))


TWO = {"formats": ["tuneport", "trl"]}
WAITING = {"weighting": {"normalize": "percentile"}}
MODES = {
    "folder": Mode("runs/out", asking("runs/out", TWO, index=True)),
    "file": Mode("out.jsonl", asking("out.jsonl", {})),
    "replace": Mode("out", asking("out", {}, on_exists="replace"), asking("out", WAITING)),
    "replace a file": Mode("out.jsonl", asking("out.jsonl", {}, on_exists="replace"), asking("out.jsonl", WAITING)),
    "first version": Mode("out", asking("out", {}, on_exists="version")),
    "version": Mode(
        "out", asking("out", {}, on_exists="version", index=True), asking("out", WAITING, on_exists="version")
    ),
    "deferred": Mode("out", asking("out", WAITING, split={"validation": 0.3}, index=True)),
    "deferred replace": Mode("out", asking("out", WAITING, on_exists="replace"), asking("out", {})),
}

Contents = dict[str, bytes]


@dataclass
class Life:
    """What was done between two cuts: from this tree on, these calls; `ends` are where a run came to its end."""

    base: Tree
    events: list[Event] = field(default_factory=list)
    starts: int = 0
    """Where the last run begins."""
    ended: bool = False


class BrokenError(AssertionError):
    """Something was lost, or half written."""


class Place:
    """A folder in which one mode is run, cut, and run again."""

    def __init__(self, mode: Mode, path: Path) -> None:
        self.mode = mode
        self.path = path
        lay({".": tree_of(path.parent)["."]}, path)
        if mode.before is not None:
            execute(plan_export(mode.before(path), sizes=SMALL))
            (path / mode.target).chmod(0o750)
        self.base = tree_of(path)
        self.old = self._visible(self.base)
        self.whole = self.live(self.base)
        self.new = self._visible(tree_of(path))
        assert self.new not in (None, self.old)

    # Runs

    def live(self, base: Tree, killed: int | None = None) -> Life:
        """A run to its end, over a tree; one that was killed before its n-th call comes before it."""
        lay(base, self.path)
        life = Life(base)
        if killed is not None:
            self._run(life, killed)
        life.starts = len(life.events)
        self._run(life, None)
        life.ended = True
        return life

    def _run(self, life: Life, last: int | None) -> None:
        try:
            plan = plan_export(self.mode.asked(self.path), sizes=SMALL)
            execute(plan, storage=Storage(Recorder(self.path, life.events, last)))
        except Killed:
            return
        except TargetExistsError:
            if self.state(tree_of(self.path)) != "new" or self.mode.on_exists != "fail":
                raise

    def goes_on(self, life: Life, at: int, left: Tree) -> Life:
        """Run over what a cut left: it ends as if nothing had been, and does no work again that was done.

        Raises:
            BrokenError: it does not.
        """
        done = promised(life.events[:at], life.ended and at == len(life.events))
        begins = self.state(left)
        after = self.live(left)
        if begins != "new":
            for event in after.events:
                if event.call == "create" and (part := part_of(event.paths[0], done)) is not None:
                    raise BrokenError(f"part {part} was done before, and is done again: {event.paths[0]}")
        now = tree_of(self.path)
        if self.state(now) != "new":
            raise BrokenError(f"the run after a cut ends in {self.state(now)}")
        strange = {path for path in now if re.search(r"(^|/)\.[^/]", path) and not path.endswith(".lock")}
        # A run that may not replace anything does not come so far as to remove the last of what it finds.
        last = {"plan.json", "sealed.json", f".{Path(self.mode.target).name}.staging"}
        if strange and (self.mode.on_exists != "fail" or {Path(path).name for path in strange} - last):
            raise BrokenError(f"left behind: {sorted(strange)[:3]}")
        return after

    # What is visible

    def state(self, tree: Tree) -> str:
        """What others see: absent, old or new.

        Raises:
            BrokenError: it is none of them.
        """
        for one in self._versions(tree).values():
            if one not in (self.old, self.new):
                raise BrokenError(f"a version is neither old nor new: {_differs(one, self.new)}")
        seen = self._visible(tree)
        if seen == self.new:
            return "new"
        if seen == self.old:
            return "old" if self.old is not None else "absent"
        raise BrokenError(f"neither old nor new: {_differs(seen, self.new)}")

    def stands(self, life: Life, at: int, tree: Tree) -> None:
        """Check what a cut may leave visible.

        Raises:
            BrokenError: it is neither what stood there before nor what was made, or what was there is gone.
        """
        state = self.state(tree)
        if state != "new" and (self.state(life.base) == "new" or (life.ended and at == len(life.events))):
            raise BrokenError(f"it was there, and now {state} is")

    def _visible(self, tree: Tree) -> Contents | None:
        if self.mode.on_exists == "version":
            link, versions = tree.get(f"{self.mode.target}/latest"), self._versions(tree)
            if link is not None and os.fsdecode(link.data) not in versions:
                raise BrokenError("the link to the newest version points to nothing")
            return versions[os.fsdecode(link.data)] if link is not None else None
        return _contents(tree, self.mode.target)

    def _versions(self, tree: Tree) -> dict[str, Contents | None]:
        """The versions that stand there."""
        if self.mode.on_exists != "version":
            return {}
        names = [path for path in tree if re.fullmatch(f"{self.mode.target}/v[0-9]+", path)]
        if len(names) > 2:
            raise BrokenError(f"published twice: {sorted(names)}")
        return {path.rpartition("/")[2]: _contents(tree, path) for path in names}


def _contents(tree: Tree, target: str) -> Contents | None:
    """The files at a target, and its permissions; the clock's own file only has to be whole."""
    if target not in tree:
        return None
    found = {"its permissions": oct(tree[target].mode).encode()}
    for path, entry in tree.items():
        if entry.kind == "file" and (path == target or path.startswith(f"{target}/")):
            found[os.path.relpath(path, target)] = entry.data
    if "stats.json" in found:
        found["stats.json"] = b"whole" if found["stats.json"].endswith(b"}\n") else b"torn"
    return found


def _differs(seen: Contents | None, new: Contents | None) -> str:
    if seen is None or new is None:
        return "nothing is there"
    return ", ".join(sorted(name for name in seen.keys() | new.keys() if seen.get(name) != new.get(name))[:4])


def survivors(world: World, random: Random) -> Tree:
    """What one cut leaves: extremes more often than anything between."""
    things = world.things()
    kind = random.choice(["nothing", "everything", "one", "all but one", "names", "bytes", "any", "any"])
    kept: Container[Thing] = set(things)
    if kind == "nothing" or not things:
        kept = set()
    elif kind == "one":
        kept = {random.choice(things)}
    elif kind == "all but one":
        kept = set(things) - {random.choice(things)}
    elif kind == "names":
        kept = set(world.pending)
    elif kind == "bytes":
        kept = set(things) - set(world.pending)
    elif kind == "any":
        share = random.random()
        kept = {thing for thing in things if random.random() < share}
    return world.survivors(kept, random)
