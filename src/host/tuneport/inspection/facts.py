"""What an inspection says of a source, as plain data."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import msgspec.json

from tuneport.source import Table


class FieldFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the records that were looked at hold in one field.

    Attributes:
        name: the field.
        type: one of the types of fields; "" where only nulls were seen.
        nulls: the share of records without a value, from 0 to 1.
        median_length: characters of its texts, half of which are at most as long; None where it holds no text.
        max_length: characters of its longest text.
        distinct: how many different values there are; None where that was not counted.
        unique: whether no two records share a value and each has one, so that it could name them.
        example: the beginning of one value; "" where there is none, or where the name looks like a secret's.
    """

    name: str
    type: str
    nulls: float
    median_length: int | None
    max_length: int | None
    distinct: int | None
    unique: bool
    example: str


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What a source holds.

    Attributes:
        title: what it is.
        rows: about how many records it has; None where that is not known without counting.
        looked_at: how many of the first records were looked at; 0 where only the catalogue was.
        unreadable: how many of them could not be read.
        fields: what they hold, where one table or file was looked at.
        tables: what there is to choose from, where several tables are and none was named.
        recipe: a recipe for it, as TOML; "" where none can be suggested.
    """

    title: str
    rows: int | None = None
    looked_at: int = 0
    unreadable: int = 0
    fields: Sequence[FieldFacts] = ()
    tables: Sequence[Table] = ()
    recipe: str = ""

    def to_json(self) -> str:
        """The inspection as JSON text, indented by two."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()
