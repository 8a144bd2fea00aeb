"""The rows of CSV text, in bounded memory."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from typing import Any

from tuneport.errors import SourceError
from tuneport_sources._lines import BOM, pass_blank
from tuneport_sources._lines import MAX_LINE as MAX_RECORD

_STEP = 1024 * 1024
_BLANK = (b"\n", b"\r\n")
_BLANKS = re.compile(rb"\n+|(?:\r\n)+")


@dataclass(frozen=True)
class Fault:
    """Why a row is no record: a code, and a sentence that shows nothing of it."""

    code: str
    reason: str


@dataclass(frozen=True)
class Dialect:
    """How a file is written.

    Attributes:
        delimiter: what stands between cells.
        quote: what stands around a cell that holds delimiters, line breaks or quotes, and twice for a quote;
            "" where nothing does.
        encoding: what its text is called.
    """

    delimiter: str
    quote: str
    encoding: str = "utf-8"


class _TooLongError(Exception):
    """The row is longer than MAX_RECORD, and was passed over."""


class Rows:
    """Iterates over the rows of a file: the number of its first line, from 0, and its cells, or what is wrong.

    Blank lines are lines and no rows. A faulty row reaches to the end of the line in which that shows.

    Attributes:
        end: lines that were read so far.
        size: bytes of the last row.
    """

    def __init__(self, file: BufferedReader, dialect: Dialect, title: str) -> None:
        self.end = 0
        self.size = 0
        self._file = file
        self._dialect = dialect
        self._title = title
        self._start = 0
        self._blank = -1
        self._odd = False
        # the limit is one for the whole process, and is only ever widened
        csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD + 1))

    def __iter__(self) -> Iterator[tuple[int, list[str] | Fault]]:
        while True:
            reader = self._reader()
            try:
                yield from self._rows(reader)
                return
            except _TooLongError:
                self._odd = False
                yield self._start, self._fault(f"The row is longer than {MAX_RECORD // 1024**2} MiB")

    def _reader(self) -> Any:
        made = partial(csv.reader, self._texts(), delimiter=self._dialect.delimiter, strict=True)
        quote = self._dialect.quote
        return made(quotechar=quote) if quote else made(quotechar=None, quoting=csv.QUOTE_NONE)

    def _rows(self, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str] | Fault]]:
        while True:
            self._start, self.size = self.end, 0
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._odd = False
                yield self._start, self._explain(str(error))
                continue
            if self._odd:
                self._odd = False
                yield self._start, self._oddity(cells)
            elif cells:
                yield self._start, cells

    def _texts(self) -> Iterator[str]:
        """Yield the lines; more than one for a row where a line ends within quotes."""
        readline = self._file.readline
        while line := readline(MAX_RECORD + 1):
            within = self.size > 0
            if line in _BLANK and not within:
                self._pass_blank()
                continue
            self.size += len(line)
            if self.size > MAX_RECORD:
                self._pass_over(line, within)
                raise _TooLongError
            if self.end == 0:
                line = line.removeprefix(BOM)
            self.end += 1
            if b"\0" in line:
                self._odd = True
            try:
                yield line.decode()
            except UnicodeDecodeError:
                self._odd = True
                yield line.decode(errors="surrogateescape")

    def _pass_blank(self) -> None:
        """Count the blank line that was read where a row could begin, and those that follow it."""
        second = self.end == self._blank
        self.end += 1
        if second and (blank := pass_blank(self._file, _BLANKS)):
            self.end += blank.lines
        self._start = self._blank = self.end

    def _pass_over(self, line: bytes, within: bool) -> None:
        """Read to the end of the row; within it quotes come in pairs."""
        quote = self._dialect.quote.encode()
        opened = within
        while True:
            if quote:
                opened ^= line.count(quote) % 2 == 1
            if line.endswith(b"\n"):
                self.end += 1
                if not opened:
                    return
            ended = line.endswith(b"\n")
            line = self._file.readline(_STEP)
            if not line:
                self.end += not ended
                if opened:
                    raise self._never_closed()
                return

    def _explain(self, error: str) -> Fault:
        if error == "unexpected end of data":
            # in the last line it spoils that one alone; else nobody knows how many rows it took for its text
            if self.end - self._start > 1:
                raise self._never_closed()
            return self._fault("A quote is opened and never closed")
        if error.startswith("new-line character"):
            return self._fault("A line ends with a carriage return alone")
        if error.endswith(f"expected after '{self._dialect.quote}'"):
            return self._fault("Something stands between a closing quote and the end of the cell")
        return self._fault(f"Not CSV: {error}")

    def _fault(self, reason: str) -> Fault:
        lines = f" (lines {self._start + 1} to {self.end})" if self.end - self._start > 1 else ""
        return Fault("bad_type", f"{reason}{lines}")

    def _never_closed(self) -> SourceError:
        return SourceError(
            f"{self._title}, line {self._start + 1}: a quote is opened and never closed",
            'write a quote within a cell twice, or set source.quote = "" if quotes mean nothing in this file',
        )

    def _oddity(self, cells: list[str]) -> Fault:
        for number, cell in enumerate(cells, 1):
            if "\0" in cell:
                return Fault("bad_type", f"Column {number} holds a NUL")
            if not _is_text(cell):
                return Fault("bad_utf8", f"Column {number} is not {self._dialect.encoding.upper()}")
        return Fault("bad_utf8", f"The row is not {self._dialect.encoding.upper()}")


def _is_text(cell: str) -> bool:
    try:
        return cell.isascii() or bool(cell.encode())
    except UnicodeEncodeError:
        return False
