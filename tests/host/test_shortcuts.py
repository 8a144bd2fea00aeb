"""A style's shortcut changes no byte of what a run publishes: records, rejects, counts and notes are the same."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, rows, tree

from tuneport import PluginManager, Sample, Text, hookimpl
from tuneport.errors import RecipeError
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


def styled(manager: PluginManager, make: Callable[..., Any]) -> None:
    """Register a plugin with one style."""

    class Fourth:
        @hookimpl
        def register_styles(self, register: Callable[..., None]) -> None:
            register("own", make)

    manager.register(Fourth(), "fourth")


def test_what_wraps_a_style_is_called(tmp_path: Path) -> None:
    """It looks as if it had the style's shortcut, which knows nothing of what the wrapper does."""
    (tmp_path / "in.jsonl").write_text('{"question": "Who?", "answer": "Nobody at all."}\n')
    manager = PluginManager()
    inner = manager.resolve("styles", "jsonl_llm:instruction_tuning")

    def make(_config: Any, ctx: Any) -> Any:
        config = inner.config.model_validate({"field_mapping": ALL["field_mapping"], "include_metadata": False})
        style = inner.factory(config, ctx)

        @functools.wraps(style)
        def wrapped(entity: Any) -> Any:
            sample = style(entity)
            sample.output = f"Wrapped: {sample.output}"
            return sample

        return wrapped

    styled(manager, make)
    data = recipe(tmp_path / "in.jsonl", tmp_path / "out", export={"style": "fourth:own", "quality": {}})
    execute(plan_export(data, manager=manager))
    (row,) = rows(tmp_path / "out")
    assert row["output"] == "Wrapped: Nobody at all."


class Odd:
    """A style that has something else under that name, or a shortcut that fails."""

    def __init__(self, shortcut: Any) -> None:
        self.shortcut = shortcut

    def __call__(self, entity: Any) -> Sample:
        """Make a sample."""
        return Text(text=entity["question"])


def failing(_style: Any, _stages: Any) -> Any:
    """Fail."""
    raise KeyError("x")


@pytest.mark.parametrize(
    ("shortcut", "said"),
    [(True, ""), (lambda _style, _stages: (None, 0), ""), (failing, "KeyError"), (lambda *_: (None, 9), "a number of")],
    ids=["no function", "none", "raises", "too many"],
)
def test_shortcuts_of_others(shortcut: Any, said: str, tmp_path: Path) -> None:
    """Something else of that name is let alone; one that fails is told of with the style that has it."""
    (tmp_path / "in.jsonl").write_text('{"question": "Who is it, then?"}\n')
    manager = PluginManager()
    styled(manager, lambda _config, _ctx: Odd(shortcut))
    data = recipe(tmp_path / "in.jsonl", tmp_path / "out", export={"style": "fourth:own", "quality": {}})
    if said:
        with pytest.raises(RecipeError, match=f"fourth:own cannot be set up: its shortcut: .*{said}"):
            plan_export(data, manager=manager)
    else:
        assert execute(plan_export(data, manager=manager)).stats.exported_entities == 1
