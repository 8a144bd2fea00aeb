"""A document, read into an adapter's metadata: all of it, or nothing and everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from tuneport import AdapterMetadata, Problem
from tuneport.config import given, join, suggest
from tuneport.errors import RecipeError
from tuneport_lora_metadata import ids, language, ranks, versions
from tuneport_lora_metadata.layout import EXTENSION, LAYOUT, OF_THE_RUN, place_of
from tuneport_lora_metadata.parsing import ORIGIN, Object, parse, repeated
from tuneport_lora_metadata.words import key_in_path, shown

MOST_PROBLEMS = 100

_IGNORED = (*OF_THE_RUN, "$schema")
_CHECKS = (ids.check, versions.check, ranks.check, language.check)
_WANTED = {
    "string_type": "text",
    "int_type": "an integer",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "greater_than_equal": "{ge} or more",
}


class _Said(NamedTuple):
    """What a document says of one field of the model."""

    name: str
    value: Any


def read(text: str, own: AdapterMetadata) -> AdapterMetadata:
    """`own`, changed to what the document says; tracking is on in it.

    Raises:
        RecipeError: with everything that is wrong; `own` is never changed.
    """
    problems: list[Problem] = []
    said = list(_said(parse(text), problems))
    metadata = _merged(own, said, problems)
    if metadata is not None:
        problems += (_placed(one) for check in _CHECKS for one in check(metadata) if one.severity == "error")
    if metadata is None or problems:
        raise RecipeError(_most(problems), ORIGIN)
    return metadata


def _of_the_run(document: Object) -> list[_Said]:
    """What a run filled in, as its `dataset` block shows: the next run fills in its own."""
    dataset = document.get("dataset")
    if not isinstance(dataset, Mapping):
        return []
    filled = {"training_config.num_samples": "samples", "training_config.dataset_name": "name"}
    return [_Said(name, dataset[key]) for name, key in filled.items() if key in dataset]


def _most(problems: list[Problem]) -> list[Problem]:
    if len(problems) <= MOST_PROBLEMS:
        return problems
    return [*problems[:MOST_PROBLEMS], Problem("", f"and {len(problems) - MOST_PROBLEMS} problems more")]


def _said(document: Object, problems: list[Problem]) -> Iterator[_Said]:
    """The fields that the document names; unknown and repeated keys are added to the problems."""
    problems += repeated("", document)
    of_the_run = _of_the_run(document)
    for key, value in document.items():
        place = LAYOUT.get(key)
        if isinstance(place, str):
            problems += repeated(key, value)
            yield _Said(place, value)
        elif place is not None and isinstance(value, Object):
            yield from (one for one in _section(key, value, place, problems) if one not in of_the_run)
        elif place is not None:
            problems.append(Problem(key, f"is {shown(value)}, not an object", "", "bad_type"))
        elif key not in _IGNORED and not key.startswith(EXTENSION):
            problems.append(_unknown("", key, LAYOUT, problems))


def _section(section: str, values: Object, names: Mapping[str, str], problems: list[Problem]) -> Iterator[_Said]:
    problems += repeated(section, values)
    for key, value in values.items():
        if key in names:
            problems += repeated(f"{section}.{key}", value)
            yield _Said(names[key], value)
        else:
            problems.append(_unknown(section, key, names, problems))


def _unknown(section: str, key: str, known: Iterable[str], problems: Sequence[Problem]) -> Problem:
    # Looking for near names takes long where a hostile document has many unknown keys, or very long ones.
    hint = suggest(key[:60], known) if len(problems) < MOST_PROBLEMS else ""
    return Problem(join(section, [key_in_path(key)]), "unknown key", hint, "unknown_key")


def _merged(own: AdapterMetadata, said: Sequence[_Said], problems: list[Problem]) -> AdapterMetadata | None:
    """The metadata; where a value is wrong, as if its key had been left out, so that the rest is checked too."""
    try:
        return _model(own, said)
    except ValidationError as error:
        wrong = [(join("", details["loc"]), details) for details in error.errors(include_url=False)]
    problems += (_problem(details) for _, details in wrong)
    rest = [one for one in said if not any(_within(path, one.name) for path, _ in wrong)]
    try:
        return _model(own, rest)
    except ValidationError:
        return None


def _model(own: AdapterMetadata, said: Sequence[_Said]) -> AdapterMetadata:
    data = given(own)
    for name, value in (*said, _Said("enable_tracking", True)):
        section, _, key = name.rpartition(".")
        (data.setdefault(section, {}) if section else data)[key] = value
    return AdapterMetadata.model_validate(data, strict=True)


def _within(path: str, name: str) -> bool:
    return path == name or path.startswith((f"{name}.", f"{name}["))


def _problem(details: Mapping[str, Any]) -> Problem:
    location = [key_in_path(step) if isinstance(step, str) else step for step in details["loc"] if step != "[key]"]
    place, value, wanted = place_of(join("", location)), details["input"], _WANTED.get(details["type"])
    if wanted is None:
        message = details["msg"].removeprefix("Value error, ")
        return Problem(place, message[:1].lower() + message[1:], "", "bad_value")
    message = f"is {shown(value)}, not {wanted.format(**details.get('ctx', {}))}"
    code = "bad_value" if details["type"] == "greater_than_equal" else "bad_type"
    return Problem(place, message, _hint(value, wanted), code)


def _hint(value: Any, wanted: str) -> str:
    if value is None:
        return "leave the key out where it is not known"
    if wanted == "text" and not isinstance(value, (dict, list)):
        return f'write "{shown(value)}"'
    return ""


def _placed(problem: Problem) -> Problem:
    return Problem(place_of(problem.path), problem.message, problem.hint, problem.code, problem.severity)
