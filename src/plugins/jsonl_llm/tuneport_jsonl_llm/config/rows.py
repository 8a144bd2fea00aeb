"""How rows are written, and the JSON Schema that they carry or have to fit."""

from __future__ import annotations

from typing import Literal

from tuneport import Config
from tuneport.schemas import GivenSchema

SchemaEncoding = Literal["object", "string", "id"]


class _Carried(Config):
    """How rows carry a schema."""

    schema_encoding: SchemaEncoding = "object"
    """`__schema__` as an object, `__schema__` as JSON text, or `schema_id`, the first 16 hex digits of its SHA-256,
    with the schema itself in `schemas/<id>.json` of the dataset folder."""


class SchemaConfig(_Carried):
    """A schema that rows carry."""

    json_schema: GivenSchema
    """A JSON Schema that every row carries: as JSON text, as a table, in a file (`{ file = "row.schema.json" }`), or in
    a variable (`{ env = "ROW_SCHEMA" }`)."""


class RowConfig(_Carried):
    """What the format `tuneport` is told."""

    metadata_encoding: Literal["object", "json"] = "object"
    """`object` writes metadata as an object, `json` as one string that holds JSON."""
    json_schema: GivenSchema | None = None
    """A JSON Schema that every row carries; None for none."""


class StructuredGeneration(Config):
    """A JSON Schema for rows: what is checked, and what rows carry."""

    enable_schema_validation: bool = False
    """Whether rows are checked at all."""
    json_schema: GivenSchema = ""
    """The schema: JSON text, a table, a file (`{ file = "row.schema.json" }`), or a variable that holds its text
    (`{ env = "ROW_SCHEMA" }`)."""
    include_schema_in_output: bool = False
    """Whether every row carries the schema."""
    schema_encoding: SchemaEncoding = "object"
    """How: `__schema__` as an object or as JSON text, or `schema_id` and the schema in a file of its own."""
    reject_invalid_samples: bool = True
    """Whether a row that does not fit is left out; else it is written, and counted."""
    log_validation_errors: bool = True
    """Whether the report holds the last ten problems."""
