"""What flows through a run beside samples: entities, and what is said about them."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import msgspec.msgpack

Entity = dict[str, Any]
"""One input record, as its source gave it: a plain dict of column or key to value."""

Scalar = str | int | float | bool | None
MetadataValue = Scalar | list[Any]
"""A list holds texts, integers or numbers, one kind of them."""


class Reject(msgspec.Struct, frozen=True, gc=False):
    """Why a record became no row: a stable snake_case code, and a sentence.

    A stage returns it; the host adds the stage, the record's key and where it stands in the source.
    """

    code: str
    reason: str


class Malformed(msgspec.Struct, frozen=True, gc=False):
    """A record that its source could not read: where (its ordinal within the partition), and why."""

    ordinal: int
    code: str
    reason: str


class Outcome(enum.StrEnum):
    """What became of one entity. Every entity has exactly one."""

    EXPORTED = "exported"
    FILTERED = "filtered"
    DUPLICATE = "duplicate"
    ERRORED = "errored"


class Problem(msgspec.Struct, frozen=True):
    """Something wrong in a recipe, a row, or a file: where (`path`), what, and how to mend it.

    `line` and `column` count from 1 in the text of a recipe; 0 where there is no such place.
    """

    path: str
    message: str
    hint: str = ""
    code: str = ""
    severity: Literal["error", "warning"] = "error"
    line: int = 0
    column: int = 0


class Partition(msgspec.Struct, frozen=True):
    """One range of a source. `token` is plain data that only its importer reads."""

    token: Mapping[str, int | str]


class Batch(msgspec.Struct):
    """Some records of one partition, in source order.

    `ordinals[i]` counts from 0 at the partition's first line or row and belongs to `entities[i]`;
    `end` is the ordinal after the last line or row that was read, blank and malformed ones included.
    """

    entities: list[Entity]
    ordinals: Sequence[int]
    end: int
    malformed: list[Malformed] = msgspec.field(default_factory=list)


class Artifact(msgspec.Struct, frozen=True):
    """A file made from the finished dataset: its path inside the dataset folder, and its bytes."""

    path: str
    data: bytes
