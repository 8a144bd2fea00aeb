"""One export, from recipe to published folder."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pydantic import BaseModel

from tuneport.config import given
from tuneport.errors import Interrupted, StorageError
from tuneport.model import Entity, Problem
from tuneport.options import Cancel, ExportOptions
from tuneport.plugin_manager.code.containing import stdout_aside
from tuneport.recipes import PluginsSection, Recipe, load_recipe, parse_recipe
from tuneport.recipes.loading import must_be_sound
from tuneport.runs.engine import Run
from tuneport.runs.limits import must_go_on
from tuneport.runs.planning.making import make_plan
from tuneport.runs.planning.plan import Plan
from tuneport.runs.planning.sizes import SIZES, Sizes
from tuneport.runs.result import ExportResult, OnProgress

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager
    from tuneport.runs.storage import Storage

__all__ = ["ExportResult", "Plan", "Sizes", "execute", "export", "export_entities", "plan_export", "recipe_for"]


def export(
    recipe: Recipe | Mapping[str, Any] | str | Path,
    *,
    manager: PluginManager | None = None,
    on_progress: OnProgress | None = None,
    cancel: Cancel | None = None,
    fresh: bool = False,
) -> ExportResult:
    """Run a recipe.

    Args:
        recipe: a Recipe, the same as a mapping, or the path of a `.toml` or `.json` file.
        manager: where plugins come from; default `default_manager()`.
        on_progress: called after each part.
        cancel: anything with `is_set()`, such as a `threading.Event`; once it is set, the run ends.
        fresh: throw away what a stopped run left to go on with, and begin anew.

    Raises:
        TuneportError: see `tuneport.errors`; nothing is visible at the output path then.
    """
    plan = plan_export(recipe, manager=manager, fresh=fresh)
    return execute(plan, on_progress=on_progress, cancel=cancel)


def plan_export(
    recipe: Recipe | Mapping[str, Any] | str | Path,
    *,
    manager: PluginManager | None = None,
    sizes: Sizes = SIZES,
    entities: Iterable[Entity] | None = None,
    to_run: bool = True,
    fresh: bool = False,
) -> Plan:
    """Check a recipe and settle its plan; nothing is written. See `make_plan`."""
    from tuneport.plugin_manager import default_manager

    if isinstance(recipe, str | Path):
        recipe = load_recipe(Path(recipe))
    elif not isinstance(recipe, Recipe):
        recipe = parse_recipe(recipe)
    manager = manager or default_manager()
    if recipe.run.plugins is not None:
        manager = _with_plugins(recipe, recipe.run.plugins, manager)
    with recipe.references.concealed():
        return make_plan(recipe, manager, entities=entities, sizes=sizes, to_run=to_run, fresh=fresh)


def _with_plugins(recipe: Recipe, asked: PluginsSection, manager: PluginManager) -> PluginManager:
    """A manager with the plugins that a recipe names as well."""
    lock = recipe.resolve(asked.lock) if asked.lock is not None else None
    dirs = [recipe.resolve(folder) for folder in asked.dirs]
    problems = [
        Problem(f'run.plugins.dirs[{number}] = "{asked.dirs[number]}"', "no such folder", "name one that holds plugins")
        for number, folder in enumerate(dirs)
        if not folder.is_dir()
    ]
    host = manager.settings.lock
    if lock is not None and host is not None and lock.resolve() != host.resolve():
        hint = f"leave it out of the recipe, or run it with --plugin-lock {asked.lock}"
        problems.append(Problem(f'run.plugins.lock = "{asked.lock}"', f"the lock file of this host is {host}", hint))
    if problems:
        raise recipe.refused([*recipe.problems, *problems])
    return manager.extended(dirs, lock=lock, allow=asked.allow, deny=asked.deny)


def execute(
    plan: Plan,
    *,
    storage: Storage | None = None,
    on_progress: OnProgress | None = None,
    stream: BinaryIO | None = None,
    cancel: Cancel | None = None,
    workers: int = 1,
) -> ExportResult:
    """Run a plan, in as many processes as its recipe says, or `workers` where it does not."""
    run = Run(plan, storage, on_progress, cancel, workers)
    try:
        with plan.recipe.references.concealed():
            return run.to_disk() if plan.target.kind != "stdout" else _streamed(run, stream)
    except Interrupted:
        if run.result is None:
            raise
        run.let_go()
        return run.result  # the signal came when all was done


def _streamed(run: Run, stream: BinaryIO | None) -> ExportResult:
    if stream is None and sys.stdout is None:
        raise StorageError("there is no stdout to write to")
    rows = stream or sys.stdout.buffer
    # What a plugin prints is no row.
    with stdout_aside():
        return run.to_stream(rows)


def export_entities(
    manager: PluginManager, exporter: str, config: Any, entities: Iterable[Entity], options: ExportOptions
) -> ExportResult:
    """What a loaded exporter's `exportEntities` does: the same run, over entities instead of a source."""
    if not isinstance(entities, Iterable) or isinstance(entities, str | bytes | Mapping):
        raise TypeError(f"entities are an iterable of dicts, not {type(entities).__name__}")
    if not isinstance(options, ExportOptions):
        raise TypeError(f"options are ExportOptions, not {type(options).__name__}")
    recipe = recipe_for(exporter, config, str(options.path))
    must_be_sound(options.model_dump(mode="json"), "options")
    # The options are a recipe's [output] already, callback included: they are validated, and replace it whole.
    recipe = recipe.model_copy(update={"output": options}).located(Path(), exporter)
    sizes = Sizes(part_entities=min(1000, options.progress_interval))
    return execute(plan_export(recipe, manager=manager, sizes=sizes, entities=_until(options.cancel, entities)))


def _until(cancel: Cancel | None, entities: Iterable[Entity]) -> Iterator[Entity]:
    """The entities, one by one, until somebody asks the run to stop: the next may be long in coming."""
    for entity in entities:
        must_go_on(cancel)
        yield entity


def recipe_for(exporter: str, config: Any, path: str) -> Recipe:
    """The recipe of a loaded exporter: its configuration, a model or a mapping, under `export`."""
    settings = given(config) if isinstance(config, BaseModel) else config
    return parse_recipe({"export": {**(settings or {}), "use": exporter}, "output": {"path": path}})
