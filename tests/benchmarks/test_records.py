"""The records: the same seed gives the same bytes, and each kind of record has its share."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

RECORDS = 2000


def test_records_are_what_they_are_said_to_be(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Seeded, about 1 KB each, and each kind of record in about its share; fewer are the first of more."""
    path, again, different = tmp_path / "records.jsonl", tmp_path / "again.jsonl", tmp_path / "different.jsonl"
    program("benchmarks.records", path, "--records", RECORDS).check_returncode()
    program("benchmarks.records", again, "--records", RECORDS // 4).check_returncode()
    program("benchmarks.records", different, "--records", RECORDS // 4, "--seed", 2).check_returncode()
    made = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    answers = [record.get("answer") for record in made]

    assert path.read_bytes().startswith(again.read_bytes())
    assert not path.read_bytes().startswith(different.read_bytes())
    assert len({record["pk"] for record in made}) == RECORDS
    assert 900 < path.stat().st_size / RECORDS < 1200
    shares = {
        "missing": sum(answer is None for answer in answers) + sum(record.get("question") is None for record in made),
        "blank": sum(answer is not None and not answer.strip() for answer in answers),
        "short": sum(0 < len((answer or "").strip()) < 50 for answer in answers),
        "again": RECORDS - len({(record.get("question"), record["context"], record.get("answer")) for record in made}),
    }
    expected = {"missing": 0.03, "blank": 0.03, "short": 0.03, "again": 0.05}
    assert {name: count / RECORDS for name, count in shares.items()} == pytest.approx(expected, abs=0.015)
    assert all(len(answer or "") <= 2000 for answer in answers)
    text = "".join(answer or "" for answer in answers)
    assert all(sign in text for sign in ('"', "\\", "\n", "\t", "🙂", "の", "ك", "ä", "ж"))
