"""One writer: of processes that start at once on one target one publishes, and the others say who was first.

TUNEPORT_WRITERS is how many start at once.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from tools import NOW, faq_lines, recipe, tree

from faults.starting import Ran, Starter
from tuneport.errors import TargetExistsError, TryAgainError
from tuneport.runs import execute, plan_export
from tuneport.runs.storage import Storage

WRITERS = int(os.environ.get("TUNEPORT_WRITERS", "20"))
COMMAND = ("export", "faq.jsonl", "--to", "out", "--now", NOW)
OTHER = ("export", "other.jsonl", "--to", "out", "--now", NOW)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with two sources."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(60))
    (tmp_path / "other.jsonl").write_bytes(faq_lines(90))
    return tmp_path


def started(starter: Starter, here: Path, *commands: tuple[str, ...]) -> list[Ran]:
    """As many as there are writers, at once, the commands taking turns."""
    jobs = [{"arguments": commands[number % len(commands)], "folder": str(here)} for number in range(WRITERS)]
    return starter.together(jobs)


def one_won(runs: list[Ran]) -> Ran:
    """The only one that published; each of the others says why it did not."""
    winners = [ran for ran in runs if ran.code == 0]
    assert len(winners) == 1, Counter(ran.code for ran in runs)
    for ran in runs:
        if ran.code == 75:
            assert f"another run is writing here (it holds {here}/.out.lock)" in ran.err.replace(
                "(it holds .out", f"(it holds {here}/.out"
            ), ran.err
        elif ran.code:
            assert (ran.code, ran.err.partition("\n")[0]) == (73, "out exists. Nothing read."), ran.err
    return winners[0]


def test_of_many_at_once_one_publishes(starter: Starter, here: Path, figure: Callable[[str, object], None]) -> None:
    """Twenty of one recipe: one dataset, that of a run by itself, and nothing beside it."""
    assert starter.run(here, *COMMAND).code == 0
    expected = tree(here / "out")
    shutil.rmtree(here / "out")
    runs = started(starter, here, COMMAND)
    one_won(runs)
    assert any(ran.code == 75 for ran in runs)
    assert tree(here / "out") == expected
    assert sorted(path.name for path in here.iterdir()) == ["faq.jsonl", "other.jsonl", "out"]
    figure("writers at once, of which one published", f"{WRITERS}/1")


def test_of_two_recipes_one_publishes(starter: Starter, here: Path) -> None:
    """Never a mix of both."""
    alone = {}
    for command in (COMMAND, OTHER):
        assert starter.run(here, *command).code == 0
        alone[command] = tree(here / "out")
        shutil.rmtree(here / "out")
    runs = started(starter, here, COMMAND, OTHER)
    winner = runs.index(one_won(runs))
    assert tree(here / "out") == alone[(COMMAND, OTHER)[winner % 2]]


def test_versions_follow_each_other(starter: Starter, here: Path) -> None:
    """Each of twenty publishes the next version, finds it there already, or is told to come back."""
    more = ("--on-exists", "version")
    runs = started(starter, here, (*COMMAND, *more), (*OTHER, *more))
    published = [ran for ran in runs if ran.code == 0 and "->" in ran.out]
    assert {ran.code for ran in runs} <= {0, 75}
    assert all(ran.out.startswith("unchanged: ") for ran in runs if ran.code == 0 and ran not in published)
    versions = sorted(path.name for path in (here / "out").iterdir() if path.name != "latest")
    assert versions == [f"v{number:04d}" for number in range(1, len(published) + 1)] != []
    trees = [tree(here / "out" / name, frozenset({"stats.json", "recipe.json", "manifest.json"})) for name in versions]
    assert all(before != after for before, after in pairwise(trees))
    assert (here / "out/latest").resolve().name == versions[-1]
    for name in versions:
        assert starter.run(here, "validate", "--no-load", f"out/{name}").code == 0


def test_replacing_leaves_the_one_or_the_other(starter: Starter, here: Path) -> None:
    """Under `replace` what stands there is whole, and of one of them."""
    alone = []
    for command in (COMMAND, OTHER):
        assert starter.run(here, *command, "--on-exists", "replace").code == 0
        alone.append({name: digest for name, digest in tree(here / "out").items() if name.startswith("data/")})
    runs = started(starter, here, (*COMMAND, "--on-exists", "replace"), (*OTHER, "--on-exists", "replace"))
    assert {ran.code for ran in runs} <= {0, 75}
    assert {name: digest for name, digest in tree(here / "out").items() if name.startswith("data/")} in alone
    assert starter.run(here, "validate", "--no-load", "out").code == 0


def test_the_lock_dies_with_its_holder(starter: Starter, here: Path) -> None:
    """A killed run is in nobody's way: of the next twenty one takes up what it left."""
    (here / "faq.jsonl").write_bytes(faq_lines(150))
    assert starter.run(here, *COMMAND, calls=[["SIGKILL", "create 000001.tuneport", 1]]).code == -9
    assert (here / ".out.lock").exists()
    winner = one_won(started(starter, here, COMMAND))
    assert winner.code == 0
    assert not (here / ".out.lock").exists()


def test_threads_of_one_process_are_writers_as_well(here: Path) -> None:
    """A service that exports twice to one place: the second is told, as another process would be."""
    ended: list[object] = []
    begin = threading.Barrier(8)

    def export() -> None:
        plan = plan_export(recipe(here / "faq.jsonl", here / "out"))
        begin.wait()
        try:
            ended.append(execute(plan).status)
        except (TryAgainError, TargetExistsError) as error:
            ended.append(type(error))

    threads = [threading.Thread(target=export) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert ended.count("published") == 1
    assert set(ended) <= {"published", TryAgainError, TargetExistsError}
    with Storage().lock(here / ".out.lock"), pytest.raises(TryAgainError, match=r"it holds .*\.out\.lock"):
        execute(plan_export(recipe(here / "faq.jsonl", here / "out"), to_run=False))
