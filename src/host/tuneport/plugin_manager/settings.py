"""What a plugin manager was asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from tuneport.config import suggest
from tuneport.errors import UnknownNameError
from tuneport.plugin_manager.names import Names
from tuneport.plugin_manager.trust.files import absolute

Trust = Literal["pinned", "any"]
"""`pinned`: code runs if a lock file says what it is. `any`: it runs if nobody else could have changed it."""


def known_trust(trust: str) -> Trust:
    """A word for trust, as it is.

    Raises:
        UnknownNameError: it is no such word.
    """
    words: tuple[Trust, ...] = get_args(Trust)
    for known in words:
        if trust == known:
            return known
    raise UnknownNameError(f"no trust {trust!r}", suggest(trust, words))


@dataclass(frozen=True)
class Scan:
    """A place to look for plugins in.

    Attributes:
        path: a directory.
        trust: which of its code may run.
        lock: its lock file; None means the one beside it.
        alone: it is one plugin's folder, manifest or wheel instead.
        borrowed: only a recipe names it: nothing but a lock file that the host named pins what is there.
        expected: the lock file that the recipe expects the host to name.
    """

    path: Path
    trust: Trust
    lock: Path | None
    alone: bool = False
    borrowed: bool = False
    expected: Path | None = None

    @classmethod
    def of(cls, path: str | Path, trust: str, lock: str | Path | None) -> Scan:
        """A place by its absolute path: where the process stands later does not matter."""
        return cls(absolute(path), known_trust(trust), None if lock is None else absolute(lock))


def several(dirs: str | Path | Iterable[str | Path]) -> tuple[str | Path, ...]:
    """One directory or several, as several."""
    return (dirs,) if isinstance(dirs, str | Path) else tuple(dirs)


@dataclass(frozen=True)
class Settings:
    """The arguments of a manager, from which another can be made; without any, of one of what is installed."""

    scans: tuple[Scan, ...] = ()
    discover: bool = True
    auto_load: bool = True
    trust: Trust = "pinned"
    lock: Path | None = None
    names: Names = field(default_factory=Names)
    strict: bool = False

    def extended(
        self, dirs: Iterable[str | Path], lock: str | Path | None, allow: Iterable[str] | None, deny: Iterable[str]
    ) -> Settings:
        """The same with directories that a recipe names, and fewer names; a directory named before keeps its rules."""
        named = {one.path.resolve() for one in self.scans if not one.borrowed}
        expected = None if lock is None else absolute(lock)
        scans = [
            Scan(path, "pinned", self.lock, borrowed=True, expected=expected)
            for path in map(absolute, dirs)
            if path.resolve() not in named
        ]
        return replace(self, scans=(*self.scans, *scans), names=self.names.narrowed(allow, deny))
