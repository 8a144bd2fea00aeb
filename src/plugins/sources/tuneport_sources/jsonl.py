"""JSONL files: one JSON object a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import xxhash

from tuneport import Batch, Config, Entity, Malformed, Partition, Source, SourceInfo
from tuneport_sources._diagnosis import diagnose
from tuneport_sources._files import regular_file, unreadable
from tuneport_sources._lines import MAX_LINE, owned_lines

_BATCH_RECORDS = 512
_BATCH_BYTES = 4 * 1024 * 1024
_SAMPLED = 64 * 1024

Decode = Callable[[bytes], Entity]


class JsonlConfig(Config):
    """What to read."""

    path: Path
    """The file."""


class JsonlSource(Source):
    """A JSONL file, in byte ranges. Blank lines count as lines, and are no records."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def info(self) -> SourceInfo:
        """Say what is known of the file without reading it whole."""
        return SourceInfo(title=self._path.name, revision=self._revision())

    def _revision(self) -> dict[str, int | str]:
        found = regular_file(self._path)
        try:
            with self._path.open("rb") as file:
                head = file.read(_SAMPLED)
                file.seek(max(0, found.st_size - _SAMPLED))
                tail = file.read(_SAMPLED)
        except OSError as error:
            raise unreadable(self._path, error) from error
        return {
            "size": found.st_size,
            "mtime_ns": found.st_mtime_ns,
            "head": xxhash.xxh3_64_hexdigest(head),
            "tail": xxhash.xxh3_64_hexdigest(tail),
        }

    def partitions(self, target_bytes: int) -> Iterator[Partition]:
        """Cut the file into byte ranges of `target_bytes`; each owns the lines that start in it."""
        size = regular_file(self._path).st_size
        step = max(1, target_bytes)
        for start in range(0, size, step) or (0,):
            yield Partition({"start": start, "end": min(start + step, size)})

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:
        """Read the records of a range; lines that are none are listed as malformed.

        A line that is not UTF-8 or not JSON is malformed whatever the fields; a number out of range only
        where its field is asked for.
        """
        size = regular_file(self._path).st_size
        token = partition.token if partition is not None else {"start": 0, "end": size}
        start, end = int(token["start"]), int(token["end"])
        try:
            with self._path.open("rb") as file:
                yield from _batches(owned_lines(file, start, end), _decoder(fields))
        except OSError as error:
            raise unreadable(self._path, error) from error

    def locate(self, ordinal: int) -> str:
        """`faq.jsonl:17`, as editors count lines."""
        return f"{self._path.name}:{ordinal + 1}"


def _decoder(fields: frozenset[str] | None) -> Decode:
    """Make a decoder of whole objects, or of these fields alone, which is a third faster."""
    # a TypedDict's keys that are not ASCII are never found (msgspec 0.22)
    if fields is None or not all(map(str.isascii, fields)):
        return msgspec.json.Decoder(dict[str, Any]).decode
    # sorted: the class, and with it msgspec's work, does not depend on the hash seed
    shape = TypedDict("shape", dict.fromkeys(sorted(fields), Any), total=False)  # type: ignore[misc]
    decode = msgspec.json.Decoder(shape).decode

    def projected(line: bytes) -> Entity:
        # msgspec does not look into the strings it skips
        if not line.isascii():
            line.decode()
        return decode(line)  # type: ignore[return-value]

    return projected


def _batches(lines: Iterable[bytes | None], decode: Decode) -> Iterator[Batch]:
    # decode_lines would be no faster, and takes `{}{}` on one line, or an object over two, for records
    batch, size, end = _empty(0), 0, 0
    for ordinal, line in enumerate(lines):
        end = ordinal + 1
        if line is None:
            reason = f"The line is longer than {MAX_LINE // 1024**2} MiB"
            batch.malformed.append(Malformed(ordinal, "bad_json", reason))
            continue
        size += len(line)
        try:
            entity = decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            if line.strip():
                batch.malformed.append(Malformed(ordinal, *diagnose(line, error)))
        else:
            batch.entities.append(entity)
            batch.ordinals.append(ordinal)  # type: ignore[attr-defined]
        if len(batch.entities) + len(batch.malformed) >= _BATCH_RECORDS or size >= _BATCH_BYTES:
            batch.end = end
            yield batch
            batch, size = _empty(end), 0
    if end > batch.end:
        batch.end = end
        yield batch


def _empty(end: int) -> Batch:
    return Batch([], [], end)
