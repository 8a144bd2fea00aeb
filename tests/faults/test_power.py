"""The power is cut between any two calls: old or new is there, each whole, and what was done is not done again.

TUNEPORT_POWER_CUTS is how many cuts are made, of all ways to export together.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from tools import faq_lines

from faults.power import World, chance
from faults.power_lives import MODES, Life, Place, survivors

CUTS = -(-int(os.environ.get("TUNEPORT_POWER_CUTS", "150")) // len(MODES))


@pytest.mark.parametrize("name", MODES)
def test_whatever_a_cut_leaves_is_whole(name: str, tmp_path: Path, figure: Callable[[str, object], None]) -> None:
    """Up to three cuts in a row, some of them after a kill; the run after each ends in the same bytes."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(90) + faq_lines(30))
    place, cuts, seed = Place(MODES[name], tmp_path / "place"), 0, 0
    while cuts < CUTS:
        random = chance(f"{name} {seed}")
        life = place.whole
        if random.random() < 0.2:
            life = place.live(place.base, killed=random.randrange(1, len(life.events)))
        for depth in range(random.choice([1, 1, 2, 3])):
            try:
                life = cut(place, life, random)
            except Exception as error:
                error.add_note(f"{name}, seed {seed}, cut {depth + 1}")
                raise
            cuts += 1
        seed += 1
    figure("power cuts survived", cuts)


def cut(place: Place, life: Life, random: Random) -> Life:
    """The run after one cut."""
    at = random.randrange(life.starts, len(life.events) + 1)
    left = survivors(World(life.base).after(life.events[:at]), random)
    try:
        place.stands(life, at, left)
        return place.goes_on(life, at, left)
    except Exception as error:
        error.add_note(f"after call {at}, {life.events[at - 1].call} {life.events[at - 1].paths}")
        raise
