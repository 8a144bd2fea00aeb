"""Runs that are killed from outside at random moments, again and again, until one comes to its end.

TUNEPORT_KILLS says how many of these kills there are, of all targets together.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.kill_cases import CASES
from faults.kill_room import Room

KILLS = int(os.environ.get("TUNEPORT_KILLS", "20"))
NAMES = ["folder", "file", "deferred folder", "replace, deferred", "replace a file", "second version"]


def undisturbed(room: Room) -> float:
    """How many seconds a run takes that nobody kills."""
    room.reset()
    begun = time.monotonic()
    assert room.life()
    return time.monotonic() - begun


@pytest.mark.parametrize("name", NAMES)
def test_killed_at_random(name: str, tmp_path: Path, figure: Callable[[str, object], None]) -> None:
    """However often it dies, nothing half is ever seen, and it ends in the same bytes."""
    room, moments = Room(CASES[name], tmp_path), random.Random(name)  # noqa: S311
    lasts = min(undisturbed(room) for _ in range(3))

    kills = ends = 0
    while kills * len(NAMES) < KILLS:
        room.reset()
        deaths = 0
        while not room.life(moments.uniform(0, lasts * (1 + deaths / 20))):  # the machine may be busier by now
            deaths += 1
        kills += deaths
        ends += 1
    assert ends > 0
    figure(f"random kills survived in {ends:,} exports; {room.watcher.polls:,} looks, partial 0", kills)
