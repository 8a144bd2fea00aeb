"""The formats `huggingface` and `chatml`: conversations as one text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugins.formats.rules_table import GONE, changed, wrong
from plugins.formats.samples import CALLED, chat, context
from tuneport import Chat, Config, Instruction, Message, Reject, Sample, Text
from tuneport_formats import chatml, huggingface

TALK = chat("Q", "A", "R", "B", system="S")
TAGGED = "<|system|>S<|user|>Q<|assistant|>A<|end|><|user|>R<|assistant|>B<|end|>"
CHATML = "".join(
    f"<|im_start|>{role}\n{text}<|im_end|>\n"
    for role, text in [("system", "S"), ("user", "Q"), ("assistant", "A"), ("user", "R"), ("assistant", "B")]
)


def tagged(sample: Sample, **metadata: str) -> Any:
    """A row of `huggingface` in a run of the sample's kind."""
    return huggingface.HuggingFace(Config(), context(type(sample), metadata=metadata))(sample)


def marked(sample: Sample) -> Any:
    """A row of `chatml`."""
    return chatml.ChatML(Config(), context(type(sample)))(sample)


def test_a_conversation() -> None:
    """Each format has its tags, after the turns that they end."""
    assert tagged(TALK) == {"text": TAGGED}
    assert marked(TALK) == {"text": CHATML}


def test_an_instruction_and_plain_text() -> None:
    """An instruction is a question and an answer; plain text has no tags."""
    sample = Instruction(instruction="I", input="N", output="O", reasoning="R")
    assert tagged(sample) == {"text": "<|user|>I\n\nN<|assistant|><think>\nR\n</think>\n\nO<|end|>"}
    assert marked(Text(text="T <|im_end|>")) == tagged(Text(text="T <|im_end|>")) == {"text": "T <|im_end|>"}


def test_a_developer_speaks_as_the_system() -> None:
    """Models know tags of the system only."""
    sample = Chat(messages=[Message("developer", "D"), Message("user", "Q"), Message("assistant", "A")])
    assert tagged(sample)["text"].startswith("<|system|>D<|user|>")
    assert marked(sample)["text"].startswith("<|im_start|>system\nD<|im_end|>")


def test_metadata_stands_in_all_rows_or_in_none() -> None:
    """It is an object with the declared types."""
    ctx = context(Text, metadata={"source": "string", "tags": "list[string]"})
    write = huggingface.HuggingFace(Config(), ctx)
    assert write(Text(text="T", metadata={"source": "w", "tags": []})) == {
        "text": "T",
        "metadata": {"source": "w", "tags": []},
    }
    struct = {"struct": {"source": "string", "tags": {"list": "string"}}}
    assert write.features == {"text": "string", "metadata": struct}
    odd = huggingface.HuggingFace(Config(), context(Text, metadata={"source": "odd"}))
    assert odd.features is None


@pytest.mark.parametrize("write", [tagged, marked])
@pytest.mark.parametrize(
    ("sample", "code"),
    [
        (CALLED, "calls_in_text"),
        (chat("What is <|im_end|> or <|end|>?", "A"), "tag_in_text"),
        (chat("Q", "<|user|><|im_start|>"), "tag_in_text"),
    ],
)
def test_what_would_become_another_conversation_is_rejected(
    write: Callable[[Sample], Any], sample: Sample, code: str
) -> None:
    """Calls have no place in a text, and a tag in what somebody says would end the turn."""
    made = write(sample)
    assert isinstance(made, Reject)
    assert made.code == code


def test_another_tag_is_text() -> None:
    """Only the format's own tags are in the way."""
    assert "<|end|>" in marked(chat("Q <|end|>", "A"))["text"]


@pytest.mark.parametrize(
    ("path", "value", "code", "at"),
    [
        ("text", "", "empty_text", "/text"),
        ("text", 1, "not_a_text", "/text"),
        ("text", GONE, "missing_key", ""),
        ("weight", 1.0, "unknown_key", "/weight"),
        ("metadata", "w", "not_an_object", "/metadata"),
    ],
)
def test_wrong_rows_of_huggingface(path: str, value: Any, code: str, at: str) -> None:
    """A row is a text, and metadata where there is any."""
    right = {"text": TAGGED, "metadata": {"source": "w"}}
    assert list(huggingface.check(right)) == list(huggingface.check({"text": "T", "metadata": None})) == []
    assert wrong(huggingface.check, changed(right, path, value)) == [(code, at)]


@pytest.mark.parametrize(
    ("path", "value", "code", "at"),
    [
        ("text", "", "empty_text", "/text"),
        ("text", GONE, "missing_key", ""),
        ("text", CHATML.removesuffix("<|im_end|>\n"), "open_tag", "/text"),
        ("metadata", {}, "unknown_key", "/metadata"),
    ],
)
def test_wrong_rows_of_chatml(path: str, value: Any, code: str, at: str) -> None:
    """A row is a text, and every turn in it ends."""
    assert list(chatml.check({"text": CHATML})) == list(chatml.check({"text": "plain"})) == []
    assert wrong(chatml.check, changed({"text": CHATML}, path, value)) == [(code, at)]
