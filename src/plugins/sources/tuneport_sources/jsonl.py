"""JSONL files: one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tuneport import Batch, Config, Partition, Source, SourceInfo
from tuneport_sources._diagnosis import diagnose
from tuneport_sources._files import regular_file, revision, unreadable
from tuneport_sources._lines import owned_lines
from tuneport_sources._records import batches, decoder


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
        return SourceInfo(title=self._path.name, revision=revision(self._path))

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
                yield from batches(owned_lines(file, start, end), decoder(fields), _explain, "line")
        except OSError as error:
            raise unreadable(self._path, error) from error

    def locate(self, ordinal: int) -> str:
        """`faq.jsonl:17`, as editors count lines."""
        return f"{self._path.name}:{ordinal + 1}"


def _explain(line: bytes, error: Exception) -> tuple[str, str] | None:
    return diagnose(line, error) if line.strip() else None
