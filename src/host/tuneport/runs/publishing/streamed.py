"""Rows that go out as they are made: nothing is kept of them."""

from __future__ import annotations

import errno
import os
import select
from hashlib import sha256
from typing import Any, BinaryIO

from tuneport.errors import StorageError, StreamClosedError
from tuneport.runs.failures import failure
from tuneport.runs.messages import Piece, Segment


class Streamed:
    """Keeps nothing: rows go out as they are made."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = sha256()

    def save(self, _part: int, name: str, split: str, data: bytes, rows: int) -> Segment:
        """Send rows, all of them.

        Raises:
            StreamClosedError: nobody reads them any more.
            TuneportError: they cannot be written.
        """
        try:
            self._write(data)
            self._flush()
        except BrokenPipeError:
            raise StreamClosedError("whoever reads the stream has closed it") from None
        except OSError as error:
            raise failure(error, "write", "stdout") from error
        except ValueError as error:
            raise StorageError("cannot write to stdout: something in this process has closed it") from error
        self.digest.update(data)
        return Segment("", "", name, split, rows, len(data))

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                taken: int | None = self._stream.write(left)
            except BlockingIOError as error:  # of one with a buffer, which may have taken some of it
                left = left[error.characters_written :]
                self._wait()
                continue
            if taken is None:  # of one without: it took nothing, for whoever reads has not come so far
                self._wait()
            elif taken <= 0:
                raise OSError(errno.EIO, "it takes no more")
            else:
                left = left[taken:]

    def _flush(self) -> None:
        while True:
            try:
                return self._stream.flush()
            except BlockingIOError:
                self._wait()

    def _wait(self) -> None:
        """Wait until the stream takes more.

        Raises:
            OSError: nobody can say when that is.
        """
        try:
            descriptor = self._stream.fileno()
        except (OSError, AttributeError):
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from None
        waiting = select.poll()
        waiting.register(descriptor, select.POLLOUT)
        waiting.poll()

    def save_rejects(self, _part: int, _entries: list[dict[str, Any]]) -> Piece | None:
        """Keep none."""
        return None

    def save_index(self, _part: int, _lines: list[bytes]) -> Piece | None:
        """Keep none."""
        return None
