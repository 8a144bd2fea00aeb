"""Work of another plan is thrown away, whatever is another, and what it is is said.

TUNEPORT_KILL_EVERY is the distance between two changes after which a run goes on to its end.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tools import put_staged_plan, staged_plan

from faults.again import SECRET, begun, finished, planned, rich

EVERY = int(os.environ.get("TUNEPORT_KILL_EVERY", "30"))


def leaves(data: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """The path of each value that holds no other."""
    if isinstance(data, dict | list) and data:
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(value, *path, key)
    else:
        yield path


def another(value: Any) -> Any:
    """A value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    return ["x"] if isinstance(value, list) else {"x": 1}


def with_another(data: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    """The same, but for one value."""
    copy = json.loads(json.dumps(data))
    inner: Any = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = another(inner[path[-1]])
    return dict(copy)


def dotted(path: tuple[str | int, ...]) -> str:
    """As a recipe would be read: `source[0].path`; of a reference the key that it stands under."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return re.sub(r"\.(env|file)$", "", text.removeprefix("."))


def field(identity: dict[str, Any], path: tuple[str | int, ...]) -> str:
    """What a run has to say of the leaf of an identity."""
    head, *rest = path
    first, last = rest[0] if rest else "", path[-1]
    if head == "recipe":
        return "recipe run.now " if last == "now" else f"recipe {dotted(tuple(rest))}"
    if head == "source" and rest[1] == "revision":
        words = {"size": "bytes ", "mtime_ns": "time of change", "head": "its beginning", "tail": "its end"}
        return f"source {first}: {words.get(str(last), last)}"
    if head in {"source", "stages"}:
        ref = identity["stages"][first] if head == "stages" else identity["source"][first]["importer"]
        return of_stage(ref, [one for one in rest[1:] if one != "importer"])
    return {
        "versions": f"{first} {identity['versions'].get(first)}x -> {identity['versions'].get(first)}",
        "values": f"the value of {first}",
        "resources": f"file {first}",
        "traits": "traits of formats",
        "weights": f"weights of {first}: {last} ",
    }[str(head)]


def of_stage(ref: dict[str, Any], path: list[str | int]) -> str:
    """The same of a leaf of a stage."""
    name = f"{ref['plugin']}:{ref['name']}"
    if path[0] == "config":
        return f"{name} config.{dotted(tuple(path[1:]))}" if path[1:] else f"{name} config"
    told = {"version": f"plugin {name} {ref['version']}x -> {ref['version']}", "digest": f"plugin {name}: its code"}
    return told.get(str(path[0]), f"{name} ({ref['kind']}) is new")


def test_each_field_of_a_plan_is_told_by_its_name(
    place: Path, caplog: pytest.LogCaptureFixture, figure: Callable[[str, object], None]
) -> None:
    """Each leaf of what was staged changed in turn: the run names it alone, starts afresh, and ends as a fresh one."""
    data, staging = rich(told=False), place / ".out.staging"
    plan = planned(data)
    begun(plan, caplog, "manifest.json")
    assert begun(plan, caplog, "manifest.json")[0].startswith("taking up .out.staging: same plan, ")
    shutil.copytree(staging, "kept")
    staged = staged_plan(staging)
    found = [*leaves(staged["identity"])]
    assert {path[0] for path in found} == set(staged["identity"])
    expected = finished(data)
    caplog.set_level(logging.INFO, "tuneport")
    for number, path in enumerate(found):
        shutil.rmtree(staging, ignore_errors=True)
        shutil.copytree("kept", staging)
        identity = with_another(staged["identity"], path)
        put_staged_plan(staging, {**staged, "identity": identity})
        if number % EVERY:
            said, discarded = begun(plan, caplog)
        else:
            caplog.clear()
            assert finished(data) == expected, path
            said, discarded = [record.getMessage() for record in caplog.records][:2]
        told = re.fullmatch(r"\.out\.staging belongs to another plan: (.*)\. Starting afresh\.", said)
        assert told is not None, said
        assert field(staged["identity"], path) in told[1], path
        # A stage of another name is two: one that is new, and one that is gone.
        assert len(told[1].split("; ")) == 1 + (") is new; " in told[1]), said
        assert re.fullmatch(r"discarded [0-9.]+ kB of \.out\.staging", discarded)
        assert SECRET not in said
        assert "more.db" not in said
    assert len(found) > 150
    figure("fields of a plan named", f"{len(found)}/{len(found)}")
