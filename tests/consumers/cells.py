"""The matrix that every consumer is shown: a style's records, exported once to all formats that can hold them.

Records are made to be hard on a loader that guesses: what is null or an integer in the first file is none in a later
one, times stand where text does, arguments of tools differ from call to call.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools import recipe

from tuneport import Dataset, PluginManager, export

ROWS = 24
Record = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One row of the matrix.

    Attributes:
        style: the style of the export.
        record: makes the n-th record.
        kind: of the samples: instruction, chat, text, preference or unpaired.
        config: more of the recipe's `export`.
        settings: format to what it has to be told.
        refused: formats that can hold such samples, but none of these.
        untyped: formats whose rows hold objects of many kinds, which no card declares: datasets finds out since 4.7.
    """

    style: str
    record: Callable[[int], Record]
    kind: str
    config: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    untyped: frozenset[str] = frozenset()

    def kept(self) -> list[str]:
        """The formats that all records are written to, and whose columns a card declares."""
        return [name for name in formats_for(self.kind) if name not in self.refused | self.untyped]


def _about(n: int) -> Record:
    """Metadata and weight of the n-th record: a null, an empty list and an integer come first."""
    late = n >= ROWS // 2
    return {
        "importance": 1 + n if not late else n / 7,
        "category": f"c{n % 3}" if late else None,
        "tags": ["a", "b"][: n % 3] if late else [],
        "source": "2024-01-01" if n % 2 else "forum, \u2028 ünïcödé",
    }


def _instruction(n: int) -> Record:
    return {"question": f"What is {n} times two?", "context": None if n % 3 else "In decimal.", "answer": _answer(n)}


def _answer(n: int) -> str:
    return "2024-11-21T08:30:00Z" if n in {4, 9} else f"It is {n * 2}, as everybody knows."


def _chat(n: int) -> Record:
    system = {"system_prompt": "You are kind."} if n % 4 else {}
    return {**system, "user_message": f"What is {n} times two?", "assistant_response": _answer(n)}


def _turns(n: int) -> Record:
    asked = [{"role": "system", "content": "You are kind."}] if n % 4 else []
    asked.append({"role": "user", "content": f"Do you know what {n} times two is?"})
    asked.append({"role": "assistant", "content": "I do, of course I do."})
    asked.append({"role": "user", "content": "What is it then?"})
    return {"messages": [*asked, {"role": "assistant", "content": _answer(n)}]}


WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}
TIME = {
    "type": "function",
    "function": {"name": "time", "description": "What time it is.", "parameters": {"type": "object", "properties": {}}},
}


def _tools(n: int) -> Record:
    arguments: Record = {"city": f"Bonn {n}"} if n % 2 else {"city": "Köln", "days": n}
    name, given = ("time", {}) if n % 6 == 5 else ("weather", arguments)
    call = {
        "id": f"call{n:05d}",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(given, ensure_ascii=False)},
    }
    messages = [
        {"role": "user", "content": f"Shall I go out on day {n}?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "name": name, "content": f'{{"sun": {n}}}'},
        {"role": "assistant", "content": _answer(n)},
    ]
    return {"messages": messages, "tools": [WEATHER, TIME] if n % 2 else [TIME, WEATHER]}


def _reasoning(n: int) -> Record:
    return {**_chat(n), "thought": f"Twice {n} is {n} and {n}." if n % 3 else None}


def _text(n: int) -> Record:
    return {"content": f"A text about the number {n}, at some length." if n not in {4, 9} else f"2024-01-{n + 1:02d}"}


def _completion(n: int) -> Record:
    return {"prompt": f"Twice {n} is", "completion": f"{n * 2}, as everybody knows."}


def _preference(n: int) -> Record:
    return {"prompt": f"What is {n} times two?", "chosen": _answer(n), "rejected": f"I do not know what {n} is."}


def _label(n: int) -> Record:
    return {**_completion(n), "label": n % 2 == 0}


_NO_TOOLS = frozenset({"alpaca", "anthropic", "bedrock", "bedrock_claude", "chatml", "huggingface"})

CELLS = {
    "instruction": Cell("instruction_tuning", _instruction, "instruction"),
    "chat": Cell("chat_completion", _chat, "chat"),
    "turns": Cell("chat_completion", _turns, "chat", refused=frozenset({"alpaca"})),
    "tools": Cell("chat_completion", _tools, "chat", refused=_NO_TOOLS, untyped=frozenset({"trl"})),
    "reasoning": Cell("chat_completion", _reasoning, "chat", {"field_mapping": {"reasoning_field": "thought"}}),
    "text": Cell("text_completion", _text, "text"),
    "completion": Cell("prompt_completion", _completion, "instruction"),
    "preference": Cell("preference", _preference, "preference", settings={"fireworks": {"weights": "replicate"}}),
    "unpaired": Cell("unpaired_preference", _label, "unpaired"),
}


def formats_for(kind: str) -> list[str]:
    """The formats that can hold samples of a kind, by what they say of themselves."""
    manager = PluginManager()
    takes = {name: manager.resolve("formats", name).traits.kinds for name in manager.names("formats")}
    return [name for name, kinds in takes.items() if kinds is None or kind in kinds]


def folder_of(name: str, base: Path) -> Path:
    """The dataset folder of a cell, exported when it is first asked for.

    Args:
        name: of the cell.
        base: the session's own folder.
    """
    exported(name, base)
    return base / "cells" / name / "out"


@functools.cache
def exported(name: str, base: Path) -> Dataset:
    """A cell of the matrix, exported once to all its formats."""
    cell, folder = CELLS[name], base / "cells" / name
    folder.mkdir(parents=True)
    records = [{"id": n, **cell.record(n), **_about(n)} for n in range(ROWS)]
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    (folder / "in.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    about = {
        "style": cell.style,
        "formats": [{"use": one, **cell.settings.get(one, {})} for one in formats_for(cell.kind)],
        "metadata_fields": {"source": "string", "category": "string", "tags": "list[string]"},
        "weighting": {"weight_field": "importance", "normalize": "log"},
        "quality": {"min_text_length": 1},
    }
    asked = recipe(folder / "in.jsonl", folder / "out", export={**about, **cell.config})
    asked["source"] = {"path": asked["source"], "key": "id"}
    asked["output"] |= {"shard_size": 2_000, "split": {"validation": 0.25}}
    export(asked)
    return Dataset.open(folder / "out")
