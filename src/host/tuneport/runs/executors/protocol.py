"""What a run and its worker processes say to each other: plain data in frames, and never a closure."""

from __future__ import annotations

import os
from pathlib import Path
from struct import Struct as Layout
from typing import Any

import msgspec
import msgspec.msgpack

from tuneport.plugin_manager.settings import Settings
from tuneport.runs.executors.faults import Fault
from tuneport.runs.executors.said import Said
from tuneport.runs.messages import Candidates, Part, SpooledPart, Verdict
from tuneport.runs.planning.sizes import Sizes
from tuneport.summary import Summary


class Start(msgspec.Struct, tag="start"):
    """The first thing that a worker is told: what its plan is made of, and where its work goes.

    Attributes:
        recipe: the recipe as JSON, with references instead of what they stand for.
        base: the folder that its paths start from.
        origin: what messages call it, as the system writes names.
        settings: of its plugin manager.
        noted: the plan that was made before, as `Plan.noted` has it: its pinned facts hold.
        digest: of that plan; the worker's own has to have the same.
        sizes: how work is cut.
        staging: the staging folder.
        levels: name of a logger to the level from which on anybody listens.
    """

    recipe: bytes
    base: Path
    origin: bytes
    settings: Settings
    noted: bytes
    digest: str
    sizes: Sizes
    staging: Path
    levels: dict[str, int]


class Prepare(msgspec.Struct, tag="prepare"):
    """Prepare a part, and keep it until its verdict comes."""

    part: Part


class Summaries(msgspec.Struct, tag="summaries"):
    """What every verdict from here on has as its summaries: they are as long as the run, and are sent once."""

    summaries: list[Summary]


class Render(msgspec.Struct, tag="render"):
    """Render a part.

    Attributes:
        verdict: its verdict, without summaries.
        columns: format name to the columns that earlier parts wrote, as far as is known.
        spooled: where it waits; None where the worker has it.
        again: the part, where it has been rendered before, with other columns: it has to be prepared anew.
    """

    verdict: Verdict
    columns: dict[str, list[str]]
    spooled: SpooledPart | None = None
    again: Part | None = None


class Offered(msgspec.Struct, tag="offered"):
    """A part was prepared; `spooled` says where it waits, and `size` how many bytes that are."""

    candidates: Candidates
    said: list[Said]
    spooled: SpooledPart | None = None
    size: int = 0


class Rendered(msgspec.Struct, tag="rendered"):
    """A part was rendered. The result is JSON, which carries integers of any size."""

    part: int
    result: bytes
    said: list[Said]


class Failed(msgspec.Struct, tag="failed"):
    """Something went wrong: at a part, or, where `part` is None, before the first one."""

    part: int | None
    fault: Fault
    said: list[Said]


Order = Start | Prepare | Summaries | Render
Answer = Offered | Rendered | Failed

LENGTH = Layout("<Q")
"""Stands before each frame: how many bytes it has."""


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return os.fsencode(value)  # a file's name need not be text
    raise NotImplementedError(type(value).__name__)


def _whole(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(os.fsdecode(value))
    raise NotImplementedError(kind.__name__)


_encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode
order = msgspec.msgpack.Decoder(Order, dec_hook=_whole).decode
answer = msgspec.msgpack.Decoder(Answer, dec_hook=_whole).decode


def framed(message: Order | Answer) -> bytes:
    """A message as it is sent."""
    data = _encode(message)
    return LENGTH.pack(len(data)) + data
