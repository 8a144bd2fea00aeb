"""Blocks of lines: read at once or line by line, the same records, the same rejects, in the same places."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuneport.model import Batch
from tuneport_sources import _blocks
from tuneport_sources.jsonl import JsonlSource

LINES = [
    b'{"a": 1, "b": "x"}',
    b'{"a": "\xc3\xa9\xf0\x9f\xa4\x94", "b": [1, {"c": 2}]}',
    b'{"b": 2}',
    b"",
    b"  ",
    b'{"a": 1}{"a": 2}',
    b'{"a": {',
    b'"c": 3}}',
    b'{"a":',
    b"{}}",
    b"[1]",
    b'{"a": 1e999, "b": 1}',
    b'{"a": 1, "b": 1e999}',
    b'{"a": 1, "b": "\xff"}',
    b'{"a": "\xff"}',
    b'{"a": 1, "b": "\\ud800"}',
    b'{"a": 1}\r',
    b'\xef\xbb\xbf{"a": 1}',
    b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}",
    b'{"a": 1, "a": 2}',
    b'{"a": "' + b"long " * 40 + b'"}',
]


def found(batches: list[Batch]) -> tuple[list[tuple[int, Any]], list[tuple[int, str, str]], int]:
    """Records and malformed lines, each with its place, and how far the range reaches."""
    entities = [pair for one in batches for pair in zip(one.ordinals, one.entities, strict=True)]
    malformed = [(bad.ordinal, bad.code, bad.reason) for one in batches for bad in one.malformed]
    return entities, malformed, batches[-1].end if batches else 0


@pytest.mark.parametrize("fields", [None, frozenset({"a"})], ids=["whole", "projected"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.sampled_from(LINES), max_size=12), size=st.integers(1, 90), ends=st.booleans(), data=st.data())
def test_a_block_is_its_lines(
    tmp_path: Path, fields: frozenset[str] | None, lines: list[bytes], size: int, ends: bool, data: st.DataObject
) -> None:
    """Whatever the lines are, and wherever blocks and ranges end."""
    path = tmp_path / "faq.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n" * ends)
    target = data.draw(st.integers(1, path.stat().st_size + 1))
    source = JsonlSource(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_blocks, "_BLOCK", size)
        parts = [found(list(source.read(part, fields))) for part in source.partitions(target)]
        patch.setattr("tuneport_sources.jsonl.block_decoder", lambda _shape: None)
        assert parts == [found(list(source.read(part, fields))) for part in source.partitions(target)]


def test_plain_blocks_are_decoded_at_once() -> None:
    """One call for many lines; where anything is odd, the lines are for somebody else to look at."""
    decode = _blocks.block_decoder(dict[str, Any])
    assert decode is not None
    assert decode(b'{"a": 1}\n' * 4) == [{"a": 1}] * 4
    odd = [b'{"a": 1}  \n', b'{"a": 1}', b"{}{}\n{\n}\n", b'{"a":{}\n}{}\n', b"\n{}\n", b'{"a": "\xff"}\n', b""]
    assert [decode(block) for block in odd] == [None] * len(odd)


def test_a_file_that_becomes_shorter_ends(tmp_path: Path) -> None:
    """A range that is not there any more has no records; the run finds out that the file has changed."""
    path = tmp_path / "faq.jsonl"
    path.write_bytes(b'{"a": 1}\n' * 100)
    source = JsonlSource(path)
    parts = list(source.partitions(100))
    os.truncate(path, 250)
    assert [len([*source.read(part, None)]) for part in parts[:4]] == [1, 1, 1, 0]
