"""The columns of a CSV file: their names, and what cannot be right about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from tuneport.config import suggest
from tuneport.errors import SourceError
from tuneport_sources._rows import Fault

_DELIMITERS = {";": ";", "\t": "\\t", "|": "|", ",": ","}
_SHOWN = 120
_NOT_TEXT = 'say what it is written in: source.encoding = "utf-16", or "cp1252" for many Windows programs'


def header_of(rows: Iterator[tuple[int, list[str] | Fault]], path: Path) -> list[str]:
    """The names in the first row.

    Raises:
        SourceError: there is none, or it cannot be read.
    """
    _, cells = next(rows, (0, None))
    if cells is None:
        raise SourceError(f"{path} is empty: no line names the columns")
    if isinstance(cells, Fault):
        raise SourceError(f"{path}: the line that names the columns cannot be read. {cells.reason}", _hint(cells))
    return cells


def _hint(fault: Fault) -> str:
    if fault.code == "bad_utf8" or "NUL" in fault.reason:
        return _NOT_TEXT
    return "save it with line feeds" if "carriage return" in fault.reason else ""


def check_columns(columns: Sequence[str], types: Collection[str], path: Path) -> None:
    """See that each column has a name of its own, and that those with a type are there.

    Raises:
        SourceError: that is not so.
    """
    empty = [str(number) for number, name in enumerate(columns, 1) if not name.strip()]
    if empty:
        raise SourceError(f"{path}: {_plural('column', empty)} without a name", "each needs one in the first line")
    twice = [f'"{name}"' for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise SourceError(f"{path} has more than one {_plural('column', twice)}", "each needs a name of its own")
    unknown = [name for name in types if name not in columns]
    if unknown:
        raise SourceError(
            f'{path} has no column "{unknown[0]}", which source.types names', suggest(unknown[0], columns)
        )


def _plural(word: str, names: Sequence[str]) -> str:
    return f"{word}{'s' if len(names) > 1 else ''} {', '.join(names)}"


def check_delimiter(columns: Sequence[str], delimiter: str, path: Path) -> None:
    """See that a header is not one column only because another delimiter was meant.

    Raises:
        SourceError: it looks so.
    """
    if len(columns) != 1:
        return
    likely = max(_DELIMITERS, key=columns[0].count)
    if likely != delimiter and likely in columns[0]:
        shown = _DELIMITERS[likely]
        message = f'{path} is one column by "{_DELIMITERS.get(delimiter, delimiter)}": "{columns[0][:_SHOWN]}"'
        raise SourceError(message, f'if "{shown}" stands between its cells, set source.delimiter = "{shown}"')
