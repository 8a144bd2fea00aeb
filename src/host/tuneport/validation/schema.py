"""A JSON Schema for rows, judged by whichever plugin knows how."""

from __future__ import annotations

from datetime import UTC, datetime
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuneport.config import validate as validated
from tuneport.context import Context
from tuneport.errors import PluginError, RecipeError, told
from tuneport.files import Resources
from tuneport.model import Problem
from tuneport.validation.judges import Judge, guarded

if TYPE_CHECKING:
    from tuneport.plugin_manager import Contribution, PluginManager

VALIDATOR = "json_schema"


def row_judge(schema: Path, manager: PluginManager) -> Judge:
    """A function that tells what a schema finds wrong with a row.

    Raises:
        RecipeError: the schema cannot be read, or is none.
        PluginError: no plugin judges rows by a schema, or it is broken.
    """
    if not schema.is_file():
        raise RecipeError([Problem("", "cannot be read: there is no such file")], str(schema))
    contribution = manager.resolve("validators", VALIDATOR, prefer="quality")
    if contribution.on != "row":
        raise PluginError(f"validator {contribution.qualified} judges no rows: it is registered on {contribution.on}")
    return guarded(_made(contribution, schema), f"validator {contribution.qualified}", contribution.plugin)


def _made(contribution: Contribution, schema: Path) -> Any:
    problems: list[Problem] = []
    config = validated(contribution.config, {VALIDATOR: {"file": schema.name}}, "", problems)
    if problems:
        raise RecipeError(problems, str(schema))
    context = Context(
        now=datetime.now(UTC),
        seed=0,
        log=getLogger(f"tuneport.{contribution.plugin}"),
        fields={},
        read_resource=Resources(schema.parent).read,
    )
    try:
        judge: object = contribution.factory(config, context)
    except RecipeError as error:
        raise RecipeError(error.problems, str(schema)) from error
    except OSError as error:
        raise RecipeError([Problem("", f"cannot be read: {error.strerror or error}")], str(schema)) from error
    except Exception as error:
        text = f"{contribution.qualified} cannot be set up: {told(error)}"
        raise RecipeError([Problem("", text)], str(schema)) from error
    problems += [problem for problem in context.problems if problem.severity == "error"]
    if problems:
        raise RecipeError(problems, str(schema))
    if not callable(judge):
        raise PluginError(f"validator {contribution.qualified} cannot be set up: its factory returned no function")
    return judge
