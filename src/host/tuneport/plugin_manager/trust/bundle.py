"""A plugin's files as they were found: what they hash to, and how to read them once more."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.trust.digest import sha256, tree_digest
from tuneport.plugin_manager.trust.files import Contents, read_parts
from tuneport.plugin_manager.trust.links import followed
from tuneport.plugin_manager.trust.ownership import guard_place

RESERVED = sys.stdlib_module_names | {"tuneport"}
"""Names of modules that no plugin may bring."""


@dataclass(frozen=True)
class Bundle:
    """The files of one plugin from a directory. Their bytes are not kept: they are read again to be run.

    Attributes:
        origin: the manifest, wheel or dist-info folder that says there is a plugin.
        root: the folder that paths start from, or the wheel.
        parts: the files and folders of the root that belong to it; none means a wheel, whole.
        within: the folder that links in it may not lead out of.
        hashes: path to SHA-256.
        digest: of all of them.
        loose: a file or folder that its group may write to; "" where there is none.
    """

    origin: Path
    root: Path
    parts: tuple[str, ...]
    within: Path
    hashes: Mapping[str, str] = field(repr=False)
    digest: str
    loose: str = ""

    @property
    def tops(self) -> frozenset[str]:
        """The top-level modules it brings."""
        return tops_of(self.hashes)

    def read(self) -> Mapping[str, bytes]:
        """The same files again, path to bytes.

        Raises:
            RefusedError: they are not what they were.
        """
        hint = "make a new manager, and look at what changed"
        try:
            files = _contents(self.root, self.parts, self.within)[0].files
        except OSError as error:
            raise RefusedError("changed", f"it changed since it was found ({error})", hint) from error
        hashes = hashed(files)
        if hashes != self.hashes:
            raise RefusedError("changed", f"it changed since it was found: {differing(self.hashes, hashes)}", hint)
        return files


class Reader:
    """Reads plugins for the first time. Several that share one tree, one after the other, have it read once.

    Attributes:
        within: the folder that links may not lead out of.
    """

    def __init__(self, within: Path) -> None:
        self.within = within
        self._key: tuple[Path, tuple[str, ...]] | None = None
        self._tree: tuple[Mapping[str, bytes], Mapping[str, str], str] | Exception | None = None

    def bundle(self, origin: Path, root: Path, parts: Sequence[str]) -> tuple[Bundle, Mapping[str, bytes]]:
        """A plugin's files.

        Args:
            origin: what says there is a plugin.
            root: the folder that paths start from, or a wheel.
            parts: the files and folders in it; none means a wheel.

        Raises:
            RefusedError: something about them is not allowed, or somebody else could change them.
            OSError: they cannot be read.
        """
        files, hashes, loose = self._read(root, tuple(parts))
        bundle = Bundle(origin, root, tuple(parts), self.within, hashes, tree_digest(hashes), loose)
        taken = sorted(bundle.tops & RESERVED)
        if taken:
            owner = "tuneport's own" if taken[0] == "tuneport" else "Python's own"
            raise RefusedError("unsafe", f"it brings a module {taken[0]}, which is {owner}", "rename the module")
        return bundle, files

    def _read(self, root: Path, parts: tuple[str, ...]) -> tuple[Mapping[str, bytes], Mapping[str, str], str]:
        if self._tree is None or self._key != (root, parts):
            self._key = root, parts
            try:
                contents, loose = _contents(root, parts, self.within)
                self._tree = contents.files, hashed(contents.files), loose
            except (RefusedError, OSError, ValueError) as error:
                # A tree that is refused late costs as much as one that is not.
                self._tree = error
        if isinstance(self._tree, Exception):
            raise self._tree
        return self._tree


def _contents(root: Path, parts: Sequence[str], within: Path) -> tuple[Contents, str]:
    if parts:
        loose = guard_place(root)
        contents = read_parts(root, parts, within)
    else:
        from tuneport.plugin_manager.trust.wheels import read_wheel

        # A wheel may be a link, as any file of a directory.
        real, loose = followed(root, within) if root.is_symlink() else (root, guard_place(root))
        contents = read_wheel(real)
    return contents, loose or contents.loose


def hashed(files: Mapping[str, bytes]) -> dict[str, str]:
    """Path to SHA-256."""
    return {name: sha256(data) for name, data in files.items()}


def tops_of(names: Mapping[str, object]) -> frozenset[str]:
    """The top-level modules among paths: packages that hold a Python file, and Python files beside them."""
    found = {name.partition("/")[0].removesuffix(".py") for name in names if name.endswith(".py")}
    return frozenset(name for name in found if name.isidentifier())


def differing(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The first path that was changed, added or taken away, and how many more there are; "" where none was."""
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    if not names:
        return ""
    how = "is new" if names[0] not in before else "is gone" if names[0] not in now else "differs"
    return f"{names[0]} {how}" + (f", and {len(names) - 1} more" if len(names) > 1 else "")
