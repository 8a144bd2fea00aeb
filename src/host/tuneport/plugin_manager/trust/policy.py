"""Whether code that stands in a directory may run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from tuneport.config import suggest
from tuneport.errors import UnknownNameError
from tuneport.files import shown
from tuneport.plugin_manager.finding.found import Found
from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.trust.bundle import Bundle
from tuneport.plugin_manager.trust.lock import lock_path, place_of, read_lock

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


def trusted(found: Iterable[Found], directory: Path, trust: Trust, lock: Path | None) -> Iterator[Found]:
    """The same plugins, those refused whose code may not run.

    Args:
        found: the plugins of a directory.
        directory: that directory.
        trust: what has to be shown.
        lock: the lock file; None means the one beside the directory.
    """
    judge = _judge(directory, lock or lock_path(directory))
    for one in found:
        complaint = judge(one.name, one.bundle) if one.bundle is not None and not one.error else None
        if one.bundle is None or complaint is None:
            yield one
        elif trust == "any" and not one.bundle.loose:
            yield replace(one, unpinned=True)
        elif trust == "any":
            loose = one.bundle.loose
            text = f"its group may write to {loose}, and nothing pins it"
            yield one.failing(RefusedError("unsafe", text, f"chmod g-w {loose}"))
        else:
            yield one.failing(complaint)


def _judge(directory: Path, path: Path) -> Callable[[str, Bundle], RefusedError | None]:
    """Says why a plugin's files are not what the lock file of a directory pins."""
    try:
        lock = read_lock(path)
    except RefusedError as error:
        broken = error
        return lambda _name, _bundle: broken
    named = "" if path == lock_path(directory) else f" --plugin-lock {shlex.quote(shown(path))}"
    hint = f"tuneport plugins lock {shlex.quote(shown(directory))}{named}"
    if lock is None:
        none = RefusedError("untrusted", f"there is no lock file {shown(path)}", hint)
        return lambda _name, _bundle: none

    def judge(name: str, bundle: Bundle) -> RefusedError | None:
        complaint = lock.complaint(name, place_of(bundle.origin, path), bundle)
        if complaint is None:
            return None
        look = "look at it, then: " if complaint.refusal == "changed" else ""
        return RefusedError(complaint.refusal, complaint.reason, look + hint)

    return judge
