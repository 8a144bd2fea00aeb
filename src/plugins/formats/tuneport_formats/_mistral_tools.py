"""What Mistral wants of tools, and of answers to calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from tuneport import Problem
from tuneport_formats import _rules as rules
from tuneport_formats._rules import Found
from tuneport_formats._tool_rules import tools as check_shape

_TOOL = frozenset({"type", "function"})
_FUNCTION = frozenset({"name", "description", "parameters", "strict"})
_CALL = frozenset({"id", "type", "function"})
_CALLED = frozenset({"name", "arguments"})


def check_tools(tools: object, found: Found) -> None:
    """Each tool has a name, a description, and parameters that are a JSON Schema of draft 7."""
    before = len(found)
    check_shape(tools, "/tools", found)
    if len(found) > before or not isinstance(tools, list):
        return
    for index, tool in enumerate(tools):
        here = f"/tools/{index}/function"
        rules.keys(tool, _TOOL, (), found, f"/tools/{index}", "tool")
        function = tool["function"]
        rules.keys(function, _FUNCTION, ("parameters",), found, here, "function")
        if not isinstance(function.get("description"), str):
            hint = 'write "description", be it empty'
            found.append(Problem(here, "mistral-finetune wants a description", hint, "no_description", "warning"))
        if "parameters" in function:
            _check_schema(function["parameters"], f"{here}/parameters", found)


def _check_schema(schema: object, path: str, found: Found) -> None:
    try:
        wrong = None if schema == {} else next(_draft7().iter_errors(schema), None)
    except UnicodeEncodeError:
        hint = "replace it: no reader takes half a character"
        found.append(Problem(path, "a text in it holds a lone surrogate", hint, "bad_tool"))
        return
    if wrong is not None:
        where = "".join(rules.at("", step) for step in wrong.instance_path)
        hint = "write the parameters as a JSON Schema of draft 7"
        found.append(Problem(path + where, f"this is no JSON Schema: {wrong.message}", hint, "bad_tool"))


@cache
def _draft7() -> Any:
    """The judge of schemas: imported where a row has tools, and compiled once."""
    import jsonschema_rs

    return jsonschema_rs.Draft7Validator({"$ref": "http://json-schema.org/draft-07/schema#"})


def check_calls(calls: Sequence[Mapping[str, Any]], path: str, found: Found) -> None:
    """Calls have the keys that the classes of mistral-common have, which refuse others."""
    for place, call in enumerate(calls):
        here = f"{path}/{place}"
        rules.keys(call, _CALL, (), found, here, "call")
        rules.keys(call["function"], _CALLED, (), found, f"{here}/function", "function")


def check_answers(messages: Sequence[Mapping[str, Any]], found: Found) -> None:
    """Before the assistant speaks again every call of its turn is answered once, and nothing else is."""
    # Calls of the very first message cannot be answered: the validator does not look at it.
    waiting: set[str] = set()
    answered: set[str] = set()
    for index, message in enumerate(messages[1:], 1):
        here = f"/messages/{index}"
        if message["role"] == "tool":
            called = message["tool_call_id"]
            if called in answered or called not in waiting:
                hint = "write the id of a call of the assistant's turn before it, each once"
                problem = f'no open call has the id "{called}"'
                found.append(Problem(f"{here}/tool_call_id", problem, hint, "unknown_tool_call_id"))
            answered.add(called)
        elif message["role"] == "assistant":
            if len(waiting) != len(answered):
                hint = "add a message of the tool for each call before it"
                found.append(Problem(here, "the calls before it are not all answered", hint, "unanswered_call"))
            waiting, answered = _called(message, here, found), set()


def _called(message: Mapping[str, Any], path: str, found: Found) -> set[str]:
    ids: set[str] = set()
    for place, call in enumerate(message.get("tool_calls") or ()):
        one = call.get("id", "null")
        if one in ids:
            problem = f'another call of this turn has the id "{one}"'
            found.append(
                Problem(f"{path}/tool_calls/{place}/id", problem, "give each call an id of its own", "bad_tool_call_id")
            )
        ids.add(one)
    return ids
