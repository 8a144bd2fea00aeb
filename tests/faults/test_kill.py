"""A run that is killed ahead of any call that changes the disk is taken up to the same bytes.

TUNEPORT_KILL_EVERY is the distance between two kill points (1 is every one of them; the default keeps the suite short).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from faults.kill_cases import CASES
from faults.kill_room import Room, points


@pytest.mark.parametrize("name", CASES)
def test_killed_ahead_of_any_call(name: str, tmp_path: Path, figure: Callable[[str, object], None]) -> None:
    """Old or new is visible at every moment, each whole, and the next run ends where an undisturbed one does."""
    room = Room(CASES[name], tmp_path)
    calls = room.calls()
    assert len(calls) > 40
    assert (room.old == room.new) == name.startswith("the same")

    chosen = points(calls)
    for after in chosen:
        room.reset()
        assert room.killed(after), f"call {after + 1} never came"
        assert room.life(), f"killed ahead of call {after + 1}"
    figure(f"kill points; of {room.watcher.polls:,} looks none saw anything partial", f"{len(chosen)}/{len(calls)}")
