"""What a turn says: text, or blocks of text, reasoning, calls of tools and answers of tools."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tuneport import Message, ToolCall
from tuneport_jsonl_llm.turns.calls import called
from tuneport_jsonl_llm.turns.fault import FaultError
from tuneport_jsonl_llm.values import describe, plain_text

_TEXTS = ("text", "input_text", "output_text")
_MEDIA = ("image", "image_url", "input_image", "audio", "input_audio", "video", "video_url", "file", "document")


@dataclass(slots=True)
class Content:
    """What blocks hold. Texts are put together as they are, with nothing between them."""

    text: str = ""
    reasoning: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    answers: list[Message] = field(default_factory=list)


def text_of(value: object) -> str:
    """The text of a content that is no list: text as it is, numbers and dates as other fields are written.

    Raises:
        FaultError: it is an object, or nothing that is text.
    """
    text = None if isinstance(value, dict) else plain_text(value)
    if text is None:
        raise FaultError("bad_type", f"has a content that is {describe(value)}, not text")
    return text


def blocks_of(blocks: Iterable[object]) -> Content:
    """What a list of blocks says.

    Raises:
        FaultError: one of them is no text, no reasoning, and no call or answer of a tool.
    """
    content = Content()
    for block in blocks:
        if isinstance(block, str):
            content.text += block
        elif isinstance(block, dict):
            _add(content, block)
        else:
            raise FaultError("not_text", f"has a block that is {describe(block)}")
    return content


def _add(content: Content, block: dict[str, Any]) -> None:
    kind = block.get("type")
    if kind in _TEXTS:
        content.text += _part(block, "text")
    elif kind == "thinking":
        content.reasoning += _part(block, "thinking")
    elif kind == "tool_use":
        content.calls.append(called(block.get("name"), block.get("input"), block.get("id")))
    elif kind == "tool_result":
        content.answers.append(_answer(block))
    else:
        what = f"a block of the type {kind}" if kind in _MEDIA else "a block"
        raise FaultError("not_text", f"has {what} that is no text")


def _part(block: dict[str, Any], key: str) -> str:
    text = block.get(key)
    if not isinstance(text, str):
        raise FaultError("bad_type", f"has a block whose {key} is {describe(text)}, not text")
    return text


def _answer(block: dict[str, Any]) -> Message:
    """The answer of a tool, which stands in a turn of the user."""
    held, identity = block.get("content"), block.get("tool_use_id")
    if isinstance(held, list | tuple):
        inner = blocks_of(held)
        if inner.reasoning or inner.calls or inner.answers:
            raise FaultError("not_text", "has an answer of a tool that is no text")
        held = inner.text
    text = "" if held is None else text_of(held)
    return Message("tool", text, tool_call_id="" if identity is None else str(identity))
