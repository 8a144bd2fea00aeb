"""The same workloads as one loop by hand: `python benchmarks/orjson_loop.py W1 SOURCE OUTPUT`.

What somebody writes who knows the data and needs it once: orjson a line, rows in input order, the first of equal
texts kept. Prints the rows written and the SHA-256 of the file. It knows no resume, no fsync, no list of rejects
and no malformed line.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
from xxhash import xxh3_128_digest

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SCHEMA = Path(__file__).with_name("rows.schema.json")
WORDS = 50_000
"""The budget that tuneport looks at, too: it picks them from the whole run by hash, this loop takes the first."""

Row = dict[str, Any]
Make = Callable[[Row, str, str], tuple[str, Row]]
"""A record, its question and its answer in; what makes it a duplicate, and its row out."""


def weight(record: Row, answer: str) -> float:
    """The importance, times the length of the answer, times the freshness of the record."""
    importance: float = record["importance"]
    age = (NOW - datetime.fromisoformat(record["created_at"])).total_seconds() / 86400
    freshness: float = max(0.1, 0.5 ** (age / 365))
    return importance * (1 + min(0.5, len(answer) / 2000)) * freshness


def instruction(record: Row, question: str, answer: str) -> tuple[str, Row]:
    """A row of W1."""
    context = record.get("context") or ""
    row = {"instruction": question, "input": context, "output": answer, "weight": weight(record, answer)}
    return f"{len(question)},{len(context)},{question}{context}{answer}", row


def with_metadata(record: Row, question: str, answer: str) -> tuple[str, Row]:
    """A row of W2."""
    key, row = instruction(record, question, answer)
    row["metadata"] = {name: record[name] for name in ("source", "category", "tags")}
    return key, row


def chat(record: Row, question: str, answer: str) -> tuple[str, Row]:
    """A row of W3; the system message is there where it is not empty."""
    system = record.get("system_prompt") or ""
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    return f"{len(system)},{len(question)},{system}{question}{answer}", {"messages": messages}


class Quality:
    """What W2 asks for beside rows: a schema they obey, and metrics.

    The metrics are the lengths of answers in steps of 100 characters, the share of rows that the schema lets pass,
    and how many pairs of words are distinct among the first WORDS.
    """

    def __init__(self) -> None:
        from jsonschema_rs import validator_for

        self._is_valid = validator_for(json.loads(SCHEMA.read_text(encoding="utf-8"))).is_valid
        self._lengths: Counter[int] = Counter()
        self._pairs: set[tuple[str, str]] = set()
        self._words = self._valid = self._invalid = 0

    def admits(self, row: Row) -> bool:
        """Whether the row is valid; it is measured then."""
        if not self._is_valid(row):
            self._invalid += 1
            return False
        self._valid += 1
        self._lengths[len(row["output"]) // 100] += 1
        if self._words < WORDS:
            words = row["output"].split()[: WORDS - self._words]
            self._pairs.update(pairwise(words))
            self._words += len(words)
        return True

    def report(self) -> Row:
        """What is said of the rows written."""
        return {
            "lengths": {str(step * 100): count for step, count in sorted(self._lengths.items())},
            "compliance_rate": self._valid / ((self._valid + self._invalid) or 1),
            "distinct_pairs": len(self._pairs) / (self._words or 1),
        }


def convert(make: Make, source: Path, output: Path, quality: Quality | None) -> tuple[int, str]:
    """Write every row worth keeping: how many there are, and the SHA-256 of the file."""
    seen: set[bytes] = set()
    digest, rows = hashlib.sha256(), 0
    with source.open("rb") as lines, output.open("wb", buffering=1 << 20) as file:
        for line in lines:
            record = orjson.loads(line)
            question, answer = record.get("question"), record.get("answer")
            if question is None or answer is None or answer.isspace() or not 50 <= len(answer) <= 8192:
                continue
            text, row = make(record, question, answer)
            key = xxh3_128_digest(text.encode())
            if key in seen or (quality and not quality.admits(row)):
                continue
            seen.add(key)
            written = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
            digest.update(written)
            file.write(written)
            rows += 1
    return rows, digest.hexdigest()


def main() -> None:
    """Convert once; the metrics of W2 go beside the output."""
    workload, source, output = sys.argv[1:]
    make = {"W1": instruction, "W2": with_metadata, "W3": chat}[workload]
    quality = Quality() if workload == "W2" else None
    rows, digest = convert(make, Path(source), Path(output), quality)
    if quality:
        Path(output).with_suffix(".metrics.json").write_bytes(orjson.dumps(quality.report()))
    print(rows, digest)


if __name__ == "__main__":
    main()
