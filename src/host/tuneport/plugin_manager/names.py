"""Which plugins a host may use at all, by name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass(frozen=True)
class Names:
    """Globs over the names of plugins.

    Attributes:
        allow: lists of globs: a name has to fit one of each list.
        deny: globs that no name may fit.
    """

    allow: tuple[tuple[str, ...], ...] = ()
    deny: tuple[str, ...] = ()

    def narrowed(self, allow: Iterable[str] | None, deny: Iterable[str]) -> Names:
        """The names that these globs permit as well; an `allow` of None permits all."""
        lists = self.allow if allow is None else (*self.allow, _globs(allow))
        return Names(lists, (*self.deny, *_globs(deny)))

    def complaint(self, name: str) -> str:
        """Why a plugin of this name may not be used; "" where it may."""
        for glob in self.deny:
            if fnmatchcase(name, glob):
                return f"denied by {glob!r}"
        for globs in self.allow:
            if not any(fnmatchcase(name, glob) for glob in globs):
                return f"allowed is only {', '.join(globs) or 'none'}"
        return ""


def is_path(name: object) -> bool:
    """Whether a name is a path: a Path, or a text with a separator."""
    return isinstance(name, Path) or (isinstance(name, str) and any(mark in name for mark in {"/", os.sep}))


def _globs(given: Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
