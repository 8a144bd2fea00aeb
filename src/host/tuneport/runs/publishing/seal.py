"""seal: segments in part order become shards, cut by content, hashed and compressed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec
import zstandard
from xxhash import xxh3_128, xxh3_128_hexdigest

from tuneport.dataset import DataFile
from tuneport.runs.failures import damaged
from tuneport.runs.messages import Piece
from tuneport.runs.planning.target import Compression
from tuneport.runs.storage import Storage, Writer

BLOCK = 1 << 20


class Shard(msgspec.Struct):
    """A sealed file: where it stands for now, its rows and bytes."""

    path: Path
    rows: int
    size: int
    bytes: int
    sha256: str


def seal(
    source: Iterator[bytes], into: Path, shard_size: int, compression: Compression, storage: Storage
) -> list[Shard]:
    """Write shards `00000`, `00001`, ... below `into`, from blocks that end with a row.

    A shard holds as many whole rows as fit into `shard_size` bytes before compression, and one at least.
    """
    shards: list[Shard] = []
    rows = Rows(source)
    while rows.left():
        path = into / f"{len(shards):05d}"
        with storage.writer(path) as file:
            shards.append(_fill(path, file, rows, shard_size, compression))
    return shards


def _fill(path: Path, file: Writer, rows: Rows, shard_size: int, compression: Compression) -> Shard:
    compressor = _COMPRESSORS[compression]()
    digest, size, written, count = sha256(), 0, 0, 0
    pending = b""

    def emit(data: bytes) -> int:
        digest.update(data)
        return file.write(data)

    for block in rows.take(shard_size):
        size += len(block)
        count += block.count(b"\n")
        pending += block
        # Always the same pieces of the same content: a compressor may not see where a part ended.
        while len(pending) >= BLOCK:
            written += emit(compressor.compress(pending[:BLOCK]))
            pending = pending[BLOCK:]
    written += emit(compressor.compress(pending))
    written += emit(compressor.flush())
    return Shard(path, count, size, written, digest.hexdigest())


class Rows:
    """Whole rows, taken a shard at a time."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._held = next(source, b"")

    def left(self) -> bool:
        """Whether there are more rows."""
        return bool(self._held)

    def take(self, size: int) -> Iterator[bytes]:
        """As many rows as fit into `size` bytes, and the first row whatever its size."""
        room = size
        while self._held:
            if len(self._held) <= room:
                room -= len(self._held)
                yield self._held
                self._held = next(self._source, b"")
                continue
            cut = self._held.rfind(b"\n", 0, room) + 1
            if not cut and room == size:
                cut = self._held.index(b"\n") + 1
            if cut:
                yield self._held[:cut]
                self._held = self._held[cut:] or next(self._source, b"")
            return


def blocks(folder: Path, pieces: Iterable[Piece], storage: Storage) -> Iterator[bytes]:
    """The bytes of files in a folder, one after the other, in blocks that end with a row.

    Raises:
        StorageError: one cannot be read, or does not hold what was written.
    """
    for piece in pieces:
        digest = xxh3_128()
        with storage.reader(folder / piece.file) as file:
            while block := file.read(BLOCK):
                if not block.endswith(b"\n"):
                    block += file.readline()
                digest.update(block)
                yield block
        if digest.hexdigest() != piece.digest:
            raise damaged(folder / piece.file)


def whole(folder: Path, pieces: Iterable[Piece], storage: Storage) -> Iterator[bytes]:
    """The same, each file at once, and known to be whole before it is looked into.

    Raises:
        StorageError: one cannot be read, or does not hold what was written.
    """
    for piece in pieces:
        data = storage.read(folder / piece.file)
        if xxh3_128_hexdigest(data) != piece.digest:
            raise damaged(folder / piece.file)
        yield data


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Plain:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def _gzip() -> _Compressor:
    return zlib.compressobj(6, wbits=31)  # 31: a gzip header, without a time


def _zstd() -> _Compressor:
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compressobj()


_COMPRESSORS = {"none": _Plain, "gzip": _gzip, "zstd": _zstd}


def numbered(shards: list[Shard], folder: str, suffix: str, into: Path, storage: Storage) -> list[DataFile]:
    """Give shards their final names, which tell how many there are. The folder is not synced."""
    files = []
    for index, shard in enumerate(shards):
        name = f"{index:05d}-of-{len(shards):05d}{suffix}"
        storage.rename(shard.path, into / name)
        files.append(DataFile(f"{folder}/{name}", shard.rows, shard.size, shard.bytes, shard.sha256))
    return files
