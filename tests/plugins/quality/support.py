"""A hand-made context, and schemas on their way through the factory."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tuneport import Context, Problem, Sample
from tuneport.context import SampleShape
from tuneport.errors import RecipeError
from tuneport_quality.config import JsonSchemaConfig
from tuneport_quality.json_schema import RowSchema, json_schema

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
"""Of a child that imports what this process can import."""


def context(files: Mapping[str, bytes] | None = None, kind: type[Sample] | None = None) -> Context:
    """A context whose resources are these files."""

    def read(path: str) -> bytes:
        if files is None or path not in files:
            raise FileNotFoundError(2, "No such file or directory", path)
        return files[path]

    return Context(
        now=datetime(2024, 11, 21, tzinfo=UTC),
        seed=0,
        log=logging.getLogger("tuneport.test"),
        fields={},
        sample=SampleShape(kind) if kind else None,
        read_resource=read,
    )


def compiled(schema: Any, files: Mapping[str, bytes] | None = None, **config: Any) -> RowSchema:
    """The validator of a schema: its text, a table, or any JSON value, which is given as its text."""
    given = schema if isinstance(schema, (str, dict)) else json.dumps(schema)
    return json_schema(JsonSchemaConfig(json_schema=given, **config), context(files))


def refused(schema: Any, files: Mapping[str, bytes] | None = None) -> Problem:
    """The one problem of a schema that cannot be used."""
    with pytest.raises(RecipeError) as caught:
        compiled(schema, files)
    (problem,) = caught.value.problems
    assert problem.path == "json_schema"
    return problem


def said(schema: Any, row: Any, **config: Any) -> list[str]:
    """What is said of a row."""
    return [problem.message for problem in compiled(schema, **config)(row)]
