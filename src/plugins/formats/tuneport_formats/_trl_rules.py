"""What TRL's trainers make of a row: its type by its columns, its texts all strings or all lists of messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tuneport import Problem
from tuneport_formats import _rules as rules
from tuneport_formats import _tool_rules as tool_rules
from tuneport_formats._message_rules import MessageRules

_TYPES = (
    frozenset({"text"}),
    frozenset({"messages"}),
    frozenset({"prompt", "completion"}),
    frozenset({"prompt", "completion", "label"}),
    frozenset({"prompt", "chosen", "rejected"}),
    frozenset({"chosen", "rejected"}),
)
_TOLD_BY = frozenset[str]().union(*_TYPES)
_TAKEN = frozenset(
    {
        "input_ids",
        "labels",
        "attention_mask",
        "completion_mask",
        "assistant_masks",
        "seq_lengths",
        "position_ids",
        "shift_labels",
        "image",
        "images",
        "conversations",
    }
)
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
_KEYS = frozenset({"role", "content", "tool_calls", "tool_call_id", "name", "reasoning_content", "thinking"})
_TALK = MessageRules(roles=_ROLES, known=_KEYS, arguments="any", strict=False, ids="any")
_ASKED = MessageRules(roles=_ROLES, known=_KEYS, arguments="any", strict=False, ids="any", needed="")
_ANSWER = replace(_ASKED, last=frozenset({"assistant"}))
_LISTS = {"messages": _TALK, "prompt": _ASKED, "completion": _ANSWER, "chosen": _ANSWER, "rejected": _ANSWER}


def check(row: Any) -> list[Problem]:
    """What is wrong with a row."""
    found: list[Problem] = []
    for name in sorted(_TAKEN.intersection(row)):
        problem = f'TRL takes "{name}" for something that it made itself, or for an image'
        found.append(Problem(rules.at("", name), problem, "call the column something else", "reserved_column"))
    columns = _TOLD_BY.intersection(row)
    if columns not in _TYPES:
        names = ", ".join(sorted(columns)) or "none of its columns"
        hint = "write text; messages; prompt and completion, with label for KTO; or prompt, chosen and rejected"
        return [*found, Problem("", f"no type of row of TRL has {names}", hint, "no_type")]
    _texts(row, columns - {"label"}, found)
    if "label" in columns:
        rules.label(row["label"], "/label", found)
    if row.get("tools") is not None:
        tool_rules.tools(row["tools"], "/tools", found, written="any", strict=False)
    if "weight" in row:
        rules.number(row["weight"], "/weight", found, negative=False)
    return found


def _texts(row: Mapping[str, Any], columns: frozenset[str], found: list[Problem]) -> None:
    lists = [name for name in sorted(columns) if isinstance(row[name], list)]
    if lists and len(lists) < len(columns):
        other = min(columns.difference(lists))
        hint = "write strings in all of these columns, or lists of messages in all"
        found.append(Problem(f"/{other}", f"{lists[0]} is a list of messages and {other} is not", hint, "mixed_types"))
        return
    for name in sorted(columns):
        if lists and name in _LISTS:
            _LISTS[name](row[name], f"/{name}", found)
        elif name == "messages":
            rules.is_list(row[name], "/messages", found, "messages")
        else:
            rules.text(row[name], f"/{name}", found)
    if not lists and not found and "prompt" in columns:
        _boundary(row, columns - {"prompt"}, found)


def _boundary(row: Mapping[str, Any], answers: frozenset[str], found: list[Problem]) -> None:
    """TRL puts nothing between a prompt and what follows."""
    if row["prompt"][-1].isspace():
        return
    for name in sorted(answers):
        if not row[name][0].isspace():
            problem = f"the prompt's last word and the first of {name} may become one token"
            hint = "end the prompt with a line break, or begin the other with a space"
            found.append(Problem(f"/{name}", problem, hint, "no_boundary", "warning"))
