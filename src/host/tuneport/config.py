"""The base of every configuration model, and plain words for what pydantic finds wrong."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, ValidationError

from tuneport.model import Problem

Model = TypeVar("Model", bound=BaseModel)


class Config(BaseModel):
    """Base class for the configuration of a plugin's stage: unknown keys are errors, NaN and infinity too."""

    model_config = ConfigDict(
        extra="forbid", validate_assignment=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def closest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """`did you mean "x"?`, or "" where no known name is near."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=cutoff)
    return f'did you mean "{near[0]}"?' if near else ""


def suggest(name: str, known: Iterable[str]) -> str:
    """The closest known name, or all of them where none is near."""
    names = sorted(known)
    return closest(name, names) or ("known: " + ", ".join(names) if names else "")


def validate(
    model: type[Model], data: Any, path: str, problems: list[Problem], also: Iterable[str] = ()
) -> Model | None:
    """Validate `data` against `model`; add what is wrong to `problems`, each below `path`.

    Args:
        model: what `data` should be.
        data: plain data.
        path: where in a recipe it stands.
        problems: what is wrong is added here.
        also: keys that may stand beside the model's own, for the closest name to an unknown key.

    Returns:
        The model. Where problems were added, the model as if the wrong keys had been left out, so that what
        depends on it can be checked as well; None where there is no such model.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
    problems.extend(_problem(model, one, path, also) for one in details)
    try:
        rest = copy.deepcopy(data)
        for one in details:
            _leave_out(rest, one["loc"])
        return model.model_validate(rest)
    except (ValidationError, RecursionError):
        return None


def _leave_out(data: Any, location: Sequence[str | int]) -> None:
    """Take the key at `location`, or the nearest one above it that is a key of a mapping, out of `data`."""
    places: list[tuple[dict[str, Any], str]] = []
    for step in location:
        if isinstance(data, dict) and isinstance(step, str) and step in data:
            places.append((data, step))
            data = data[step]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            break
    if places:
        holder, key = places[-1]
        del holder[key]


def _problem(model: type[BaseModel], details: Mapping[str, Any], path: str, also: Iterable[str]) -> Problem:
    location: Sequence[str | int] = details["loc"]
    where = join(path, location)
    if details["type"] == "extra_forbidden":
        known = [*_siblings(model, location[:-1]), *(also if len(location) == 1 else ())]
        return Problem(where, "unknown key", suggest(str(location[-1]), known))
    if details["type"] == "missing":
        return Problem(where, "missing")
    shown = "" if isinstance(details["input"], Mapping | list) else f" = {details['input']!r}"
    return Problem(where + shown, _decapitalise(details["msg"].removeprefix("Value error, ")))


def given(model: BaseModel) -> dict[str, Any]:
    """What was given to a model: keys that were set, or changed in place, at any depth. Defaults are left out.

    A stage may treat a field that was named and the same field by default differently, so this is what is
    kept of a configuration.
    """
    kept: dict[str, Any] = dict(model.__pydantic_extra__ or {})
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        named = name in model.model_fields_set
        if isinstance(value, BaseModel):
            inner = given(value)
            if inner or named:
                kept[name] = inner
        elif named or value != field.get_default(call_default_factory=True, validated_data={}):
            kept[name] = value
    return kept


def join(path: str, location: Sequence[str | int]) -> str:
    """`export` and ("filters", 1, "use") as `export.filters[1].use`."""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def below(path: str, problem: Problem) -> Problem:
    """The same problem, its path below another."""
    return msgspec.structs.replace(problem, path=join(path, [problem.path] if problem.path else []))


def _siblings(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """The keys that the model at `location` knows."""
    for step in location:
        field = model.model_fields.get(str(step))
        inner = field.annotation if field is not None else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)


def _decapitalise(text: str) -> str:
    return text[:1].lower() + text[1:]
