"""Kills and looks find out what they are there to find: each storage here breaks one promise, and is caught."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from faults.kill_cases import CASES, WAITING, asking
from faults.kill_child import KILLED, dying, ended, run
from faults.kill_room import Room, sealing
from faults.kill_watch import SeenError, wrong
from tuneport.runs.storage import Storage


class Copies(Storage):
    """Lets things become visible piece by piece."""

    def publish(self, source: Path, target: Path, *, durable: bool = True) -> None:  # noqa: ARG002
        for path in [source, *sorted(source.rglob("*"))]:
            place = target / path.relative_to(source)
            if path.is_dir():
                self.mkdir(place)
            else:
                self.write(place, path.read_bytes())


class RemovesFirst(Storage):
    """Takes away what it replaces, and then puts the new one there."""

    def exchange(self, source: Path, target: Path, *, durable: bool = True) -> None:  # noqa: ARG002
        self.remove(target)
        super().rename(source, target)


class WritesOver(Storage):
    """Writes into the file that it replaces."""

    def rename(self, source: Path, target: Path) -> None:
        if target.name == "out.jsonl" and target.parent.name != "out":
            self.write(target, source.read_bytes())
        else:
            super().rename(source, target)


class LinksAnew(Storage):
    """Takes the link to the newest version away, and makes another."""

    def point(self, link: Path, target: str) -> None:
        self.remove(link)
        self._disk.symlink(link, target)


class LinksFirst(Storage):
    """Lets the link to the newest version point to one that is still to come."""

    def publish(self, source: Path, target: Path, *, durable: bool = True) -> None:
        self.point(target.parent / "latest", target.name)
        super().publish(source, target, durable=durable)


MUTANTS: dict[type[Storage], tuple[str, str]] = {
    Copies: ("folder", "out: partial"),
    RemovesFirst: ("replace", "out: (gone|partial)"),
    WritesOver: ("replace a file", "out.jsonl: "),
    LinksAnew: ("second version", "latest: gone"),
    LinksFirst: ("second version", "latest: nothing stands at v0002"),
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_kill_finds_it(mutant: type[Storage], tmp_path: Path) -> None:
    """A kill ahead of one of its last calls leaves what nobody may see."""
    name, fault = MUTANTS[mutant]
    room = Room(CASES[name], tmp_path, mutant)
    calls = room.calls()

    def left(after: int) -> str:
        room.reset()
        assert ended(room.start(dying(lambda count, _call, _path: count > after))) == KILLED
        return wrong(room.watcher.look(), room.old, room.new)

    assert left(sealing(calls)) == ""
    assert any(re.match(fault, left(after)) for after in range(sealing(calls) + 1, len(calls)))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_look_finds_it(mutant: type[Storage], tmp_path: Path) -> None:
    """Whoever looks all the time sees what nobody may see, though nothing is killed."""
    name, fault = MUTANTS[mutant]
    room = Room(CASES[name], tmp_path, mutant)
    room.reset()

    def slowly(_call: str, path: Path) -> None:
        if not re.search(r"/place/\.", str(path)):  # neither staging nor the lock: nobody looks there
            time.sleep(0.02)

    with pytest.raises(SeenError, match=fault):
        room.watcher.over(room.start(slowly), room.old, room.new)


def test_another_end_is_found(tmp_path: Path) -> None:
    """A run that takes work up and ends in other bytes, or leaves something lying about, does not pass."""
    case = CASES["folder"]
    room = Room(case, tmp_path)
    room.reset()
    assert room.killed(after=60)
    with pytest.raises(SeenError, match="out: "):
        room.life(work=lambda: run(asking(WAITING)(room.place)))

    def untidy() -> None:
        run(case.asked(room.place))
        (room.place / ".out.part").touch()

    room.reset()
    with pytest.raises(AssertionError, match=r"\.out\.part"):
        room.life(work=untidy)
