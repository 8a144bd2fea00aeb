"""Whether code that stands in a directory may run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from tuneport.files import shown
from tuneport.plugin_manager.finding.found import Found
from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.settings import Trust
from tuneport.plugin_manager.trust.bundle import Bundle
from tuneport.plugin_manager.trust.doubles import distinct
from tuneport.plugin_manager.trust.lock import lock_of, place_of, read_lock
from tuneport.plugin_manager.trust.ownership import leads_through


def trusted(found: Iterable[Found], directory: Path, trust: Trust, lock: Path | None) -> list[Found]:
    """The same plugins, each once, those refused whose code may not run.

    Args:
        found: the plugins of a directory.
        directory: that directory.
        trust: what has to be shown.
        lock: the lock file; None means the directory's own.
    """
    judge = _judge(directory, lock or lock_of(directory))
    return distinct(_trusted(one, one.bundle, trust, judge) for one in found)


def _trusted(
    one: Found, bundle: Bundle | None, trust: Trust, judge: Callable[[str, Bundle], RefusedError | None]
) -> Found:
    if bundle is None or one.error:
        return one
    complaint = judge(one.name, bundle)
    if complaint is None:
        return replace(one, pinned=True)
    if trust != "any":
        return one.failing(complaint)
    if bundle.loose:
        text = f"its group may write to {bundle.loose}, and nothing pins it"
        return one.failing(RefusedError("unsafe", text, f"chmod g-w {bundle.loose}"))
    return replace(one, unpinned=True)


def unvouched(found: Iterable[Found], directory: Path, expected: Path | None) -> list[Found]:
    """The same plugins of a directory that only a recipe names, all refused that bring code.

    Args:
        found: the plugins of the directory.
        directory: that directory.
        expected: the lock file that the recipe expects the host to name; None where it says nothing of it.
    """
    lock, here = shlex.quote(shown(expected or lock_of(directory))), shlex.quote(shown(directory))
    how = "" if expected is not None else f"look at it, then tuneport plugins lock {here}, and "
    hint = f"a recipe cannot vouch for code: {how}run it with --plugin-lock {lock}"
    refusal = RefusedError("untrusted", f"only the recipe names {shown(directory)}", hint)
    return distinct(one if one.bundle is None or one.error else one.failing(refusal) for one in found)


def _judge(directory: Path, path: Path) -> Callable[[str, Bundle], RefusedError | None]:
    """Says why a plugin's files are not what the lock file of a directory pins."""
    try:
        lock = read_lock(path)
        if lock is not None and leads_through(path, directory):
            text = f"the lock file {shown(path)} stands in {shown(directory)}"
            raise RefusedError("untrusted", text, "keep it where plugins cannot change it, and lock again")
    except RefusedError as error:
        broken = error
        return lambda _name, _bundle: broken
    named = "" if path == lock_of(directory) else f" --plugin-lock {shlex.quote(shown(path))}"
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
