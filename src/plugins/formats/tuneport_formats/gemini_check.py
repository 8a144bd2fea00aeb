"""What is wrong with a tuning row of Gemini."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuneport import Problem
from tuneport.config import suggest
from tuneport_formats import _rules as rules
from tuneport_formats._message_rules import MessageRules
from tuneport_formats._rules import Found

_SYSTEM = ("systemInstruction", "system_instruction")
_ROW = frozenset({*_SYSTEM, "contents", "tools", "toolConfig", "tool_config"})
_PAIR = frozenset({*_SYSTEM, "contents", "completions"})
_ROLES = frozenset({"user", "model"})
_PARTS = frozenset({"text", "fileData", "inlineData", "functionCall", "functionResponse"})
_TEXT = frozenset({"text"})
_CONTENT = frozenset({"role", "parts"})
_COMPLETION = frozenset({"score", "completion"})
_LEARNT = MessageRules(roles=_ROLES, known=_ROLES, needed="model")
_WANTED = (1, 0)
_ASKED = MessageRules(roles=_ROLES, known=_ROLES, needed="user", last=frozenset({"user"}))


def check(row: Mapping[str, Any]) -> Found:
    """What is wrong with a row for Gemini."""
    found: list[Problem] = []
    pair = "completions" in row
    of = "Gemini preference row" if pair else "Gemini row"
    rules.keys(row, _PAIR if pair else _ROW, ("contents",), found, of=of)
    parts = _TEXT if pair else _PARTS
    for key in _SYSTEM:
        if key in row:
            _content(row[key], f"/{key}", found, _TEXT)
    if "contents" in row and rules.is_list(row["contents"], "/contents", found, "contents"):
        spoken = [_speaker(one, f"/contents/{index}", found, parts) for index, one in enumerate(row["contents"])]
        if all(spoken):
            (_ASKED if pair else _LEARNT).order(spoken, "/contents", found)
    if pair:
        _completions(row["completions"], found)
    elif "tools" in row:
        _tools(row["tools"], found)
    return found


def _speaker(content: object, path: str, found: Found, parts: frozenset[str]) -> str:
    """The role of a content; "" where it has none that may speak."""
    role = content.get("role") if isinstance(content, dict) else None
    _content(content, path, found, parts)
    if isinstance(role, str) and role in _ROLES:
        return role
    if isinstance(content, dict):
        problem = f'"{role}" is nobody who may speak'
        found.append(Problem(f"{path}/role", problem, suggest(str(role), _ROLES), "unknown_role"))
    return ""


def _content(content: object, path: str, found: Found, known: frozenset[str]) -> None:
    if not rules.is_object(content, path, found, "content"):
        return
    rules.keys(content, _CONTENT, ("parts",), found, path, "content")
    if "parts" in content and rules.is_list(content["parts"], f"{path}/parts", found, "parts"):
        for index, part in enumerate(content["parts"]):
            _part(part, f"{path}/parts/{index}", found, known)


def _part(part: object, path: str, found: Found, known: frozenset[str]) -> None:
    if not rules.is_object(part, path, found, "part"):
        return
    if not known.issuperset(part):
        rules.keys(part, known, (), found, path, "part")
    if len(part) != 1:
        found.append(Problem(path, "a part holds one thing", 'write {"text": ...}', "not_one_part"))
    elif "text" in part:
        rules.text(part["text"], f"{path}/text", found)
    elif "functionCall" in part:
        _function(part["functionCall"], f"{path}/functionCall", found, "args")
    elif "functionResponse" in part:
        _function(part["functionResponse"], f"{path}/functionResponse", found, "response")


def _function(value: object, path: str, found: Found, holds: str) -> None:
    if not rules.is_object(value, path, found, "function"):
        return
    rules.keys(value, frozenset({"name", "id", holds}), ("name", holds), found, path, "function")
    if "name" in value:
        rules.text(value["name"], f"{path}/name", found)
    if holds in value:
        rules.is_object(value[holds], f"{path}/{holds}", found, holds)


def _completions(completions: object, found: Found) -> None:
    if not rules.is_list(completions, "/completions", found, "completions"):
        return
    scores = []
    for index, one in enumerate(completions):
        here = f"/completions/{index}"
        if rules.is_object(one, here, found, "completion"):
            rules.keys(one, _COMPLETION, ("score", "completion"), found, here, "completion")
            scores.append(one.get("score"))
            if "completion" in one and _speaker(one["completion"], f"{here}/completion", found, _TEXT) == "user":
                problem = "a completion is what the model says"
                found.append(Problem(f"{here}/completion/role", problem, 'write "model"', "unknown_role"))
    if len(completions) != len(_WANTED) or not all(scores.count(score) == 1 for score in _WANTED):
        hint = "write two completions, the better one with score 1 and the other with score 0"
        found.append(Problem("/completions", "not one completion of each score", hint, "bad_scores"))


def _tools(tools: object, found: Found) -> None:
    if not rules.is_list(tools, "/tools", found, "tools"):
        return
    for index, tool in enumerate(tools):
        here = f"/tools/{index}/functionDeclarations"
        declared = tool.get("functionDeclarations") if isinstance(tool, dict) else None
        if not rules.is_list(declared, here, found, "declarations of functions"):
            continue
        for place, function in enumerate(declared):
            if rules.is_object(function, f"{here}/{place}", found, "function"):
                rules.text(function.get("name"), f"{here}/{place}/name", found)
