"""A key that stands twice in one object: the last one counts, or the record is none."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from tools import recipe, rows

from tuneport import export
from tuneport_sources.json_document import JsonSource
from tuneport_sources.jsonl import JsonlSource

TWICE = (
    b'{"a": 1, "a": 2}',
    b'{"a": 1, "\\u0061": 2}',
    b'{"a" : 1, "b": {"c": 1, "d": [], "c": 1}}',
    b'{"a": [{"x": 1}, {"x": 1, "x": 1}]}',
    b'{"unread": {"": 1, "": 1}, "a": 1}',
    '{"a": 1, "é": 1, "\\u00e9": 2}'.encode(),
)
ONCE = (
    b'{"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 1}]}',
    b'{"a": "\\"a\\": 1, \\"a\\": 2", "A": 1}',
    '{"\u00e9": 1, "e\u0301": 2}'.encode(),
    b"{}",
    b'{"a": 123456789012345678901234567890, "b": 1e300}',
)
WRONG = (b'{"a": 1, "a": }', b"[1]", b'{"a": "\xff", "a": 1}', b"[" * 200_000, b'{"a": NaN}')


@pytest.mark.parametrize("fields", [None, frozenset({"a"})], ids=["whole", "fields"])
def test_the_last_one_counts(tmp_path: Path, fields: frozenset[str] | None) -> None:
    """Unless something else is asked for, as most readers of JSON have it."""
    assert _lines(tmp_path, "last", fields) == ["", *[""] * (len(TWICE) + len(ONCE) - 1), *["other"] * len(WRONG)]
    path = tmp_path / "one.jsonl"
    path.write_bytes(TWICE[0])
    assert list(JsonlSource(path).importEntities()) == [{"a": 2}]


@pytest.mark.parametrize("fields", [None, frozenset({"a"})], ids=["whole", "fields"])
def test_or_the_record_is_none(tmp_path: Path, fields: frozenset[str] | None) -> None:
    """Wherever in it, however the key is spelled, and whichever fields are read; nothing else changes."""
    assert _lines(tmp_path, "reject", fields) == [*["twice"] * len(TWICE), *[""] * len(ONCE), *["other"] * len(WRONG)]


def _lines(folder: Path, duplicate_keys: Literal["last", "reject"], fields: frozenset[str] | None) -> list[str]:
    """What becomes of each line."""
    path = folder / "a.jsonl"
    path.write_bytes(b"\n".join((*TWICE, *ONCE, *WRONG)))
    [batch] = JsonlSource(path, duplicate_keys=duplicate_keys).read(None, fields)
    found = dict.fromkeys(batch.ordinals, "")
    for bad in batch.malformed:
        assert bad.code in {"bad_json", "bad_utf8"}
        found[bad.ordinal] = "twice" if bad.reason == "A key stands twice in one object" else "other"
    return [found[at] for at in range(len(found))]


def test_a_document_has_the_same_choice(tmp_path: Path) -> None:
    """Element by element."""
    path = tmp_path / "a.json"
    path.write_bytes(b"[" + b",".join((*TWICE, *ONCE)) + b"]")
    [batch] = JsonSource(path, duplicate_keys="reject").read(None, None)
    assert [bad.ordinal for bad in batch.malformed] == list(range(len(TWICE)))
    assert len(batch.entities) == len(ONCE)


def test_a_recipe_says_which(tmp_path: Path) -> None:
    """`source.duplicate_keys`, with the reject's place and code in the rejects."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"question": "Q", "answer": "The first one.", "answer": "The second one."}\n')
    asked = recipe(path, tmp_path / "last")
    export(asked)
    assert [row["output"] for row in rows(tmp_path / "last")] == ["The second one."]

    asked["source"] = {"path": str(path), "duplicate_keys": "reject"}
    asked["output"] = {"path": str(tmp_path / "none"), "min_rows": 0}
    assert export(asked).stats.errors == ["Entity a.jsonl:1: A key stands twice in one object"]
