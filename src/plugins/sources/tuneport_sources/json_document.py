"""JSON files: an array of objects, at the top or somewhere inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path

from pydantic import Field

from tuneport import Batch, Config, Partition, Source, SourceInfo
from tuneport.errors import SourceError
from tuneport.nesting import is_deep_text
from tuneport_sources._decoding import DuplicateKeys, decoder
from tuneport_sources._diagnosis import diagnose
from tuneport_sources._files import one_line, revision
from tuneport_sources._packed import MAX_RATIO, opened
from tuneport_sources._places import elements_at, find_lists, only_list
from tuneport_sources._records import batches
from tuneport_sources._scanner import Scanner, SyntaxFault

_BLOCK = 1024 * 1024
_LINES = 'if it holds one object a line: name it .jsonl, or set source.importer = "jsonl"'


class JsonConfig(Config):
    """What to read."""

    path: Path
    """The file; it may be compressed, with gzip or zstd."""
    at: str = ""
    """Where in it the array of objects stands: a key, or a path of keys (`entries.guidelines`). Not needed where
    the file is an array, or one of its keys alone holds an array of objects."""
    max_ratio: int = Field(MAX_RATIO, ge=0)
    """How many times its size a compressed file may unpack to, past the first 64 MiB; 0 for no limit."""
    duplicate_keys: DuplicateKeys = "last"
    """What a key that stands twice in one object means: its last value, or with "reject" a record that is none."""


class JsonSource(Source):
    """The objects of one array of a JSON file, read as a stream. It cannot be read in ranges.

    What is no object, or no Unicode text, or holds NaN, is malformed on its own. Any other error of syntax ends
    the source: where the next record begins is not certain after it.
    """

    shallow = True

    def __init__(
        self, path: Path, at: str = "", max_ratio: int = MAX_RATIO, duplicate_keys: DuplicateKeys = "last"
    ) -> None:
        self._path = path
        self._at = at
        self._max_ratio = max_ratio
        self._duplicate_keys = duplicate_keys

    def info(self) -> SourceInfo:
        """Say what is known of the file; an array inside it is looked for."""
        facts = revision(self._path)
        place = f", {self._place}" if self._place else ""
        return SourceInfo(title=one_line(f"{self._path.name}{place}"), revision=facts)

    def partitions(self, target_bytes: int) -> tuple[Partition, ...]:  # noqa: ARG002  -- it cannot seek
        """None: where a record begins is known only from what comes before it."""
        return ()

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:  # noqa: ARG002
        """Read the array's elements; those that are no records are listed as malformed."""
        place = self._place
        with self._opened() as scanner:
            decode = decoder(fields, self._duplicate_keys)
            yield from batches(elements_at(scanner, place), decode, partial(_explain, scanner), "record")
            if scanner.peek():
                raise scanner.fault("something stands after the end", _LINES)

    def locate(self, ordinal: int) -> str:
        """`faq.json[17]`, from 0, as programs count."""
        return f"{self._path.name}{f' {self._place}' if self._place else ''}[{ordinal}]"

    @cached_property
    def _place(self) -> str:
        """Where the array stands; "" for the top."""
        with self._opened() as scanner:
            first = scanner.peek()
            if first == b"[" and self._at:
                raise scanner.fault(f'the file is an array: it has no "{self._at}"', "leave source.at out")
            if first == b"[":
                return ""
            if first != b"{":
                raise scanner.fault("expected an array or an object" if first else "the file is empty")
            return self._given(scanner) if self._at else self._found(scanner)

    def _given(self, scanner: Scanner) -> str:
        try:
            next(elements_at(scanner, self._at), None)
        except LookupError:
            with self._opened() as again:
                found = ", ".join(find_lists(again))
            hint = f"it has {found}" if found else "no array of objects is in it"
            raise SourceError(f'{self._path} has no array at source.at = "{self._at}"', hint) from None
        return self._at

    def _found(self, scanner: Scanner) -> str:
        found = find_lists(scanner)
        if scanner.peek():
            raise scanner.fault("something stands after the end", _LINES)
        place = only_list(found)
        if place is None and found:
            named = " or ".join(f'source.at = "{one}"' for one in found)
            raise SourceError(f"{self._path} does not say by itself which array is meant", f"name it: {named}")
        if place is None:
            raise SourceError(f"{self._path} is an object with no array of objects in it", _LINES)
        return place

    @contextmanager
    def _opened(self) -> Iterator[Scanner]:
        try:
            with opened(self._path, self._max_ratio) as file:
                yield Scanner(file)
        except SyntaxFault as fault:
            line = self._line(fault.offset)
            raise SourceError(f"{self._path}, line {line} (byte {fault.offset}): {fault.message}", fault.hint) from None

    def _line(self, offset: int) -> int:
        """The line of a byte, from 1."""
        lines, left = 1, offset
        with opened(self._path, self._max_ratio) as file:
            while left > 0 and (block := file.read(min(left, _BLOCK))):
                lines += block.count(b"\n")
                left -= len(block)
        return lines


def _explain(scanner: Scanner, record: bytes, error: Exception) -> tuple[str, str]:
    if is_deep_text(record):
        return diagnose(record, error)
    # the bytes that are no UTF-8 count as one character each, and back again
    text = record.decode(errors="surrogateescape")
    try:
        json.loads(text, strict=False)
    except json.JSONDecodeError as found:
        before = len(text[: found.pos].encode(errors="surrogateescape"))
        raise SyntaxFault(found.msg, scanner.started + before) from None
    except (ValueError, RecursionError):
        pass
    return diagnose(record, error)
