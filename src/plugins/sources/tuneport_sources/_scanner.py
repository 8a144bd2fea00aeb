"""Cuts JSON text into its values, in bounded memory. It knows brackets and strings; what is in them it leaves alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import msgspec

from tuneport_sources._lines import BOM
from tuneport_sources._lines import MAX_LINE as MAX_RECORD

_STEP = 256 * 1024

_SPACE = re.compile(rb"[ \t\n\r]*")
_COMMA = re.compile(rb"[ \t\n\r,]*")
_SCALAR = re.compile(rb"[^ \t\n\r,:\"{}\[\]]*")
_INSIDE = re.compile(rb"[^\"\\]*+(?:\\.[^\"\\]*+)*", re.DOTALL)
_OUTSIDE = re.compile(rb"[^\"{}\[\]]*+(?:\"[^\"\\]*+(?:\\.[^\"\\]*+)*\"[^\"{}\[\]]*+)*", re.DOTALL)

_GUESSES = 12
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


class SyntaxFault(Exception):  # noqa: N818  -- never leaves this plugin
    """What is wrong with the text, and at which byte."""

    def __init__(self, message: str, offset: int, hint: str = "") -> None:
        super().__init__(message, offset, hint)
        self.message = message
        self.offset = offset
        self.hint = hint


class Scanner:
    """Stands at one place of a file and moves forward only.

    Attributes:
        started: the byte at which the last element began.
    """

    def __init__(self, file: BinaryIO, step: int = _STEP) -> None:
        self._file = file
        self._step = step
        start = file.read(len(BOM))
        self._base = len(BOM) if start == BOM else 0
        self._data = b"" if start == BOM else start
        self._at = 0
        self._held: int | None = None
        self._guessed = -1
        self.started = 0

    @property
    def offset(self) -> int:
        """The byte of the file that comes next."""
        return self._base + self._at

    def fault(self, message: str, hint: str = "") -> SyntaxFault:
        """Make the error for this place."""
        return SyntaxFault(message, self.offset, hint)

    def peek(self) -> bytes:
        """Look at the next byte that is no white space; b"" at the end."""
        while True:
            self._at = _end(_SPACE, self._data, self._at)
            if self._at < len(self._data):
                return self._data[self._at : self._at + 1]
            if not self._more():
                return b""

    def accept(self, sign: bytes) -> bool:
        """Step over the next byte if it is this one."""
        if self.peek() != sign:
            return False
        self._at += 1
        return True

    def value(self) -> bytes | None:
        """Step over one value; None for one of more than MAX_RECORD bytes, which is never in memory as a whole."""
        first = self.peek()
        self._held, self.started = self._at, self.offset
        if first == b'"':
            self._string()
        elif first in (b"{", b"["):
            self._brackets(0)
        else:
            self._scalar()
        held, self._held = self._held, None
        if held is None or self._at - held > MAX_RECORD:
            return None
        return self._data[held : self._at]

    def skip(self) -> None:
        """Step over one value without keeping it."""
        first = self.peek()
        if first in (b"{", b"["):
            self._brackets(0)
        else:
            self.value()

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that comes next; each time the value has to be stepped over before going on."""
        if not self.accept(b"{"):
            raise self.fault("expected an object")
        if self.accept(b"}"):
            return
        while True:
            if self.peek() != b'"':
                raise self.fault("expected a key in quotes")
            yield self._key()
            if self.accept(b"}"):
                return
            if not self.accept(b","):
                raise self.fault('expected "," or "}"')

    def _key(self) -> str:
        text = self.value()
        try:
            key = msgspec.json.decode(text or b"", type=str)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise SyntaxFault("a key that cannot be read", self.started) from None
        if not self.accept(b":"):
            raise self.fault('expected ":"')
        return key

    def elements(self) -> Iterator[bytes | None]:
        """Yield the elements of the array that comes next, each as `value` does."""
        if not self.accept(b"["):
            raise self.fault("expected an array")
        if self.accept(b"]"):
            return
        while True:
            yield from self._block()
            yield self.value()
            if self.accept(b"]"):
                return
            if not self.accept(b","):
                raise self.fault('expected "," or "]"')

    def _block(self) -> Iterator[bytes | None]:
        """Yield the elements that are whole in what has been read, up to some comma; none where none is found.

        That a list can be made of all bytes up to a comma proves that the comma stands between elements, and
        takes a fraction of the time of looking at each bracket.
        """
        end = self._base + len(self._data)
        if self._guessed == end:
            return
        self._guessed = end
        found, cut = self._guess()
        for raw in found:
            element = bytes(raw)
            self._at = _end(_COMMA, self._data, self._at)
            self.started = self.offset
            self._at += len(element)
            yield element if len(element) <= MAX_RECORD else None
        if found:
            self._at = cut

    def _guess(self) -> tuple[Sequence[msgspec.Raw], int]:
        """The elements before the last comma that can be one between elements, and the place after it."""
        cut = len(self._data)
        for _ in range(_GUESSES):
            cut = self._data.rfind(b"},", self._at, cut)
            if cut < 0:
                break
            piece = b"[%b]" % self._data[self._at : cut + 1]
            try:
                return _split(piece), cut + 2
            except msgspec.DecodeError as error:
                # a comma within an element leaves something open at the end; all else is for `value` to find
                if not str(error).endswith(("truncated", f"(byte {len(piece) - 1})")):
                    break
            except RecursionError:
                break
        return (), self._at

    def into_array(self) -> bytes:
        """Step over the array that comes next; return the first byte in it that is no white space."""
        self.accept(b"[")
        first = self.peek()
        self._brackets(1)
        return first

    def _brackets(self, depth: int) -> None:
        while True:
            self._at = _end(_OUTSIDE, self._data, self._at)
            if self._at == len(self._data):
                self._need()
                continue
            character = self._data[self._at]
            if character == ord('"'):
                self._string()
                continue
            self._at += 1
            depth += 1 if character in b"{[" else -1
            if depth == 0:
                return

    def _string(self) -> None:
        self._at += 1
        while True:
            self._at = _end(_INSIDE, self._data, self._at)
            if self._data[self._at : self._at + 1] == b'"':
                self._at += 1
                return
            self._need()

    def _scalar(self) -> None:
        begun = self.offset
        while True:
            self._at = _end(_SCALAR, self._data, self._at)
            if self._at < len(self._data) or not self._more():
                break
        if self.offset == begun:
            raise self.fault("expected a value")

    def _need(self) -> None:
        if not self._more():
            self._at = len(self._data)
            raise self.fault("the file ends too early")

    def _more(self) -> bool:
        """Read on; what lies before the value that is held, or before this place, is let go."""
        piece = self._file.read(self._step)
        if not piece:
            return False
        if self._held is not None and self._at - self._held > MAX_RECORD:
            self._held = None
        keep = self._at if self._held is None else self._held
        self._data = self._data[keep:] + piece
        self._base += keep
        self._at -= keep
        if self._held is not None:
            self._held = 0
        return True


def _end(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    found = pattern.match(data, at)
    return found.end() if found is not None else at
