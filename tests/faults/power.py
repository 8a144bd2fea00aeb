"""What a power cut may leave of a folder: every call that changes it is recorded, and its possible survivors made.

The model is POSIX, read by an adversary. What was written to a file since it was last synced may be whole, torn at any
byte, zeroed, or gone. What was done to a folder's entries since the folder was last synced may have happened or not,
in any subset; a rename is one step, which the sync of the folder of its new name makes durable. A synced file whose
entry is lost is lost; so is all below a folder whose entry is.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from random import Random

from faults.power_calls import Entry, Event, Tree


def chance(seed: object) -> Random:
    """The same choices for the same seed."""
    return Random(str(seed))  # noqa: S311


@dataclass(eq=False)
class Node:
    """A file, folder or link as it is now, and as it would be if nothing since its last sync survived."""

    kind: str
    data: bytes
    mode: int
    durable: bytes
    durable_mode: int
    entries: dict[str, Node] = field(default_factory=dict)
    durable_entries: dict[str, Node] = field(default_factory=dict)

    @property
    def dirty(self) -> bool:
        """Whether something of it may be lost."""
        return (self.data, self.mode) != (self.durable, self.durable_mode)

    def sync(self) -> None:
        """Make bytes and permissions durable."""
        self.durable, self.durable_mode = self.data, self.mode


Name = tuple[Node, str]
"""An entry: the folder, and the name in it."""


@dataclass(eq=False)
class Change:
    """What one call did to entries, in one step; a sync of `folder` makes it durable."""

    folder: Node
    gone: tuple[Name, ...]
    new: tuple[tuple[Name, Node], ...]

    @property
    def nodes(self) -> set[Node]:
        """What it moved or made."""
        return {node for _, node in self.new}


Thing = Change | Node
"""What a cut may undo: a change of entries, or what was written to a file."""


class World:
    """A folder after some calls, each of which may not have reached the disk."""

    def __init__(self, tree: Tree) -> None:
        self._nodes: dict[str, Node] = {}
        self.pending: list[Change] = []
        for path, entry in sorted(tree.items()):
            node = self._nodes[path] = Node(entry.kind, entry.data, entry.mode, entry.data, entry.mode)
            if path != ".":
                folder, name = self._name(path)
                folder.entries[name] = folder.durable_entries[name] = node
        self.root = self._nodes["."]
        self._every = list(self._nodes.values())

    def after(self, events: Iterable[Event]) -> World:
        """Let these calls happen."""
        for event in events:
            if not any(path.startswith("..") for path in event.paths):
                getattr(self, f"_{event.call}")(event)
        return self

    def things(self) -> list[Thing]:
        """What a cut may undo now."""
        return [*self.pending, *(node for node in self._every if node.dirty)]

    def owed(self, event: Event) -> set[Thing]:
        """What this call would make durable."""
        node = self._node(event.paths[0])
        return {node, *(change for change in self.pending if change.folder is node)}

    def survivors(self, kept: Container[Thing], random: Random) -> Tree:
        """What is there after a cut that only these things survive."""
        entries = {id(node): dict(node.durable_entries) for node in self._every}
        for change in self.pending:
            if change in kept:
                _apply(change, entries)
        return dict(self._walk(".", self.root, entries, kept, random))

    def _walk(
        self, path: str, node: Node, entries: dict[int, dict[str, Node]], kept: Container[Thing], random: Random
    ) -> Iterator[tuple[str, Entry]]:
        if node in kept or not node.dirty:
            yield path, Entry(node.kind, node.data, node.mode)
        else:
            yield path, Entry(node.kind, _spoiled(node, random), node.durable_mode)
        for name, one in entries[id(node)].items():
            yield from self._walk(os.path.normpath(f"{path}/{name}"), one, entries, kept, random)

    # The calls

    def _name(self, path: str) -> Name:
        folder, _, name = path.rpartition("/")
        return self._node(folder or "."), name

    def _node(self, path: str) -> Node:
        node = self._nodes["."]
        for name in path.split("/") if path != "." else ():
            node = node.entries[name]
        return node

    def _change(self, folder: Node, gone: Iterable[Name], new: Iterable[tuple[Name, Node]] = ()) -> None:
        change = Change(folder, tuple(gone), tuple(new))
        self.pending.append(change)
        for parent, name in change.gone:
            del parent.entries[name]
        for (parent, name), node in change.new:
            parent.entries[name] = node

    def _made(self, event: Event, kind: str) -> None:
        node = Node(kind, event.data, event.mode, event.data, event.mode)
        self._every.append(node)
        folder, name = self._name(event.paths[0])
        self._change(folder, (), [((folder, name), node)])

    def _create(self, event: Event) -> None:
        folder, name = self._name(event.paths[0])
        if name in folder.entries:
            folder.entries[name].data = b""
        else:
            self._made(event, "file")

    def _lock_file(self, event: Event) -> None:
        folder, name = self._name(event.paths[0])
        if name not in folder.entries:
            self._made(event, "file")

    def _mkdir(self, event: Event) -> None:
        self._made(event, "folder")

    def _symlink(self, event: Event) -> None:
        self._made(event, "link")

    def _write(self, event: Event) -> None:
        self._node(event.paths[0]).data += event.data

    def _chmod(self, event: Event) -> None:
        self._node(event.paths[0]).mode = event.mode

    def _close(self, event: Event) -> None:
        """Nothing becomes durable by it."""

    def _sync_file(self, event: Event) -> None:
        self._node(event.paths[0]).sync()

    def _sync(self, event: Event) -> None:
        node = self._node(event.paths[0])
        node.sync()
        entries = {id(one): one.durable_entries for one in self._every}
        before: list[Change] = []
        for change in self.pending:
            if change.folder is not node:
                before.append(change)
                continue
            _apply(change, entries)
            # Where a file stands now, it does not go back to where it stood before.
            before = [one for one in before if not one.nodes or not one.nodes <= change.nodes]
        self.pending = before

    def _rename(self, event: Event) -> None:
        source, target = map(self._name, event.paths)
        self._change(target[0], [source], [(target, source[0].entries[source[1]])])

    def _rename_new(self, event: Event) -> None:
        self._rename(event)

    def _exchange(self, event: Event) -> None:
        source, target = map(self._name, event.paths)
        one, other = source[0].entries[source[1]], target[0].entries[target[1]]
        self._change(target[0], [source, target], [(target, one), (source, other)])

    def _unlink(self, event: Event) -> None:
        name = self._name(event.paths[0])
        self._change(name[0], [name])

    def _rmdir(self, event: Event) -> None:
        self._unlink(event)


def _apply(change: Change, entries: dict[int, dict[str, Node]]) -> None:
    """Do a change, whatever was done before it; what it moves stands in one place afterwards."""
    for folder, name in change.gone:
        entries[id(folder)].pop(name, None)
    for _, node in change.new:
        for names in entries.values():
            for name in [name for name, one in names.items() if one is node]:
                del names[name]
    for (folder, name), node in change.new:
        entries[id(folder)][name] = node


def _spoiled(node: Node, random: Random) -> bytes:
    """What may be left of a file that was not synced."""
    if node.data == node.durable:
        return node.data
    cut = random.randrange(len(node.data) + 1)
    zeroed = node.data[:cut] + bytes(len(node.data) - cut)
    return random.choice([node.durable, b"", node.data[:cut], zeroed, bytes(len(node.data))])
