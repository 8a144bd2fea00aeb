"""The dataset card: whatever files, folders and plugins are called, it says so and no more."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

from tools import recipe

from tuneport import export
from tuneport_formats._quoted import quoted

NAMES = ["a\n## h3 <b>x.jsonl", "*x* `y` [z](w) _u_ |v.jsonl", "&lt;script>.jsonl", "plain_name-1.jsonl"]


def card_of(folder: Path, name: str, output: str) -> str:
    """The text of the card of a dataset that was made from a file of this name."""
    line = {"question": "What is this called?", "answer": "Whatever somebody likes."}
    (folder / name).write_text(json.dumps(line) + "\n")
    export(recipe(folder / name, folder / output))
    return (folder / output / "README.md").read_text()


def test_names_are_shown_and_mean_nothing(tmp_path: Path) -> None:
    """No heading, emphasis, link, cell or element comes of a name; what is usual in names is left as it is."""
    cards = [card_of(tmp_path, name, f"out{number}") for number, name in enumerate(NAMES)]
    said = [line for card in cards for line in card.splitlines() if " records read from " in line]

    assert [line.partition(" read from ")[2].partition(": 1 exported")[0] for line in said] == [
        r"a\\n## h3 &lt;b&gt;x.jsonl",
        r"\*x\* \`y\` \[z\](w) \_u\_ \|v.jsonl",
        "&amp;lt;script&gt;.jsonl",
        "plain_name-1.jsonl",
    ]
    assert all(card.count("\n#") == 1 for card in cards)


def test_the_folders_name_is_the_heading(tmp_path: Path) -> None:
    """A line break or a tag in it is shown."""
    card = card_of(tmp_path, "faq.jsonl", "a\n# b <i>")

    assert [line for line in card.splitlines() if line.startswith("#")] == [r"# a\\n# b &lt;i&gt;"]
    assert 'load_dataset("a\\n# b <i>", "tuneport")' in card


def test_names_stand_in_yaml_and_python_as_they_are(tmp_path: Path, needs: Callable[[str], None]) -> None:
    """An emoji is one character to whoever reads it; a character that cannot be seen is escaped."""
    needs("yaml")
    import yaml

    for name in ("\N{FACE WITH TEARS OF JOY} b", "a\u2028b\u00e9", 'a"\\\x7f', "\U000e0041"):
        line = quoted(name)
        assert yaml.safe_load(f"- key: {line}") == [{"key": name}]
        assert ast.literal_eval(line) == json.loads(line) == name
        assert len(line.splitlines()) == 1
    card = card_of(tmp_path, "faq.jsonl", "a \N{FACE WITH TEARS OF JOY}")
    assert 'load_dataset("a \N{FACE WITH TEARS OF JOY}", "tuneport")' in card
