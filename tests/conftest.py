"""What tests share. TUNEPORT_REQUIRE turns a skip for a missing tool into a failure."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_REQUIRED = {name for name in os.environ.get("TUNEPORT_REQUIRE", "").split(",") if name}


@pytest.fixture
def needs() -> Callable[[str], None]:
    """Skip a test that needs a module or program which is not here, or fail if it is required."""

    def check(name: str) -> None:
        if importlib.util.find_spec(name) is not None or shutil.which(name) is not None:
            return
        if name in _REQUIRED:
            pytest.fail(f"{name} is required and missing")
        pytest.skip(f"{name} is not installed")

    return check


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    """2,000 records as JSON lines: every outcome, with lines that cannot be read among them."""
    path = tmp_path / "faq.jsonl"
    path.write_bytes(faq_lines(2000))
    return path


def faq_lines(count: int) -> bytes:
    """Records with duplicates, filtered ones, errors, bad lines and blank lines at fixed places."""
    import json

    lines: list[str | bytes] = []
    for number in range(count):
        record: dict[str, Any] = {
            "pk": f"qa_{number}",
            "question": f"What is the meaning of sign {number % 1500}?",
            "context": None
            if number % 11 == 0
            else f"Page {number % 1500 % 13} of the manual, ünïcödé \u2028 {number % 1500}",
            "answer": f"It stands for number {number % 1500}. " + "Read on. " * (number % 1500 % 40),
            "importance": (number % 7) / 4,
            "category": f"c{number % 5}",
            "tags": ["a", "b"][: number % 3],
        }
        if number % 17 == 3:
            record["answer"] = "short"
        if number % 29 == 5:
            del record["question"]
        if number % 101 == 7:
            record["importance"] = "many"
        line: str | bytes = json.dumps(record, ensure_ascii=number % 2 == 0)
        if number % 97 == 11:
            line = "{not json"
        if number % 103 == 12:
            line = b'{"pk": "\xff\xfe"}'
        lines.append(line)
        if number % 50 == 49:
            lines.append("")
    return b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
