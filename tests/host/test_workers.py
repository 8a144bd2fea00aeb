"""However many processes work on a run, it publishes the same bytes and says the same."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, faq_lines, tree

from host.crews import SMALL, children, nothing_left, ran
from tuneport import PluginManager, export, hookimpl
from tuneport.errors import StoppedError, TryAgainError
from tuneport.runs import Sizes, execute, plan_export
from tuneport.runs.executors.processes import Processes
from tuneport.runs.result import Progress

FULL: dict[str, Any] = {
    "formats": ["tuneport", "trl", {"use": "axolotl", "weights": "replicate", "max_copies": 3}],
    "weighting": {"normalize": "log", "auto_weight_by_length": True},
    "structured_gen": {
        "enable_schema_validation": True,
        "json_schema": {"type": "object", "properties": {"output": {"type": "string", "maxLength": 320}}},
    },
    "quality_metrics": {"enable_metrics": True, "track_per_sample": True},
}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "folder": (
        {"weighting": {"normalize": "log"}},
        {"path": "out", "index": True, "shard_size": 60_000, "compression": "gzip"},
    ),
    "waiting file": ({"weighting": {"normalize": "percentile", "mean_one": True}}, {"path": "out.jsonl"}),
    "everything": (FULL, {"path": "out", "index": True, "split": {"validation": 0.2, "group_by": "category"}}),
}


def contents(path: Path) -> dict[str, str]:
    """What stands at a folder or a file, by its sums."""
    return tree(path) if path.is_dir() else tree(path.parent, frozenset({"in.jsonl", "more.jsonl"}))


def taken(path: Path) -> dict[str, str]:
    """What was published there; it is removed."""
    found = contents(path)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    return found


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with two sources."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_bytes(faq_lines(500))
    (tmp_path / "more.jsonl").write_bytes(faq_lines(900).replace(b"number", b"numeral"))
    return tmp_path


def asked(case: str) -> dict[str, Any]:
    """The recipe of a case."""
    sections, output = CASES[case]
    return {"source": "in.jsonl", "export": sections, "output": output, "run": {"now": NOW}}


@pytest.mark.parametrize(("case", "workers"), [("folder", 5), ("waiting file", 2), ("everything", 3)])
def test_the_number_of_processes_changes_no_byte(
    case: str, workers: int, here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Folder and file, part by part and waiting, split, replicated, indexed, judged: the same from any number."""
    data = asked(case)
    place = here / data["output"]["path"]
    first = ran(data, 1)
    expected = taken(place)
    assert first.stats.rejects.keys() >= {"bad_json", "bad_utf8", "bad_type", "missing_field"}
    with nothing_left():
        result = ran(data, workers, Sizes(part_bytes=9_000 + workers, savepoint_bytes=30_000))
    assert "one process" not in caplog.text
    assert taken(place) == expected
    for one in (first, result):
        one.stats.duration_ms = 0
    assert (result.stats, result.weights, result.notes) == (first.stats, first.weights, first.notes)


def test_several_sources_are_read_in_order(here: Path) -> None:
    """Parts of several files, of a source with a style of its own, and of a table."""
    from tuneport_sources.sample import write_sample

    write_sample(here / "support.db", 300)
    texts = {"use": "text_completion", "field_mapping": {"text_field": "answer"}}
    sources = [
        {"path": ["in.jsonl", "more.jsonl"], "name": "lines"},
        {"path": "support.db", "table": "faq", "name": "table"},
        {"path": "more.jsonl", "style": texts, "name": "texts"},
    ]
    export = {"metadata_fields": {"tags": "string"}}
    data = {"source": sources, "export": export, "output": {"path": "out", "index": True}, "run": {"now": NOW}}
    ran(data, 1)
    expected = taken(here / "out")
    with nothing_left():
        ran(data, 2, Sizes(part_bytes=30_000))

    assert taken(here / "out") == expected


def test_hash_seed_and_locale_change_no_byte(here: Path) -> None:
    """Two command lines with other hash seeds and locales, of which one works in two processes."""
    command = [sys.executable, "-m", "tuneport", "export", "in.jsonl", "--now", NOW, "--set", "output.index=true"]
    long = [{"question": f"Q{n}?", "answer": f"{n} ünïcödé " * 500, "category": f"c{n % 9}"} for n in range(1200)]
    (here / "in.jsonl").write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in long))
    found = []
    for workers, environment in (
        ("1", {"PYTHONHASHSEED": "1", "LC_ALL": "C"}),
        ("2", {"PYTHONHASHSEED": "7", "LC_ALL": "C.UTF-8"}),
    ):
        more = ["--to", "out", "--workers", workers, "--json"]
        done = subprocess.run([*command, *more], env={**os.environ, **environment}, capture_output=True, check=True)
        assert json.loads(done.stdout)["status"] == "published"
        assert b"one process" not in done.stderr
        found.append(taken(here / "out"))

    assert found[0] == found[1]


def test_a_stopped_run_goes_on_with_another_number(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What several processes have staged is taken up by one, and the other way round: it is the same plan."""
    waiting: dict[str, Any] = {"weighting": {"normalize": "minmax"}}
    stop = threading.Event()

    def told(progress: Progress) -> None:
        if progress.parts >= 6:
            stop.set()

    for stages, workers, then in (({}, 2, 1), (waiting, 1, 2)):
        data = {"source": "in.jsonl", "export": stages, "output": "out", "run": {"now": NOW}}
        stop.clear()
        with nothing_left(), pytest.raises(StoppedError, match="stopped on request"):
            ran(data, workers, on_progress=told, cancel=stop)
        caplog.clear()
        with caplog.at_level(logging.INFO, "tuneport"):
            ran(data, then)
        assert "taking up .out.staging: same plan" in caplog.text
        found = taken(here / "out")
        ran(data, 1)
        assert taken(here / "out") == found


class Acme:
    @hookimpl
    def register_filters(self, register: Any) -> None:
        register("all", lambda _config, _ctx: lambda _entity, _sample: None)


WHY: dict[str, tuple[dict[str, Any], str]] = {
    "from end to end": ({"source": "in.csv"}, "in.csv can only be read from end to end"),
    "a limit": ({"source": {"path": "in.jsonl", "limit": 300}}, "source.limit counts records"),
    "registered": ({"export": {"filters": ["acme:all"]}}, "plugins were registered in this process"),
    "too little": ({"run": {"now": NOW}}, "there is too little to do"),
}


@pytest.mark.parametrize("case", WHY)
def test_what_cannot_travel_is_done_here_and_says_why(
    case: str, here: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process is started; where several were asked for, a note says why there is one."""
    monkeypatch.setattr("subprocess.Popen", None)
    (here / "in.csv").write_text("question,answer\n" + "Why?,Because it is so.\n" * 900)
    more, why = WHY[case]
    manager = PluginManager()
    if case == "registered":
        manager.register(Acme(), "acme")
    data = {"source": "in.jsonl", "output": {"path": "out"}, "run": {"now": NOW}, **more}
    with caplog.at_level(logging.INFO, "tuneport"):
        ran(data, 2, Sizes() if case == "too little" else SMALL, manager=manager)

    assert f"one process does it all: {why}" in caplog.text


def test_the_library_starts_no_process_unless_it_is_asked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker is the default, and entities from Python stay where they are."""
    monkeypatch.setattr("subprocess.Popen", None)
    data = {"source": "in.jsonl", "output": "out", "run": {"now": NOW}}
    execute(plan_export(data, sizes=SMALL))
    shutil.rmtree("out")
    assert export({**data, "run": {"now": NOW, "workers": 1}}).status == "published"


def test_exports_in_threads_have_workers_of_their_own(here: Path) -> None:
    """Several runs at once, none in the main thread: each ends its own processes."""
    data = {"source": "in.jsonl", "run": {"now": NOW}}
    found: dict[str, Any] = {}

    def work(name: str) -> None:
        found[name] = ran({**data, "output": name}, 2).digest

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    with nothing_left():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert found["a"] == found["b"]
    assert found["a"] == ran({**data, "output": "c"}, 1).digest


def test_a_changed_environment_is_noticed(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that a worker reads otherwise than its run did ends the run before anything is written."""
    monkeypatch.setenv("LEAST", "20")
    quality = {"min_text_length": {"env": "LEAST"}}
    data = {"source": "in.jsonl", "export": {"quality": quality}, "output": "out", "run": {"now": NOW, "workers": 2}}
    plan = plan_export(data, sizes=SMALL)
    start = Processes.__init__

    def late(self: Processes, *args: Any) -> None:
        monkeypatch.setenv("LEAST", "21")
        start(self, *args)

    monkeypatch.setattr(Processes, "__init__", late)
    with nothing_left(), pytest.raises(TryAgainError, match="changed while the workers of this run started"):
        execute(plan)
    assert not children()
