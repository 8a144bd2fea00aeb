"""What a plugin manager was asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tuneport.plugin_manager.names import Names
from tuneport.plugin_manager.trust.files import absolute
from tuneport.plugin_manager.trust.policy import Trust, known_trust


@dataclass(frozen=True)
class Scan:
    """A place to look for plugins in.

    Attributes:
        path: a directory.
        trust: which of its code may run.
        lock: its lock file; None means the one beside it.
        alone: it is one plugin's folder, manifest or wheel instead.
    """

    path: Path
    trust: Trust
    lock: Path | None
    alone: bool = False

    @classmethod
    def of(cls, path: str | Path, trust: str, lock: str | Path | None) -> Scan:
        """A place by its absolute path: where the process stands later does not matter."""
        return cls(absolute(path), known_trust(trust), None if lock is None else absolute(lock))


@dataclass(frozen=True)
class Settings:
    """The arguments of a manager, from which another can be made."""

    scans: tuple[Scan, ...]
    discover: bool
    auto_load: bool
    trust: Trust
    lock: Path | None
    names: Names
    strict: bool

    def extended(
        self, dirs: Iterable[str | Path], lock: str | Path | None, allow: Iterable[str] | None, deny: Iterable[str]
    ) -> Settings:
        """The same with more directories and fewer names."""
        scans = [Scan.of(directory, self.trust, self.lock if lock is None else lock) for directory in dirs]
        return replace(self, scans=(*self.scans, *scans), names=self.names.narrowed(allow, deny))
