"""What is wrong with a list of messages: rules as data, one object for each target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tuneport import Problem
from tuneport.config import suggest
from tuneport_formats import _rules as rules
from tuneport_formats._rules import Found
from tuneport_formats._tool_rules import Arguments, calls

_ASSISTANT = frozenset({"assistant"})
_HEADS = frozenset({"system", "developer"})


@dataclass(frozen=True, kw_only=True)
class MessageRules:
    """A target's rules for a list of messages. Call it with the list, its path, and where problems are added.

    A key that holds null counts as absent: rows of one shape have keys that do not apply.

    Attributes:
        roles: who may speak.
        known: keys that a message may have.
        parts: types of parts that content may be a list of; content is a text where there are none.
        empty: roles that may say nothing; an assistant that calls tools always may.
        arguments: how the arguments of calls are written.
        strict: names of functions have the characters that hosted services take.
        ids: whether calls and answers have ids that match (`matched`), have ids at all (`needed`), or need none.
        weight: whether a turn's weight is 0 or 1, or a decimal number.
        weight_key: what a turn's weight is called.
        weighted: roles whose turns may have a weight.
        heads: whether a system message stands first only (`first`), and once only (`once`).
        first: roles of the first turn, system messages aside; None for any.
        last: roles of the last turn; None for any.
        twice: the same role may speak twice in a row; tools always may.
        needed: a role that must occur; "" for none.
    """

    roles: frozenset[str]
    known: frozenset[str]
    parts: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset({"tool"})
    arguments: Arguments = "text"
    strict: bool = True
    ids: Literal["any", "needed", "matched"] = "needed"
    weight: Literal["binary", "number"] = "binary"
    weight_key: str = "weight"
    weighted: frozenset[str] = _ASSISTANT
    heads: Literal["any", "first", "once"] = "any"
    first: frozenset[str] | None = None
    last: frozenset[str] | None = None
    twice: bool = True
    needed: str = "assistant"

    def __call__(self, messages: object, path: str, found: Found) -> None:
        """Add what is wrong with the list."""
        if not rules.is_list(messages, path, found, "messages"):
            return
        before = len(found)
        spoken: list[str] = []
        tools = False
        for index, message in enumerate(messages):
            here = f"{path}/{index}"
            if rules.is_object(message, here, found, "message"):
                spoken.append(self._message(message, here, found))
                tools = tools or spoken[-1] == "tool"
        # What follows would only repeat that a role is wrong.
        if not rules.refused(found[before:]):
            self.order(spoken, path, found)
            if tools and self.ids != "any":
                self._answers(messages, path, found)

    def _message(self, message: Mapping[str, Any], path: str, found: Found) -> str:
        role = message.get("role")
        if role.__class__ is not str or role not in self.roles:
            problem = f'"{role}" is nobody who may speak' if isinstance(role, str) else "the message has no role"
            found.append(Problem(f"{path}/role", problem, suggest(str(role), self.roles), "unknown_role"))
            return ""
        if not self.known.issuperset(message):
            renamed = {"weight": self.weight_key} if self.weight_key in self.known else {}
            rules.keys(message, self.known, (), found, path, "message", renamed)
        content = message.get("content")
        if content.__class__ is not str or not content:
            self._content(content, message, f"{path}/content", found)
        # Most messages have a role and content, and nothing else.
        if len(message) > 2 or "content" not in message:
            self._beside(message, role, path, found)
        return role

    def _content(self, content: object, message: Mapping[str, Any], path: str, found: Found) -> None:
        called = message.get("tool_calls") or message.get("function_call")
        if not content and called and message["role"] == "assistant":
            return
        if isinstance(content, list) and self.parts:
            if rules.is_list(content, path, found, "parts"):
                for index, part in enumerate(content):
                    self._part(part, f"{path}/{index}", found)
            return
        rules.text(content, path, found, empty=message["role"] in self.empty)

    def _part(self, part: object, path: str, found: Found) -> None:
        if not rules.is_object(part, path, found, "part"):
            return
        name = part.get("type")
        if not isinstance(name, str) or name not in self.parts:
            hint = suggest(str(name), self.parts)
            found.append(Problem(f"{path}/type", f'"{name}" is no type of part here', hint, "unknown_part"))
        elif name == "text":
            rules.text(part.get("text"), f"{path}/text", found)

    def _beside(self, message: Mapping[str, Any], role: str, path: str, found: Found) -> None:
        weight = message.get(self.weight_key)
        if weight is not None and self.weight_key in self.known:
            here = f"{path}/{self.weight_key}"
            if role not in self.weighted:
                problem = f"only {_any_of(self.weighted)} has a weight, not {role}"
                found.append(Problem(here, problem, "leave the weight out", "misplaced_weight"))
            else:
                (rules.binary if self.weight == "binary" else rules.number)(weight, here, found)
        called = message.get("tool_calls")
        if called and role != "assistant":
            problem = f"only the assistant calls tools, not {role}"
            found.append(Problem(f"{path}/tool_calls", problem, "leave them out", "misplaced_tool_calls"))
        elif called:
            calls(called, f"{path}/tool_calls", found, self.arguments, strict=self.strict, ids=self.ids != "any")
        answers = message.get("tool_call_id")
        if answers and role != "tool":
            problem = f"only a tool answers a call, not {role}"
            found.append(Problem(f"{path}/tool_call_id", problem, "leave it out", "misplaced_tool_call_id"))

    def order(self, spoken: list[str], path: str, found: Found) -> None:
        """Add what is wrong with who speaks when; each of `spoken` is a role that may speak."""
        if self.needed and self.needed not in spoken:
            problem = f"no message of the {self.needed}"
            found.append(Problem(path, problem, "add what shall be learnt", "nothing_to_learn"))
        turns = [index for index, role in enumerate(spoken) if role not in _HEADS]
        if self.heads != "any":
            self._heads(spoken, turns, path, found)
        if turns and self.first is not None and spoken[turns[0]] not in self.first:
            problem = f"the first turn is the {spoken[turns[0]]}'s"
            hint = f"begin with {_any_of(self.first)}"
            found.append(Problem(f"{path}/{turns[0]}/role", problem, hint, "bad_first_turn"))
        if self.last is not None and spoken[-1] not in self.last:
            problem = f"the last turn is the {spoken[-1]}'s"
            hint = f"end with {_any_of(self.last)}"
            found.append(Problem(f"{path}/{len(spoken) - 1}/role", problem, hint, "bad_last_turn"))
        if not self.twice:
            self._twice(spoken, path, found)

    def _heads(self, spoken: list[str], turns: list[int], path: str, found: Found) -> None:
        end = turns[0] if turns else len(spoken)
        allowed = min(end, 1) if self.heads == "once" else end
        for index in range(allowed, len(spoken)):
            if spoken[index] in _HEADS:
                problem = f"a {spoken[index]} message stands here"
                hint = "join them into one that stands first"
                found.append(Problem(f"{path}/{index}/role", problem, hint, "system_not_first"))

    def _twice(self, spoken: list[str], path: str, found: Found) -> None:
        for index in range(1, len(spoken)):
            # Where a second system message is refused as such, once is enough.
            headed = spoken[index] in _HEADS and self.heads != "any"
            if spoken[index] == spoken[index - 1] != "tool" and not headed:
                problem = f"the {spoken[index]} speaks twice in a row"
                found.append(Problem(f"{path}/{index}/role", problem, "join both messages", "role_twice"))

    def _answers(self, messages: list[Mapping[str, Any]], path: str, found: Found) -> None:
        """Every answer names a call of the assistant's turn before it that nothing has answered yet."""
        waiting: set[object] = set()
        for index, message in enumerate(messages):
            if message["role"] == "assistant":
                waiting = {call.get("id") for call in message.get("tool_calls") or ()}
            elif message["role"] == "tool":
                here = f"{path}/{index}/tool_call_id"
                answered = message.get("tool_call_id")
                if not isinstance(answered, str) or not answered:
                    hint = 'write the id of the call as "tool_call_id"'
                    found.append(Problem(here, "it does not say which call it answers", hint, "no_tool_call_id"))
                    continue
                if answered not in waiting:
                    self._unmatched(answered, here, found)
                waiting.discard(answered)

    def _unmatched(self, answered: str, path: str, found: Found) -> None:
        found.append(
            Problem(
                path,
                f'no call before it has the id "{answered}", or another answer has it',
                "write the id of a call of the assistant's turn before it",
                "unknown_tool_call_id",
                "error" if self.ids == "matched" else "warning",
            )
        )


def _any_of(roles: frozenset[str]) -> str:
    return " or ".join(f"the {role}" for role in sorted(roles))
