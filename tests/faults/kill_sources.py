"""What runs read that are killed: small, and cut into several savepoints all the same."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

from tools import faq_lines


def write_sources(root: Path) -> None:
    """Write `faq.jsonl` with duplicates, half of it as it is and half compressed, as a table, chats, and threads."""
    lines = faq_lines(70) + faq_lines(30)
    cut = lines.index(b"\n", len(lines) // 2) + 1
    (root / "faq.jsonl").write_bytes(lines)
    (root / "first.jsonl").write_bytes(lines[:cut])
    (root / "second.jsonl.gz").write_bytes(gzip.compress(lines[cut:], mtime=0))
    _table(root / "faq.db", lines)
    (root / "chats.jsonl").write_text(_turns(160, chats=24))
    (root / "threads.jsonl").write_text(_threads(range(300)))
    (root / "before.jsonl").write_text(_threads(range(100, 400), shift=1))
    (root / "near.jsonl").write_text(_near(range(240)))
    (root / "golden.jsonl").write_text('{"question": "what is sign 7?"}\n')


def _table(path: Path, lines: bytes) -> None:
    fields = ("pk", "question", "context", "answer", "importance")
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE faq ({', '.join(fields)})")
        rows = [[record.get(field) for field in fields] for record in map(_record, lines.split(b"\n")) if record]
        database.executemany("INSERT INTO faq VALUES (?, ?, ?, ?, ?)", rows)
    database.close()


def _record(line: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(line))
    except ValueError:
        return {}


def _turns(count: int, chats: int) -> str:
    """Rows of conversations that are held at the same time."""
    return "".join(
        json.dumps(
            {
                "id": number,
                "chat_id": f"c{number % chats}",
                "author": "assistant" if number // chats % 2 else "user",
                "text": f"Turn {number} of conversation {number % chats}, in which somebody says a little more.",
                "sent_at": number,
            }
        )
        + "\n"
        for number in range(count)
    )


def _near(numbers: range) -> str:
    """Records of which every third is nearly the same as the one before, in threads that cut across them."""
    return "".join(
        json.dumps(
            {
                "id": number,
                "thread": number % 120 // 2,
                "question": f"What is sign {number}?",
                "answer": " ".join(f"w{number - number % 3 + place * 7919 % 4001}" for place in range(40))
                + f" and {number % 3}",
            }
        )
        + "\n"
        for number in numbers
    )


def _threads(numbers: range, shift: int = 0) -> str:
    """Records in threads of four, some of them twice, and questions that stand in several threads."""
    return "".join(
        json.dumps(
            {
                "id": number,
                "thread": (number + shift) // 4,
                "kind": "ab"[number % 3 % 2],
                "question": f"What is sign {number % 150}?",
                "answer": f"It stands for number {number - number % 7 // 6}. Read on in the manual.",
            }
        )
        + "\n"
        for number in numbers
    )
