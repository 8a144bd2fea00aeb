"""How work is cut."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """How work is cut. None of it changes a byte of the dataset.

    Attributes:
        part_bytes: about how much of a source that can seek is one part.
        part_entities: how many records are one part where it cannot; None means a part for the whole source.
        savepoint_bytes: how much rendered output is made durable together.
        savepoint_seconds: after how long it is at the latest, once a part is done: a source may be slow.
        seek: read ranges where the source can; off, it is read from end to end.
        defer: let samples wait until all are there, even where nothing asks for it.
    """

    part_bytes: int = 4 << 20
    part_entities: int | None = 4096
    savepoint_bytes: int = 64 << 20
    savepoint_seconds: float = 15.0
    seek: bool = True
    defer: bool = False


SIZES = Sizes()
