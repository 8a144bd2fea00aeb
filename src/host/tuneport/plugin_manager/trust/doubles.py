"""One plugin that was found twice: in its package, and in what brought the package or points to it."""

from __future__ import annotations

from collections.abc import Iterable

from tuneport.plugin_manager.finding.found import Found


def distinct(found: Iterable[Found]) -> list[Found]:
    """The same plugins without those whose every file belongs to another of the same name.

    What is pinned never gives way to what is not.
    """
    every = list(found)
    return [one for one in every if not any(_holds(other, one) for other in every)]


def _holds(whole: Found, part: Found) -> bool:
    if whole.name != part.name or whole.bundle is None or part.bundle is None:
        return False
    if (part.pinned and not whole.pinned) or (whole.error and not part.error):
        return False
    more = len(whole.bundle.hashes) > len(part.bundle.hashes)
    return more and part.bundle.hashes.items() <= whole.bundle.hashes.items()
