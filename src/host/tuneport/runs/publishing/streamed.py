"""Rows that go out as they are made: nothing is kept of them."""

from __future__ import annotations

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
        """Send rows.

        Raises:
            StreamClosedError: nobody reads them any more.
            StorageError: they cannot be written.
        """
        try:
            self._stream.write(data)
            self._stream.flush()
        except BrokenPipeError:
            raise StreamClosedError("whoever reads the stream has closed it") from None
        except OSError as error:
            raise failure(error, "write", "stdout") from error
        except ValueError as error:
            raise StorageError("cannot write to stdout: something in this process has closed it") from error
        self.digest.update(data)
        return Segment("", "", name, split, rows, len(data))

    def save_rejects(self, _part: int, _entries: list[dict[str, Any]]) -> Piece | None:
        """Keep none."""
        return None

    def save_index(self, _part: int, _lines: list[bytes]) -> Piece | None:
        """Keep none."""
        return None
