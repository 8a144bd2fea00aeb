"""Calls of tools, and the tools themselves, as chat APIs and ShareGPT write them."""

from __future__ import annotations

from typing import Any

from tuneport import Reject, ToolCall
from tuneport_jsonl_llm.turns.fault import FaultError
from tuneport_jsonl_llm.turns.plain import decoded, read_back


def calls_in(value: object) -> tuple[ToolCall, ...]:
    """The calls in a list of them, in one, or in JSON text of either.

    A call is `{"id", "function": {"name", "arguments"}}`, or `{"name", "arguments"}`; arguments are an object or its
    JSON text, and none where they are missing.

    Raises:
        FaultError: one has no name, or arguments that are no object.
    """
    if not value:
        return ()
    held = decoded(value) if isinstance(value, str) else value
    if isinstance(held, dict):
        held = [held]
    if not isinstance(held, list | tuple):
        raise FaultError("bad_call", "has a call of a tool that is no object with name and arguments")
    return tuple(map(_call, held))


def _call(value: object) -> ToolCall:
    if not isinstance(value, dict):
        raise FaultError("bad_call", "has a call of a tool that is no object with name and arguments")
    function = value.get("function")
    about = function if isinstance(function, dict) else value
    return called(about.get("name"), about.get("arguments"), value.get("id"))


def called(name: object, arguments: object, identity: object) -> ToolCall:
    """One call.

    Raises:
        FaultError: it has no name, or arguments that are no object.
    """
    if not isinstance(name, str) or not name:
        raise FaultError("bad_call", "has a call of a tool without a name")
    if arguments is None or arguments == "":
        arguments = {}
    held: Any = decoded(arguments) if isinstance(arguments, str) else arguments
    if not isinstance(held, dict):
        raise FaultError("bad_call", "has a call of a tool whose arguments are no object")
    plain = read_back(held)
    if plain is None:
        raise FaultError("bad_call", "has a call of a tool whose arguments cannot be written as JSON")
    return ToolCall(name, plain, "" if identity is None else str(identity))


def tools_in(value: object, name: str) -> list[dict[str, Any]] | Reject:
    """The tools in a list of them, in one, or in JSON text of either, each as the chat APIs have it.

    Args:
        value: `{"type": "function", "function": {...}}`, or what stands under `function` alone, with `parameters` or
            `input_schema`.
        name: the field, for the reject.
    """
    if not value or (isinstance(value, str) and not value.strip()):
        return []
    held = decoded(value) if isinstance(value, str) else value
    if isinstance(held, dict):
        held = [held] if held else []
    if not isinstance(held, list | tuple):
        return Reject("bad_tools", f"Field '{name}' holds no list of tools")
    found = [_tool(one) for one in held]
    tools: list[dict[str, Any]] | None = None if None in found else read_back(found)
    if tools is None:
        return Reject("bad_tools", f"Field '{name}' holds a tool that is no function with a name")
    return tools


def _tool(value: object) -> dict[str, Any] | None:
    """The tool; None where it is none that a model can be told of."""
    if not isinstance(value, dict):
        return None
    function = value.get("function")
    if not isinstance(function, dict):
        function = {name: one for name, one in value.items() if name not in ("type", "input_schema")}
        if "input_schema" in value:
            function["parameters"] = value["input_schema"]
        value = {"type": "function", "function": function}
    named = isinstance(function.get("name"), str) and function["name"]
    return {**value, "type": "function"} if named else None
