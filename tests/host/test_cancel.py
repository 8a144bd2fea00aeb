"""A run that is asked to stop: it does so soon, publishes nothing, and harms no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tools import faq_lines, recipe, tree

import tuneport
from tuneport import ExportOptions, PluginManager
from tuneport.errors import StoppedError
from tuneport.runs import Sizes, execute, plan_export


def entities(
    count: int, taken: list[int], stop: threading.Event | None = None, at: int = -1
) -> Iterator[dict[str, Any]]:
    """Records one by one; at one of them somebody asks to stop."""
    for number in range(count):
        if number == at and stop is not None:
            stop.set()
        taken.append(number)
        yield {"pk": number, "question": f"What is number {number}?", "answer": f"It is the number {number}."}


@pytest.mark.parametrize("name", ["out", "out.jsonl"])
@pytest.mark.parametrize("config", [{}, {"weighting": {"normalize": "minmax"}}])
def test_a_stopped_export_leaves_nothing(name: str, config: dict[str, Any], tmp_path: Path) -> None:
    """No record is taken any more, and nothing is left."""
    stop, taken = threading.Event(), list[int]()
    exporter = PluginManager().load("jsonl_llm", config)
    options = ExportOptions(output_path=tmp_path / name, cancel=stop)

    with pytest.raises(StoppedError, match="stopped on request; nothing published"):
        exporter.exportEntities(entities(5000, taken, stop, at=2345), options)

    assert taken[-1] == 2345
    assert list(tmp_path.iterdir()) == []
    stop.clear()
    assert exporter.exportEntities(entities(5000, []), options).exported_entities == 5000


def test_stopped_before_it_begins(tmp_path: Path) -> None:
    """An event that is set already lets no record in."""
    stop, taken = threading.Event(), list[int]()
    stop.set()
    with pytest.raises(StoppedError):
        PluginManager().load("jsonl_llm").exportEntities(
            entities(9, taken), ExportOptions(output_path=tmp_path / "a.jsonl", cancel=stop)
        )
    assert taken == [0]
    assert not (tmp_path / "a.jsonl").exists()


@pytest.mark.parametrize("normalize", ["none", "percentile"])
def test_a_run_of_a_recipe_goes_on_where_it_was_stopped(normalize: str, tmp_path: Path) -> None:
    """What was done is kept, read once, and the resumed run makes the bytes of an undisturbed one."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(900))
    asked = recipe(tmp_path / "faq.jsonl", tmp_path / "out", export={"weighting": {"normalize": normalize}})
    sizes = Sizes(part_bytes=9_000, savepoint_bytes=1)
    stop, parts = threading.Event(), list[int]()

    def on_progress(progress: Any) -> None:
        parts.append(progress.read)
        if len(parts) == 7:
            stop.set()

    with pytest.raises(StoppedError):
        execute(plan_export(asked, sizes=sizes), on_progress=on_progress, cancel=stop)
    assert len(parts) == 7
    assert not (tmp_path / "out").exists()
    seen = parts[-1]
    parts.clear()
    execute(plan_export(asked, sizes=sizes), on_progress=on_progress)
    assert parts[0] > seen
    resumed = tree(tmp_path / "out")
    execute(plan_export({**asked, "output": {"path": str(tmp_path / "other")}}, sizes=sizes))
    whole = tree(tmp_path / "other")
    assert resumed.keys() == whole.keys()
    assert all(resumed[name] == whole[name] for name in whole if name.startswith(("data/", "rejects/")))


def test_export_takes_an_event_as_well(tmp_path: Path) -> None:
    """`tuneport.export(..., cancel=)` is the same for a recipe."""
    (tmp_path / "faq.jsonl").write_bytes(faq_lines(50))
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        tuneport.export(recipe(tmp_path / "faq.jsonl", tmp_path / "out"), cancel=stop)


def test_what_cannot_be_asked_is_refused() -> None:
    """Something without `is_set` is a mistake that is told at once."""
    with pytest.raises(ValueError, match=r"something with is_set\(\), such as a threading.Event"):
        ExportOptions(output_path="a.jsonl", cancel=object())  # type: ignore[arg-type]
