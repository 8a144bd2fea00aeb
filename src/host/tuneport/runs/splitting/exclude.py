"""Rows to evaluate with: samples that ask the same are not trained on, nor kept for validation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import msgspec
import msgspec.json

from tuneport.errors import RecipeError, UsageError
from tuneport.files import shown
from tuneport.lines import MAX_LINE, DamagedError, Lines
from tuneport.model import Problem, Reject
from tuneport.nesting import is_deep_text
from tuneport.runs.splitting.layouts import LAYOUTS, asked_by
from tuneport.runs.splitting.units import asked_in, prompt_key, text_key
from tuneport.sample import Chat, Instruction, Sample

_PATH = "output.split.exclude"
_NAMED = "name a .jsonl[.gz|.zst] file of the rows to evaluate with"

_decode = msgspec.json.Decoder(dict).decode


@dataclass(frozen=True)
class HeldOut:
    """The prompts of rows to evaluate with; called with a sample, says whether it has to be left out.

    Attributes:
        keys: `prompt_key` of each, and of its parts that ask the same by themselves.
        prompts: how many there are, however many parts they have.
    """

    keys: frozenset[bytes]
    prompts: int

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the prompts, whatever their order and layout: what a plan is bound to."""
        return sha256(b"".join(sorted(self.keys))).hexdigest()

    def __call__(self, sample: Sample) -> Reject | None:
        """The reject of a sample that asks, or answers on its way, what one of the rows asks."""
        if self.keys.isdisjoint(_keys(sample)):
            return None
        return Reject("held_out", "Asks what a row of output.split.exclude asks")


def read_held_out(path: Path) -> HeldOut:
    """Read the file of rows to evaluate with.

    Raises:
        RecipeError: it cannot be read, holds no rows, or holds one that is in no layout that is known.
    """
    keys: set[bytes] = set()
    prompts: set[bytes] = set()
    for asked in _asked(path):
        found = [text_key(text) for text in asked]
        keys.update(found)
        prompts.add(found[0])
    if not keys:
        raise RecipeError([Problem(_PATH, f"{shown(path)} holds no rows", _NAMED)])
    return HeldOut(frozenset(keys), len(prompts))


def _asked(path: Path) -> Iterator[list[str]]:
    """What each row of a file asks."""
    number = 0
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{shown(path)} is no file")
        for number, line in enumerate(Lines(path), 1):
            if line.strip():
                yield _asked_in(line, f"{shown(path)}, line {number}")
    except OSError as error:
        raise RecipeError([Problem(_PATH, f"{shown(path)}: {error.strerror}", _NAMED)]) from None
    except UsageError as error:
        raise RecipeError([Problem(_PATH, error.message, _NAMED)]) from None
    except DamagedError as error:
        raise RecipeError([Problem(_PATH, f"{shown(path)}, after line {number}: {error}", "write it again")]) from None


def _asked_in(line: bytes, place: str) -> list[str]:
    try:
        readable = len(line) <= MAX_LINE and not is_deep_text(line)
        row = _decode(line.removeprefix(b"\xef\xbb\xbf")) if readable else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        row = None
    if row is None:
        raise RecipeError([Problem(_PATH, f"{place}: no JSON object", "write one {...} on each line")])
    asked = asked_by(row)
    if not asked:
        # A row that is passed over would be trained on, and nobody would know.
        raise RecipeError([Problem(_PATH, f"{place}: nothing that a row asks", f"it is looked for in {LAYOUTS}")])
    return asked


def _keys(sample: Sample) -> Iterator[bytes]:
    """Of all that a sample teaches an answer to: its prompt, its instruction alone, and each answer on the way."""
    yield prompt_key(sample)
    if isinstance(sample, Instruction):
        if sample.input:
            yield text_key(sample.instruction)
    elif isinstance(sample, Chat):
        turns = sample.messages
        for place, turn in enumerate(turns[:-1]):
            if turn.role == "assistant" and place:
                yield text_key(asked_in(turns[:place]))
