"""What is really another since a run was stopped is said in its own words; what changes no byte is taken up."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faults.again import SECRET, begun, finished, planned, rich
from host.plugin_manager.making import Site
from tuneport.plugin_manager.trust.digest import code_digest


def _appended(path: str, text: str) -> Callable[[Site], None]:
    def change(_site: Site) -> None:
        Path(path).write_bytes(Path(path).read_bytes() + text.encode())

    return change


def _newer(site: Site) -> None:
    shutil.rmtree(site.path / "x_acme-1.0.dist-info")
    site.distribution("x-acme", "2.0", acme="acme_code")


def _mended(site: Site) -> None:
    code = site.path / "acme_code/__init__.py"
    code.write_text(code.read_text() + "\n# mended\n")


def _other_database(_site: Site) -> None:
    shutil.copy("more.db", "vaulted.db")
    os.environ["ACME_DB"] = "vaulted.db"


REALLY: dict[str, tuple[Callable[[Site], None], str]] = {
    "source": (_appended("faq.jsonl", "\n"), r"source faq: bytes [\d,]+ -> [\d,]+"),
    "touched": (lambda _site: os.utime("faq.jsonl", (1, 1)), "source faq: time of change"),
    "held out": (_appended("golden.jsonl", '{"question": "Q", "answer": "A."}\n'), "file golden.jsonl"),
    "resource": (_appended("tiers.json", " "), "file tiers.json"),
    "schema": (_appended("row.json", " "), "file row.json"),
    "variable": (
        lambda _site: os.environ.__setitem__("ACME_AUTHOR", "of-the-safe"),
        r'the value of \{ env = "ACME_AUTHOR" \}',
    ),
    "path": (_other_database, r'the value of \{ env = "ACME_DB" \}; source more: [a-z ,]+'),
    "version": (_newer, "plugin acme:tier 1.0 -> 2.0"),
    "code": (_mended, "plugin acme:tier: its code"),
}


@pytest.mark.parametrize("case", REALLY)
def test_what_really_changed_is_told(case: str, place: Path, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Not only in the plan's file: and what is made then is what a fresh run makes."""
    change, expected = REALLY[case]
    data = rich(told="the value of" not in expected)
    begun(planned(data), caplog, "manifest.json")
    change(site)
    for name in site.imported():
        del sys.modules[name]
    code_digest.cache_clear()
    caplog.clear()
    caplog.set_level(logging.INFO, "tuneport")
    contents = finished(data)
    said = caplog.records[0].getMessage()
    assert re.fullmatch(rf"\.out\.staging belongs to another plan: {expected}\. Starting afresh\.", said), said
    assert not any(secret in caplog.text for secret in (SECRET, "of-the-safe", "vaulted", "more.db"))
    assert finished(data) == contents


KEYS: list[tuple[str, Any, str]] = [
    ("export.weighting.default_weight", 3.0, "recipe export.weighting.default_weight 1.5 -> 3.0"),
    ("export.weighting.max_weight", 2.5, "recipe export.weighting.max_weight none -> 2.5"),
    ("export.where", "", 'recipe export.where "len(question) > 3" -> ""'),
    ("export.formats", ["trl"], "recipe export.formats"),
    ("export.weightings", [], 'recipe export.weightings ["acme:tier"] -> []; file tiers.json is not read any more'),
    ("output.split.validation", 0.3, "recipe output.split.validation 0.2 -> 0.3"),
    (
        "output.split.exclude",
        None,
        'recipe output.split.exclude "golden.jsonl" -> none; file golden.jsonl is not read any more',
    ),
    ("output.exclude_fields", [], 'recipe output.exclude_fields ["tags"] -> []'),
    ("output.shard_size", 1000, "recipe output.shard_size 268,435,456 -> 1,000"),
    ("params.least", 3, "recipe params.least 2 -> 3"),
    ("run.seed", 4, "recipe run.seed 3 -> 4"),
    ("run.now", "2027-01-01T00:00:00Z", 'recipe run.now "2026-11-22T00:00:00+00:00" -> "2027-01-01T00:00:00+00:00"'),
]


def test_a_key_of_the_recipe_is_told(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Under its own name, with what stood there and what stands there now, and nothing that follows from it."""
    plan = planned(rich())
    for key, value, expected in KEYS:
        begun(plan, caplog)
        said = begun(planned(_with(rich(), key, value)), caplog)[0]
        assert said == f".out.staging belongs to another plan: {expected}. Starting afresh."
        shutil.rmtree(place / ".out.staging")


def _with(data: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    *sections, last = key.split(".")
    inner = data
    for section in sections:
        inner = inner[section]
    inner[last] = value
    if value is None:
        del inner[last]
    return data


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("output.on_exists", "replace"),
        ("output.min_rows", 2),
        ("output.progress_interval", 7),
        ("output.continue_on_error", True),
        ("run.max_error_rate", 0.9),
        ("run.memory", 1),
        ("run.plugins", {"deny": ["nobody"]}),
        ("run.base", "."),
    ],
)
def test_what_changes_no_byte_is_taken_up(key: str, value: Any, place: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing that was done is done again."""
    begun(planned(rich()), caplog, "manifest.json")
    (said,) = begun(planned(_with(rich(), key, value)), caplog, "manifest.json")
    same = "same plan, 5 of 5 parts read, 5 written"
    assert re.fullmatch(rf"taking up \.out\.staging: {same} \(\d+ records\), \d+ s old", said), said


def test_rows_are_told_where_the_source_counts_them(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A person knows the table by its rows."""
    data = {"source": {"path": "more.db", "table": "faq"}, "output": "out"}
    begun(planned(data), caplog)
    with sqlite3.connect("more.db") as database:
        database.execute("INSERT INTO faq VALUES (20, 'What is new?', 'This one is, and only this one.')")
    database.close()
    said = begun(planned(data), caplog)[0]
    assert said.startswith(".out.staging belongs to another plan: source: rows ~20 -> ~21. "), said
