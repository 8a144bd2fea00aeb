"""Signals stop a command in good order: what is done is kept, it says so, and the next run ends in the same bytes.

TUNEPORT_STOPS is how many signals at random moments there are.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, faq_lines, recipe, tree

from faults.starting import Ran, Starter
from tuneport import export

STOPS = int(os.environ.get("TUNEPORT_STOPS", "16"))
CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
MODES = {
    "folder": ("out", ()),
    "deferred": ("out", ("--set", "export.weighting.normalize=percentile")),
    "file": ("out.jsonl", ()),
}
THIRD = "create 000002.tuneport"
"""The call that begins the bytes of the third part; a savepoint takes more of them."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a source."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(500))
    return tmp_path


def asked(mode: str) -> tuple[str, ...]:
    """The command line of a mode."""
    name, more = MODES[mode]
    return ("export", "faq.jsonl", "--to", name, "--now", NOW, *more)


def contents(path: Path) -> Any:
    """What stands there; None for nothing."""
    if path.is_dir():
        return tree(path)
    return path.read_bytes() if path.exists() else None


def in_good_order(ran: Ran, name: str) -> None:
    """Stopped by a signal, in words and by its code, without a traceback."""
    assert ran.code == CODES[name], ran.err
    assert f"stopped by {name}" in ran.err
    assert f"exit {ran.code}" in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("mode", MODES)
def test_at_random_moments(mode: str, starter: Starter, place: Path, figure: Callable[[str, object], None]) -> None:
    """Stopped again and again until it is done: nothing is visible before, and all is as if nothing had happened."""
    target, chance = place / MODES[mode][0], random.Random(f"{mode} {STOPS}")  # noqa: S311
    whole = starter.run(place, *asked(mode))
    assert whole.code == 0, whole.err
    expected, seconds, stops = contents(target), whole.seconds, 0
    while stops < STOPS / len(MODES):
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        name = chance.choice(sorted(CODES))
        ran = starter.run(place, *asked(mode), signals=[[name, chance.uniform(0, seconds)]])
        while ran.code != 0:
            stops += 1
            # Before Python has begun to listen, and when it has ended already, the signal just ends it.
            if ran.code != -getattr(signal, name):
                in_good_order(ran, name)
            if target.exists():
                assert contents(target) == expected
                break
            name = chance.choice(sorted(CODES))
            ran = starter.run(place, *asked(mode), signals=[[name, chance.uniform(0, seconds)]])
        after = starter.run(place, *asked(mode)) if ran.code else ran
        assert after.code == 0 or (after.code == 73 and ran.code), after.err
        assert contents(target) == expected
        assert sorted(path.name for path in place.iterdir()) == sorted(["faq.jsonl", target.name])
    figure(f"signals survived, {mode}", stops)


@pytest.mark.parametrize("name", CODES)
def test_work_is_kept_up_to_the_last_whole_part(name: str, starter: Starter, place: Path) -> None:
    """Two parts were whole when it was stopped in the third: they are kept, though no savepoint was due."""
    in_good_order(starter.run(place, *asked("folder"), calls=[[name, THIRD, 1]]), name)
    (record,) = (place / ".out.staging/done").glob("*.json")
    assert [result["part"] for result in json.loads(record.read_text().splitlines()[-1])["results"]] == [0, 1]
    assert not (place / "out").exists()
    after = starter.run(place, *asked("folder"))
    assert after.code == 0
    assert "taking up .out.staging: same plan, 2 of " in after.err


def test_a_second_signal_waits_and_a_third_does_not(starter: Starter, place: Path) -> None:
    """Wrappers send a signal twice: what is being saved is saved. Who insists ends it at once, and harms nothing."""
    calls = [["SIGTERM", THIRD, 1], ["SIGINT", "create 00000.keys", 1]]
    in_good_order(starter.run(place, *asked("folder"), calls=calls), "SIGTERM")
    assert (place / ".out.staging/done/00000.json").exists()
    shutil.rmtree(place / ".out.staging")

    ran = starter.run(place, *asked("folder"), calls=[*calls, ["SIGHUP", "create 00000.json", 1]])
    assert ran.code == 129
    assert ran.err == "ended at once; what was saved before is kept\n"
    assert not (place / ".out.staging/done/00000.json").exists()
    assert starter.run(place, *asked("folder")).code == 0


DEAF = """
import os, signal
from tuneport import Artifact, Reject, hookimpl

@hookimpl
def register_filters(register):
    register("deaf", lambda config, ctx: deaf)

@hookimpl
def register_artifacts(register):
    register("deaf", lambda config, ctx: last)

def deaf(entity, sample):
    try:
        if entity.get("pk") == os.environ.get("WHEN"):
            os.kill(os.getpid(), signal.SIGTERM)
    except BaseException as error:
        if os.environ["WHEN"] == "qa_100":
            raise RuntimeError("a library that wraps what it meets") from error
        return Reject("broken", "it was not ready for that")

def last(dataset):
    try:
        if os.environ.get("WHEN") == "last":
            os.kill(os.getpid(), signal.SIGTERM)
    except BaseException:
        return [Artifact("told.txt", b"broken")]
    return [Artifact("told.txt", b"whole")]
"""


def deaf_plugin(place: Path) -> list[str]:
    """Write it; the flags of a command that uses it."""
    (place / "plugins/acme").mkdir(parents=True)
    provides = {"filters": ["deaf"], "artifacts": ["deaf"]}
    manifest = {"name": "acme", "version": "1.0.0", "module": "deaf", "provides": provides}
    (place / "plugins/acme/plugin.json").write_text(json.dumps(manifest))
    (place / "plugins/acme/deaf.py").write_text(DEAF)
    used = ["--set", 'export.filters=["acme:deaf"]', "--set", 'export.artifacts=["acme:deaf"]']
    return ["--plugin-dir", "plugins", "--trust", "any", *used]


@pytest.mark.parametrize("key", ["qa_1", "qa_4"])
def test_such_a_plugin_does_not_keep_a_preview_going(key: str, starter: Starter, place: Path) -> None:
    """At the last record as well: what it made of it is not shown."""
    in_good_order(starter.run(place, "preview", "faq.jsonl", *deaf_plugin(place), env={"WHEN": key}), "SIGTERM")


@pytest.mark.parametrize("mode", ["folder", "deferred"])
@pytest.mark.parametrize("when", ["qa_100", "qa_400", "last"])
def test_a_plugin_that_catches_everything_does_not_keep_it_going(
    mode: str, when: str, starter: Starter, place: Path
) -> None:
    """What it swallowed is raised again, and nothing that it made meanwhile is kept."""
    more = deaf_plugin(place)
    in_good_order(starter.run(place, *asked(mode), *more, env={"WHEN": when}), "SIGTERM")
    assert not (place / "out").exists()
    assert [*(place / ".out.staging").glob("*/*.json")]
    after = starter.run(place, *asked(mode), *more)
    assert "same plan, " in after.err
    stopped = tree(place / "out")
    shutil.rmtree(place / "out")
    assert starter.run(place, *asked(mode), *more).code == 0
    assert tree(place / "out") == stopped


def test_a_signal_after_publishing_comes_too_late(starter: Starter, place: Path) -> None:
    """It is published, and nothing is left to be done: that is what it says."""
    ran = starter.run(place, *asked("folder"), calls=[["SIGTERM", "unlink .out.lock", 1]])
    assert ran.code == 0, ran.err
    assert "load_dataset('out')" in ran.out
    assert sorted(path.name for path in place.iterdir()) == ["faq.jsonl", "out"]


def test_a_signal_while_an_error_is_told_changes_nothing(place: Path) -> None:
    """The first one as well: the error is told to its end, and has its own exit code."""
    driver = place / "told.py"
    driver.write_text(
        "import os, signal\nfrom tuneport.commands import terminal\nplain = terminal.plain\n\n"
        "def told(text):\n    os.kill(os.getpid(), signal.SIGTERM)\n    return plain(text)\n\nterminal.plain = told\n"
        "from tuneport.commands.main import main\nmain(['export', 'none.jsonl', '--to', 'out', '--quiet'])\n"
    )
    done = subprocess.run([sys.executable, driver], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 66
    assert done.stderr.startswith("none.jsonl does not exist")


def test_a_library_that_was_interrupted_may_call_it_anything(place: Path) -> None:
    """Pydantic makes an error of its own of what a signal raises, and says nothing of where that came from."""
    driver = place / "odd.py"
    driver.write_text(
        "import os, signal\nfrom pathlib import Path\nfrom pydantic import BaseModel, field_serializer\n"
        "class Odd(BaseModel):\n    a: int = 1\n    @field_serializer('a')\n    def told(self, a):\n"
        "        os.kill(os.getpid(), signal.SIGHUP)\n        return a\n"
        "from tuneport.runs import engine\nengine.look_ahead = lambda *_: Odd().model_dump()\n"
        "from tuneport.commands.main import main\nmain(['export', 'faq.jsonl', '--to', 'out', '--quiet'])\n"
    )
    done = subprocess.run([sys.executable, driver], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 129
    assert done.stderr.startswith("stopped by SIGHUP")


def test_a_query_that_has_not_given_a_row_is_stopped(starter: Starter, place: Path) -> None:
    """SQLite says that it was interrupted; that it was a signal is what counts."""
    sqlite3.connect(place / "a.db").close()
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS question FROM n"
    command = ("export", "a.db", "--query", endless, "--map", "instruction=question", "--to", "out")
    ran = starter.run(place, *command, signals=[["SIGTERM", 1.0]])
    in_good_order(ran, "SIGTERM")
    assert ran.seconds < 20


def test_rows_on_stdout_are_said_not_to_be_whole(starter: Starter, place: Path) -> None:
    """Some of them are there, and whoever reads them should know."""
    ran = starter.run(place, "export", "faq.jsonl", "--to", "-", opening=["SIGTERM", "faq.jsonl"])
    in_good_order(ran, "SIGTERM")
    ran = starter.run(place, "export", "faq.jsonl", "--to", "-", signals=[["SIGTERM", 0.01], ["SIGTERM", 0.02]])
    assert ran.code in {143, -15}
    driver = place / "slow.py"
    driver.write_text(
        "import os, signal, sys\nfrom tuneport.runs.publishing import streamed\n"
        "save = streamed.Streamed.save\n\n"
        "def once(*arguments):\n    segment = save(*arguments)\n    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return segment\n\nstreamed.Streamed.save = once\n"
        "from tuneport.commands.main import main\nmain(['export', 'faq.jsonl', '--to', '-'])\n"
    )
    done = subprocess.run([sys.executable, driver], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 143
    assert len(done.stdout.splitlines()) > 100
    assert "stopped by SIGTERM; the rows on stdout are not all there are" in done.stderr


def test_one_json_document_says_that_it_was_stopped(starter: Starter, place: Path) -> None:
    """A script reads the same code whatever the signal was."""
    ran = starter.run(place, *asked("folder"), "--json", calls=[["SIGHUP", THIRD, 1]])
    assert ran.code == 129
    document = json.loads(ran.out)
    assert (document["status"], document["error"]["code"]) == ("failed", "stopped")
    assert "stopped by SIGHUP" in document["error"]["message"]


@pytest.mark.parametrize("name", CODES)
def test_what_is_ignored_stays_ignored(name: str, starter: Starter, place: Path) -> None:
    """Under nohup, and in the background of a script."""
    ran = starter.run(place, *asked("folder"), ignored=[name], calls=[[name, THIRD, 1]])
    assert ran.code == 0, ran.err
    assert (place / "out").is_dir()


@pytest.mark.parametrize(
    "command",
    [
        ("preview", "faq.jsonl"),
        ("inspect", "faq.jsonl"),
        ("inspect", "faq.jsonl", "--write", "mine.toml"),
        ("validate", "faq.jsonl"),
        ("validate", "faq.jsonl", "--format", "openai"),
        ("export", "faq.jsonl", "--to", "out", "--dry-run"),
    ],
    ids=" ".join,
)
def test_other_commands_stop_as_well(command: tuple[str, ...], starter: Starter, place: Path) -> None:
    """At once, and they leave nothing behind."""
    in_good_order(starter.run(place, *command, opening=["SIGTERM", "faq.jsonl"]), "SIGTERM")
    assert [path.name for path in place.iterdir()] == ["faq.jsonl"]


def test_the_real_command(place: Path) -> None:
    """`python -m tuneport`, with the sizes that everybody has, stopped while it reads."""
    (place / "faq.jsonl").write_bytes(faq_lines(1500) * 25)
    process = subprocess.Popen(
        [sys.executable, "-m", "tuneport", *asked("folder")], cwd=place, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not [*place.glob(".out.staging/segments/000001.*")]:
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate()
    in_good_order(Ran(process.returncode, "", err, 0.0), "SIGTERM")
    assert [*(place / ".out.staging/done").glob("*.json")]


def test_the_library_installs_no_handler(place: Path) -> None:
    """What a host application does with signals is its own affair; a command line gives back what it found."""
    from tuneport.commands.main import run

    handlers = [signal.getsignal(getattr(signal, name)) for name in CODES]
    seen: list[Any] = []

    def on_progress(_progress: Any) -> None:
        seen.append([signal.getsignal(getattr(signal, name)) for name in CODES])

    export(recipe(place / "faq.jsonl", place / "out"), on_progress=on_progress)
    assert seen == [handlers] * len(seen) != []
    assert run(["schema", "recipe", "--quiet"]) == 0
    assert [signal.getsignal(getattr(signal, name)) for name in CODES] == handlers
