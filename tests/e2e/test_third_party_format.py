"""A third party's format of about ten lines has everything that ours have: rules, weights, splits, card, validation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, rows

from tuneport import PluginManager, export, validate
from tuneport.errors import RecipeError

MODULE = """
from tuneport import FormatTraits, Problem, hookimpl

@hookimpl
def register_formats(register):
    register("inhouse", lambda config, ctx: acme, check=check, traits=FormatTraits(kinds=frozenset({"instruction"})))

def acme(sample):
    return {"q": sample.prompt[0].content, "a": sample.completion.content}

def check(row):
    if not row["a"].endswith("."):
        yield Problem("/a", "an answer has no full stop", "end it with one", "no_stop")
"""


@pytest.fixture
def plugins(tmp_path: Path) -> PluginManager:
    """A host with a directory that holds the plugin."""
    folder = tmp_path / "plugins/acme"
    folder.mkdir(parents=True)
    (folder / "acme.py").write_text(MODULE)
    provides = {"formats": ["inhouse"]}
    manifest = {"name": "acme", "version": "1.0", "module": "acme", "provides": provides}
    (folder / "plugin.json").write_text(json.dumps(manifest))
    return PluginManager([tmp_path / "plugins"], trust="any")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Sixty answers, every tenth without a full stop; the first half weighs three times as much as the second."""
    path = tmp_path / "faq.jsonl"
    records = [
        {
            "id": number,
            "question": f"What is number {number}?",
            "answer": f"It is the number {number}" + ("" if number % 10 == 0 else "."),
            "votes": 3 if number < 30 else 1,
        }
        for number in range(60)
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def asked(source: Path, target: Path, **export_section: Any) -> dict[str, Any]:
    """A recipe with the third party's format alone."""
    return {
        "source": {"path": str(source), "key": "id"},
        "export": {"formats": ["acme:inhouse"], "weighting": {"weight_field": "votes"}, **export_section},
        "output": {"path": str(target), "split": {"validation": 0.2, "mode": "exact"}},
        "run": {"now": NOW},
    }


def test_it_is_checked_weighted_split_and_described(plugins: PluginManager, source: Path, tmp_path: Path) -> None:
    """Its rules refuse rows, copies stand for weights, validation is apart, and the card counts it all."""
    result = export(asked(source, tmp_path / "out"), manager=plugins)

    refused = result.stats.rejects["acme:no_stop"]
    train = rows(next((tmp_path / "out/data/inhouse/train").iterdir()))
    validation = rows(next((tmp_path / "out/data/inhouse/validation").iterdir()))
    heavy = sum(int(row["q"].split()[-1].rstrip("?")) < 30 for row in train)
    card = (tmp_path / "out/README.md").read_text()

    assert 0 < refused <= 6
    assert len(validation) == len({row["q"] for row in validation})
    assert 1.5 * heavy > 2 * (len(train) - heavy)
    assert len({row["q"] for row in train}) < len(train)
    assert f"num_examples: {len(train)}" in card
    assert f"num_examples: {len(validation)}" in card
    assert validate(tmp_path / "out", manager=plugins).problems == []


def test_files_of_it_are_validated(plugins: PluginManager, tmp_path: Path) -> None:
    """Its rules hold for files that we did not write: line, rule and fix."""
    path = tmp_path / "theirs.jsonl"
    path.write_text('{"q": "What?", "a": "That."}\n{"q": "Who?", "a": "Nobody"}\n')
    (problem,) = validate(path, format="inhouse", manager=plugins).problems

    assert (problem.lines, problem.path, problem.code) == ([2], "/a", "no_stop")
    assert (problem.message, problem.hint) == ("/a: an answer has no full stop", "end it with one")


def test_what_it_cannot_hold_is_told_before_the_run(plugins: PluginManager, source: Path, tmp_path: Path) -> None:
    """A style whose samples it does not take is a problem of the recipe."""
    with pytest.raises(RecipeError) as caught:
        export(asked(source, tmp_path / "out", style="chat_completion"), manager=plugins)

    assert any("inhouse cannot hold chat samples" in problem.message for problem in caught.value.problems)
