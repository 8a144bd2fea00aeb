"""Setting single keys of a recipe from outside: `--set output.min_rows=10`, and what flags stand for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuneport.config import join
from tuneport.errors import UsageError
from tuneport.phrases import Location
from tuneport.recipes.written import only_source

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_KEY = re.compile(r"[^.\[\]]+(?:\[\d+\])*(?:\.[^.\[\]]+(?:\[\d+\])*)*")
_STAGES = {"filters", "weightings", "fingerprints", "formats", "validators", "metrics", "artifacts"}


def override(
    data: dict[str, Any],
    settings: Sequence[str],
    extra: Mapping[str, Any],
    options: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Put `key.path=value` settings and dotted keys into a recipe's data.

    A key may go into a list, `export.formats[0].weights`. With one source, `source` is that one; with several it is
    `source[1]`. What is written as a path or a name alone becomes the table it stands for.

    Args:
        data: changed in place.
        settings: texts of `--set`.
        extra: dotted key to value.
        options: dotted key to the option that gave it, where that was not `--set`.

    Returns:
        The paths that were set, as problems spell them, to the options that did.

    Raises:
        UsageError: a setting has no `=`, reaches into something that is no section, or names none of several sources.
    """
    pairs = dict(extra)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set {setting}: expected key=value", "such as --set output.shard_size=64MiB")
        pairs[key.strip()] = _value(value.strip())
    named = {key: (options or {}).get(key, "--set") for key in pairs}
    return {_set(data, key, value, named[key]): named[key] for key, value in pairs.items()}


def _set(data: dict[str, Any], key: str, value: Any, option: str) -> str:
    if not _KEY.fullmatch(key):
        raise UsageError(f"--set {key}: no key of a recipe", "such as output.min_rows or export.formats[0].use")
    place = _one_source(data, tuple(name or int(index) for name, index in _STEP.findall(key)), key, option)
    holder: Any = data
    for number, step in enumerate(place):
        _must_hold(holder, step, place[:number], key)
        if number + 1 < len(place):
            inner = holder[step] if isinstance(step, int) else holder.get(step)
            holder[step] = _opened(inner, place[: number + 1], place[number + 1])
            holder = holder[step]
    holder[place[-1]] = value
    path = join("", place)
    return path if _sources(data) > 1 else only_source(path)


def _one_source(data: Mapping[str, Any], place: Location, key: str, option: str) -> Location:
    """The place as the data has it: a source that stands in a list has its number there, one alone has none."""
    if place[0] != "source" or len(place) == 1:
        return place
    numbered, count = isinstance(place[1], int), _sources(data)
    if not numbered and count > 1:
        rest = join("", place[1:])
        named = f"--set {key}" if option == "--set" else option
        raise UsageError(f"{named}: the recipe has {count} sources", f"say which: --set source[0].{rest}=...")
    if isinstance(data.get("source"), list):
        return place if numbered or count == 0 else ("source", 0, *place[1:])
    if not numbered:
        return place
    if place[1] != 0 or len(place) == 2:
        raise UsageError(f"--set {key}: the recipe has one source", "its keys are source.path, source.key, ...")
    return ("source", *place[2:])


def _sources(data: Mapping[str, Any]) -> int:
    given = data.get("source")
    return len(given) if isinstance(given, list) else 1


def _must_hold(holder: Any, step: str | int, place: Location, key: str) -> None:
    """Refuse a step into something that has no such inside."""
    where = join("", place)
    if isinstance(step, str):
        if not isinstance(holder, dict):
            raise UsageError(f"--set {key}: {where} is no section")
    elif not isinstance(holder, list):
        raise UsageError(f"--set {key}: {where} is no list")
    elif step >= len(holder):
        count = f"{len(holder)} entr{'y' if len(holder) == 1 else 'ies'}"
        raise UsageError(f"--set {key}: {where} has {count}", "the first is [0]; a new one is set with the whole list")


def _opened(value: Any, place: Location, inside: str | int) -> Any:
    """What stands at a place, as something that can hold keys: a path or a name alone is the table it stands for."""
    if value is None:
        return [] if isinstance(inside, int) else {}
    if not isinstance(value, str | Path) or isinstance(inside, int):
        return value
    names = tuple(step for step in place if isinstance(step, str))
    if names in {("source",), ("output",)}:
        return {"path": value}
    listed = len(names) == 2 and names[0] == "export" and names[1] in _STAGES and isinstance(place[-1], int)
    return {"use": value} if listed or names in {("export", "style"), ("source", "style")} else value


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
