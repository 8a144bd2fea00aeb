"""seal: segments in part order become shards, cut by content, hashed and compressed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec
from xxhash import xxh3_128, xxh3_128_hexdigest

from tuneport.dataset import DataFile
from tuneport.runs.failures import damaged
from tuneport.runs.messages import Piece
from tuneport.runs.planning.target import Compression
from tuneport.runs.publishing.cutting import Chunk, Cut, chunks
from tuneport.runs.publishing.frames import packed
from tuneport.runs.publishing.helpers import Answer, Helpers
from tuneport.runs.storage import Storage, Writer

BLOCK = 1 << 20


class Shard(msgspec.Struct):
    """A sealed file: where it stands for now, its rows and bytes."""

    path: Path
    rows: int
    size: int
    bytes: int
    sha256: str


class _Packed(NamedTuple):
    """A chunk as it is written."""

    shard: int
    rows: int
    size: int
    data: bytes | memoryview


def seal(
    source: Iterator[bytes], into: Path, cut: Cut, compression: Compression, storage: Storage, helpers: Helpers
) -> list[Shard]:
    """Write shards `00000`, `00001`, ... below `into`, from blocks that end with a row.

    A shard holds as many whole rows as fit, and one at least.
    """
    shards = []
    rows = chunks(source, cut, framed=compression != "none")
    # Chunks of the next shard are made while this one is written: small shards keep helpers busy, too.
    for number, made in groupby(helpers.each(partial(_packed, compression), rows), lambda one: one.shard):
        path = into / f"{number:05d}"
        with storage.writer(path) as file:
            shards.append(_written(path, file, made, helpers))
    return shards


def _packed(compression: Compression, chunk: Chunk) -> _Packed:
    return _Packed(chunk.shard, chunk.rows, chunk.size, packed(compression, chunk.data))


def _written(path: Path, file: Writer, made: Iterable[_Packed], helpers: Helpers) -> Shard:
    digest, rows, size, written = sha256(), 0, 0, 0
    hashed: Answer[None] | None = None
    for one in made:
        if hashed is not None:
            hashed.result()
        hashed = helpers.start(digest.update, one.data)  # while it is written, and the next one is read
        written += file.write(one.data)
        rows += one.rows
        size += one.size
    if hashed is not None:
        hashed.result()
    return Shard(path, rows, size, written, digest.hexdigest())


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


def numbered(shards: list[Shard], folder: str, suffix: str, into: Path, storage: Storage) -> list[DataFile]:
    """Give shards their final names, which tell how many there are. The folder is not synced."""
    files = []
    for index, shard in enumerate(shards):
        name = f"{index:05d}-of-{len(shards):05d}{suffix}"
        storage.rename(shard.path, into / name)
        files.append(DataFile(f"{folder}/{name}", shard.rows, shard.size, shard.bytes, shard.sha256))
    return files
