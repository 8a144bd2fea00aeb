"""Values that are bound to the `:name` of a query by SQLite itself, and never become part of its text."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from tuneport.config import suggest
from tuneport.errors import SourceError

Param = str | int | float | bool | None

_INTEGERS = range(-(2**63), 2**63)


def check_values(params: Mapping[str, Param]) -> None:
    """See that SQLite can hold each value.

    Raises:
        ValueError: it cannot.
    """
    for name, value in params.items():
        if isinstance(value, int) and value not in _INTEGERS:
            raise ValueError(f"params.{name} is an integer of more than 64 bits")
        if isinstance(value, str) and not _is_unicode(value):
            raise ValueError(f"params.{name} is no Unicode text")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Asked(dict[str, Param]):
    """Notes every name it is asked for: SQLite itself knows which parameters a query has."""

    def __init__(self, params: Mapping[str, Param]) -> None:
        super().__init__(params)
        self.names: dict[str, None] = {}

    def __getitem__(self, name: str) -> Param:
        self.names[name] = None
        return self.get(name)


def execute_checked(
    connection: sqlite3.Connection, sql: str, params: Mapping[str, Param], title: str
) -> sqlite3.Cursor:
    """Run SQL that has these parameters, and no others.

    Raises:
        SourceError: it has others, or does not use one.
        sqlite3.Error: SQLite refuses it.
    """
    asked = _Asked(params)
    try:
        cursor = connection.execute(sql, asked)
    except sqlite3.Error as error:
        if "has no name" in str(error):
            raise _nameless(title) from None
        _check_known(asked, title)
        raise
    _check_known(asked, title)
    unused = [name for name in params if name not in asked.names]
    if unused:
        hint = suggest(unused[0], asked.names) or f"write :{unused[0]} where its value belongs, or take it out"
        raise SourceError(f"{title}: it does not use params.{', params.'.join(unused)}", hint)
    return cursor


def _check_known(asked: _Asked, title: str) -> None:
    unknown = [name for name in asked.names if name not in asked]
    if any(name.isdigit() for name in unknown):
        raise _nameless(title)
    if unknown:
        hint = suggest(unknown[0], asked) or f"give it one: params.{unknown[0]}, or --param {unknown[0]}=..."
        raise SourceError(f"{title}: no value for :{', :'.join(unknown)}", hint)


def _nameless(title: str) -> SourceError:
    return SourceError(f"{title}: a parameter in it has no name", "write :name for ?, and give its value in params")
