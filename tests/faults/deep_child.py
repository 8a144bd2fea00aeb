"""Reads, judges and writes values that are nested deeper and deeper, in a thread with little stack or in the main one.

Run as a process of its own: where a stack ends, it dies. It writes a JSON object: what each way in made of them.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tuneport import ExportOptions, PluginManager, inspect, preview, validate
from tuneport.runs import execute, plan_export

DEPTHS = (10, 60, 62, 100, 400, 1000, 3000, 30_000)
MILLION = 1_000_000
KINDS = {"arrays": ("[", "]"), "objects": ('{"a":', "}"), "both": ('[{"a":', "}]")}
ANSWER = "An answer, long enough."
TREE = {
    "$defs": {
        "tree": {
            "anyOf": [
                {"type": "integer"},
                {"type": "array", "items": {"$ref": "#/$defs/tree"}},
                {"type": "object", "additionalProperties": {"$ref": "#/$defs/tree"}},
            ]
        }
    },
    "properties": {"output": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/tree"}]}},
}
"""A schema that goes as deep as the value; a leaf that is no integer does not fit."""


def texts(leaf: str, depths: tuple[int, ...] = DEPTHS) -> list[str]:
    """JSON texts of each kind and depth."""
    found = []
    for opening, ending in KINDS.values():
        for depth in depths:
            count = depth // len(ending)
            found.append(f"{opening * count}{leaf}{ending * count}")
    return found


def values(leaf: object) -> list[Any]:
    """The same as Python's own."""
    found = []
    for kind in KINDS:
        for depth in DEPTHS:
            value: Any = leaf
            for level in range(depth):
                value = {"a": value} if kind == "objects" or (kind == "both" and level % 2 == 0) else [value]
            found.append(value)
    return found


def recipe(source: Path, output: Path, **export: Any) -> dict[str, Any]:
    """An export whose validator goes as deep as the values."""
    checks = {"enable_schema_validation": True, "reject_invalid_samples": True, "json_schema": TREE}
    return {
        "source": {"path": str(source)},
        "export": {"structured_gen": checks, "quality": {"skip_duplicates": False}, **export},
        "output": {"path": str(output), "min_rows": 0},
    }


def looked_at(path: Path, folder: Path, **export: Any) -> dict[str, int]:
    """Rejects of an export; a preview and an inspection see the same file."""
    asked = recipe(path, folder / f"out-{path.stem}", **export)
    stats = execute(plan_export(asked)).stats
    shown = preview(asked, count=stats.total_entities)
    assert len(shown.items) == stats.total_entities == stats.exported_entities + stats.failed_entities
    assert shown.to_json()
    assert inspect(path).to_json()
    return {"exported": stats.exported_entities, **stats.rejects}


def jsonl(folder: Path) -> dict[str, int]:
    """Lines in which a field that is read is deep, with leaves that fit the schema and leaves that do not."""
    path = folder / "a.jsonl"
    deep = [*texts("1", (*DEPTHS, MILLION)), *texts('"x"')]
    lines = [f'{{"question":"Q","answer":{text}}}' for text in deep]
    path.write_text("\n".join([*lines, *(line[:-1] for line in lines)]))
    return looked_at(path, folder)


def passed_over(folder: Path) -> dict[str, int]:
    """Lines in which a field that nobody reads is deep."""
    path = folder / "b.jsonl"
    path.write_text("\n".join(f'{{"question":"Q","answer":"{ANSWER}","other":{text}}}' for text in texts("1")))
    return looked_at(path, folder)


def document(folder: Path) -> dict[str, int]:
    """Elements of an array."""
    path = folder / "c.json"
    path.write_text("[" + ",\n".join(f'{{"question":"Q","answer":{text}}}' for text in texts("1")) + "]")
    return looked_at(path, folder)


def sqlite(folder: Path) -> dict[str, int]:
    """JSON text in columns that are read as conversations, tools and lists."""
    path = folder / "d.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, messages TEXT, tools TEXT, tags TEXT)")
        talk = json.dumps([{"role": "user", "content": "Q"}, {"role": "assistant", "content": ANSWER}])
        for text in texts("1"):
            calls = f'[{{"function":{{"name":"f","arguments":{text}}}}}]'
            turns = f'[{{"role":"user","content":"Q"}},{{"role":"assistant","content":"","tool_calls":{calls}}}]'
            tools = f'[{{"type":"function","function":{{"name":"f","parameters":{text}}}}}]'
            listed = [(turns, None, None), (talk, tools, None), (talk, None, text), (text, None, None)]
            connection.executemany("INSERT INTO t (messages, tools, tags) VALUES (?, ?, ?)", listed)
        connection.commit()
    return looked_at(path, folder, style="chat_completion", formats=["tuneport", "openai", "gemini", "sharegpt"])


def entities(folder: Path) -> dict[str, int]:
    """Python's own lists and dicts, with some that hold themselves, and some that hold one another many times."""
    endless: list[Any] = []
    endless.append(endless)
    ring: dict[str, Any] = {}
    ring["a"] = [ring]
    wide: list[Any] = []
    for _ in range(40):
        wide = [wide] * 1000
    odd = [*values(1), *values("x"), endless, ring, wide]
    config = recipe(folder, folder)["export"]
    exporter = PluginManager().load("jsonl_llm", config=config)
    given = [{"question": "Q", "answer": value} for value in odd]
    given += [{"question": "Q", "answer": ANSWER, "other": value} for value in odd[:-1]]
    stats = exporter.exportEntities(given, ExportOptions(output_path=folder / "e.jsonl"))
    assert stats.total_entities == len(given) == stats.exported_entities + stats.failed_entities
    return {"exported": stats.exported_entities, **stats.rejects}


def validated(folder: Path) -> dict[str, int]:
    """Lines of a file that somebody else wrote."""
    path = folder / "f.jsonl"
    path.write_text("".join(f'{{"messages":{text}}}\n' for text in texts("1")))
    counts: dict[str, int] = {}
    for format_ in ("openai", "trl", "tuneport"):
        for problem in validate(path, format=format_).problems:
            counts[problem.code] = counts.get(problem.code, 0) + 1
    return counts


def schema(_folder: Path) -> dict[str, int]:
    """A row that an application wants to have judged."""
    exporter = PluginManager().load("jsonl_llm", config=recipe(Path(), Path())["export"])
    judged = [exporter.validateAgainstSchema(f'{{"output":{text}}}', []) for text in texts("1")]
    return {"sound": sum(judged)}


WAYS: tuple[Callable[[Path], dict[str, int]], ...] = (
    jsonl,
    passed_over,
    document,
    sqlite,
    entities,
    validated,
    schema,
)


def main() -> None:
    """Try all ways in a thread with so many KiB of stack, or in the main thread for 0."""
    folder, stack = Path(sys.argv[1]), int(sys.argv[2])
    told: dict[str, dict[str, int]] = {}

    def work() -> None:
        told.update({way.__name__: way(folder) for way in WAYS})

    if stack:
        threading.stack_size(stack << 10)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    else:
        work()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
