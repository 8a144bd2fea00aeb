"""What else of a source is worth a line in its recipe: key, weight, time, metadata."""

from __future__ import annotations

from collections.abc import Sequence

from tuneport.inspection.columns import Column
from tuneport.inspection.names import CREATED, KEY, METADATA, WEIGHT, named

_MOST_METADATA = 12
_LABEL = 80
"""Characters of the longest text that is a label and no prose."""
_MOST_NUMBERS = 20
"""How many different numbers a column may hold that is kept."""
_SCALARS = {"string", "integer", "number", "bool"}
_LISTS = {"list[string]", "list[integer]", "list[number]"}


def is_unique(column: Column, records: int) -> bool:
    """Whether it could name the records that were looked at: each has a value, and no two the same."""
    names = column.kinds <= {"string"} or column.kinds <= {"integer"}
    return 1 < records == column.seen == column.distinct and names and column.longest <= _LABEL and not column.spaced


def key_of(columns: Sequence[Column], known: Sequence[str], records: int) -> list[str]:
    """The fields that name a record: the source's own key, else a unique field that is called like one."""
    if known:
        names = {column.name for column in columns if not column.secret}
        return list(known) if set(known) <= names else []
    found = named([column for column in columns if is_unique(column, records) and not column.secret], KEY)
    return [] if found is None else [found.name]


def weights_of(columns: Sequence[Column]) -> list[Column]:
    """The columns called like a weight; those that can be one as they are come first."""
    found = [column for name in WEIGHT if (column := named(columns, [name])) is not None and not column.secret]
    return sorted(found, key=lambda column: not is_plain(column))


def is_plain(column: Column) -> bool:
    """Whether every value is a number, none of them below zero."""
    return 0 < column.seen == column.numbers and not column.negative


def created(columns: Sequence[Column]) -> Column | None:
    """The column that says how old a record is."""
    dated = [column for column in columns if 0 < column.seen == column.dates and not column.secret]
    return named(dated, CREATED) or next((column for column in dated if column.type == "string"), None)


def metadata_of(columns: Sequence[Column], taken: Sequence[str]) -> dict[str, str]:
    """Name to type of the fields worth keeping beside a sample: labels, flags, days and short lists."""
    free = [column for column in columns if column.name not in taken and not column.secret]
    kinds = {column.name: _kind(column) for column in free}
    fit = [column for column in free if kinds[column.name] and _is_worth_keeping(column, kinds[column.name])]
    wanted = sorted(fit, key=lambda column: column.plain_name not in METADATA)[:_MOST_METADATA]
    return {column.name: kinds[column.name] for column in free if column in wanted}


def _kind(column: Column) -> str:
    """The type that metadata made of it would have; "" where there is none that all its values fit."""
    if not column.seen:
        return column.declared if column.declared in _SCALARS | _LISTS else ""
    if column.unwritable or (column.kinds <= {"string"} and column.longest > _LABEL):
        return ""
    if column.kinds == {"string"} and column.lengths and column.listed == column.seen:
        return "list[string]"
    if len(column.kinds) > 1 and column.kinds != {"integer", "number"}:
        return ""
    kind = column.type if column.type in column.kinds | {"number"} else next(iter(column.kinds))
    if column.declared == "bool" and column.kinds == {"integer"} and column.distinct in (1, 2):
        return "bool" if column.longest == 1 and not column.negative else "integer"
    return "" if column.large or kind not in _SCALARS | _LISTS else kind


def _is_worth_keeping(column: Column, kind: str) -> bool:
    """Whether it is a day, or says the same of many records."""
    if column.plain_name in METADATA or kind in _LISTS or kind == "bool":
        return True
    if column.kinds == {"string"} and 0 < column.seen == column.dates:
        return True
    few = column.distinct is not None and column.distinct * 2 <= column.seen
    return few and "id" not in column.words and (kind == "string" or (column.distinct or 0) <= _MOST_NUMBERS)
