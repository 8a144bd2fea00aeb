"""The least that Python can do: decode the fields a workload needs, encode them again, and nothing else.

All records are counted as rows, and nothing is written: there is no file to compare.
"""

from __future__ import annotations

from typing import Any

import msgspec
from benchmarks.racers.answer import Task, answer
from benchmarks.racers.by_hand import FIELDS

CHUNK = 256 << 10
TYPES: dict[str, Any] = {"importance": float, "tags": list[str]}


def convert(task: Task) -> tuple[int, str]:
    """Decode and encode in chunks of whole lines."""
    fields = [(name, TYPES.get(name, str) | None, None) for name in FIELDS[task.workload]]
    decode = msgspec.json.Decoder(msgspec.defstruct("Record", fields, gc=False)).decode_lines
    encode = msgspec.json.Encoder().encode_lines
    rows = 0
    with task.source.open("rb") as file:
        while chunk := file.read(CHUNK) + file.readline():
            records = decode(chunk)
            encode(records)
            rows += len(records)
    return rows, ""


if __name__ == "__main__":
    answer(convert)
