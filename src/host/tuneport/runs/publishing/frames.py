"""How rows are compressed: in frames that stand for themselves, so that the bytes do not depend on who made them."""

from __future__ import annotations

import zlib

import zstandard

from tuneport.runs.planning.target import Compression


def packed(compression: Compression, data: bytes | memoryview) -> bytes | memoryview:
    """One frame: a gzip member without a time, or a zstd frame that names its size and has a checksum."""
    if compression == "gzip":
        return zlib.compress(data, 6, wbits=31)
    if compression == "zstd":
        return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data)
    return data
