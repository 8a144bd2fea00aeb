"""Files that may be compressed: opened by what they hold, and unpacked as a stream in bounded memory."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tuneport.errors import SourceError
from tuneport_sources._files import regular_file, unreadable

MAX_RATIO = 200
"""How many times its size a file may unpack to, where nobody says otherwise."""

_FREE = 64 * 1024 * 1024
"""What a file may unpack to whatever its size."""

_BLOCK = 64 * 1024
_START = 4


@dataclass(frozen=True)
class _Codec:
    """A way to compress.

    Attributes:
        name: what messages call it.
        suffix: how such files' names end.
        step: bytes that are unpacked at once. A byte of gzip gives at most 1032, four of zstd 128 KiB: a step
            of either gives at most 4 or 16 MiB.
        padding: bytes that may stand between members and after the last, and mean nothing.
        begins: whether a member begins with these bytes.
        new: makes what unpacks one member.
        failure: what that raises.
    """

    name: str
    suffix: str
    step: int
    padding: bytes
    begins: Callable[[bytes], bool]
    new: Callable[[], Any]
    failure: Callable[[], type[Exception]]


def _zstd_begins(data: bytes) -> bool:
    # the second kind is a frame to be skipped, with which some programs begin a file
    return data[:4] == b"\x28\xb5\x2f\xfd" or (data[1:4] == b"\x2a\x4d\x18" and data[0] & 0xF0 == 0x50)


def _new_zstd() -> Any:
    import zstandard  # takes 20 ms, and few files need it

    return zstandard.ZstdDecompressor().decompressobj()


def _zstd_failure() -> type[Exception]:
    import zstandard

    return zstandard.ZstdError


_CODECS = (
    _Codec(
        name="gzip",
        suffix=".gz",
        step=4 * 1024,
        padding=b"\0",
        begins=lambda data: data[:2] == b"\x1f\x8b",
        new=lambda: zlib.decompressobj(31),
        failure=lambda: zlib.error,
    ),
    _Codec(
        name="zstd",
        suffix=".zst",
        step=512,
        padding=b"",
        begins=_zstd_begins,
        new=_new_zstd,
        failure=_zstd_failure,
    ),
)
SUFFIXES = tuple(codec.suffix for codec in _CODECS)


def is_packed(path: Path) -> bool:
    """Say whether a file is compressed.

    Raises:
        SourceNotFoundError: nothing is there.
        SourceError: it is no file, cannot be read, or is not what its name says.
    """
    with _raw(path) as file:
        return _codec_of(path, file) is not None


@contextmanager
def opened(path: Path, max_ratio: int = MAX_RATIO) -> Iterator[io.BufferedReader]:
    """Open a file for reading what it holds, unpacked where it is compressed. Then it cannot seek.

    Args:
        path: the file.
        max_ratio: how many times its size it may unpack to, past the first 64 MiB; 0 for no limit.

    Raises:
        SourceNotFoundError: nothing is there.
        SourceError: it is no file, cannot be read, is not what its name says, ends too early, is damaged, or
            unpacks to too much; the last three while it is read.
    """
    with _raw(path) as file:
        codec = _codec_of(path, file)
        yield file if codec is None else io.BufferedReader(_Unpacked(file, codec, path, max_ratio), _BLOCK)


@contextmanager
def _raw(path: Path) -> Iterator[io.BufferedReader]:
    regular_file(path)
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise unreadable(path, error) from error


def _codec_of(path: Path, file: BinaryIO) -> _Codec | None:
    """How the file is compressed, as its first bytes say."""
    start = file.read(_START)
    file.seek(0)
    found = next((codec for codec in _CODECS if codec.begins(start)), None)
    named = next((codec for codec in _CODECS if path.suffix.lower() == codec.suffix), None)
    if found is None and named is not None:
        hint = f"rename it without {named.suffix} if it is not compressed" if start else "it was not written to its end"
        raise SourceError(f"{path} holds no {named.name} data{'' if start else ': it is empty'}", hint)
    return found


class _Unpacked(io.RawIOBase):
    """What a compressed file holds: all its members, one after the other, to the end of the file."""

    def __init__(self, file: BinaryIO, codec: _Codec, path: Path, max_ratio: int) -> None:
        self._file = file
        self._codec = codec
        self._path = path
        self._max_ratio = max_ratio
        self._member: Any = None
        self._left = b""
        self._ready = memoryview(b"")
        self._taken = self._given = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as one step of unpacking goes; 0 at the end."""
        while not self._ready:
            if not self._more():
                return 0
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _more(self) -> bool:
        packed = self._left or self._take(self._codec.step)
        self._left = b""
        if not packed:
            if self._member is not None:
                raise SourceError(f"{self._path} ends in the middle of its {self._codec.name} data", "get it again")
            return False
        if self._member is None:
            packed = self._begin(packed)
        if packed:
            self._unpack(packed)
        return True

    def _take(self, count: int) -> bytes:
        data = self._file.read(count)
        self._taken += len(data)
        return data

    def _begin(self, packed: bytes) -> bytes:
        """Begin the next member; its bytes, none where only padding was left."""
        packed = packed.lstrip(self._codec.padding)
        if not packed:
            return b""
        packed += self._take(max(0, _START - len(packed)))
        if not self._codec.begins(packed):
            message = f"{self._path} holds something else after its {self._codec.name} data"
            raise SourceError(message, "it is damaged, or two kinds of file were put together")
        self._member = self._codec.new()
        return packed

    def _unpack(self, packed: bytes) -> None:
        try:
            data = self._member.decompress(packed)
        except self._codec.failure() as error:
            raise self._damaged(error) from error
        self._ready = memoryview(data)
        self._given += len(data)
        if self._member.eof:
            self._left, self._member = self._member.unused_data, None
        if self._max_ratio and self._given > max(_FREE, self._max_ratio * self._taken):
            message = f"{self._path} unpacks to more than {self._max_ratio} times its size"
            raise SourceError(message, "if that is right, set source.max_ratio higher, or to 0 for no limit")

    def _damaged(self, error: Exception) -> SourceError:
        if "too much memory" in str(error):
            message = f"{self._path} was compressed with a window of more than 128 MiB"
            return SourceError(message, "compress it again without --long")
        return SourceError(f"{self._path} holds damaged {self._codec.name} data", "get it again")
