"""Where in a JSON document the records stand."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import islice

from tuneport_sources._scanner import Scanner

_LEVELS = 4
_SHOWN = 12


def elements_at(scanner: Scanner, place: str) -> Iterator[bytes | None]:
    """Yield the elements of the array at a path of keys, "" for the top.

    Raises:
        LookupError: there is no such array.
    """
    if not place:
        yield from scanner.elements()
        return
    count = yield from _inside(scanner, place)
    if count == 0:
        raise LookupError(place)
    if count > 1:
        raise scanner.fault(f'"{place}" stands in it {count} times')


def _inside(scanner: Scanner, place: str) -> Generator[bytes | None, None, int]:
    """Yield the elements at `place` in the object that comes next; return how many arrays stood there."""
    count = 0
    for key in scanner.members():
        first = scanner.peek()
        if key == place and first == b"[":
            count += 1
            yield from scanner.elements()
        elif first == b"{" and place.startswith(f"{key}."):
            count += yield from _inside(scanner, place.removeprefix(f"{key}."))
        else:
            scanner.skip()
    return count


def find_lists(scanner: Scanner) -> list[str]:
    """Find arrays of objects in the object that comes next; empty arrays only where there is nothing else."""
    full: list[str] = []
    empty: list[str] = []
    for place, holds_objects in _lists(scanner, ()):
        found = full if holds_objects else empty
        if len(found) < _SHOWN:
            found.append(place)
    return full or empty


def only_list(places: Sequence[str]) -> str | None:
    """The one that is meant where none is named: the only one directly under a key of the top."""
    top = list(islice((place for place in places if "." not in place), 2))
    return top[0] if len(top) == 1 else None


def _lists(scanner: Scanner, path: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    for key in scanner.members():
        here = (*path, key)
        first = scanner.peek()
        if first == b"[":
            inside = scanner.into_array()
            if inside in (b"{", b"]"):
                yield ".".join(here), inside == b"{"
        elif first == b"{" and len(here) < _LEVELS:
            yield from _lists(scanner, here)
        else:
            scanner.skip()
