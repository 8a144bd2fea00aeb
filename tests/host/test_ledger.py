"""Every record has one outcome, with a reason, a key and a place."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tools import NOW, recipe, rows

from host import ledgers
from tuneport import ExportOptions, PluginManager, validate
from tuneport.errors import DataError, RecipeError
from tuneport.runs import Sizes, execute, plan_export

VALUES = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.text(alphabet="ab", min_size=8, max_size=12),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.binary(max_size=5),
)
ENTITIES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("pk", "question", "context", "answer", "importance", "created_at", "tags"), VALUES)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ENTITIES, max_size=25), st.booleans())
def test_every_record_has_one_outcome(tmp_path_factory: Any, entities: list[dict[str, Any]], log: bool) -> None:
    """Whatever the records hold, the sums add up; rows are strict JSON with the same keys and a float weight."""
    path = tmp_path_factory.mktemp("ledger") / "a.jsonl"
    weighting = {"auto_weight_by_length": True, "auto_weight_by_freshness": True, "normalize": "log" if log else "none"}
    exporter = PluginManager().load("jsonl_llm", {"weighting": weighting, "quality": {"min_text_length": 1}})
    options = ExportOptions(output_path=path, min_rows=0, progress_interval=7)
    stats = exporter.exportEntities(entities, options)

    assert stats.total_entities == len(entities)
    parts = (stats.filtered_entities, stats.duplicate_entities, stats.errored_entities)
    assert stats.exported_entities + sum(parts) == len(entities)
    assert sum(stats.rejects.values()) == sum(parts) == stats.failed_entities
    written = [_strict(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []
    assert len(written) == stats.exported_entities == stats.formats["tuneport"].rows
    assert len({tuple(row) for row in written}) <= 1
    assert all(type(row["weight"]) is float and row["weight"] >= 0 for row in written)


def _strict(line: str) -> dict[str, Any]:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(items)) == len(items)
        return dict(items)

    def constant(name: str) -> None:
        raise AssertionError(name)

    row: dict[str, Any] = json.loads(line, object_pairs_hook=pairs, parse_constant=constant)
    return row


def test_rejects_name_key_place_stage_and_reason(faq: Path, tmp_path: Path) -> None:
    """Each record left out stands in rejects/, in source order, with what happened to it and no raw value."""
    data = recipe(faq, tmp_path / "out")
    stats = execute(plan_export(data, sizes=Sizes(part_bytes=9_000))).stats
    rejects = rows(tmp_path / "out/rejects/00000.jsonl")
    lines = faq.read_bytes().split(b"\n")

    assert Counter(reject["code"] for reject in rejects) == stats.rejects
    assert len(rejects) == stats.failed_entities
    numbers = [int(reject["locator"].removeprefix("faq.jsonl:")) for reject in rejects]
    assert numbers == sorted(numbers)
    for reject, number in zip(rejects, numbers, strict=True):
        assert list(reject) == ["key", "locator", "stage", "code", "reason"]
        line = lines[number - 1]
        if reject["code"] == "bad_json":
            assert line == b"{not json"
        elif reject["code"] == "bad_utf8":
            assert b"\xff" in line
        else:
            assert json.loads(line)["pk"] == reject["key"]
    expected = {"bad_json", "bad_utf8", "bad_type", "duplicate", "missing_field", "text_too_short"}
    assert set(stats.rejects) == expected


EXAMPLES = int(os.environ.get("TUNEPORT_EXAMPLES", "40"))
"""Recipes over as many lists of records; each is a whole run."""


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(ledgers.CASES)
def test_every_ledger_adds_up(tmp_path_factory: Any, case: dict[str, Any]) -> None:
    """Whatever stages a recipe has and its records hold: sums, rejects, index, files and manifest say the same."""
    folder, shape, export = tmp_path_factory.mktemp("ledgers"), case["shape"], case["export"]
    sources: list[dict[str, Any]] = []
    for name in ("left", "right") if shape == "two sources" else ("left",):
        (folder / f"{name}.jsonl").write_bytes(b"".join(line + b"\n" for line in case[name]))
        sources.append({"name": name, "path": str(folder / f"{name}.jsonl"), "key": "none"})
    if shape == "turns":
        sources[0]["group"] = ledgers.GROUP
        export = {**export, "style": "chat_completion", "field_mapping": {}}
    output = {"path": str(folder / "out"), "min_rows": 0, "index": True}
    output |= {"split": case["split"]} if case["split"] else {}
    data = {"source": sources, "export": export, "output": output, "run": {"now": NOW}}
    manager = PluginManager()
    manager.register(ledgers.Third(), "third")
    sizes = Sizes(part_bytes=case["size"], defer=shape == "deferred")
    try:
        stats = execute(plan_export(data, manager=manager, sizes=sizes)).stats
    except RecipeError:
        hypothesis.reject()  # what cannot go together, as a format and a kind of sample
    except DataError as error:
        if "stands in" not in error.message and "nothing to train on" not in error.message:
            raise
    else:
        _adds_up(folder / "out", stats)


def _adds_up(out: Path, stats: Any) -> None:
    lost = Counter(filtered=stats.filtered_entities, duplicate=stats.duplicate_entities, errored=stats.errored_entities)
    assert stats.total_entities + stats.augmented_entities == stats.exported_entities + lost.total()
    assert lost.total() == stats.failed_entities == sum(stats.rejects.values())
    for name, ledger in stats.formats.items():
        assert ledger.rows == stats.exported_entities - ledger.refused - ledger.left_out + ledger.copies
        assert ledger.rows == sum(len(rows(file)) for file in (out / "data" / name).rglob("*.jsonl"))
    packed = [gzip.decompress(file.read_bytes()) for file in sorted((out / "index").glob("*"))]
    index = [json.loads(line) for data in packed for line in data.split(b"\n")[:-1]]
    assert +Counter(entry["outcome"] for entry in index) == +(lost + Counter(exported=stats.exported_entities))
    kept = {(entry.get("source"), entry["key"]) for entry in index if entry["outcome"] == "exported"}
    listed = [entry for file in sorted((out / "rejects").glob("*")) for entry in rows(file)]
    whole = [entry for entry in listed if (entry.get("source"), entry["locator"]) not in kept]
    assert Counter(entry["code"] for entry in whole) == Counter(stats.rejects)
    assert len(listed) - len(whole) == sum(ledger.refused for ledger in stats.formats.values())
    # Two records of different groups may say the same, where duplicates are kept; and what is null on one side of a
    # split may have a type on the other, which the card declares.
    assert {problem.code for problem in validate(out, load=False).problems} <= {"leak", "late_type"}


_ASKED, _ANSWERED = st.sampled_from([None, "", "Why?", "How?"]), st.sampled_from(["", "no", "of course", "never ever"])
SIMPLE = st.fixed_dictionaries(
    {"question": _ASKED, "answer": _ANSWERED}, optional={"votes": st.sampled_from([0, 1, 2, 5])}
)


def _naive(records: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    """What becomes of each record, and the rows, by the shortest program that says so."""
    outcomes, written, seen = [], [], set()
    for record in records:
        votes = record.get("votes")
        if votes is None or not votes > 0:
            outcomes.append("where")
        elif record["question"] is None:
            outcomes.append("missing_field")
        elif not record["answer"]:
            outcomes.append("empty_output")
        elif len(record["answer"]) < 5:
            outcomes.append("text_too_short")
        elif (key := (record["question"], record["answer"])) in seen:
            outcomes.append("duplicate")
        else:
            seen.add(key)
            outcomes.append("exported")
            written.append({"instruction": key[0], "output": key[1], "weight": min(float(votes), 4.0)})
    return outcomes, written


@settings(max_examples=EXAMPLES)
@given(st.lists(SIMPLE, max_size=40), st.sampled_from([50, 500, 1 << 20]))
def test_a_simple_recipe_is_a_simple_program(tmp_path_factory: Any, records: list[dict[str, Any]], size: int) -> None:
    """A recipe with a condition, a filter, duplicates and a bounded weight does what a loop of ten lines does."""
    folder = tmp_path_factory.mktemp("simple")
    (folder / "in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    export = {
        "where": "votes > 0",
        "field_mapping": {"instruction_field": "question", "output_field": "answer"},
        "quality": {"min_text_length": 5},
        "weighting": {"weight_field": "votes", "max_weight": 4.0},
    }
    data = recipe(folder / "in.jsonl", folder / "out", export=export)
    data["output"]["min_rows"] = 0
    stats = execute(plan_export(data, sizes=Sizes(part_bytes=size))).stats
    outcomes, written = _naive(records)

    found = dict.fromkeys(range(1, len(records) + 1), "exported")
    for entry in (entry for file in (folder / "out/rejects").glob("*") for entry in rows(file)):
        found[int(entry["locator"].removeprefix("in.jsonl:"))] = entry["code"]
    assert [*found.values()] == outcomes
    assert stats.exported_entities == len(written)
    made = rows(folder / "out") if written else []
    assert [{name: row[name] for name in ("instruction", "output", "weight")} for row in made] == written
