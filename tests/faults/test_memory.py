"""No memory left: the run ends like one whose disk is full, and no record is blamed for it."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, tree

from tuneport import PluginManager, hookimpl
from tuneport.commands.terminal import failed
from tuneport.errors import TryAgainError
from tuneport.runs import Sizes, execute, plan_export

SMALL = Sizes(part_bytes=20_000, part_entities=100, savepoint_bytes=60_000)


def test_a_run_without_memory_keeps_its_work(faq: Path, tmp_path: Path) -> None:
    """It says how far it came, and what takes less; the next one goes on from there, to the same bytes."""
    data = recipe(faq, tmp_path / "out")
    execute(plan_export(data, sizes=SMALL))
    (tmp_path / "out").rename(tmp_path / "whole")

    def more(now: Any) -> None:
        if now.parts == 20:
            bytearray(1 << 62)

    with pytest.raises(TryAgainError) as caught:
        execute(plan_export(data, sizes=SMALL), on_progress=more)
    told = r"out of memory after (\d+) of 38 parts; nothing published, work kept in (\S+) \(.* kB\)"
    found = re.fullmatch(told, caught.value.message)
    assert found is not None, caught.value.message
    assert found[2] == str(tmp_path / ".out.staging")
    assert caught.value.hint.startswith("give it more memory, or leave out what has to remember every record: ")
    assert "the same command goes on from there" in caught.value.hint

    seen: list[int] = []
    execute(plan_export(data, sizes=SMALL), on_progress=lambda now: seen.append(now.parts))
    assert seen[0] == int(found[1]) + 1 > 5
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


@contextmanager
def restored() -> Iterator[None]:
    """Limits are as they were after the block."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


class Starved:
    """A filter that takes what is left at one record."""

    @hookimpl
    def register_filters(self, register: Any) -> None:
        register("hungry", lambda _config, _ctx: self.hungry)

    def hungry(self, entity: dict[str, Any], _sample: object) -> None:
        """Ask for more and more of the little that there is."""
        if entity.get("pk") == "qa_1001":
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            taken = pages * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (taken + (4 << 20), resource.getrlimit(resource.RLIMIT_AS)[1]))
            held = []
            while True:
                held.append(bytearray(1 << 20))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_no_record_is_blamed_where_nobody_gets_memory(faq: Path, tmp_path: Path) -> None:
    """A stage that asks for too much has an error of one record; where there is hardly any left, the run ends."""
    manager = PluginManager()
    manager.register(Starved(), "starved")
    data = recipe(faq, tmp_path / "out", export={"filters": ["starved:hungry"]})
    plan = plan_export(data, sizes=SMALL, manager=manager)
    with restored(), pytest.raises(TryAgainError, match=r"out of memory after .* of 38 parts; nothing published"):
        execute(plan)
    assert not (tmp_path / "out").exists()


def test_a_command_without_memory(capsys: pytest.CaptureFixture[str]) -> None:
    """It is no fault of ours, outside a run either."""
    assert failed(MemoryError(), as_json=False) == 75
    assert capsys.readouterr().err == "out of memory\ngive it more memory\n\nexit 75\n"
