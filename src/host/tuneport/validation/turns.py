"""What any conversation needs, whoever trains on it: turns with a role and content, and an answer in the end."""

from __future__ import annotations

from typing import Any

from tuneport.validation.report import Findings


def check_turns(turns: Any, number: int, findings: Findings) -> None:
    """Look at the messages of one row, where no format's own rules do."""
    if not isinstance(turns, list) or not turns:
        text = "messages holds no turns, a list of objects with role and content is wanted"
        findings.add("no_turns", text, "leave the row out", path="messages", line=number)
        return
    if not all(isinstance(turn, dict) and turn.get("role") and "content" in turn for turn in turns):
        text = "a turn of messages lacks its role or content"
        findings.add("bad_turn", text, "write both in every turn", path="messages", line=number)
    elif turns[-1]["role"] != "assistant":
        text = "the last turn of messages is not the assistant's: there is nothing to train"
        hint = "end each conversation with an answer"
        findings.add("last_turn", text, hint, path="messages", line=number, severity="warning")
