"""JSONL files: one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from tuneport import Batch, Config, Partition, Source, SourceInfo
from tuneport_sources._blocks import block_decoder, blocks
from tuneport_sources._decoding import DuplicateKeys, decoder, shape_of
from tuneport_sources._diagnosis import diagnose
from tuneport_sources._files import one_line, regular_file, revision
from tuneport_sources._lines import all_lines, owned_lines
from tuneport_sources._packed import MAX_RATIO, is_packed, opened
from tuneport_sources._records import batches


class JsonlConfig(Config):
    """What to read."""

    path: Path
    """The file; it may be compressed, with gzip or zstd."""
    max_ratio: int = Field(MAX_RATIO, ge=0)
    """How many times its size a compressed file may unpack to, past the first 64 MiB; 0 for no limit."""
    duplicate_keys: DuplicateKeys = "last"
    """What a key that stands twice in one object means: its last value, or with "reject" a record that is none.
    Looking for them reads each record a second time, which a short export takes half as long again for."""


class JsonlSource(Source):
    """A JSONL file, in byte ranges; in one piece where it is compressed.

    Blank lines count as lines, and are no records.
    """

    shallow = True

    def __init__(self, path: Path, max_ratio: int = MAX_RATIO, duplicate_keys: DuplicateKeys = "last") -> None:
        self._path = path
        self._max_ratio = max_ratio
        self._duplicate_keys = duplicate_keys

    def info(self) -> SourceInfo:
        """Say what is known of the file without reading it whole."""
        return SourceInfo(title=one_line(self._path.name), revision=revision(self._path))

    def partitions(self, target_bytes: int) -> Iterator[Partition]:
        """Cut the file into byte ranges of `target_bytes`; each owns the lines that start in it.

        None at all where it is compressed.
        """
        if is_packed(self._path):
            return
        size = regular_file(self._path).st_size
        step = max(1, target_bytes)
        for start in range(0, size, step) or (0,):
            yield Partition({"start": start, "end": min(start + step, size)})

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:
        """Read the records of a range; lines that are none are listed as malformed.

        A line that is not UTF-8 or not JSON is malformed whatever the fields; a number out of range only
        where its field is asked for, and so is what is nested too deeply, as far as Python can pass over it. In a
        thread, where nobody knows how far that is, it is malformed wherever it stands.
        """
        decode = decoder(fields, self._duplicate_keys)
        with opened(self._path, self._max_ratio) as file:
            if partition is None:
                yield from batches(all_lines(file), decode, _explain, "line")
                return
            start, end, first = int(partition.token["start"]), int(partition.token["end"]), 0
            at_once = block_decoder(shape_of(fields)) if self._duplicate_keys == "last" else None
            for begin, stop, block in blocks(file, start, end):
                entities = at_once(block) if at_once is not None else None
                if entities is not None:
                    end_of_block = first + len(entities)
                    yield Batch(entities, range(first, end_of_block), end_of_block)
                    first = end_of_block
                    continue
                for batch in batches(owned_lines(file, begin, stop), decode, _explain, "line", first):
                    first = batch.end
                    yield batch

    def locate(self, ordinal: int) -> str:
        """`faq.jsonl:17`, as editors count lines."""
        return f"{self._path.name}:{ordinal + 1}"


def _explain(line: bytes, error: Exception) -> tuple[str, str] | None:
    return diagnose(line, error) if line.strip() else None
