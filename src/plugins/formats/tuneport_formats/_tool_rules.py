"""What is wrong with the tools of a row, and with the calls of a message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from tuneport import Problem
from tuneport.nesting import read_json
from tuneport_formats._rules import Found, is_list, is_object, kind, text

Arguments = Literal["text", "object", "any"]
"""How a call's arguments are written: as JSON text, as an object, or either."""

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
"""Names of functions that OpenAI and Mistral take."""


def tools(
    value: object, path: str, found: Found, *, written: Literal["list", "text", "any"] = "list", strict: bool = True
) -> None:
    """The functions that the assistant may call, each `{"type": "function", "function": {"name", ...}}`.

    Args:
        value: the list, or its JSON text.
        path: where it stands.
        found: what is wrong is added here.
        written: whether a list or its JSON text is wanted.
        strict: names have the characters that hosted services take.
    """
    if isinstance(value, str) and written != "list":
        value = _parsed(value, path, found)
        if value is None:
            return
    elif written == "text":
        problem = f"{kind(value)} where the tools are JSON text"
        found.append(Problem(path, problem, "write the list of tools as JSON text", "not_a_text"))
        return
    if is_list(value, path, found, "tools"):
        for index, tool in enumerate(value):
            _tool(tool, f"{path}/{index}", found, strict=strict)


def calls(
    value: object, path: str, found: Found, arguments: Arguments, *, strict: bool = True, ids: bool = True
) -> None:
    """Calls of an assistant, each `{"id", "type": "function", "function": {"name", "arguments"}}`.

    Args:
        value: the list.
        path: where it stands.
        found: what is wrong is added here.
        arguments: how the arguments are written.
        strict: names have the characters that hosted services take.
        ids: every call has an id.
    """
    if not is_list(value, path, found, "tool calls"):
        return
    for index, call in enumerate(value):
        here = f"{path}/{index}"
        function = _function(call, here, found)
        if function is not None:
            if ids or call.get("id") is not None:
                text(call.get("id"), f"{here}/id", found)
            check_name(function.get("name"), f"{here}/function/name", found, strict=strict)
            _arguments(function.get("arguments"), f"{here}/function/arguments", found, arguments)


def _tool(tool: object, path: str, found: Found, *, strict: bool) -> None:
    function = _function(tool, path, found)
    if function is None:
        return
    check_name(function.get("name"), f"{path}/function/name", found, strict=strict)
    parameters = function.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        problem = f"{kind(parameters)} where the parameters are a JSON Schema"
        found.append(Problem(f"{path}/function/parameters", problem, "write an object", "bad_tool"))
    if function.get("description") is not None:
        text(function["description"], f"{path}/function/description", found, empty=True)


def _function(value: object, path: str, found: Found) -> Mapping[str, Any] | None:
    """What stands under `function`, in a tool as in a call; None where there is none."""
    if not is_object(value, path, found, "tool"):
        return None
    if value.get("type", "function") != "function":
        found.append(Problem(f"{path}/type", "only functions are tools", 'write "type": "function"', "bad_tool"))
    function = value.get("function")
    if isinstance(function, dict):
        return function
    hint = 'write {"type": "function", "function": {"name": ...}}'
    found.append(Problem(path, 'it has no object "function"', hint, "bad_tool"))
    return None


def check_name(value: object, path: str, found: Found, *, strict: bool = True) -> None:
    """A function's name; where that is strict, of the characters that hosted services take."""
    if not isinstance(value, str) or not value:
        text(value, path, found)
    elif strict and NAME.match(value) is None:
        hint = "write 1 to 64 letters, digits, underscores and dashes"
        found.append(Problem(path, f'"{value}" is no name of a function', hint, "bad_tool_name"))


def _arguments(value: object, path: str, found: Found, wanted: Arguments) -> None:
    if isinstance(value, str) and wanted != "object":
        parsed = _parsed(value, path, found)
        if parsed is not None and not isinstance(parsed, dict):
            problem = f"the text holds {kind(parsed)}, not an object of arguments"
            found.append(Problem(path, problem, 'write "{}" where there are none', "bad_arguments"))
    elif not (isinstance(value, dict) and wanted != "text"):
        hint = "write them as JSON text" if wanted == "text" else "write an object"
        found.append(Problem(path, f"{kind(value)} where the arguments stand", hint, "bad_arguments"))


def _parsed(value: str, path: str, found: Found) -> Any:
    """What a JSON text says; None, and a problem, where it is none."""
    try:
        parsed = read_json(value)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        parsed = None
    if parsed is None:
        found.append(Problem(path, "the text is no JSON", "write an object or a list as JSON text", "not_json"))
    return parsed
