"""Every sync is needed: without any one of them, some power cut loses something, and the model finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from tools import faq_lines

from faults.power import Thing, World, chance
from faults.power_calls import Event, Tree
from faults.power_lives import MODES, BrokenError, Life, Place
from faults.power_savepoints import counts
from tuneport.errors import TuneportError

SEEN = {"rename", "rename_new", "exchange", "unlink", "rmdir"}
"""After these calls others may see something else than before."""
_TRIED = " could_sync "
"""Part of the sites that try out whether something can be made durable: nothing relies on them."""


def test_no_sync_is_superfluous(tmp_path: Path, figure: Callable[[str, object], None]) -> None:
    """Each place in the code that makes something durable, and each kind of file or folder it does so for."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(60) + faq_lines(10))
    places = [Place(mode, tmp_path / name) for name, mode in MODES.items()]
    needed: dict[str, bool] = {}
    for place, life in _lives(places):
        for site in {event.site for event in life.events if _here(event)}:
            needed[site] = needed.get(site, False) or _caught(place, life, site)

    assert [site for site, known in needed.items() if not known] == []
    assert len(needed) > 25
    figure("syncs, each of them needed", len(needed))


def test_a_sync_made_twice_is_one_too_many(tmp_path: Path) -> None:
    """What the model calls needed is not needed a second time: it does not find fault with everything."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(60) + faq_lines(10))
    place = Place(MODES["version"], tmp_path / "place")
    twice = [[event, replace(event, site="again")] if event.site else [event] for event in place.whole.events]
    life = Life(place.base, [event for pair in twice for event in pair], ended=True)

    assert len(life.events) > len(place.whole.events) + 30
    assert not _caught(place, life, "again")


def _lives(places: list[Place]) -> Iterator[tuple[Place, Life]]:
    """A whole run of each kind; then some that end the work of one that was killed just before it synced a folder."""
    yield from ((place, place.whole) for place in places)
    for place in places:
        if place.mode in (MODES["folder"], MODES["first version"]):
            for number, event in enumerate(place.whole.events):
                if event.call == "sync" and "segments/" not in event.paths[0]:
                    yield place, place.live(place.base, killed=number)


def _here(event: Event) -> bool:
    """Whether it makes something durable in the place: not the place's own entry, and not to try out whether it can."""
    return bool(event.site) and not event.paths[0].startswith("..") and _TRIED not in event.site


def _caught(place: Place, life: Life, site: str) -> bool:
    """Whether a cut that loses just what this sync would have kept breaks something."""
    cuts = [*_cuts(life, site)]
    telling = _telling(life.events)
    try:
        for at, left in cuts:
            if at == len(life.events) or life.events[at - 1].call in SEEN:
                place.stands(life, at, left)
        for at, left in cuts:
            if at in telling:
                place.goes_on(life, at, left)
    except (BrokenError, TuneportError):
        return True
    return False


def _cuts(life: Life, site: str) -> Iterator[tuple[int, Tree]]:
    """After each call, what is left where nothing is lost but what the syncs at a site would have kept."""
    world = World(life.base)
    owed: set[Thing] = set()
    for number, event in enumerate(life.events):
        if event.site == site:
            owed |= world.owed(event)
        if event.site == site or _TRIED in event.site:
            continue
        world.after([event])
        things = world.things()
        if lost := owed & set(things):
            yield number + 1, world.survivors(set(things) - lost, chance(number))


def _telling(events: list[Event]) -> set[int]:
    """After which calls it is worth running again: a savepoint counts, something is visible, or all but tidied up."""
    found = set()
    waiting = False
    for number, event in enumerate(events):
        if event.call in {"rename_new", "exchange"}:
            found |= {number + 1, number + 2}
        if event.call == "unlink" and event.paths[0].endswith(("sealed.json", "SHA256SUMS")):
            found.add(number + 1)
        if waiting and not event.site:
            found.add(number + 1)
            waiting = False
        waiting = waiting or counts(event)
    return found
