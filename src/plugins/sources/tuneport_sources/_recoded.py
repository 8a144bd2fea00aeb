"""Text in another encoding than UTF-8, as UTF-8."""

from __future__ import annotations

import codecs
import io
from typing import Any, BinaryIO

_STEP = 64 * 1024
_SPOIL = "tuneport_sources.spoil"
_UTF8 = {"utf-8", "utf-8-sig", "ascii"}


def known_encoding(name: str) -> str:
    """Python's own name of an encoding of texts.

    Raises:
        ValueError: there is none of this name.
    """
    try:
        "".encode(name)
        return codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError):
        raise ValueError("no encoding of texts that Python knows, such as utf-8, cp1252 or utf-16") from None


def recoded(file: io.BufferedReader, encoding: str) -> io.BufferedReader:
    """The same text as UTF-8. What is no text becomes a byte that is no UTF-8, so that it is found in its line."""
    if encoding in _UTF8:
        return file
    return io.BufferedReader(_Recoded(file, encoding), _STEP)


class _Recoded(io.RawIOBase):
    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)(_SPOIL)
        self._ready = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            data = self._file.read(_STEP)
            self._ended = not data
            text = self._decoder.decode(data, final=self._ended)
            self._ready = memoryview(text.encode("utf-8", "surrogatepass"))
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


def _spoil(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_SPOIL, _spoil)
