"""The work on one record, as somebody writes it by hand: shared by the racers that run Python per record."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from benchmarks.workloads import FLOOR, HALF_LIFE, LONGEST, NOW, SCHEMA, SHORTEST, WORDS
from xxhash import xxh3_128_digest

Row = dict[str, Any]
Record = Mapping[str, Any]
Make = Callable[[Record], tuple[bytes, Row]]
"""A record in; what makes it a duplicate, and its row out."""


def wanted(record: Record) -> bool:
    """Whether a record has a question, and an answer that is neither blank nor too short or too long."""
    question, answer = record.get("question"), record.get("answer")
    if question is None or answer is None or answer.isspace():
        return False
    return SHORTEST <= len(answer) <= LONGEST


def weight(record: Record, answer: str) -> float:
    """The importance, times the length of the answer, times the freshness of the record."""
    importance: float = record["importance"]
    age = (NOW - datetime.fromisoformat(record["created_at"])).total_seconds() / 86400
    freshness: float = max(FLOOR, 0.5 ** (age / HALF_LIFE))
    return importance * (1 + min(0.5, len(answer) / 2000)) * freshness


def instruction(record: Record) -> tuple[bytes, Row]:
    """A row of W1."""
    question, answer, context = record["question"], record["answer"], record.get("context") or ""
    row = {"instruction": question, "input": context, "output": answer, "weight": weight(record, answer)}
    return xxh3_128_digest(f"{len(question)},{len(context)},{question}{context}{answer}".encode()), row


def with_metadata(record: Record) -> tuple[bytes, Row]:
    """A row of W2."""
    key, row = instruction(record)
    row["metadata"] = {name: record[name] for name in ("source", "category", "tags")}
    return key, row


def chat(record: Record) -> tuple[bytes, Row]:
    """A row of W3; the system message is there where it is not empty."""
    question, answer, system = record["question"], record["answer"], record.get("system_prompt") or ""
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    return xxh3_128_digest(f"{len(system)},{len(question)},{system}{question}{answer}".encode()), {"messages": messages}


MAKE: dict[str, Make] = {"W1": instruction, "W2": with_metadata, "W3": chat}
FIELDS = {
    "W1": ("question", "context", "answer", "importance", "created_at"),
    "W2": ("question", "context", "answer", "importance", "created_at", "source", "category", "tags"),
    "W3": ("question", "answer", "system_prompt"),
}


class Quality:
    """What W2 asks for beside rows: a schema they obey, and metrics.

    The metrics are the lengths of answers in steps of 100 characters, the share of rows that the schema lets pass,
    and how many words and pairs of words are distinct among the first WORDS.
    """

    def __init__(self) -> None:
        from jsonschema_rs import validator_for

        self._is_valid = validator_for(json.loads(SCHEMA.read_text(encoding="utf-8"))).is_valid
        self._lengths: Counter[int] = Counter()
        self._distinct: set[str] = set()
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
            self._distinct.update(words)
            self._pairs.update(pairwise(words))
            self._words += len(words)
        return True

    def report(self) -> Row:
        """What is said of the rows written."""
        return {
            "lengths": {str(step * 100): count for step, count in sorted(self._lengths.items())},
            "compliance_rate": self._valid / ((self._valid + self._invalid) or 1),
            "distinct_words": len(self._distinct) / (self._words or 1),
            "distinct_pairs": len(self._pairs) / (self._words or 1),
        }


class Admission:
    """Which rows are written: the first of those with one key, and with W2 only what obeys the schema."""

    def __init__(self, workload: str) -> None:
        self._seen: set[bytes] = set()
        self.quality = Quality() if workload == "W2" else None

    def admits(self, key: bytes, row: Row) -> bool:
        """Whether a row is written; its key counts as seen then."""
        if key in self._seen or (self.quality is not None and not self.quality.admits(row)):
            return False
        self._seen.add(key)
        return True
