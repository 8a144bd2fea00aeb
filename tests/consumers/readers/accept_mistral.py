"""Show rows to the validator that Mistral's fine-tuning uses, of mistral-common.

In: {name: rows}. Out: {name: [what is wrong with a row, ""]}.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from mistral_common.protocol.instruct.messages import (
    FinetuningAssistantMessage,
    SystemMessage,
    ToolMessage,
    UserMessage,
)
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.instruct.tool_calls import Tool
from mistral_common.protocol.instruct.validator import MistralRequestValidatorV3, ValidationMode

ROLES: dict[str, Any] = {
    "system": SystemMessage,
    "user": UserMessage,
    "assistant": FinetuningAssistantMessage,
    "tool": ToolMessage,
}


def wrong(row: dict[str, Any], validator: Any) -> str:
    """What the validator says of a row; "" where it takes it."""
    try:
        messages = [ROLES[message["role"]].model_validate(message) for message in row["messages"]]
        tools = [Tool.model_validate(tool) for tool in row.get("tools") or []]
        validator.validate_request(ChatCompletionRequest(messages=messages, tools=tools or None))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main() -> None:
    """Answer the question on stdin."""
    validator = MistralRequestValidatorV3(ValidationMode.finetuning)
    asked = json.load(sys.stdin)
    print(json.dumps({name: [wrong(row, validator) for row in rows] for name, rows in asked.items()}))


main()
