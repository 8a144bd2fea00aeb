"""The model of a power cut: what it may take away, and what it may not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from faults.power import World, chance
from faults.power_calls import Event, Recorder, Tree, lay, tree_of
from tuneport.runs.storage import Storage

Steps = Callable[[Storage, Path], None]


def left(steps: Steps, place: Path, before: Steps = lambda _storage, _place: None, *, syncs: bool = True) -> list[Tree]:
    """Everything that a cut after these steps may leave; without `syncs` nothing has become durable meanwhile."""
    place.mkdir()
    before(Storage(), place)
    base, events = tree_of(place), list[Event]()
    steps(Storage(Recorder(place, events)), place)
    world = World(base).after(event for event in events if syncs or not event.site)
    found = list[Tree]()
    things = world.things()
    for seed in range(1 << min(len(things), 8)):
        kept = {thing for number, thing in enumerate(things) if seed >> number & 1}
        for again in range(12):
            tree = world.survivors(kept, chance((seed, again)))
            if tree not in found:
                found.append(tree)
    assert tree_of(place) in found
    return found


def bytes_of(trees: list[Tree], path: str) -> set[bytes | None]:
    """What may stand there."""
    return {tree[path].data if path in tree else None for tree in trees}


def old(storage: Storage, place: Path) -> None:
    """A file and a folder that stand there before."""
    storage.write(place / "a", b"old")
    storage.mkdir(place / "d")
    storage.write(place / "d/in", b"x")


def durable(storage: Storage, path: Path, data: bytes) -> None:
    """A file whose bytes are synced, and its entry not."""
    with storage.writer(path) as file:
        file.write(data)


def test_bytes_that_were_not_synced_are_whole_torn_zeroed_or_gone(tmp_path: Path) -> None:
    """And so may be those of a file that stood there before."""
    found = bytes_of(left(lambda storage, place: storage.write(place / "a", b"news"), tmp_path / "p", old), "a")
    assert {b"news", b"old", b"", bytes(4)} < found
    assert any(one is not None and one.startswith(b"ne") and one != b"news" for one in found)
    assert None not in found


def test_a_synced_file_is_lost_with_its_entry(tmp_path: Path) -> None:
    """Its bytes are whole wherever it is there; the sync of its folder keeps it."""
    assert bytes_of(left(lambda s, p: durable(s, p / "b", b"1"), tmp_path / "p"), "b") == {b"1", None}

    def kept(storage: Storage, place: Path) -> None:
        durable(storage, place / "b", b"1")
        storage.sync(place)

    assert bytes_of(left(kept, tmp_path / "q"), "b") == {b"1"}


def test_what_stands_in_a_lost_folder_is_lost(tmp_path: Path) -> None:
    """Though all in it was synced."""

    def steps(storage: Storage, place: Path) -> None:
        storage.mkdir(place / "f")
        durable(storage, place / "f/b", b"1")
        storage.sync(place / "f")

    assert {frozenset(tree) for tree in left(steps, tmp_path / "p")} == {
        frozenset({"."}),
        frozenset({".", "f", "f/b"}),
    }


@pytest.mark.parametrize("again", [False, True])
def test_a_rename_is_one_step(again: bool, tmp_path: Path) -> None:
    """Between folders as well, and one after another: never both names, and never neither."""

    def steps(storage: Storage, place: Path) -> None:
        storage.rename(place / "a", place / "d/b")
        if again:
            storage.rename(place / "d/b", place / "c")

    names = {frozenset(set(tree) - {".", "d", "d/in"}) for tree in left(steps, tmp_path / "p", old)}
    assert names == {frozenset({"a"}), frozenset({"d/b"})} | ({frozenset({"c"})} if again else set())


def test_an_exchange_is_one_step(tmp_path: Path) -> None:
    """Two folders change places or do not; the sync of the folder of the second is enough."""

    def before(storage: Storage, place: Path) -> None:
        old(storage, place)
        storage.mkdir(place / "e/f")
        storage.write(place / "e/f/in", b"y")

    def exchanged(storage: Storage, place: Path) -> None:
        storage.exchange(place / "e/f", place / "d")

    synced, not_synced = left(exchanged, tmp_path / "p", before), left(exchanged, tmp_path / "q", before, syncs=False)
    assert {(tree["d/in"].data, tree["e/f/in"].data) for tree in not_synced} == {(b"x", b"y"), (b"y", b"x")}
    assert {(tree["d/in"].data, tree["e/f/in"].data) for tree in synced} == {(b"y", b"x")}


def test_put_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """At each call, and the new one once it has returned."""
    (tmp_path / "p").mkdir()
    old(Storage(), tmp_path / "p")
    base, events = tree_of(tmp_path / "p"), list[Event]()
    Storage(Recorder(tmp_path / "p", events)).put(tmp_path / "p/a", b"news")
    for at in range(len(events) + 1):
        world = World(base).after(events[:at])
        for seed in range(60):
            random = chance(seed)
            kept = {thing for thing in world.things() if random.random() < 0.5}
            data = world.survivors(kept, random)["a"].data
            assert data == b"news" if at == len(events) else data in {b"old", b"news"}


def test_a_tree_is_laid_as_it_was(tmp_path: Path) -> None:
    """With its links and permissions."""
    (tmp_path / "p").mkdir()
    old(Storage(), tmp_path / "p")
    Storage().point(tmp_path / "p/latest", "d")
    (tmp_path / "p/d").chmod(0o750)
    tree = tree_of(tmp_path / "p")
    lay(tree, tmp_path / "q")

    assert tree_of(tmp_path / "q") == tree
    assert (tmp_path / "q/latest/in").read_bytes() == b"x"
