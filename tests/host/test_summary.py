"""What a run says when it is done: one line for one thing, and a reason for what plugins did wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tools import recipe

from tuneport import Batch, Partition, PluginManager, Reject, Sample, Source, SourceInfo, export, hookimpl
from tuneport.commands.planned import plan_lines
from tuneport.commands.summary import result_lines
from tuneport.runs import plan_export

TITLE = "a feed\nof two lines\x1b[1m"


class Feed(Source):
    """Records of a source that calls itself by two lines."""

    def info(self) -> SourceInfo:
        return SourceInfo(title=TITLE)

    def partitions(self, target_bytes: int) -> Sequence[Partition]:  # noqa: ARG002  -- it cannot seek
        return ()

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:  # noqa: ARG002
        entities = [{"id": n, "question": f"What is {n}?", "answer": f"A long answer: {n}"} for n in range(20)]
        yield Batch(entities, list(range(20)), 20)


class Broken:
    """A filter and a weighting that break their promises for some records, and a filter that says what they say."""

    @hookimpl
    def register_importers(self, register: Any) -> None:
        register("feed", lambda _config, _ctx: Feed())

    @hookimpl
    def register_filters(self, register: Any) -> None:
        def raising(entity: dict[str, Any], _sample: Sample) -> Reject | None:
            if entity["id"] in (3, 4):
                raise KeyError("never mind")
            return Reject("liar", "acme: acme:raises raised nothing") if entity["id"] == 1 else None

        register("raises", lambda _config, _ctx: raising)

    @hookimpl
    def register_weightings(self, register: Any) -> None:
        register("neg", lambda _config, _ctx: lambda entity, _sample: -1.0 if entity["id"] > 9 else 1.0)


def manager_of(*names: str) -> PluginManager:
    """What is installed, and broken plugins of these names."""
    manager = PluginManager()
    for name in names:
        manager.register(Broken(), name)
    return manager


def asked(output: Path, **exporting: Any) -> dict[str, Any]:
    """A recipe that reads the feed."""
    return {**recipe(Path("-"), output, export=exporting), "source": {"importer": "acme:feed"}}


def test_what_a_plugin_did_wrong_is_said_once_for_each(tmp_path: Path) -> None:
    """Below the counts stands the first reason of each plugin, whoever else says the same; the largest first."""
    weightings, filters = ["acme:neg"], ["other:raises"]
    result = export(
        asked(tmp_path / "out", weightings=weightings, filters=filters), manager=manager_of("acme", "other")
    )
    lines = result_lines(result).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("  plugins "))

    assert lines[at - 1].startswith("  rejects ")
    assert lines[at] == "  plugins     10 hook:acme, the first: acme:neg gave a negative factor"
    assert lines[at + 1].startswith(
        "              2 hook:other, the first: other:raises raised KeyError at test_summary.py:"
    )
    assert lines[at + 2].startswith("  weights ")


def test_a_run_without_such_faults_says_nothing_of_plugins(tmp_path: Path) -> None:
    """What a rule left out is no fault of its plugin."""
    result = export(
        asked(tmp_path / "out", filters=["quality_of:raises"], where="id < 3"), manager=manager_of("acme", "quality_of")
    )

    assert result.stats.rejects == {"where": 17, "quality_of:liar": 1}
    assert "plugins" not in result_lines(result)


def test_a_title_of_two_lines_is_one(tmp_path: Path) -> None:
    """In the summary, and before in the plan."""
    manager = manager_of("acme")
    shown = r"a feed\nof two lines\x1b[1m"

    plan = plan_lines(plan_export(asked(tmp_path / "out"), manager=manager))
    assert plan.splitlines()[0] == f"{shown}  ->  {tmp_path / 'out'}"
    done = result_lines(export(asked(tmp_path / "out"), manager=manager))
    assert done.splitlines()[0].startswith(f"{shown}  ->  {tmp_path / 'out'}")
