"""`--map`: targets, the style they choose, and which go together."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuneport.commands.targets import TARGETS, mapping_of, must_go_together, style_of
from tuneport.errors import UsageError

Said = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("mapped", "style", "for_a_recipe"),
    [
        ("", None, None),
        ("instruction", None, None),
        ("instruction,reasoning", None, None),
        ("text", "text_completion", "text_completion"),
        ("user,assistant", "chat_completion", "chat_completion"),
        ("messages,tools", "chat_completion", "chat_completion"),
        ("prompt,completion", "prompt_completion", None),
        ("prompt,chosen,rejected", "preference", "preference"),
        ("chosen", "preference", "preference"),
        ("prompt,label", "unpaired_preference", "unpaired_preference"),
        ("reasoning", None, None),
        ("instruction,text", None, None),
    ],
)
def test_targets_choose_the_style(mapped: str, style: str | None, for_a_recipe: str | None) -> None:
    """The first that has all of them; a recipe's own holds where several have."""
    fields = mapped.split(",") if mapped else []
    assert (style_of(fields, known=False), style_of(fields, known=True)) == (style, for_a_recipe)


@pytest.mark.parametrize(
    ("text", "style", "said"),
    [
        ("instruction=q,text=t", None, "instruction_tuning has no text"),
        ("prompt=q,chosen=c,rejected=r,completion=a", None, "preference has no completion"),
        ("prompt=q", "text_completion", "text_completion has no prompt"),
        ("label=l,instruction=q", None, "unpaired_preference has no instruction"),
    ],
)
def test_targets_of_different_styles_do_not_go_together(text: str, style: str | None, said: str) -> None:
    """The style that has most of them is named, with its targets."""
    with pytest.raises(UsageError, match=said) as caught:
        must_go_together(mapping_of(text), style)
    assert "its targets are" in caught.value.hint


def test_targets_of_one_style_go_together() -> None:
    """All of them; and whatever another plugin's style is given."""
    for style, targets in TARGETS.items():
        must_go_together(dict.fromkeys(targets, "column"), None if style == "instruction_tuning" else style)
    must_go_together({"text": "t", "prompt": "p"}, "acme:thing")


@pytest.mark.parametrize(
    ("mapping", "record", "columns"),
    [
        (
            "messages=m",
            {"m": [{"from": "human", "value": "What?"}, {"from": "gpt", "value": "This and that."}]},
            ["messages"],
        ),
        (
            "prompt=q,completion=a,reasoning=r",
            {"q": "What?", "a": "This and that.", "r": "Hm."},
            ["instruction", "output"],
        ),
        (
            "prompt=q,chosen=a,rejected=b",
            {"q": "What?", "a": "This and that.", "b": "That and this."},
            ["prompt", "chosen"],
        ),
        ("prompt=q,completion=a,label=l", {"q": "What?", "a": "This and that.", "l": "yes"}, ["prompt", "completion"]),
    ],
)
def test_from_the_command_line(
    tmp_path: Path, said: Said, mapping: str, record: dict[str, Any], columns: list[str]
) -> None:
    """A mapping is enough to export."""
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps(record) + "\n")
    code, _, err = said("export", str(source), "--map", mapping, "--to", str(target))
    assert (code, err) == (0, "")
    assert list(json.loads(target.read_text()))[: len(columns)] == columns
