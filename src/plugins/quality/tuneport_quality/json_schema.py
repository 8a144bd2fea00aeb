"""The validator `json_schema`: whether a row fits, and if not, what is wrong with it in plain words.

A row that fits costs one call. One that does not is looked at again for what is wrong, but only where that
cannot cost much: finding all errors takes time and memory for every branch of the schema times every value of
the row, so rows above 64 KiB, and rows and schemas that multiply, have one problem that says no more.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from itertools import islice
from typing import Any, Literal

from tuneport import Context, Problem
from tuneport_quality.compiling import compiled
from tuneport_quality.complexity import MAX_CHECKS, Complexity, complexity
from tuneport_quality.config import JsonSchemaConfig
from tuneport_quality.extent import Extent, extent, within
from tuneport_quality.keywords import REGEXES, UNEVALUATED, escaped
from tuneport_quality.references import SchemaGraph
from tuneport_quality.schema_text import Schema, read_schema
from tuneport_quality.wording import sentence

CODE = "schema_violation"
MAX_PROBLEMS = 10
MAX_DEPTH = 128
MAX_TEXT = 1 << 20
MAX_DESCRIBED = 64 << 10
# Some 1.6 KB and 20 microseconds go into each error that the library makes.
_MAX_ERRORS = 20_000
_MAX_ERROR_TEXT = 16 << 20
# Frames of the library's recursion that fit into the half megabyte of stack a thread may have.
_MAX_FRAMES = 3_000


class RowSchema:
    """Judges rows by a compiled schema. Threads may share it.

    Attributes:
        schema: the schema, as plain JSON data.
    """

    __slots__ = ("_describes", "_is_valid", "_iter_errors", "_levels", "_looks", "_severity", "_work", "schema")

    def __init__(self, schema: Schema, config: JsonSchemaConfig) -> None:
        graph = SchemaGraph(schema)
        validator = compiled(schema)
        keywords = {keyword for node in graph.nodes if isinstance(node.schema, dict) for keyword in node.schema}
        self.schema = schema
        self._is_valid = validator.is_valid
        self._iter_errors = validator.iter_errors
        self._work = complexity(graph.nodes)
        self._levels = _levels(self._work, keywords)
        # Judging is as deep as the schema, and linear in texts, unless the schema recurses or runs patterns.
        self._looks = self._work.growth > 0 or bool(keywords & REGEXES)
        self._describes = config.log_validation_errors
        self._severity: Literal["error", "warning"] = "error" if config.reject_invalid_samples else "warning"

    def __call__(self, row: Any) -> Iterable[Problem]:
        """What is wrong with a row; nothing where it fits."""
        try:
            if self._looks and isinstance(row, dict) and not within(row, self._levels, MAX_TEXT):
                return (self._problem("", self._too_much(row)),)
            return () if self._is_valid(row) else self._wrong(row)
        except (ValueError, RuntimeError):
            # Values that are no JSON (lone surrogates, keys that are no texts), or the library gave up.
            return (self._problem("", "Record cannot be judged: it holds what JSON does not have, or too much"),)

    def _too_much(self, row: Any) -> str:
        """Why a row is not judged at all."""
        if not within(row, self._levels, sys.maxsize):
            return f"Record is nested too deeply to judge (max {self._levels} levels)"
        return f"Record is too large to judge (max {MAX_TEXT:,} chars per text)"

    def _wrong(self, row: Any) -> list[Problem]:
        if not self._describes or not self._can_be_described(extent(row, MAX_DEPTH)):
            return [self._problem("", "Record does not fit the schema")]
        errors = islice(self._iter_errors(row), MAX_PROBLEMS)
        return [self._problem(_pointer(error.instance_path), sentence(error, row)) for error in errors]

    def _can_be_described(self, size: Extent) -> bool:
        checks = self._work.checks_at(size.depth)
        return (
            size.depth <= MAX_DEPTH
            and size.characters + 8 * size.values <= MAX_DESCRIBED
            and checks * size.values <= _MAX_ERRORS
            and checks * size.characters <= _MAX_ERROR_TEXT
        )

    def _problem(self, path: str, message: str) -> Problem:
        return Problem(path, message, code=CODE, severity=self._severity)


def json_schema(config: JsonSchemaConfig, ctx: Context) -> RowSchema:
    """Compile the schema.

    Drafts 4, 6, 7, 2019-09 and 2020-12, which is taken where `$schema` names none. `format` is checked by the
    drafts up to 7, as they say. Nothing is fetched, no file is read but the one that the configuration names.

    Raises:
        RecipeError: the schema is missing, wrong, leads outside, or makes too much work.
    """
    return RowSchema(read_schema(config, ctx), config)


def _levels(work: Complexity, keywords: set[str]) -> int:
    """How many levels a row may have that a recursive schema judges."""
    levels = min(MAX_DEPTH, max(1, _MAX_FRAMES // work.chain))
    # What is left unevaluated is looked for anew at each reference, so that recursion does multiply.
    if work.growth > 1 and keywords & UNEVALUATED:
        levels = min(levels, max(1, int(math.log(MAX_CHECKS / work.checks, work.growth))))
    return levels


def _pointer(path: list[str | int]) -> str:
    return "".join(f"/{escaped(step)}" for step in path)
