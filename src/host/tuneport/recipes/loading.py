"""Reading recipes: TOML or JSON, with single keys set from outside."""

from __future__ import annotations

import errno
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tuneport.config import closest, validate
from tuneport.errors import RecipeError, SourceNotFoundError
from tuneport.files import read_regular
from tuneport.model import Problem
from tuneport.recipes.models import Recipe, refusal
from tuneport.recipes.overriding import override
from tuneport.recipes.positions import line_and_column
from tuneport.recipes.written import Written, only_source
from tuneport.references import References

MAX_BYTES = 1 << 20
MAX_DEPTH = 100
_QUOTED = "'([^']*)'"


def load_recipe(
    path: Path,
    settings: Sequence[str] = (),
    extra: Mapping[str, Any] | None = None,
    options: Mapping[str, str] | None = None,
) -> Recipe:
    """Read a recipe file.

    Args:
        path: a `.toml` or `.json` file. Relative paths in it start from its folder.
        settings: `key.path=value` pairs that override the file; values are TOML, or plain text.
        extra: keys that override the file, by dotted path.
        options: what gave them on a command line, by dotted path; `--set` where left out.

    Raises:
        SourceNotFoundError: there is no such file.
        RecipeError: it cannot be read, or is wrong.
        UsageError: a setting cannot be understood.
    """
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise RecipeError([Problem("", f"larger than {MAX_BYTES:,} bytes: this is no recipe")], str(path)) from None
        raise SourceNotFoundError(f"recipe {path}: {error.strerror}", _beside(path)) from None
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8-sig")
        line, column = line_and_column(before, len(before))
        problem = Problem("", "not UTF-8 text", "save the file as UTF-8", line=line, column=column)
        raise RecipeError([problem], str(path)) from None
    data = _decode(text, path)
    given = override(data, settings, extra or {}, options)
    return parse_recipe(data, path.parent, str(path), Written(text, _is_json(path), given))


def _beside(path: Path) -> str:
    """The recipe that may have been meant: one in the same folder, of nearly the same name."""
    try:
        names = [one.name for one in path.parent.iterdir() if one.suffix.lower() in {".toml", ".json"}]
    except OSError:
        return ""
    return closest(path.name, names) if path.name not in names else ""


def parse_recipe(data: Any, base: Path | None = None, origin: str = "recipe", written: Written | None = None) -> Recipe:
    """A recipe from plain data.

    What is wrong with its own keys is in the recipe's `problems`: the plan raises it, together with whatever
    plugins and source find wrong.

    Args:
        data: the recipe's sections.
        base: the folder that relative paths start from; the working directory where left out.
        origin: what messages call it.
        written: the text it was read from.

    Raises:
        RecipeError: it is so wrong that nothing can be made of it.
    """
    problems: list[Problem] = []
    must_be_sound(data, origin)
    base = base or Path()
    references = References(base / _own_base(data))
    if alone := isinstance(data, Mapping) and "source" in data and not isinstance(data["source"], list | tuple):
        # As the model has it, so that one wrong key can be left out, and not the whole source.
        data = {**data, "source": [data["source"]]}
    recipe = validate(Recipe, data, "", problems, (), references)
    if alone or (recipe is not None and len(recipe.source) == 1):
        problems = [msgspec.structs.replace(one, path=only_source(one.path)) for one in problems]
    if recipe is None:
        raise refusal(problems, origin, written, references)
    return recipe.located(base, origin, problems, written, references)


def _own_base(data: Any) -> Path:
    """The folder that a recipe itself names for its paths."""
    run = data.get("run") if isinstance(data, Mapping) else None
    base = run.get("base") if isinstance(run, Mapping) else None
    return Path(base) if isinstance(base, str | Path) else Path()


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
    if _depth(data) > MAX_DEPTH:
        raise RecipeError([Problem("", f"nested more than {MAX_DEPTH} levels deep")], origin)
    if _holds_nul(data):
        raise RecipeError([Problem("", "a text or path in it holds a NUL character")], origin)


def _depth(data: Any) -> int:
    """How deeply data is nested; without recursion, as below."""
    depth, level = 0, [data]
    while level and depth <= MAX_DEPTH:
        depth += 1
        inner = [value.values() if isinstance(value, Mapping) else value for value in level]
        level = [
            one
            for values in inner
            if not isinstance(values, str | Path) and isinstance(values, Iterable)
            for one in values
            if isinstance(one, Mapping | list | tuple)
        ]
    return depth


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


def _is_json(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _decode(text: str, path: Path) -> dict[str, Any]:
    try:
        data = json.loads(text) if _is_json(path) else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError([_syntax(error, text, "JSON" if _is_json(path) else "TOML")], str(path)) from None
    if not isinstance(data, dict):
        raise RecipeError([Problem("", "not an object with source, export, output, run")], str(path))
    return data


def _syntax(error: Exception, text: str, kind: str) -> Problem:
    """What a reader says of a text that is no TOML or JSON, at its place."""
    if isinstance(error, json.JSONDecodeError):
        after_comma = error.msg.startswith("Expecting property name")
        hint = (
            "no comma stands before a closing brace" if after_comma and text[error.pos : error.pos + 1] == "}" else ""
        )
        return Problem("", f"not JSON: {error.msg}", hint, line=error.lineno, column=error.colno)
    # tomllib has the place in its message alone.
    said = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.DOTALL)
    if said is None:
        return Problem("", f"not {kind}: {error}")
    line, column = (int(said[2]), int(said[3])) if said[2] else line_and_column(text, len(text))
    return Problem("", f"not {kind}: {_plainly(said[1])}", line=line, column=column)


def _plainly(said: str) -> str:
    """What tomllib says, where it speaks as Python does."""
    twice = re.fullmatch(r"Cannot declare \((.*?),?\) twice", said)
    if twice is not None:
        return f"[{'.'.join(re.findall(_QUOTED, twice[1]))}] stands twice"
    plain = {
        "Cannot overwrite a value": "this key stands twice",
        "Illegal character '\\n'": "the text is not closed on its line",
        "Invalid value": "this is no value; a text stands in quotes",
    }
    return plain.get(said, said)
