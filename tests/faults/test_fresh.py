"""--fresh: what a stopped run left is thrown away, and nothing of it is taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import faq_lines

from faults.starting import Starter
from tuneport import export
from tuneport.dataset import Dataset
from tuneport.errors import TryAgainError
from tuneport.runs.storage import Storage

COMMAND = ("export", "faq.jsonl", "--to", "out")
EARLIER, LATER = {"SOURCE_DATE_EPOCH": "1000000000"}, {"SOURCE_DATE_EPOCH": "1700000000"}


@pytest.fixture
def here(tmp_path: Path, starter: Starter) -> Path:
    """A folder with a source, and with the work of a run that was killed."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(400))
    job = {"env": EARLIER, "calls": [["SIGKILL", "create 000004.tuneport", 1]]}
    assert starter.run(tmp_path, *COMMAND, **job).code == -9
    assert [*(tmp_path / ".out.staging/done").iterdir()]
    return tmp_path


def test_nothing_is_taken_from_before(here: Path, starter: Starter) -> None:
    """Not the parts, and not the time at which the other run began."""
    ran = starter.run(here, *COMMAND, "--fresh", env=LATER)
    assert ran.code == 0
    assert "starting afresh, as asked" in ran.err
    assert "discarded" in ran.err
    assert "taking up" not in ran.err
    assert Dataset.open(here / "out").manifest.now.startswith("2023-")


def test_without_it_both_are(here: Path, starter: Starter) -> None:
    """The work goes on as if it had never stopped."""
    ran = starter.run(here, *COMMAND, env=LATER)
    assert ran.code == 0
    assert "taking up .out.staging: same plan, 3 of " in ran.err
    assert Dataset.open(here / "out").manifest.now.startswith("2001-")


def test_nothing_is_thrown_away_while_another_run_works(here: Path, starter: Starter) -> None:
    """What is there may be that run's."""
    with Storage().lock(here / ".out.lock"):
        assert starter.run(here, *COMMAND, "--fresh").code == 75
        data = {"source": str(here / "faq.jsonl"), "output": str(here / "out")}
        with pytest.raises(TryAgainError):
            export(data, fresh=True)
    assert [*(here / ".out.staging/done").iterdir()]
    assert export(data, fresh=True).status == "published"


def test_a_look_at_the_plan_throws_nothing_away(here: Path, starter: Starter) -> None:
    """--dry-run writes nothing, whatever else is asked."""
    assert starter.run(here, *COMMAND, "--fresh", "--dry-run").code == 0
    assert [*(here / ".out.staging/done").iterdir()]


def test_where_nothing_is_staged_it_changes_nothing(starter: Starter, tmp_path: Path) -> None:
    """A run that is always started with it works the first time, and is refused like any where something stands."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(50))
    assert starter.run(tmp_path, *COMMAND, "--fresh").code == 0
    assert starter.run(tmp_path, *COMMAND, "--fresh").code == 73
    assert starter.run(tmp_path, *COMMAND, "--fresh", "--on-exists", "replace").code == 0
    assert starter.run(tmp_path, "export", "faq.jsonl", "--to", "-", "--fresh").code == 0


def test_one_that_died_published_does_not_answer(here: Path, starter: Starter) -> None:
    """What is visible is replaced by a run of its own time."""
    replace = (*COMMAND, "--on-exists", "replace")
    assert starter.run(here, *replace, env=EARLIER, calls=[["SIGKILL", "unlink plan.json", 1]]).code == -9
    assert (here / "out").exists()
    ran = starter.run(here, *replace, "--fresh", env=LATER)
    assert ran.code == 0
    assert not (here / ".out.staging").exists()
