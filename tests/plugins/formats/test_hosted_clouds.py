"""The rules of Gemini and of Nova: for each a row that is refused."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.formats.hosted import doubtful, offered, wrong

OFFERS = offered()


def content(role: str, *parts: Any) -> dict[str, Any]:
    """A content of Gemini's, of texts or parts."""
    return {"role": role, "parts": [{"text": part} if isinstance(part, str) else part for part in parts]}


ASK, SAY = content("user", "Hi"), content("model", "Hello.")
CALL = {"functionCall": {"name": "f", "args": {"x": 1}}}
GIVEN = {"functionResponse": {"name": "f", "response": {"y": 2}}}
DECLARED = [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}]
BETTER, WORSE = {"score": 1, "completion": SAY}, {"score": 0, "completion": content("model", "What?")}
RIGHT: list[dict[str, Any]] = [
    {"contents": [ASK, SAY]},
    {"systemInstruction": {"role": "system", "parts": [{"text": "S"}]}, "contents": [ASK, SAY]},
    {"system_instruction": {"parts": [{"text": "S"}]}, "contents": [ASK, SAY]},
    {"contents": [content("user", "Look", {"fileData": {"mimeType": "image/png", "fileUri": "gs://x"}}), SAY]},
    {"contents": [ASK, content("model", CALL), content("user", GIVEN), SAY], "tools": DECLARED},
    {"contents": [ASK], "completions": [WORSE, BETTER]},
    {"contents": [ASK], "completions": [{**BETTER, "score": 1.0}, {**WORSE, "score": 0.0}]},
]
REFUSED: list[tuple[Any, str, str]] = [
    ({}, "", "missing_key"),
    ({"contents": [ASK, SAY], "weight": 1.0}, "/weight", "unknown_key"),
    ({"contents": []}, "/contents", "empty_list"),
    ({"contents": [ASK, {**SAY, "role": "assistant"}]}, "/contents/1/role", "unknown_role"),
    ({"contents": [ASK, 5]}, "/contents/1", "not_an_object"),
    ({"contents": [ASK]}, "/contents", "nothing_to_learn"),
    ({"contents": [ASK, {"role": "model"}]}, "/contents/1", "missing_key"),
    ({"contents": [ASK, content("model")]}, "/contents/1/parts", "empty_list"),
    ({"contents": [ASK, content("model", 5)]}, "/contents/1/parts/0", "not_an_object"),
    ({"contents": [ASK, content("model", "")]}, "/contents/1/parts/0/text", "empty_text"),
    ({"contents": [ASK, content("model", {"text": "x", **CALL})]}, "/contents/1/parts/0", "not_one_part"),
    ({"contents": [ASK, content("model", {"txt": "x"})]}, "/contents/1/parts/0/txt", "unknown_key"),
    (
        {"contents": [ASK, content("model", {"functionCall": {"name": "f"}})]},
        "/contents/1/parts/0/functionCall",
        "missing_key",
    ),
    (
        {"contents": [ASK, content("model", {"functionCall": {"name": "", "args": {}}})]},
        "/contents/1/parts/0/functionCall/name",
        "empty_text",
    ),
    (
        {"contents": [ASK, content("model", {"functionResponse": {"name": "f", "response": "x"}})]},
        "/contents/1/parts/0/functionResponse/response",
        "not_an_object",
    ),
    ({"contents": [ASK, SAY], "systemInstruction": "S"}, "/systemInstruction", "not_an_object"),
    ({"contents": [ASK, SAY], "tools": [{"name": "f"}]}, "/tools/0/functionDeclarations", "not_a_list"),
    (
        {"contents": [ASK, SAY], "tools": [{"functionDeclarations": [{}]}]},
        "/tools/0/functionDeclarations/0/name",
        "not_a_text",
    ),
    ({"contents": [ASK, SAY], "completions": [BETTER, WORSE]}, "/contents/1/role", "bad_last_turn"),
    ({"contents": [ASK], "completions": [BETTER]}, "/completions", "bad_scores"),
    ({"contents": [ASK], "completions": [BETTER, BETTER]}, "/completions", "bad_scores"),
    ({"contents": [ASK], "completions": [BETTER, WORSE, WORSE]}, "/completions", "bad_scores"),
    ({"contents": [ASK], "completions": "x"}, "/completions", "not_a_list"),
    (
        {"contents": [ASK], "completions": [BETTER, {**WORSE, "completion": ASK}]},
        "/completions/1/completion/role",
        "unknown_role",
    ),
    (
        {"contents": [content("user", {"fileData": {}})], "completions": [BETTER, WORSE]},
        "/contents/0/parts/0/fileData",
        "unknown_key",
    ),
]


@pytest.mark.parametrize("row", RIGHT)
def test_a_right_row_for_gemini_is_right(row: dict[str, Any]) -> None:
    """Nothing refuses it."""
    assert wrong(OFFERS["gemini"].check, row) == []


@pytest.mark.parametrize(("row", "path", "code"), REFUSED)
def test_a_wrong_row_for_gemini_is_refused(row: Any, path: str, code: str) -> None:
    """At its place."""
    assert (path, code) in wrong(OFFERS["gemini"].check, row)


def nova(*messages: Any, **more: Any) -> dict[str, Any]:
    """A row of Nova's."""
    return {"schemaVersion": "bedrock-conversation-2024", "messages": list(messages), **more}


def turn(role: str, *blocks: Any) -> dict[str, Any]:
    """A message of Nova's, of texts or blocks."""
    return {"role": role, "content": [{"text": one} if isinstance(one, str) else one for one in blocks]}


THEY, WE = turn("user", "Hi"), turn("assistant", "Hello.")
NOVA_RIGHT: list[Any] = [
    nova(THEY, WE),
    nova(THEY, WE, THEY, WE, system=[{"text": "S"}]),
    nova(turn("user", "Look", {"image": {"format": "png"}}), WE),
    nova(THEY, turn("assistant", {"reasoningContent": {"reasoningText": {"text": "Hm."}}}, "Hello.")),
    {"prompt": "Hi", "completion": "Hello."},
]
NOVA_REFUSED: list[tuple[Any, str, str]] = [
    ({"messages": [THEY, WE]}, "", "missing_key"),
    (nova(), "/messages", "empty_list"),
    (nova(THEY, WE, weight=1.0), "/weight", "unknown_key"),
    (nova(THEY, WE, system="S"), "/system", "not_a_list"),
    (nova(THEY, WE, system=[{"image": {}}]), "/system/0/image", "unknown_key"),
    (nova(WE, THEY, WE), "/messages/0/role", "bad_first_turn"),
    (nova(THEY, WE, THEY), "/messages/2/role", "bad_last_turn"),
    (nova(THEY, {**WE, "role": "model"}), "/messages/1/role", "unknown_role"),
    (nova(THEY, 5), "/messages/1", "not_an_object"),
    (nova(THEY, {**WE, "weight": 1}), "/messages/1/weight", "unknown_key"),
    (nova(THEY, {**WE, "content": "Hello."}), "/messages/1/content", "not_a_list"),
    (nova(THEY, turn("assistant", "")), "/messages/1/content/0/text", "empty_text"),
    (nova(THEY, turn("assistant", {"toolUse": {}})), "/messages/1/content/0/toolUse", "unknown_key"),
    (nova(THEY, turn("assistant", {})), "/messages/1/content/0", "not_one_part"),
    ({"prompt": "Hi"}, "", "missing_key"),
    ({"prompt": "", "completion": "x"}, "/prompt", "empty_text"),
    ({"prompt": "Hi", "completion": "x", "weight": 1.0}, "/weight", "unknown_key"),
]


@pytest.mark.parametrize("row", NOVA_RIGHT)
def test_a_right_row_for_bedrock_is_right(row: Any) -> None:
    """Nothing refuses it, and nothing is said about it."""
    assert wrong(OFFERS["bedrock"].check, row) == []
    assert doubtful(OFFERS["bedrock"].check, row) == []


@pytest.mark.parametrize(("row", "path", "code"), NOVA_REFUSED)
def test_a_wrong_row_for_bedrock_is_refused(row: Any, path: str, code: str) -> None:
    """For that one reason, and at its place."""
    assert wrong(OFFERS["bedrock"].check, row) == [(path, code)]


def test_what_only_some_jobs_of_bedrock_refuse_is_said() -> None:
    """Another version, and a prompt that starts with a reserved word."""
    row = {**nova(turn("user", "User: hi"), WE), "schemaVersion": "2023"}

    assert wrong(OFFERS["bedrock"].check, row) == []
    assert doubtful(OFFERS["bedrock"].check, row) == [
        ("/schemaVersion", "unknown_version"),
        ("/messages/0/content/0/text", "reserved_word"),
    ]
