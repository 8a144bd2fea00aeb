"""The base of every configuration model, and plain words for what pydantic finds wrong."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar, get_args

import msgspec
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    WithJsonSchema,
)

from tuneport.model import Problem
from tuneport.phrases import Location, message_of, place_in, shown, together
from tuneport.references import Reference, References, reference_in

Model = TypeVar("Model", bound=BaseModel)

UNKNOWN_KEY = "unknown key"
"""What is said of a key that a model does not have."""


class Config(BaseModel):
    """Base class for the configuration of a plugin's stage: unknown keys are errors, NaN and infinity too."""

    model_config = ConfigDict(
        extra="forbid", validate_assignment=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def _as_names(value: Any) -> Any:
    if not isinstance(value, str | list | tuple):
        raise ValueError("a field's name, or a list of them, is wanted")
    return [value] if isinstance(value, str) else value


def _once_each(value: list[str]) -> list[str]:
    if not all(value):
        raise ValueError("a field without a name")
    if len(set(value)) < len(value):
        raise ValueError("a field that is named twice")
    return value


_NAME: dict[str, Any] = {"type": "string", "minLength": 1}

Names = Annotated[
    list[str],
    BeforeValidator(_as_names),
    AfterValidator(_once_each),
    WithJsonSchema({"anyOf": [_NAME, {"type": "array", "items": _NAME}]}),
]
"""The name of a record's field, or several, each once."""


def closest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """`did you mean "x"?`, or "" where no known name is near."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=cutoff)
    return f'did you mean "{near[0]}"?' if near else ""


def suggest(name: str, known: Iterable[str]) -> str:
    """The closest known name, or all of them where none is near."""
    names = sorted(known)
    return closest(name, names) or ("known: " + ", ".join(names) if names else "")


def validate(
    model: type[Model],
    data: Any,
    path: str,
    problems: list[Problem],
    also: Iterable[str] = (),
    references: References | None = None,
) -> Model | None:
    """Validate `data` against `model`; add what is wrong to `problems`, each below `path`.

    A value may be a reference, `{ env = "NAME" }` or `{ file = "PATH" }`, wherever the model does not take that table
    as it is: its text is read then, and validated instead. Problems show the reference, never what was read.

    Args:
        model: what `data` should be.
        data: plain data.
        path: where in a recipe it stands.
        problems: what is wrong is added here.
        also: keys that may stand beside the model's own, for the closest name to an unknown key.
        references: reads references, and hides them in dumps of the model; without one, paths of files start from
            the working directory.

    Returns:
        The model. Where problems were added, the model as if the wrong keys had been left out, so that what
        depends on it can be checked as well; None where there is no such model.
    """
    return _Validation(model, path, problems, also, references or References()).of(data)


@dataclass
class _Validation(Generic[Model]):
    """One call of `validate`: where references stood, and which of them could not be read."""

    model: type[Model]
    path: str
    problems: list[Problem]
    also: Iterable[str]
    references: References
    stood: dict[Location, Reference] = field(default_factory=dict)
    unread: set[Location] = field(default_factory=set)

    def of(self, data: Any) -> Model | None:
        """The model, with references read where that is needed."""
        try:
            made = self.model.model_validate(data)
        except ValidationError as error:
            details = error.errors(include_url=False)
        else:
            return self._noted(made)
        found = _tables(data, details)
        if found:
            return self.of(self._read(data, found))
        self._tell(data, details)
        try:
            rest = _without(data, [one["loc"] for one in details])
            made = self.model.model_validate(rest)
        except (ValidationError, RecursionError):
            return None
        self.stood = {place: one for place, one in self.stood.items() if _at(rest, place) is not None}
        return self._noted(made)

    def _read(self, data: Any, found: Mapping[Location, Reference]) -> Any:
        """The data with texts instead of references, and without those that could not be read."""
        data = copy.deepcopy(data)
        for place, reference in found.items():
            text = self.references.read(reference, join(self.path, place), self.problems)
            if text is None:
                self.unread.add(place)
            else:
                self.stood[place] = reference
                _at(data, place[:-1])[place[-1]] = text
        return _without(data, self.unread)

    def _noted(self, made: Model) -> Model:
        """The same model; the values that references became in it are remembered, to be hidden."""
        plain = made.model_dump(mode="json") if self.stood else {}
        for place, reference in self.stood.items():
            place = _named(made, place)
            key = next((str(step) for step in reversed(place) if isinstance(step, str)), "")
            self.references.took(reference, key, _at(plain, place))
        return made

    def _tell(self, data: Any, details: Sequence[Mapping[str, Any]]) -> None:
        """Add one problem for each place, whatever the members of a union say of it."""
        told: dict[tuple[Location, str], list[Mapping[str, Any]]] = {}
        for one in details:
            place = place_in(data, one)
            behind = next((place[:size] for size in range(len(place), 0, -1) if place[:size] in self.stood), place)
            told.setdefault((behind, "" if behind in self.stood else repr(one["input"])), []).append(one)
        for (place, _), ones in told.items():
            if not (ones[0]["type"] == "missing" and any(one[: len(place)] == place for one in self.unread)):
                self.problems.append(self._problem(place, ones))

    def _problem(self, place: Location, details: Sequence[Mapping[str, Any]]) -> Problem:
        where, first = join(self.path, place), details[0]
        if place in self.stood:
            said = together([message_of(one, secret=True) for one in details])
            return Problem(f"{where} = {self.stood[place]}", said)
        if first["type"] == "extra_forbidden":
            known = [*_siblings(self.model, place[:-1]), *(self.also if len(place) == 1 else ())]
            return Problem(where, UNKNOWN_KEY, suggest(str(place[-1]), known))
        if first["type"] == "missing":
            return Problem(where, "missing")
        plain = where and not isinstance(first["input"], Mapping | list) and "[key]" not in first["loc"]
        message = self.references.masked(together([message_of(one, secret=False) for one in details]))
        return Problem(f"{where} = {shown(first['input'])}" if plain else where, message, _listed(details))


def _listed(details: Sequence[Mapping[str, Any]]) -> str:
    """How to write a text where a list of texts is wanted; "" where that is not what is wrong."""
    text = details[0]["input"]
    alone = len(details) == 1 and details[0]["type"] == "list_type" and isinstance(text, str)
    return f"write [{shown(text)}]" if alone else ""


def _tables(data: Any, details: Sequence[Mapping[str, Any]]) -> dict[Location, Reference]:
    """Where a table is wrong that stands for a value elsewhere."""
    found = {}
    for one in details:
        place, reference = place_in(data, one), reference_in(one["input"])
        in_place = isinstance(_at(data, place[:-1]), dict | list) and _at(data, place) == one["input"]
        if place and in_place and reference is not None:
            found[place] = reference
    return found


def _at(data: Any, place: Location) -> Any:
    """What stands in plain data at a place; None where it leads nowhere."""
    for step in place:
        try:
            data = data[step]
        except (LookupError, TypeError):
            return None
    return data


def _named(made: BaseModel, place: Location) -> Location:
    """The place with the name of its field, where the data has another name for that."""
    holder: Any = made
    for step in place[:-1]:
        holder = getattr(holder, str(step), None) if isinstance(holder, BaseModel) else _at(holder, (step,))
    for name, about in type(holder).model_fields.items() if isinstance(holder, BaseModel) else ():
        alias = about.validation_alias
        if place[-1] in (alias.choices if isinstance(alias, AliasChoices) else [alias]):
            return (*place[:-1], name)
    return place


def _without(data: Any, places: Iterable[Sequence[str | int]]) -> Any:
    """A copy of `data` without the keys at these places, or the nearest above each that is a key of a mapping."""
    data = copy.deepcopy(data)
    found = [_holder(data, place) for place in places]
    for holder, key in (one for one in found if one is not None):
        holder.pop(key, None)
    return data


def _holder(data: Any, place: Sequence[str | int]) -> tuple[dict[str, Any], str] | None:
    nearest = None
    for step in place:
        if isinstance(data, dict) and isinstance(step, str) and step in data:
            nearest = (data, step)
            data = data[step]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            break
    return nearest


def given(model: BaseModel) -> dict[str, Any]:
    """What was given to a model: keys that were set, or changed in place, at any depth. Defaults are left out.

    A stage may treat a field that was named and the same field by default differently, so this is what is
    kept of a configuration.
    """
    kept: dict[str, Any] = dict(model.__pydantic_extra__ or {})
    for name, about in type(model).model_fields.items():
        value = getattr(model, name)
        named = name in model.model_fields_set
        if isinstance(value, BaseModel):
            inner = given(value)
            if inner or named:
                kept[name] = inner
        elif named or value != about.get_default(call_default_factory=True, validated_data={}):
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
        if isinstance(step, int):  # an item of a list, which is of the model found above it
            continue
        field = model.model_fields.get(str(step))
        annotation = field.annotation if field is not None else None
        inside = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type)]
        inner = next((one for one in inside if issubclass(one, BaseModel)), None)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)
