"""Which plugins a command line wants: where they are, which lock pins them, and what may run at all."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager

VALUED = ("--plugin-dir", "--plugin-lock", "--trust")
"""Global options that take a value."""

TRUST = ("pinned", "any")


@dataclass(frozen=True)
class PluginSettings:
    """What the command line and the environment say of plugins.

    Attributes:
        dirs: directories to look into.
        trust: which of their code may run.
        lock: the lock file; None means the one beside each directory.
        allow: globs of the only plugins that may be used; None means all.
        deny: globs of plugins that may not be used.
    """

    dirs: tuple[str, ...] = ()
    trust: str = "pinned"
    lock: str | None = None
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()

    def manager(self, *, auto_load: bool = True) -> PluginManager:
        """A manager over what is installed and these directories.

        Raises:
            UsageError: `trust` is no such word.
            PluginError: a directory does not exist, or a lock file cannot be read.
        """
        from tuneport.errors import UsageError
        from tuneport.plugin_manager import PluginManager

        if self.trust not in TRUST:
            raise UsageError(f"TUNEPORT_TRUST or --trust is {self.trust!r}", f"it is one of {', '.join(TRUST)}")
        return PluginManager(
            self.dirs, auto_load=auto_load, trust=self.trust, lock=self.lock, allow=self.allow, deny=self.deny
        )


def settings(dirs: Sequence[str] = (), trust: str | None = None, lock: str | None = None) -> PluginSettings:
    """What a command line says, with what the environment says where it is silent; directories add up."""
    environment = os.environ
    named = tuple(path for path in environment.get("TUNEPORT_PLUGIN_PATH", "").split(os.pathsep) if path)
    return PluginSettings(
        dirs=(*named, *dirs),
        trust=trust or environment.get("TUNEPORT_TRUST") or "pinned",
        lock=lock or environment.get("TUNEPORT_PLUGIN_LOCK") or None,
        # Set to nothing it allows nothing: a list that came out empty must not allow everything.
        allow=_globs("TUNEPORT_PLUGIN_ALLOW") if "TUNEPORT_PLUGIN_ALLOW" in environment else None,
        deny=_globs("TUNEPORT_PLUGIN_DENY"),
    )


def settings_of(arguments: Sequence[str]) -> PluginSettings:
    """The settings of a command line that is not parsed yet: a plugin may bring the very command."""
    options = list(itertools.takewhile(lambda argument: argument != "--", arguments))
    last = {option: next(reversed([*_values(options, option)]), None) for option in ("--trust", "--plugin-lock")}
    return settings(tuple(_values(options, "--plugin-dir")), last["--trust"], last["--plugin-lock"])


def _values(arguments: Sequence[str], option: str) -> Iterator[str]:
    for argument, following in itertools.zip_longest(arguments, arguments[1:]):
        if argument == option and following is not None:
            yield following
        elif argument.startswith(f"{option}="):
            yield argument.partition("=")[2]


def _globs(variable: str) -> tuple[str, ...]:
    return tuple(glob for glob in (part.strip() for part in os.environ.get(variable, "").split(",")) if glob)
