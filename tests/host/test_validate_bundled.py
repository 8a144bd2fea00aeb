"""validate --format with the bundled formats: files of other tools that their targets refuse, line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tuneport import validate

ASK, ANSWER = {"role": "user", "content": "How do I move a licence?"}, {"role": "assistant", "content": "Open Account."}
CHAT = {"messages": [ASK, ANSWER]}
TOOL = {"type": "function", "function": {"name": "find", "description": "Find", "parameters": {"type": "object"}}}


def _called(name: str) -> dict[str, Any]:
    call = {"id": name, "type": "function", "function": {"name": "find", "arguments": "{}"}}
    turns = [
        ASK,
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": name, "name": "find", "content": "{}"},
        ANSWER,
    ]
    return {"messages": turns, "tools": [TOOL]}


def _shared(*speakers: str) -> dict[str, Any]:
    return {"conversations": [{"from": speaker, "value": "Text"} for speaker in speakers]}


FILES: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "a weight at the root of an OpenAI row": ("openai", CHAT, {**CHAT, "weight": 1.0}, "/weight"),
    "a Claude row that does not alternate": (
        "bedrock_claude",
        CHAT,
        {"messages": [ASK, ASK, ANSWER]},
        "/messages/1",
    ),
    "an id of a call that Mistral does not take": (
        "mistral",
        _called("abcdefgh1"),
        _called("call_1"),
        "/messages/1/tool_calls/0/id",
    ),
    "an odd conversation for LLaMA-Factory": (
        "llama_factory",
        _shared("human", "gpt"),
        _shared("human", "gpt", "human"),
        "/conversations",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_what_a_target_refuses_is_told_with_its_line(case: str, tmp_path: Path) -> None:
    """Nine right rows and a wrong one: the line, the place and the rule are named; without it all is right."""
    called, right, wrong, where = FILES[case]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [right] * 9 + [right] + [right] * 9))
    assert validate(path, format=called).ok, validate(path, format=called).problems

    path.write_text("".join(json.dumps(row) + "\n" for row in [right] * 9 + [wrong] + [right] * 9))
    report = validate(path, format=called)
    own = [one for one in report.problems if one.message.startswith(where)]
    assert not report.ok
    assert [one.lines for one in own] == [[10]] * len(own) != []
    assert all(one.message for one in own)
