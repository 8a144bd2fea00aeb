"""`source.group`: which rows are one conversation."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, model_validator

from tuneport.config import Config, Names

MESSAGES = "messages"
"""The field of a conversation that holds its turns."""


class GroupSection(Config):
    """`group` of a source: rows that are turns become conversations, one for each value of `by`.

    A conversation is a record with the fields `by`, `messages`, and every other field of its first row. Records are
    counted after that, so the total is of conversations and of rows that cannot be read.
    """

    by: Names = Field(min_length=1)
    """The fields that rows of one conversation have in common: 7, 7.0 and the text "7" are alike, and a row in which
    one of them is missing or blank is an error."""
    order_by: Names = []
    """The fields that its turns are sorted by: nulls first, numbers before texts, and a text that is a plain number, as
    in a CSV file, as that number. The source's own order where empty, and among rows that are alike."""
    role_field: str = Field("role", min_length=1)
    """The field that says who speaks."""
    content_field: str = Field("content", min_length=1)
    """The field with what is said."""
    fields: Names = []
    """Other fields that each turn keeps, under their own names."""
    sorted: bool = False
    """Rows of one conversation follow each other, so that no other is held meanwhile; it is an error if they do not."""
    max_rows: int = Field(10_000, ge=1)
    """The most rows a conversation may have; more is an error, as where `by` names the wrong field."""

    @model_validator(mode="after")
    def _apart(self) -> GroupSection:
        if self.role_field == self.content_field:
            raise ValueError(f'role_field and content_field are both "{self.role_field}"')
        for name in {"role", "content"} & set(self.fields):
            raise ValueError(f'fields names "{name}", and each turn has a {name} already: {name}_field')
        for name in self.by:
            if name == MESSAGES or name in self.turn_fields():
                what = "the turns themselves" if name == MESSAGES else "a field of single turns"
                raise ValueError(f'by names "{name}", which is {what}')
        return self

    def turn_fields(self) -> Sequence[str]:
        """The fields of rows that go into turns."""
        return (self.role_field, self.content_field, *self.fields)

    def named(self) -> dict[str, Sequence[str]]:
        """Each key that names fields of rows, to these fields."""
        return {
            "by": self.by,
            "order_by": self.order_by,
            "role_field": [self.role_field],
            "content_field": [self.content_field],
            "fields": self.fields,
        }
