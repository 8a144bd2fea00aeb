"""Reading recipes: TOML or JSON, with single keys set from outside."""

from __future__ import annotations

import errno
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuneport.config import validate
from tuneport.errors import RecipeError, SourceNotFoundError, UsageError
from tuneport.files import read_regular
from tuneport.model import Problem
from tuneport.recipes.models import Recipe

MAX_BYTES = 1 << 20


def load_recipe(path: Path, settings: Sequence[str] = (), extra: Mapping[str, Any] | None = None) -> Recipe:
    """Read a recipe file.

    Args:
        path: a `.toml` or `.json` file. Relative paths in it start from its folder.
        settings: `key.path=value` pairs that override the file; values are TOML, or plain text.
        extra: keys that override the file, by dotted path.

    Raises:
        SourceNotFoundError: there is no such file.
        RecipeError: it cannot be read, or is wrong.
    """
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise RecipeError([Problem("", f"larger than {MAX_BYTES:,} bytes: this is no recipe")], str(path)) from None
        raise SourceNotFoundError(f"recipe {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise RecipeError([Problem("", "not UTF-8 text")], str(path)) from None
    data = _decode(text, path)
    override(data, settings, extra or {})
    return parse_recipe(data, path.parent, str(path))


def parse_recipe(data: Any, base: Path | None = None, origin: str = "recipe") -> Recipe:
    """A recipe from plain data.

    What is wrong with its own keys is in the recipe's `problems`: the plan raises it, together with whatever
    plugins and source find wrong.

    Raises:
        RecipeError: it is so wrong that nothing can be made of it.
    """
    problems: list[Problem] = []
    must_be_sound(data, origin)
    recipe = validate(Recipe, data, "", problems)
    if recipe is None:
        raise RecipeError(problems, origin)
    return recipe.located(base or Path(), origin, problems)


def must_be_sound(data: Any, origin: str) -> None:
    """Check the texts in a recipe's data, or in a part of it.

    Raises:
        RecipeError: one of them is no Unicode, or holds a NUL; or the data is nested too deeply.
    """
    try:
        json.dumps(data, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise RecipeError([Problem("", "a text or path in it is not Unicode")], origin) from None
    except (RecursionError, ValueError):
        raise RecipeError([Problem("", "nested too deeply")], origin) from None
    if _holds_nul(data):
        raise RecipeError([Problem("", "a text or path in it holds a NUL character")], origin)


def _holds_nul(data: Any) -> bool:
    """Whether a text or path in it does; without recursion, for the data may be nested as deeply as JSON allows."""
    left = [data]
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            left += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple):
            left += value
        elif isinstance(value, str | Path) and "\0" in str(value):
            return True
    return False


def override(data: dict[str, Any], settings: Sequence[str], extra: Mapping[str, Any]) -> None:
    """Put `key.path=value` settings and dotted keys into a recipe's data.

    Raises:
        UsageError: a setting has no `=`, or reaches into something that is no section.
    """
    pairs = dict(extra)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set {setting}: expected key=value", "such as --set output.shard_size=64MiB")
        pairs[key.strip()] = _value(value.strip())
    for key, value in pairs.items():
        *sections, last = key.split(".")
        place = data
        for section in sections:
            if isinstance(place.get(section), str | Path) and section in {"source", "output"}:
                place[section] = {"path": place[section]}
            inner = place.setdefault(section, {})
            if not isinstance(inner, dict):
                raise UsageError(f"--set {key}: {section} is no section")
            place = inner
        place[last] = value


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _decode(text: str, path: Path) -> dict[str, Any]:
    try:
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise RecipeError([Problem("", f"not {kind}: {error}")], str(path)) from None
    if not isinstance(data, dict):
        raise RecipeError([Problem("", "not an object with source, export, output, run")], str(path))
    return data
