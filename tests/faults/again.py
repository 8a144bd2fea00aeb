"""A recipe that has something of everything, and runs of it that end where they begin."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, faq_lines, tree, watched

from tuneport import PluginManager
from tuneport.runs import Plan, Sizes, execute, plan_export

SMALL = Sizes(part_bytes=6_000, savepoint_bytes=12_000)
SECRET = "from-a-vault"
ADAPTER = {"base_model_name": "acme/base"}
TIER = """
    import json
    from tuneport import hookimpl

    @hookimpl
    def register_weightings(register):
        register("tier", made)

    @hookimpl
    def register_traits(register):
        register("formats:trl", max_bytes=1 << 40)

    def made(config, ctx):
        tiers = json.loads(ctx.resource("tiers.json"))
        return lambda entity, sample: tiers.get(str(entity.get("category")), 1.0)
"""


def write_sources(folder: Path) -> None:
    """Two sources, an evaluation set, a schema and a table of weights."""
    (folder / "faq.jsonl").write_bytes(faq_lines(60))
    with sqlite3.connect(folder / "more.db") as database:
        database.execute("CREATE TABLE faq (id INTEGER PRIMARY KEY, question TEXT, answer TEXT)")
        rows = [(number, f"What is {number}?", f"It is the number {number}.") for number in range(20)]
        database.executemany("INSERT INTO faq VALUES (?, ?, ?)", rows)
    database.close()
    (folder / "golden.jsonl").write_text('{"question": "What is 3?", "answer": "Three, and no more."}\n')
    (folder / "row.json").write_text('{"required": ["instruction"]}')
    (folder / "tiers.json").write_text('{"c1": 2.0}')


def rich(*, told: bool = True) -> dict[str, Any]:
    """A recipe that has something of everything; with `told` no value of it stands elsewhere."""
    author, database = ("somebody", "more.db") if told else ({"env": "ACME_AUTHOR"}, {"env": "ACME_DB"})
    return {
        "source": [
            {"name": "faq", "path": "faq.jsonl", "key": ["pk"]},
            {"name": "more", "path": database, "query": "SELECT * FROM faq WHERE id >= :least"},
        ],
        "params": {"least": 2},
        "export": {
            "where": "len(question) > 3",
            "formats": ["trl", {"use": "axolotl", "weights": "replicate", "max_copies": 3}],
            "weightings": ["acme:tier"],
            "quality": {"min_text_length": 12},
            "weighting": {"default_weight": 1.5},
            "structured_gen": {"enable_schema_validation": True, "json_schema": {"file": "row.json"}},
            "adapter_metadata": {"enable_tracking": True, "adapter_id": "acme", **ADAPTER, "created_by": author},
        },
        "output": {
            "path": "out",
            "split": {"validation": 0.2, "exclude": "golden.jsonl"},
            "exclude_fields": ["tags"],
        },
        "run": {"seed": 3, "now": NOW},
    }


class Stopped(BaseException):
    """Ends a run as soon as it is known what it begins with."""


def planned(data: dict[str, Any], **more: Any) -> Plan:
    """The plan of a recipe, made by plugins as they are installed now."""
    return plan_export(data, manager=PluginManager(), sizes=SMALL, **more)


def begun(plan: Plan, caplog: pytest.LogCaptureFixture, at: str = "") -> list[str]:
    """Begin a run, and stop it at the first file of this name, or at the first of its work; what it said."""

    def before(call: str, path: Path) -> None:
        if call == "create" and (path.name == at if at else path.parent.name in {"spool", "segments"}):
            raise Stopped

    caplog.clear()
    with caplog.at_level(logging.INFO, "tuneport"), pytest.raises(Stopped):
        execute(plan, storage=watched(before))
    return [record.getMessage() for record in caplog.records]


def finished(data: dict[str, Any]) -> dict[str, str]:
    """Run to the end; the bytes of what is there then. It is taken away."""
    execute(planned(data))
    contents = tree(Path("out"))
    shutil.rmtree("out")
    return contents
