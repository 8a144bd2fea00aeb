"""Who reads each source of a recipe: named, or found from the names of its files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from tuneport.config import UNKNOWN_KEY, suggest
from tuneport.errors import PluginError, UnknownNameError
from tuneport.model import Problem
from tuneport.plugin_manager import PluginManager
from tuneport.recipes import Recipe, SourceSection
from tuneport.references import reference_in
from tuneport.runs.planning.paths import files_of, suffixes
from tuneport.runs.planning.stages import Resolver, Stage


@dataclass(frozen=True)
class Reader:
    """A source of a recipe, and who reads it.

    Attributes:
        name: what counts and messages call it.
        place: where it stands in the recipe: `source`, or `source[1]`.
        section: what the recipe says of it.
        importer: who reads it.
        files: the files it stands for, as the recipe names them; none where it is not about files.
    """

    name: str
    place: str
    section: SourceSection
    importer: Stage
    files: tuple[str, ...]


def place_of(recipe: Recipe, number: int) -> str:
    """Where a source stands in its recipe."""
    return "source" if len(recipe.source) == 1 else f"source[{number}]"


def resolve_readers(recipe: Recipe, manager: PluginManager, problems: list[Problem]) -> list[Reader]:
    """Who reads each source; what is wrong is added to `problems`.

    Raises:
        SourceNotFoundError: a pattern matches no file.
    """
    if not recipe.source:
        problems.append(Problem("source", "missing", 'such as source = "support.db"'))
    resolver = Resolver(manager, problems, recipe.references)
    readers = [_reader(recipe, number, resolver) for number in range(len(recipe.source))]
    found = [reader for reader in readers if reader is not None]
    names = [reader.name for reader in found]
    problems.extend(
        Problem(f'{reader.place}.name = "{reader.name}"', "another source has this name", "each has its own")
        for number, reader in enumerate(found)
        if reader.name in names[:number]
    )
    asked = {name for section in recipe.source for name in _params(recipe, section)}
    problems.extend(
        Problem(f"params.{name}", f"no query asks for :{name}", "leave it out, or use it in source.query")
        for name in recipe.params
        if name not in asked
    )
    return found


def _params(recipe: Recipe, section: SourceSection) -> dict[str, Any]:
    """The recipe's parameters that a section's query names; which of them it binds is for its importer to say."""
    query = section.settings.get("query")
    text = query if isinstance(query, str) else ""
    return {name: value for name, value in recipe.params.items() if re.search(rf"[:@$]{re.escape(name)}\b", text)}


def _reader(recipe: Recipe, number: int, resolver: Resolver) -> Reader | None:
    section, place = recipe.source[number], place_of(recipe, number)
    settings = section.settings
    files = _files(recipe, section, place, resolver)
    if files is None:
        return None
    name = section.importer or _importer_of(files, place, resolver)
    if name is None:
        return None
    if len(files) > 1 or isinstance(settings.get("path"), list):
        # One file stands for all of them: they differ in nothing else.
        settings["path"] = files[0]
    if params := _params(recipe, section):
        settings["params"] = params
    known = len(resolver.problems)
    stage = resolver.stage("importers", {"use": name, **settings}, place, also=SourceSection.model_fields)
    resolver.problems[known:] = [_of_another(one, name, place, resolver.manager) for one in resolver.problems[known:]]
    if stage is None:
        return None
    return Reader(section.name or str(number + 1), place, section, _as_written(stage, section.settings), tuple(files))


def _of_another(problem: Problem, name: str, place: str, manager: PluginManager) -> Problem:
    """The problem of an unknown key, saying so where the key is that of another importer."""
    if problem.message != UNKNOWN_KEY:
        return problem
    key = problem.path.removeprefix(f"{place}.")
    others = [other for other in manager.names("importers") if key in _keys(other, manager)]
    if not others:
        return problem
    reader = name.rpartition(":")[2]
    return msgspec.structs.replace(problem, hint=f"{', '.join(others)} has it, and this is read by {reader}")


def _keys(importer: str, manager: PluginManager) -> list[str]:
    try:
        return list(manager.resolve("importers", importer).config.model_fields)
    except PluginError:
        return []


def _files(recipe: Recipe, section: SourceSection, place: str, resolver: Resolver) -> list[str] | None:
    """The files a section names; none where it names no path, None where that is wrong."""
    problems, known = resolver.problems, len(resolver.problems)
    path = section.settings.get("path")
    given = recipe.references.opened(path, f"{place}.path", problems)
    if (reference := reference_in(path)) is not None and isinstance(given, str):
        whole = recipe.resolve(Path(given)).absolute()
        recipe.references.hides(reference, given, str(whole), whole.name)
    if given is None:
        return [] if len(problems) == known else None
    if section.importer is not None and isinstance(given, str | Path) and recipe.resolve(Path(given)).is_dir():
        return [str(given)]  # an importer that was asked for by name may read folders
    manager = resolver.manager
    files = files_of(given, f"{place}.path", recipe.base, lambda name: _by_name(name, manager), problems)
    return files if len(problems) == known else None


def _importer_of(files: list[str], place: str, resolver: Resolver) -> str | None:
    found = {file: _by_name(file, resolver.manager) for file in files}
    unknown = next((file for file, name in found.items() if name is None), None)
    if unknown is not None or not files:
        known = resolver.manager.names("importers")
        hint = f'say who reads it: {place}.importer = "..." ({suggest("", known)})'
        message = f'cannot tell from the name "{unknown}" how to read it' if files else "names no path"
        resolver.problems.append(Problem(f"{place}.path" if files else place, message, hint))
        return None
    names = list(dict.fromkeys(name for name in found.values() if name is not None))
    if len(names) > 1:
        examples = " and ".join(next(file for file, name in found.items() if name == one) for one in names[:2])
        hint = "read one kind of file in each [[source]]"
        resolver.problems.append(Problem(f"{place}.path", f"{examples} are read by different importers", hint))
        return None
    return names[0]


def _by_name(file: str, manager: PluginManager) -> str | None:
    """The importer of files with such a name."""
    for suffix in suffixes(file):
        try:
            return manager.resolve("importers", suffix).qualified
        except UnknownNameError:
            continue
    return None


def _as_written(stage: Stage, settings: Mapping[str, Any]) -> Stage:
    """The stage with its path as the recipe has it: a pattern rather than the first file it matches."""
    given = settings.get("path")
    if not isinstance(given, list):
        return stage
    ref = msgspec.structs.replace(stage.ref, config={**stage.ref.config, "path": [str(one) for one in given]})
    return replace(stage, ref=ref)
