"""A plan on its way to a worker process: as plain data, and made again there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tuneport.errors import RecipeError, TryAgainError
from tuneport.plugin_manager import PluginManager
from tuneport.recipes import Recipe, parse_recipe
from tuneport.runs.executors.protocol import Start
from tuneport.runs.executors.said import levels
from tuneport.runs.planning.making import make_plan
from tuneport.runs.planning.plan import Plan

_AGAIN = "run it again; should it stay so, run it with --workers 1"


def start_of(plan: Plan) -> Start | None:
    """What a worker makes this plan of; None where it cannot be told as plain data."""
    if plan.settings is None:
        return None
    data = _data(plan.recipe)
    if data is None:
        return None
    return Start(
        recipe=data,
        base=plan.recipe.base,
        origin=os.fsencode(plan.recipe.origin),
        settings=plan.settings,
        noted=plan.noted(),
        digest=plan.digest,
        sizes=plan.sizes,
        staging=plan.target.staging,
        levels=levels(),
    )


def _data(recipe: Recipe) -> bytes | None:
    """A recipe as JSON; None where another one would come of it."""
    plain = recipe.model_dump(mode="json", exclude_unset=True)
    plain.get("run", {}).pop("base", None)  # paths start from where it points to
    data = json.dumps(plain).encode()
    try:
        again = _recipe(data, recipe.base, recipe.origin)
    except RecipeError:
        return None
    same = not again.problems and _typed(_compared(again)) == _typed(_compared(recipe))
    return data if same else None


def _compared(recipe: Recipe) -> dict[str, Any]:
    plain = recipe.model_dump()
    plain["run"].pop("base")
    return plain


def _typed(value: Any) -> Any:
    """A value with the type of all that is in it: a date that has become text is not what it was."""
    if isinstance(value, dict):
        return {name: _typed(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value).__name__, [_typed(one) for one in value]
    return type(value).__name__, value


def _recipe(data: bytes, base: Path, origin: str) -> Recipe:
    return parse_recipe(json.loads(data), base, origin)


def remade(start: Start) -> Plan:
    """The plan that a worker was told of.

    Raises:
        TryAgainError: it is another one by now.
        TuneportError: it cannot be made.
    """
    manager = PluginManager.unloaded(start.settings)
    if start.settings.auto_load:
        manager.auto_load()
    recipe = _recipe(start.recipe, start.base, os.fsdecode(start.origin))
    try:
        plan = make_plan(recipe, manager, sizes=start.sizes, to_run=False, staged=json.loads(start.noted))
    except RecipeError as error:
        text = f"a worker cannot make the plan of this run: {'; '.join(one.message for one in error.problems)}"
        raise TryAgainError(text, _AGAIN) from None
    if plan.digest != start.digest:
        raise TryAgainError("source, plugins or files changed while the workers of this run started", _AGAIN)
    return plan
