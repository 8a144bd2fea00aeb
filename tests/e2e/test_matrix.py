"""docs/formats.md: every style by every format is what a dry run says, and every table what formats say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tools import recipe

from formats_page import (
    KINDS,
    bundled,
    carried_table,
    ending_table,
    options_table,
    styles_table,
    tables_of,
    takes,
    weights_table,
)
from tuneport import PluginManager
from tuneport.errors import RecipeError
from tuneport.runs import Plan, plan_export
from tuneport.sample import kind_of

PAGE = Path(__file__).parents[2] / "docs/formats.md"
ASKED, ANSWER = "What is it called?", "Whatever somebody likes."
RECORDS: dict[str, dict[str, Any]] = {
    "instruction_tuning": {"question": ASKED, "answer": ANSWER},
    "chat_completion": {
        "messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWER}],
    },
    "text_completion": {"text": ANSWER},
    "prompt_completion": {"prompt": ASKED, "completion": ANSWER},
    "preference": {"prompt": ASKED, "chosen": ANSWER, "rejected": "No."},
    "unpaired_preference": {"prompt": ASKED, "completion": ANSWER, "label": True},
}


@pytest.fixture(scope="module")
def manager() -> PluginManager:
    """What is installed."""
    return PluginManager()


def test_the_page_says_what_formats_say(manager: PluginManager) -> None:
    """Each of its tables is the one that is made of traits: run this, and paste what differs."""
    formats = bundled(manager)

    assert tables_of(PAGE.read_text(encoding="utf-8")) == [
        styles_table(formats),
        weights_table(formats),
        carried_table(formats),
        options_table(manager),
        ending_table(formats),
    ]


def test_every_style_is_in_the_table(manager: PluginManager) -> None:
    """None is forgotten."""
    assert KINDS.keys() == RECORDS.keys() == set(manager.names("styles"))


@pytest.mark.parametrize("style", RECORDS)
def test_a_dry_run_says_the_same(style: str, manager: PluginManager, tmp_path: Path) -> None:
    """A format takes a style's samples, or is refused before anything is read, with the kinds that it takes."""
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps(RECORDS[style]) + "\n")
    for name, traits in bundled(manager).items():
        said = planned(source, tmp_path / "out", style, name, manager)
        if takes(traits, style):
            assert isinstance(said, Plan), f"{style} as {name}: {said}"
            assert said.compiled.sample is not None
            assert kind_of(said.compiled.sample.kind) == KINDS[style]
        else:
            assert said == [(f"{name} cannot hold {KINDS[style]} samples, which this style makes", "kind")]
    assert not (tmp_path / "out").exists()


def planned(source: Path, output: Path, style: str, name: str, manager: PluginManager) -> Plan | list[tuple[str, str]]:
    """The plan of a run, or what is wrong with it; weights are another matter."""
    asked = recipe(source, output, export={"style": style, "formats": [{"use": name, "weights": "ignore"}]})
    try:
        return plan_export(asked, manager=manager, to_run=False)
    except RecipeError as error:
        return [(problem.message, problem.code) for problem in error.problems]
