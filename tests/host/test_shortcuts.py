"""A style's shortcut changes no byte of what a run publishes: records, rejects, counts and notes are the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, tree

from tuneport import PluginManager, Sample, hookimpl
from tuneport.runs import Sizes, execute, plan_export

ALL = {"field_mapping": {"instruction_field": "question", "input_field": "context", "output_field": "answer"}}
WEIGHTS = {"weight_field": "importance", "auto_weight_by_length": True, "auto_weight_by_freshness": True}
EXPORTS: dict[str, dict[str, Any]] = {
    "bare": {},
    "weights": {**ALL, "weighting": WEIGHTS},
    "log and bounds": {**ALL, "weighting": {"normalize": "log", "min_weight": 0.5, "max_weight": 1.2}},
    "percentile": {**ALL, "weighting": {"normalize": "percentile", "auto_weight_by_length": True}},
    "metadata": {**ALL, "metadata_fields": {"category": "string", "tags": "list[string]", "importance": "number"}},
    "late metadata": {**ALL, "metadata_fields": ["category", "nowhere"]},
    "where": {**ALL, "where": "category != 'c1'"},
    "chat": {"style": "chat_completion", "field_mapping": {"user_field": "question", "assistant_field": "answer"}},
    "text": {"style": "text_completion", "field_mapping": {"text_field": "answer"}},
    "all duplicates": {**ALL, "quality": {"skip_duplicates": False, "min_text_length": 0}},
    "a third party between": {**ALL, "weighting": WEIGHTS, "filters": ["third:polite"], "weightings": ["third:double"]},
}


class Third:
    """A filter that changes what it sees, and a weighting."""

    @hookimpl
    def register_filters(self, register: Callable[..., None]) -> None:
        """Offer the filter."""

        def polite(_entity: Any, sample: Sample) -> None:
            if "number 7" in sample.completion.content and hasattr(sample, "output"):
                sample.output = f"{sample.output} Thank you."

        register("polite", lambda _config, _ctx: polite)

    @hookimpl
    def register_weightings(self, register: Callable[..., None]) -> None:
        """Offer the weighting."""
        register("double", lambda _config, _ctx: lambda entity, _sample: 2 if entity.get("category") == "c2" else 1.5)


@pytest.mark.parametrize("name", EXPORTS)
def test_short_or_long_the_way_ends_in_the_same_place(
    name: str, faq: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole folder, its ledgers among it."""
    monkeypatch.chdir(tmp_path)
    manager = PluginManager()
    manager.register(Third(), "third")
    found = []
    for short in (True, False):
        plan = plan_export(
            recipe(faq, Path("out"), export=EXPORTS[name]), manager=manager, sizes=Sizes(part_bytes=50_000)
        )
        for one in plan.compiled.preparations:
            assert one.shortcut[0] is not None
            if not short:
                one.shortcut = (None, 0)
        execute(plan)
        found.append(tree(Path("out")))
        Path("out").rename(f"out {short}")
    assert found[0] == found[1]
    assert len(found[0]) > 4
