"""What finding a plugin says of it; nothing is imported."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuneport.errors import told
from tuneport.plugin_manager.manifest import Manifest
from tuneport.plugin_manager.refusals import Refusal, RefusedError
from tuneport.plugin_manager.trust.digest import sha256
from tuneport.plugin_manager.trust.files import clean

if TYPE_CHECKING:
    from tuneport.plugin_manager.trust.bundle import Bundle

GROUP = "tuneport.plugins"
"""The group of entry points that distributions announce plugins in."""

_DOTTED = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
_TARGET = re.compile(rf"{_DOTTED}(:{_DOTTED})?")
_LONGEST = 500
"""Characters that a target may have."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Found:
    """Something that says it is a plugin, and what could be read of it.

    Attributes:
        name: its name, or the file's where the manifest could not be read.
        target: `module` or `module:attribute` to import.
        origin: where it comes from, for a person: `installed (tuneport-acme)`, a path, `registered`.
        installed: whether a distribution brought it.
        version: that distribution's version.
        manifest: what it says of itself; None where it has no manifest.
        error: why it cannot be used at all; "" where it can be tried.
        hint: how to mend that.
        refusal: that the host will not use it, in one word; `error` says why. "" where it is broken by itself.
        bundle: its files, where they come from a directory and have to be trusted.
        requires: what it needs, beside what its manifest says.
        pinned: a lock file says that its files are what they are.
        unpinned: nothing pins its files, and they may run all the same.
    """

    name: str
    target: str
    origin: str
    installed: bool = False
    version: str = ""
    manifest: Manifest | None = None
    error: str = ""
    hint: str = ""
    refusal: Refusal = ""
    bundle: Bundle | None = None
    requires: tuple[str, ...] = ()
    pinned: bool = False
    unpinned: bool = False

    def failing(self, problem: BaseException, hint: str = "") -> Found:
        """The same, with a problem that stands in its way, and how to mend it."""
        if isinstance(problem, RefusedError):
            return replace(self, error=legible(problem.reason), hint=legible(problem.hint), refusal=problem.refusal)
        return replace(self, error=legible(told(problem)), hint=legible(hint))


def legible(text: str) -> str:
    """A text that may hold a path: bytes of it that are no UTF-8 are written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def checked(target: str) -> str:
    """A target that can be imported, as it is.

    Raises:
        ValueError: it is neither `module` nor `module:attribute`.
    """
    if len(target) > _LONGEST:
        raise ValueError(f"its module has a name of {len(target):,} characters, more than {_LONGEST}")
    if not _TARGET.fullmatch(target):
        raise ValueError(f"{target!r} is neither module nor module:attribute")
    return target


def top_of(target: str) -> str:
    """The top-level module of a target."""
    return re.split("[.:]", target)[0]


def intact(name: str, data: bytes, manifest: Manifest, read: Callable[[str], bytes | None]) -> None:
    """Check a manifest against the `.sig` beside it, and files against the SHA-256 that the manifest lists.

    Args:
        name: the manifest's file.
        data: its bytes.
        manifest: what they say.
        read: gives the bytes of a path from the manifest's folder on; None where there is no such file.

    Raises:
        RefusedError: something is not what it is said to be.
    """
    signed = read(f"{name}.sig")
    if signed is not None and signed.decode(errors="replace").strip().lower() != sha256(data):
        hint = f"write sha256sum {name} to {name}.sig, if you changed it"
        raise RefusedError("changed", f"{name} is not what {name}.sig says", hint)
    for path, digest in manifest.files.items():
        found = read(clean(path))
        if not _SHA256.fullmatch(digest.lower()):
            raise RefusedError("changed", f"files.{path} of {name} is no SHA-256", "64 hexadecimal digits")
        if found is None or sha256(found) != digest.lower():
            how = "is missing" if found is None else "differs"
            raise RefusedError("changed", f"{path} {how}; {name} lists its SHA-256", f"mend files in {name}")


def innermost(target: str) -> tuple[str, ...]:
    """Where the manifest of a target may stand in its top-level package: the innermost folder first."""
    inner = target.partition(":")[0].split(".")[1:]
    return tuple("/".join([*inner[:depth], "plugin.json"]) for depth in range(len(inner), -1, -1))


def reader(files: Mapping[str, bytes], folder: str) -> Callable[[str], bytes | None]:
    """Reads files by their path from a folder on; "" is the root."""
    return lambda name: files.get(f"{folder}/{name}" if folder else name)
