"""A disk that says no at any call: an error of the right kind, nothing half visible, and the next run ends well.

TUNEPORT_FAULT_EVERY is the distance between two calls that fail (1 is every one of them, alone and with all that
follow; the default keeps the suite short).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tools import watched

from faults.error_disk import KINDS, Failing, Fails, Morsels, Small
from faults.kill_cases import CASES
from faults.kill_child import run
from faults.kill_room import Room
from faults.kill_watch import wrong
from tuneport.errors import TargetExistsError, TryAgainError, TuneportError
from tuneport.runs.storage import Storage

EVERY = int(os.environ.get("TUNEPORT_FAULT_EVERY", "50"))
NUMBERS = list(KINDS)
MODES = ["folder", "file", "replace", "replace a file", "first version", "second version", "deferred folder"]


class Place(Room):
    """A room, and the recipe that runs there."""

    def __init__(self, mode: str, root: Path) -> None:
        super().__init__(CASES[mode], root)
        self.asked = CASES[mode].asked(self.place)

    def published(self) -> bool:
        """Whether what a whole run makes is visible."""
        return self.watcher.look() == self.new != self.old

    def fails(self, disk: Failing) -> None:
        """Run from the first state on, on a disk that fails; check what its error becomes."""
        self.reset()
        error = self._error(disk)
        if error is None:
            assert self.published()
            return
        assert error.exit_code == KINDS[disk.raised[0].errno or 0]
        assert error.__cause__ is disk.raised[0], "another error took its place"
        seen = self.watcher.look()
        assert wrong(seen, self.old, self.new) == ""
        assert (seen != self.old) == ("is published" in error.message), error

    def _error(self, disk: Failing) -> TuneportError | None:
        try:
            run(self.asked, Storage(disk))
        except TuneportError as error:
            return error
        return None

    def ends_well(self) -> None:
        """Run again on a sound disk: it ends where an undisturbed run does, and leaves nothing else."""
        done, spared = self.published(), set[str]()
        try:
            run(self.asked)
        except TargetExistsError:
            assert done
            assert "on_exists" not in self.asked["output"]
            spared = {"sealed.json"}  # in a folder that could not be removed, and is not looked at any more
        assert self.watcher.look() == self.expected
        left = {path.name for path in self.place.glob(".*/*")}
        assert left <= spared
        assert spared or not list(self.place.glob(".*.staging"))


@pytest.fixture(params=MODES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each mode of output in a folder of its own."""
    return Place(request.param, tmp_path)


def once(last: int) -> Fails:
    """The call of this number alone."""
    return lambda count, _call, _path: count == last


def ever_after(last: int) -> Fails:
    """That call and all that follow, those that clean up among them."""
    return lambda count, _call, _path: count >= last


def errors_at(number: int) -> Iterator[tuple[int, Fails]]:
    """How a call fails, with each error in turn: alone and with all that follow, or one of both in turn."""
    ways = (once, ever_after) if EVERY == 1 else ((once, ever_after)[number % 2],)
    for index, way in enumerate(ways):
        yield NUMBERS[(number + 3 * index) % len(NUMBERS)], way(number + 1)


def points(calls: list[tuple[str, Path]]) -> list[int]:
    """Which calls fail: each n-th, and of publishing each that does not just remove a file."""
    sealing = next(number for number, (_, path) in enumerate(calls) if path.name == "sealed.json.part")
    last = {number for number in range(sealing, len(calls)) if calls[number][0] != "unlink"}
    return sorted({*range(0, len(calls), EVERY), *last})


def test_any_call_may_fail(place: Place, figure: Callable[[str, object], None]) -> None:
    """Whichever call fails, alone or with all that follow, and whatever with: see the module's first line."""
    calls = place.calls()
    assert len(calls) > 40
    tried = 0
    for last in points(calls):
        for number, which in errors_at(last):
            place.fails(Failing(number, which))
            place.ends_well()
            tried += 1
    figure("calls that failed", tried)


@pytest.mark.parametrize("mode", ["folder", "deferred file"])
@pytest.mark.parametrize("most", [1, 7, 4096])
def test_short_writes(mode: str, most: int, tmp_path: Path) -> None:
    """A disk that takes a few bytes at a time gets all of them."""
    place = Place(mode, tmp_path)
    place.reset()
    run(place.asked, Storage(Morsels(most)))

    assert place.watcher.look() == place.expected


@pytest.mark.parametrize("mode", ["folder", "file", "deferred folder"])
def test_no_space_after_some_bytes(mode: str, tmp_path: Path) -> None:
    """A write that is cut short by a full disk is no whole write; each try gets further, or as far."""
    place = Place(mode, tmp_path)
    place.reset()
    for space in range(3000, 10**9, 17_001):
        try:
            run(place.asked, Storage(Small(space)))
            break
        except TryAgainError:
            assert place.watcher.look() == place.old
    assert space > 3000
    assert place.watcher.look() == place.expected


def _is_file(path: Path) -> bool:
    """Whether what a run synced was a file: its folders have no suffix, or are hidden."""
    return bool(path.suffix) and not path.name.startswith(".")


@pytest.mark.parametrize("mode", ["folder", "file", "deferred folder"])
def test_what_could_not_be_made_durable_is_written_anew(mode: str, tmp_path: Path) -> None:
    """A file that could not be synced is not synced again: the run ends, and the next one writes it before."""
    place = Place(mode, tmp_path)
    calls = place.calls()
    syncs = [number for number, (call, path) in enumerate(calls) if call.startswith("sync") and _is_file(path)]
    assert len(syncs) > 10
    for last in syncs[:: max(1, len(syncs) * EVERY // 600)]:
        disk = Failing(errno.EIO, once(last + 1))
        place.fails(disk)
        path = calls[last][1]
        assert [call for call, other in disk.calls[last + 1 :] if other == path and call.startswith("sync")] == []

        made: set[Path] = set()

        def before(call: str, path: Path, made: set[Path] = made) -> None:
            if call == "create":
                made.add(path)
            assert call != "sync" or not path.is_file() or path in made or path.with_name(f"{path.name}.part") in made

        run(place.asked, watched(before))
        assert place.watcher.look() == place.expected
