"""A plugin that fails at a hundred records in a row ends the run, wherever parts end and however often it dies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import Killed, Mortal, rows

from tuneport import PluginManager, Problem, Reject, Stages, Text, hookimpl, preview
from tuneport.errors import DataError, PluginError
from tuneport.runs import ExportResult, Sizes, execute, plan_export

KINDS = ("style", "filter", "weighting", "measure", "factor", "format", "validator")
"""The stages that can fail; two of them are the halves of a deferred weighting."""

SIZES = (24, 700, 1 << 20)
"""Bytes of a part: about one record each, some thirty of them, and all in one."""


def fails(text: str) -> None:
    """Fail at the records that are meant for it."""
    if "bad" in text:
        raise ValueError(text)


class Later:
    """A deferred weighting that fails while it measures, or when all is measured."""

    def __init__(self, broken: str) -> None:
        self._broken = broken

    def __call__(self, entity: dict[str, Any], _sample: object) -> float:
        if self._broken == "measure":
            fails(entity["text"])
        return 1.0 if "bad" in entity["text"] else 2.0

    def finish(self, _summary: object) -> Callable[[float | None], float]:
        def factor(number: float | None) -> float:
            fails("bad" if self._broken == "factor" and number == 1.0 else "good")
            return 1.0

        return factor


class Third:
    """A third party whose stage of one kind is broken."""

    def __init__(self, broken: str, test: Callable[[str], None] = fails) -> None:
        self._broken, self._test = broken, test

    def _fails(self, kind: str, text: str) -> None:
        if kind == self._broken:
            self._test(text)

    @hookimpl
    def register_exporters(self, register: Any) -> None:
        deferred = self._broken in ("measure", "factor")
        weightings = ["third:later" if deferred else "third:weighting"]
        # Without copies, that no run has to wait for all samples which need not.
        formats = [{"use": f"third:{name}", "weights": "ignore"} for name in ("format", "other")]
        stages = Stages("third:style", ["third:filter"], weightings, formats, ["third:validator"])
        register("exporter", lambda _config: stages)

    @hookimpl
    def register_styles(self, register: Any) -> None:
        def style(entity: dict[str, Any]) -> Text | Reject:
            self._fails("style", entity["text"])
            return Reject("no", "Not this one") if entity["text"].startswith("no") else Text(text=entity["text"])

        register("style", lambda _config, _ctx: style)

    @hookimpl
    def register_filters(self, register: Any) -> None:
        register("filter", lambda _config, _ctx: lambda entity, _sample: self._fails("filter", entity["text"]))

    @hookimpl
    def register_weightings(self, register: Any) -> None:
        def weigh(entity: dict[str, Any], _sample: object) -> float:
            self._fails("weighting", entity["text"])
            return 1.0

        register("weighting", lambda _config, _ctx: weigh)
        register("later", lambda _config, _ctx: Later(self._broken))

    @hookimpl
    def register_formats(self, register: Any) -> None:
        def write(sample: Text) -> dict[str, Any]:
            self._fails("format", sample.text)
            return {"t": sample.text}

        register("format", lambda _config, _ctx: write)
        register("other", lambda _config, _ctx: lambda sample: {"t": sample.text})

    @hookimpl
    def register_validators(self, register: Any) -> None:
        def judge(row: dict[str, Any]) -> list[Problem]:
            self._fails("validator", row["text"])
            return []

        register("validator", lambda _config, _ctx: judge)


class Room:
    """A folder with a source, and runs over it through a broken plugin."""

    def __init__(self, folder: Path, kind: str, texts: list[str]) -> None:
        self.kind, self.out, self.third = kind, folder / "out", Third(kind)
        self._source = folder / "in.jsonl"
        self._source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))

    def recipe(self, **sections: Any) -> dict[str, Any]:
        export = {"use": "third:exporter", "where": "not startswith(text, 'where')"}
        return {"source": str(self._source), "export": export, "output": {"path": str(self.out)}, **sections}

    def manager(self) -> PluginManager:
        manager = PluginManager()
        manager.register(self.third, "third")
        return manager

    def run(self, size: int = 700, storage: Any = None, *, defer: bool = False, **sections: Any) -> ExportResult:
        sizes = Sizes(part_bytes=size, savepoint_bytes=4096, defer=defer)
        return execute(plan_export(self.recipe(**sections), manager=self.manager(), sizes=sizes), storage=storage)

    def error(self, size: int = 700, storage: Any = None, *, defer: bool = False) -> str:
        """What the run says when it ends, without what it says of kept work."""
        with pytest.raises(PluginError) as caught:
            self.run(size, storage, defer=defer)
        assert caught.value.exit_code == 70
        assert not self.out.exists()
        return "\n".join(line for line in str(caught.value).split("\n") if "is kept in" not in line)


def good(first: int, last: int) -> list[str]:
    """Texts that everybody likes."""
    return [f"good {number}" for number in range(first, last)]


def bad(count: int) -> list[str]:
    """Texts that the broken stage fails at, and between them what does not come to it."""
    between = ["where {}", "no {}", "good 0"]
    return [text for number in range(count) for text in (f"bad {number}", between[number % 3].format(number))]


CALLED = {"measure": "weighting third:later", "factor": "weighting third:later with its summary"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_failures_in_a_row_end_the_run(kind: str, tmp_path: Path) -> None:
    """The error names the stage, says why, and is the same for any size of parts; nothing is published."""
    # What never comes to a stage stands between its failures: to a style all but a `where` does.
    texts = [text for text in bad(100) if kind != "style" or text.startswith(("bad", "where"))]
    if kind in ("filter", "weighting", "measure"):
        texts = [text for text in texts if not text.startswith("good")]
    room = Room(tmp_path, kind, [*good(0, 50), *texts, *good(50, 60)])
    told = {room.error(size) for size in SIZES} | {room.error(defer=True)}

    (text,) = told
    called = CALLED.get(kind, f"{kind} third:{kind}")
    assert text.startswith(f"{called} failed at 100 records in a row; nothing published\n")
    assert "the last time: third:" in text
    assert "raised ValueError at test_breaker.py:" in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES[1:])
def test_one_record_that_is_answered_begins_the_count_anew(kind: str, size: int, tmp_path: Path) -> None:
    """Ninety-nine failures, one good record, and ninety-nine more are rejects like any other."""
    texts = [text for number in range(3) for text in (*(f"bad {number}.{n}" for n in range(99)), f"good {number}")]
    room = Room(tmp_path, kind, texts)
    stats = room.run(size).stats

    ledger = stats.formats["format"]
    if kind == "format":
        assert (ledger.rows, ledger.refused, stats.formats["other"].rows) == (3, 297, 300)
    else:
        assert (ledger.rows, stats.rejects) == (3, {"hook:third": 297})


@pytest.mark.parametrize("kind", KINDS)
def test_the_count_goes_on_in_the_run_that_takes_up(kind: str, tmp_path: Path) -> None:
    """A run killed at any savepoint is broken at the same record as one that was not."""
    texts = [*good(0, 200), *(f"bad {number}" for number in range(250))]
    whole = Room(tmp_path, kind, texts).error()
    operations = [0]

    class Counting(Mortal):
        def _count(self, call: str, path: Path) -> None:
            super()._count(call, path)
            operations[0] = self.operations

    folder = tmp_path / "killed"
    folder.mkdir()
    room, taken = Room(folder, kind, texts), 0
    room.error(storage=Counting(1 << 30))
    last = operations[0]
    for operation in range(last - 60, last, 15):
        (folder / str(operation)).mkdir()
        killed = Room(folder / str(operation), kind, texts)
        with pytest.raises(Killed):
            killed.run(storage=Mortal(operation))
        taken += any((killed.out.parent / ".out.staging").glob("*/*.json"))
        assert killed.error() == whole
    assert taken


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "factor"])
def test_work_before_it_is_kept_for_when_it_is_mended(kind: str, tmp_path: Path, monkeypatch: Any) -> None:
    """Where what it needed has come back, the same command goes on, and the result is that of a run without fault."""
    texts = [*good(0, 300), *(f"bad {number}" for number in range(200)), *good(300, 400)]
    room = Room(tmp_path, kind, texts)
    with pytest.raises(PluginError, match=r"in a row; nothing published[\s\S]*what was done is kept in"):
        room.run()

    monkeypatch.setattr(f"{__name__}.fails", lambda _text: None)
    room.third = Third(kind, lambda _text: None)
    reads: list[int] = []
    plan = plan_export(room.recipe(), manager=room.manager(), sizes=Sizes(part_bytes=700, savepoint_bytes=4096))
    stats = execute(plan, on_progress=lambda now: reads.append(now.read)).stats

    assert reads[0] > 200
    assert stats.total_entities == 600
    assert stats.exported_entities + stats.errored_entities == 600
    # Those of the parts before the one that ended the first run were written as they were.
    assert stats.errored_entities + stats.formats["format"].refused < 100
    assert len(rows(room.out / "rejects/00000.jsonl")) == stats.errored_entities + stats.formats["format"].refused


def test_rejects_on_purpose_are_answers(tmp_path: Path) -> None:
    """A stage that leaves out every record does what it was asked for."""
    stats = Room(tmp_path, "none", [*(f"no {number}" for number in range(500)), "good"]).run().stats

    assert stats.rejects == {"third:no": 500}


def test_what_a_recipe_says_of_errors_still_holds(tmp_path: Path) -> None:
    """A run that is to stop at its first error, or at a rate of them, does so, whatever breaks besides."""
    for size in SIZES:
        room = Room(tmp_path, "filter", [*good(0, 20), *(f"bad {number}" for number in range(300))])
        for defer in (False, True):
            with pytest.raises(DataError, match="stopped at an error"):
                room.run(size, defer=defer, output={"path": str(room.out), "continue_on_error": False})
        late = Room(tmp_path, "filter", [*good(0, 1200), *(f"bad {number}" for number in range(300))])
        with pytest.raises(DataError, match="max_error_rate"):
            late.run(size, run={"max_error_rate": 0.001})


def test_a_format_that_always_fails_is_broken_though_others_write(tmp_path: Path) -> None:
    """That another format writes the samples does not hide it."""
    room = Room(tmp_path, "format", [f"bad {number}" for number in range(150)])

    assert room.error().startswith("format third:format failed at 100 records in a row")


def test_to_a_stream_and_in_a_preview(tmp_path: Path) -> None:
    """A stream ends with the same error; a preview shows each record's own reason."""
    room = Room(tmp_path, "weighting", [f"bad {number}" for number in range(150)])
    with pytest.raises(PluginError, match="weighting third:weighting failed at 100 records in a row"):
        room.run(output={"path": "-"}, export={"use": "third:exporter", "formats": ["third:format"]})
    shown = preview(room.recipe(), count=120, manager=room.manager())

    assert [item.reject.code if item.reject else None for item in shown.items] == ["hook:third"] * 120


def test_a_later_source_goes_on_counting(tmp_path: Path) -> None:
    """A stage that fails at the end of one source and at the start of the next is broken."""
    for name, texts in {"a": [*good(0, 9), *bad(60)[::2]], "b": [*bad(60)[::2], *good(9, 12)]}.items():
        (tmp_path / f"{name}.jsonl").write_text(
            "".join(json.dumps({"text": f"{text} {name}"}) + "\n" for text in texts)
        )
    room = Room(tmp_path, "filter", [])
    sources = [{"name": name, "path": str(tmp_path / f"{name}.jsonl")} for name in "ab"]
    with pytest.raises(PluginError, match="filter third:filter failed at 100 records in a row"):
        room.run(source=sources, export={"use": "third:exporter"})

    room.third = Third("filter", lambda text: fails(text) if text.endswith("a") else None)
    output = {"path": str(tmp_path / "mended")}
    stats = room.run(source=sources, export={"use": "third:exporter"}, output=output).stats
    assert stats.rejects == {"hook:third": 60}
    assert len(rows(tmp_path / "mended/data/format/train/00000-of-00001.jsonl")) == stats.exported_entities
