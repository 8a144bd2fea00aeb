"""CSV files: one record a row, with the columns' names in the first line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from tuneport import Batch, Config, Entity, Malformed, Partition, Source, SourceInfo
from tuneport_sources._cells import BadCellError, CellType, entity_maker
from tuneport_sources._columns import check_columns, check_delimiter, header_of
from tuneport_sources._files import one_line, revision
from tuneport_sources._packed import MAX_RATIO, SUFFIXES, opened
from tuneport_sources._recoded import known_encoding, recoded
from tuneport_sources._rows import Dialect, Fault, Rows

_BATCH_RECORDS = 512
_BATCH_BYTES = 4 * 1024 * 1024
_NO_DELIMITER = "\0\r\n"


class CsvConfig(Config):
    """What to read, and how it is written."""

    path: Path
    """The file; it may be compressed, with gzip or zstd."""
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    """What stands between cells; a tab in a .tsv file, else a comma, where it is left out."""
    quote: str = Field('"', max_length=1)
    """What stands around cells with delimiters or line breaks in them; "" where quotes mean nothing."""
    header: bool | list[str] = True
    """True: the first line names the columns. A list: their names, where the file does not hold them."""
    encoding: Annotated[str, AfterValidator(known_encoding)] = "utf-8"
    """Of the text, such as cp1252 or utf-16."""
    nulls: list[str] = []
    """Texts that mean null, in any column. An empty cell is an empty text unless "" is one of them, quoted or not."""
    types: dict[str, CellType] = {}
    """Columns that are no texts: integer, number or bool. An empty cell of theirs is null."""
    max_ratio: int = Field(MAX_RATIO, ge=0)
    """How many times its size a compressed file may unpack to, past the first 64 MiB; 0 for no limit."""

    @model_validator(mode="after")
    def _sound(self) -> CsvConfig:
        if self.header is False or self.header == []:
            raise ValueError("header is true, or a list of the columns' names where the file does not hold them")
        if self.delimiter is not None and self.delimiter in _NO_DELIMITER:
            raise ValueError("delimiter cannot be a line break or NUL")
        if self.quote and (not self.quote.isascii() or self.quote in f"{_NO_DELIMITER}{self.separator}"):
            raise ValueError("quote is one ASCII character, and not the delimiter or a line break")
        return self

    @property
    def separator(self) -> str:
        """The delimiter that was given, or that the file's name says."""
        if self.delimiter is not None:
            return self.delimiter
        suffixes = [suffix.lower() for suffix in self.path.suffixes if suffix.lower() not in SUFFIXES]
        return "\t" if suffixes[-1:] in ([".tsv"], [".tab"]) else ","


class CsvSource(Source):
    """A CSV file (RFC 4180), read as a stream. It cannot be read in ranges.

    A row that breaks the rules, or has more or fewer cells than there are columns, is malformed on its own. A
    quote that is never closed ends the source, where it took more lines than its own for its text.
    """

    shallow = True

    def __init__(self, config: CsvConfig) -> None:
        self._config = config
        self._path = config.path

    def info(self) -> SourceInfo:
        """Name the columns; each is a text unless the configuration says otherwise."""
        facts = revision(self._path)
        fields = {name: self._config.types.get(name, "string") for name in self._columns}
        return SourceInfo(title=one_line(self._path.name), fields=fields, closed=True, revision=facts)

    def partitions(self, target_bytes: int) -> tuple[Partition, ...]:  # noqa: ARG002  -- it cannot seek
        """None: whether a line break ends a row is known only from what comes before it."""
        return ()

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:  # noqa: ARG002
        """Read the rows; those that are no records are listed as malformed.

        A cell that is not of its column's type is malformed only where that field is asked for.
        """
        columns = self._columns
        make = entity_maker(columns, self._config.types, self._config.nulls, fields)
        with self._opened() as rows:
            records = iter(rows)
            if self._config.header is True:
                next(records, None)
            yield from _batches(rows, records, columns, make)

    def locate(self, ordinal: int) -> str:
        """`faq.csv:17`, the line in which the record begins, as editors count lines."""
        return f"{self._path.name}:{ordinal + 1}"

    @cached_property
    def _columns(self) -> list[str]:
        header = self._config.header
        if isinstance(header, list):
            columns = header
        else:
            with self._opened() as rows:
                columns = header_of(iter(rows), self._path)
            if self._config.delimiter is None:
                check_delimiter(columns, self._config.separator, self._path)
        check_columns(columns, self._config.types, self._path)
        return columns

    @contextmanager
    def _opened(self) -> Iterator[Rows]:
        dialect = Dialect(self._config.separator, self._config.quote, self._config.encoding)
        with opened(self._path, self._config.max_ratio) as file:
            yield Rows(recoded(file, self._config.encoding), dialect, str(self._path))


def _batches(
    rows: Rows,
    records: Iterator[tuple[int, list[str] | Fault]],
    columns: Sequence[str],
    make: Callable[[list[str]], Entity],
) -> Iterator[Batch]:
    """Make batches of bounded size; a record's ordinal is the line it begins in."""
    ordinals: list[int] = []
    batch, size = Batch([], ordinals, 0), 0
    for line, cells in records:
        size += rows.size
        if isinstance(cells, Fault):
            batch.malformed.append(Malformed(line, cells.code, cells.reason))
        elif len(cells) == len(columns):
            try:
                batch.entities.append(make(cells))
                ordinals.append(line)
            except BadCellError as error:
                batch.malformed.append(Malformed(line, "bad_type", str(error)))
        elif len(cells) > 1 or not cells[0].isspace():
            batch.malformed.append(Malformed(line, "bad_type", _counted(len(cells), len(columns))))
        if len(batch.entities) + len(batch.malformed) >= _BATCH_RECORDS or size >= _BATCH_BYTES:
            batch.end = rows.end
            yield batch
            ordinals = []
            batch, size = Batch([], ordinals, rows.end), 0
    if rows.end > batch.end:
        batch.end = rows.end
        yield batch


def _counted(cells: int, columns: int) -> str:
    return f"The row has {cells} cell{'' if cells == 1 else 's'}, there are {columns} columns"
