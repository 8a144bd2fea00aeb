"""The lines of a file, whatever its compression, in bounded memory."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

import zstandard

from tuneport.errors import UsageError

MAX_LINE = 8 << 20
"""Bytes of the longest line that is looked at, its newline included."""

FIRST_BLOCK = 10 << 20
"""Bytes from which loaders take a column's type; what comes later has to fit it."""

_BLOCK = 1 << 20
_STEP = 512
"""Bytes of zstd that are unpacked at once. A block of 4 bytes may hold 128 KiB: this is at most 16 MiB."""

Compression = Literal["none", "gzip", "zstd"]
_COMPRESSED: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
_MAGIC: dict[bytes, Compression] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_ROWS = (".jsonl", ".ndjson")


class DamagedError(Exception):
    """A compressed file ends too early, or is none."""


def compression_of(path: Path) -> Compression:
    """How a file is compressed, as its name says.

    Raises:
        UsageError: its name is not that of a file of rows.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    compression: Compression = "none"
    if suffixes and suffixes[-1] in _COMPRESSED:
        compression = _COMPRESSED[suffixes.pop()]
    if not suffixes or suffixes[-1] not in _ROWS:
        raise UsageError(f"cannot tell from its name what {path} holds", "name a .jsonl[.gz|.zst] file, or a folder")
    return compression


class Lines:
    """Iterates over a file's lines, newlines included.

    A line longer than MAX_LINE is given as its first MAX_LINE + 1 bytes, and the rest of it is passed over.

    Attributes:
        size: bytes before compression, so far.
        compression: how the file is compressed, as its name or its first bytes say; known once it is read.
    """

    def __init__(self, path: Path) -> None:
        self.size = 0
        self.compression: Compression = "none"
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        compression = compression_of(self._path)
        with self._path.open("rb", buffering=_BLOCK) as file:
            if compression == "none":
                # An export may be told to compress a file whose name does not say so.
                start = file.read(4)
                file.seek(0)
                compression = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "none")
            self.compression = compression
            try:
                yield from self._lines(_unpacked(file, compression))
            except EOFError:
                raise DamagedError(f"ends in the middle of its {compression} data") from None
            except (gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
                raise DamagedError(f"holds no sound {compression} data: {error}") from None

    def _lines(self, stream: BinaryIO) -> Iterator[bytes]:
        readline = stream.readline
        while line := readline(MAX_LINE + 1):
            self.size += len(line)
            yield line
            if len(line) > MAX_LINE:
                self._pass_over(stream, line)

    def _pass_over(self, stream: BinaryIO, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = stream.readline(_BLOCK)
            self.size += len(line)


def _unpacked(file: BinaryIO, compression: Compression) -> BinaryIO:
    if compression == "gzip":
        return io.BufferedReader(gzip.GzipFile(fileobj=file), _BLOCK)
    if compression == "zstd":
        return io.BufferedReader(_Zstd(file), _BLOCK)
    return file


class _Zstd(io.RawIOBase):
    """Frames, one after the other. The library's own reader takes a frame that is cut off for its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._packed = b""
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready and self._more():
            pass
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _more(self) -> bool:
        packed = self._packed or self._file.read(_STEP)
        if not packed:
            if self._frame is not None:
                raise EOFError
            return False
        self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
        self._ready = self._frame.decompress(packed)
        self._packed = b""
        if self._frame.eof:
            self._packed, self._frame = self._frame.unused_data, None
        return True
