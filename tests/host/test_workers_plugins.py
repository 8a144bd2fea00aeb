"""What plugins do, say and raise in other processes is what they would in one."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
from datetime import date
from pathlib import Path

import msgspec.msgpack
import pytest
from tools import NOW, recipe, rows

from host.crews import nothing_left, plugins, ran
from tuneport import PluginManager
from tuneport.errors import PluginError, StorageError, TryAgainError
from tuneport.runs import Sizes, execute, plan_export
from tuneport.runs.executors.faults import Fault

LOOSE = """
from tuneport import FormatTraits, hookimpl

def make(config, ctx):
    def write(sample):
        number = int(sample.metadata["number"])
        row = {"text": sample.text, "number": number}
        return row if number % 60 >= config["from"] else dict(reversed(row.items()))
    return write

@hookimpl
def register_formats(register):
    register("loose", make, config=Settings)

from tuneport import Config

class Settings(Config):
    start: int = 0

    def __getitem__(self, _key):
        return self.start
"""


@pytest.mark.parametrize("normalize", ["log", "minmax"])
def test_the_first_row_of_the_run_sets_the_columns(normalize: str, tmp_path: Path) -> None:
    """Where parts begin with rows of other columns, all of them have those of the first part all the same."""
    records = [{"question": f"Q{n}?", "answer": f"An answer to {n}.", "number": n} for n in range(600)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    manager = plugins(tmp_path / "plugins", LOOSE, formats=["loose"])
    found = []
    for workers in (1, 2):
        export = {
            "formats": [{"use": "loose", "start": 30, "weights": "ignore"}],
            "weighting": {"normalize": normalize, "weight_field": "number", "mean_one": True},
            "metadata_fields": {"number": "integer"},
        }
        data = recipe(tmp_path / "in.jsonl", tmp_path / f"out{workers}", export=export)
        result = ran(data, workers, Sizes(part_bytes=1_800), manager=manager)
        found.append((result.digest, result.stats.rejects, result.stats.exported_entities))

    assert found[0] == found[1]
    assert found[0][1] == {"hook:acme": 300}
    assert {tuple(row) for row in rows(tmp_path / "out2")} == {("number", "text")}


NOISY = """
import logging
from tuneport import Reject, hookimpl

log = logging.getLogger("tuneport.acme")

def make(config, ctx):
    log.warning("made")
    def odd(entity, sample):
        number = int(entity["number"])
        if WORST <= number < WORST + IN_A_ROW or number % 7 == 3:
            raise LookupError(f"no {number}")
        if number % 100 == 50:
            log.warning("fifty")
            print("said", flush=True)
        return None
    return odd

@hookimpl
def register_filters(register):
    register("odd", make)
"""


def noisy(tmp_path: Path, worst: int, in_a_row: int) -> PluginManager:
    """A manager with a plugin that fails now and then, and at some records in a row."""
    code = NOISY.replace("WORST", str(worst)).replace("IN_A_ROW", str(in_a_row))
    return plugins(tmp_path / "plugins", code, filters=["odd"])


def numbered(tmp_path: Path, count: int) -> Path:
    """A source of numbered records."""
    records = [{"question": f"Q{n}?", "answer": f"An answer to {n}.", "number": n} for n in range(count)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    return tmp_path / "in.jsonl"


def test_a_plugin_that_raises_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Rejects, notes and the log are those of one process; what it prints is not on stdout."""
    manager, source = noisy(tmp_path, 200, 30), numbered(tmp_path, 700)
    data = recipe(source, tmp_path / "out", export={"filters": ["odd"]})
    found, logs = [], []
    for workers in (1, 2):
        caplog.clear()
        capfd.readouterr()
        with caplog.at_level(logging.WARNING, "tuneport"):
            result = ran({**data, "output": str(tmp_path / f"out{workers}")}, workers, manager=manager)
        found.append((result.digest, result.stats.rejects, result.stats.errors))
        logs.append([message for message in dict.fromkeys(caplog.messages) if "UNPINNED" not in message])

    assert found[0] == found[1]
    assert logs[0] == logs[1]
    assert [line.partition(" ")[0] for line in logs[1]] == ["made", "acme:odd", "fifty"]
    assert logs[1][1].endswith("LookupError: no 3")
    assert capfd.readouterr().out == ""


def test_a_hundred_failures_in_a_row_end_the_run(tmp_path: Path) -> None:
    """Wherever parts end, and whoever works on them, the error is the same, and so is what is kept."""
    manager, source = noisy(tmp_path, 330, 100), numbered(tmp_path, 700)
    export = {"filters": ["odd"]}
    said = []
    for workers in (1, 3):
        data = recipe(source, tmp_path / "out", export=export)
        with nothing_left(), pytest.raises(PluginError) as caught:
            ran(data, workers, Sizes(part_bytes=1_500), manager=manager)
        said.append(str(caught.value))
        shutil.rmtree(tmp_path / ".out.staging")

    assert said[0] == said[1]
    assert "filter acme:odd failed at 100 records in a row" in said[0]
    assert not (tmp_path / "out").exists()


LATE = """
from tuneport import hookimpl

class Late:
    def __call__(self, entity, sample):
        return float(entity["number"])

    def finish(self, summary):
        raise LookupError("never mind")

@hookimpl
def register_weightings(register):
    register("late", lambda config, ctx: Late())
"""


def test_an_error_of_a_worker_is_that_of_one_process(tmp_path: Path) -> None:
    """Type, text, hint and exit code are the same."""
    manager, source = plugins(tmp_path / "plugins", LATE, weightings=["late"]), numbered(tmp_path, 700)
    data = recipe(source, tmp_path / "out", export={"weightings": ["late"]})
    said = []
    for workers in (1, 2):
        with nothing_left(), pytest.raises(PluginError, match="weighting acme:late: LookupError: never mind") as caught:
            ran(data, workers, manager=manager)
        error = caught.value
        said.append((type(error), error.message, error.hint, error.exit_code))
        shutil.rmtree(tmp_path / ".out.staging")

    assert said[0] == said[1]


ERRORS = {
    "of ours": StorageError("cannot", "do it"),
    "of the disk": TryAgainError("full", "free some"),
    "memory": MemoryError(),
    "a wish": KeyboardInterrupt(),
    "a fault": ValueError("no such thing"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_travel(name: str) -> None:
    """As the same type, with what a run looks at to say what is kept; what is a fault of ours with its trace."""
    error = ERRORS[name]
    if name == "of the disk":
        error.__cause__ = OSError(errno.ENOSPC, "full")
    sent = msgspec.msgpack.encode(Fault.of(error))
    again = msgspec.msgpack.decode(sent, type=Fault).error()
    if name == "a fault":
        assert isinstance(again, RuntimeError)
        assert "ValueError: no such thing" in str(again.__notes__)
        return
    assert type(again) is type(error)
    assert again.args == error.args
    assert getattr(again.__cause__, "errno", None) == getattr(error.__cause__, "errno", None)


CHOOSY = """
import logging, sys
from typing import Any
from tuneport import Config, hookimpl

class Settings(Config):
    since: Any = None

def make(config, ctx):
    def test(_entity, _sample):
        if "tuneport.runs.executors.worker" in sys.modules:  # what collects reports here has no room for it
            logging.getLogger("acme").warning("half a character: %s", chr(0xdc80))
        ctx.count(f"since a {type(config.since).__name__}")
    return test

@hookimpl
def register_filters(register):
    register("choosy", make, config=Settings)
"""


def test_a_worker_is_told_the_very_values(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A date that would become text on the way does not travel; what a stage logs does, whatever it is."""
    (tmp_path / "in.jsonl").write_text('{"question": "Who?", "answer": "Nobody at all."}\n' * 300)
    manager = plugins(tmp_path / "plugins", CHOOSY, filters=["choosy"])
    for number, since in enumerate((date(2024, 1, 1), "2024-01-01")):
        found = []
        for workers in (1, 2):
            export = {"filters": [{"use": "acme:choosy", "since": since}]}
            data = recipe(tmp_path / "in.jsonl", tmp_path / f"{number} {workers}", export=export)
            with nothing_left():
                found.append(ran(data, workers, Sizes(part_bytes=1_800), manager=manager).notes)
        assert found[0] == found[1] == {f"since a {type(since).__name__}": 300}
    assert caplog.text.count("half a character: ?") == 1


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """A folder and a recipe may be called anything that the system allows."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff"))
    folder.mkdir()
    (folder / "in.jsonl").write_text('{"question": "Who?", "answer": "Nobody at all."}\n' * 300)
    sections = {"source": "in.jsonl", "output": {"path": "out"}, "run": {"now": NOW, "workers": 2}}
    (folder / "r.json").write_text(json.dumps(sections))
    with nothing_left():
        result = execute(plan_export(folder / "r.json", sizes=Sizes(part_bytes=1_800)))
    assert result.stats.exported_entities == 1
    assert (folder / "out/manifest.json").exists()
