"""The tiny model, as the libraries that train read it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consumers.children import READERS, ask
from tuneport.errors import StorageError, TargetExistsError
from tuneport_training.tiny_model import build

TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]
MESSAGES = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Shall I go out?"},
    {
        "role": "assistant",
        "content": None,
        "reasoning_content": "I have to look.",
        "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {"city": "Köln"}}}],
    },
    {"role": "tool", "name": "weather", "content": '{"sun": 3}'},
    {"role": "assistant", "content": "Yes."},
]
TEXTS = ["", "two  spaces,\ttabs\r\nand \u2028 lines", "ünïcödé 日本語 😀", "NUL \0 and \x7f", "  leading"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], dict[str, Any]]:
    """What a process saw that made models and used one of them; made when it is first asked for."""
    seen: dict[str, Any] = {}

    def made() -> dict[str, Any]:
        if not seen:
            scratch = tmp_path_factory.mktemp("models")
            (scratch / "made").mkdir()
            asked = {"folder": str(scratch / "made"), "messages": MESSAGES, "tools": TOOLS, "texts": TEXTS}
            seen.update(ask(READERS / "make_models.py", asked, scratch), folder=asked["folder"])
        return seen

    return made


@pytest.fixture
def seen(needs: Callable[[str], None], made: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What that process saw, where torch and transformers are there."""
    needs("torch")
    needs("transformers")
    return made()


def test_the_same_seed_makes_the_same_files(seen: dict[str, Any]) -> None:
    """Byte by byte; another seed changes the weights and nothing else, and the process's own numbers stay."""
    one, same, other = seen["digests"]
    assert one == same
    assert {name for name in one if one[name] != other[name]} == {"model.safetensors"}
    assert seen["undisturbed"]


def test_it_is_small_and_whole(seen: dict[str, Any]) -> None:
    """A folder that appears at once, parents included, with nothing beside it."""
    assert seen["returned"] == f"{seen['folder']}/deep/one"
    assert seen["left"] == ["deep", "other", "same"]
    assert seen["bytes"] < 1_000_000
    assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"} <= seen["digests"][0].keys()
    assert seen["config"] == {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 64}


def test_any_text_comes_back(seen: dict[str, Any]) -> None:
    """The tokenizer spells what it has never seen in bytes, and adds nothing."""
    assert seen["spelt"] == TEXTS


def test_model_and_tokenizer_agree_on_padding_and_end(seen: dict[str, Any]) -> None:
    """Both have a token of each, and they are two."""
    assert seen["special"] == ["<|endoftext|>", "<|im_end|>"]
    pad, end = seen["ids"][:2]
    assert seen["ids"] == [pad, end, pad, end]
    assert pad != end


def test_the_template_marks_what_the_assistant_says(seen: dict[str, Any]) -> None:
    """Reasoning, calls and answers with the token that ends them, and nothing that others say."""
    call = '<tool_call>\n{"name": "weather", "arguments": {"city": "Köln"}}\n</tool_call>'
    assert seen["trained"] == [
        f"<think>\nI have to look.\n</think>\n\n{call}<|im_end|>\n",
        "Yes.<|im_end|>\n",
    ]
    assert seen["rendered"].startswith('<|im_start|>system\nTools:\n{"type": "function"')
    assert '<|im_start|>tool\n{"sun": 3}<|im_end|>\n<|im_start|>assistant\nYes.' in seen["rendered"]


def test_it_learns_and_speaks(seen: dict[str, Any]) -> None:
    """Every weight has a gradient, and tokens come out."""
    low, high = seen["gradients"]
    assert 0 < low <= high < math.inf
    assert 0 < seen["new_tokens"] <= 4


def test_a_folder_that_holds_something_is_left_alone(needs: Callable[[str], None], tmp_path: Path) -> None:
    """Neither a file nor a folder is replaced; before anything heavy is imported."""
    needs("torch")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "note").write_text("mine")
    for name in ("file", "folder"):
        with pytest.raises(TargetExistsError, match=f"{name} exists already") as caught:
            build(tmp_path / name)
        assert caught.value.hint == "choose another folder for the model"
    with pytest.raises(StorageError, match="below cannot be written: File exists"):
        build(tmp_path / "file" / "below")
    assert (tmp_path / "file").read_text() == (tmp_path / "folder" / "note").read_text() == "mine"
