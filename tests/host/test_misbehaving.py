"""A plugin that misbehaves at one record costs that record: it is blamed by name, and the run goes on."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import rows

from tuneport import PluginManager, Stages, Text, hookimpl
from tuneport.runs import ExportResult, Sizes, execute, plan_export

STAGES = ("style", "filter", "weighting", "format", "validator")


class OfItsOwn(BaseException):
    """What no `except Exception` catches."""


def deeper(levels: int = 1_000_000) -> int:
    """Call itself a million times."""
    return deeper(levels - 1) if levels else 0


def _raise(error: BaseException) -> None:
    raise error


def _stops() -> None:
    asyncio.run(asyncio.wait_for(asyncio.sleep(1), 0))


RAISES: dict[str, Callable[[], Any]] = {
    "an error of its own": lambda: _raise(OfItsOwn("no")),
    "SystemExit": lambda: sys.exit(3),
    "GeneratorExit": lambda: _raise(GeneratorExit()),
    "CancelledError": lambda: _raise(asyncio.CancelledError()),
    "TimeoutError": _stops,
    "MemoryError": lambda: bytearray(1 << 62),
    "OverflowError": lambda: 10.0**400,
    "StopIteration": lambda: next(iter([])),
    "RecursionError": deeper,
    "an error that cannot be shown": lambda: _raise(type("Mute", (Exception,), {"__str__": lambda _self: 1 / 0})()),
    "a group": lambda: _raise(ExceptionGroup("both", [ValueError("a"), KeyError("b")])),
    "no exception": lambda: _raise(5),  # type: ignore[arg-type]
}


class Third:
    """Its stage of one kind does something else at the second record."""

    def __init__(self, kind: str, act: Callable[..., Any], answer: bool = False) -> None:
        self._kind, self._act, self._answer = kind, act, answer

    def _stage(self, kind: str, works: Callable[..., Any]) -> Any:
        def stage(*seen: Any) -> Any:
            if kind == self._kind and "text 1" in str(seen[0]):
                done = self._act(*seen)
                return done if self._answer else works(*seen)
            return works(*seen)

        return lambda _config, _ctx: stage

    @hookimpl
    def register_exporters(self, register: Any) -> None:
        formats = [{"use": "third:format", "weights": "ignore"}]
        stages = Stages("third:style", ["third:filter"], ["third:weighting"], formats, ["third:validator"])
        register("exporter", lambda _config: stages)

    @hookimpl
    def register_styles(self, register: Any) -> None:
        register("style", self._stage("style", lambda entity: Text(text=entity["text"], metadata={"n": 1})))

    @hookimpl
    def register_filters(self, register: Any) -> None:
        register("filter", self._stage("filter", lambda _entity, _sample: None))

    @hookimpl
    def register_weightings(self, register: Any) -> None:
        register("weighting", self._stage("weighting", lambda _entity, _sample: 1.0))

    @hookimpl
    def register_formats(self, register: Any) -> None:
        register("format", self._stage("format", lambda sample: {"t": sample.text}))

    @hookimpl
    def register_validators(self, register: Any) -> None:
        register("validator", self._stage("validator", lambda _row: []))


def through(path: Path, third: Third, *, defer: bool = False) -> ExportResult:
    """Four texts, and the last of them once more."""
    manager = PluginManager()
    manager.register(third, "third")
    data = {"export": {"use": "third:exporter"}, "output": {"path": str(path)}}
    entities = [{"text": f"text {number}"} for number in (0, 1, 2, 3, 3)]
    return execute(plan_export(data, manager=manager, entities=entities, sizes=Sizes(defer=defer)))


@pytest.mark.parametrize("kind", STAGES)
@pytest.mark.parametrize("what", RAISES)
def test_what_is_raised_is_an_error_of_one_record(what: str, kind: str, tmp_path: Path) -> None:
    """Whatever a stage raises at a record, that record has an error with the plugin's name, and no other one."""
    stats = through(tmp_path / "out", Third(kind, lambda *_seen: RAISES[what]())).stats

    assert stats.rejects == {"hook:third": 1, "duplicate": 1}
    assert [row["t"] for row in rows(tmp_path / "out")] == ["text 0", "text 2", "text 3"]
    (reject,) = [entry for entry in rows(tmp_path / "out/rejects/00000.jsonl") if entry["code"] != "duplicate"]
    assert (reject["locator"], reject["stage"]) == ("row 2", f"third:{kind}")
    assert reject["reason"].startswith(f"third:{kind} raised ")


ODD = [
    None,
    5,
    float("nan"),
    "text",
    b"bytes",
    [],
    {},
    object(),
    lambda: None,
    iter([1]),
    [5],
    (1, 2),
    type,
    10**400,
    True,
]


@pytest.mark.parametrize("kind", STAGES)
@pytest.mark.parametrize("answer", ODD, ids=lambda odd: f"{odd!s:.12}")
def test_an_answer_of_the_wrong_type_costs_one_record_at_most(answer: Any, kind: str, tmp_path: Path) -> None:
    """No stage's answer is believed before it is looked at."""
    stats = through(tmp_path / "out", Third(kind, lambda *_seen: answer, answer=True)).stats

    assert set(stats.rejects) <= {"hook:third", "weight_not_finite", "duplicate"}
    assert stats.exported_entities + stats.errored_entities == 4
    assert stats.exported_entities >= 3
    assert [row["t"] for row in rows(tmp_path / "out")][-2:] == ["text 2", "text 3"]


def _meddle(seen: Any, *_more: Any) -> None:
    """Spoil what is shown to a stage, however it can be."""
    if isinstance(seen, dict):
        seen.clear()
        seen[5] = seen
    else:
        seen.text, seen.weight, seen.metadata = 5, "heavy", {"n": {1, 2}}


@pytest.mark.parametrize("kind", STAGES)
def test_a_stage_that_changes_what_it_is_shown_costs_one_record_at_most(kind: str, tmp_path: Path) -> None:
    """What a stage does to an entity, a sample or a row reaches no other record, and no row is half of it."""
    stats = through(tmp_path / "out", Third(kind, _meddle)).stats
    written = [row["t"] for row in rows(tmp_path / "out")]

    assert stats.exported_entities + stats.errored_entities == 4
    assert [text for text in written if text != "text 1"] == ["text 0", "text 2", "text 3"]
    assert all(isinstance(text, str) for text in written)


@pytest.mark.parametrize("lie", [{"text": 5}, {"text": None}, {"weight": "1"}, {"metadata": 5}, {"metadata": {5: 5}}])
def test_a_sample_that_lies_about_its_types_costs_itself(lie: dict[str, Any], tmp_path: Path) -> None:
    """A sample that is not what its class says ends no run, whether or not it has to wait for the others."""
    act = lambda _entity: Text(**{"text": "text 1", **lie})  # noqa: E731
    for defer in (False, True):
        stats = through(tmp_path / str(defer), Third("style", act, answer=True), defer=defer).stats
        assert stats.exported_entities + stats.errored_entities == 4
        assert stats.exported_entities >= 3


LOUD = """
import os, sys
from tuneport import Text, hookimpl
class Plugin:
    @hookimpl
    def register_styles(self, register):
        def style(entity):
            {act}
            return Text(text=entity["text"])
        register("loud", lambda config, ctx: print("FACTORY") or style)
    @hookimpl
    def register_formats(self, register):
        register("plain", lambda config, ctx: lambda sample: {{"t": sample.text}})
plugin = Plugin()
"""


@pytest.mark.parametrize(
    "act",
    [
        'print("LOUD")',
        'sys.stdout.write("LOUD\\n"); sys.stdout.flush()',
        'sys.stdout.buffer.write(b"LOUD\\n")',
        "sys.stdout.close()",
        "sys.stdout = None",
        'import warnings; warnings.warn("LOUD")',
    ],
)
def test_what_a_plugin_does_to_stdout_reaches_no_row(act: str, tmp_path: Path) -> None:
    """Rows on stdout, and the one JSON document there, hold nothing that a plugin printed, or closed."""
    plugin = tmp_path / "plugins/acme"
    plugin.mkdir(parents=True)
    (plugin / "acme_loud.py").write_text(LOUD.format(act=act))
    (plugin / "plugin.json").write_text(json.dumps({"name": "acme", "version": "1", "module": "acme_loud:plugin"}))
    texts = [{"text": f"a text that is long enough {n}"} for n in range(3)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    command = [sys.executable, "-m", "tuneport", "export", "in.jsonl", "--style", "acme:loud", "--format", "acme:plain"]
    more = ["--plugin-dir", "plugins", "--trust", "any"]
    answers = []
    for to in (["--to", "-"], ["--to", "out", "--json"]):
        done = subprocess.run([*command, *more, *to], cwd=tmp_path, env=os.environ, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        answers.append(done.stdout)

    assert [json.loads(line) for line in answers[0].splitlines()] == [{"t": text["text"]} for text in texts]
    assert json.loads(answers[1])["exported_entities"] == 3
