"""Configuration models: what is wrong in plain words, and what was given."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from tuneport import Config, Problem
from tuneport.config import given, join, suggest, validate


class Inner(Config):
    """A section."""

    size: int = 3
    name: str = "x"


class Outer(Config):
    """A configuration."""

    inner: Inner = Field(default_factory=Inner)
    tags: list[str] = Field(default_factory=list)
    rate: float = 0.5


def problems_of(data: Any, also: tuple[str, ...] = ()) -> tuple[Outer | None, list[Problem]]:
    """The model, and what was wrong."""
    problems: list[Problem] = []
    return validate(Outer, data, "export", problems, also), problems


@pytest.mark.parametrize(
    ("data", "path", "message", "hint"),
    [
        ({"inner": {"sise": 1}}, "export.inner.sise", "unknown key", 'did you mean "size"?'),
        ({"zzz": 1}, "export.zzz", "unknown key", "known: inner, rate, tags"),
        ({"inner": {"size": "many"}}, 'export.inner.size = "many"', "a whole number is wanted", ""),
        ({"tags": ["a", 3]}, "export.tags[1] = 3", "a text is wanted", ""),
        ({"rate": float("nan")}, "export.rate = nan", "a finite number is wanted", ""),
        ("no table", 'export = "no table"', "a table is wanted", ""),
    ],
)
def test_a_problem_names_path_message_and_fix(data: Any, path: str, message: str, hint: str) -> None:
    """Each problem says where, what, and the closest known name."""
    _, (problem,) = problems_of(data)

    assert problem.path == path
    assert message in problem.message
    assert problem.hint == hint


def test_wrong_keys_are_left_out_of_the_model_that_is_returned() -> None:
    """All problems are told at once, and the rest of the configuration is there to be checked further."""
    model, problems = problems_of({"inner": {"size": "many", "name": "kept"}, "tags": 1, "rate": 0.25, "x": 1})

    assert len(problems) == 3
    assert model is not None
    assert model.model_dump() == {"inner": {"size": 3, "name": "kept"}, "tags": [], "rate": 0.25}


def test_keys_of_others_are_suggested_too() -> None:
    """A key that belongs to the section, not to the model, is a suggestion at the top, and only there."""
    assert problems_of({"formts": 1}, ("formats",))[1][0].hint == 'did you mean "formats"?'
    assert "formats" not in problems_of({"inner": {"formts": 1}}, ("formats",))[1][0].hint


def test_given_is_what_was_set_or_changed_in_place() -> None:
    """Named values stay, even where they equal the default; defaults nobody touched do not."""
    model = Outer()
    assert given(model) == {}
    model.inner.name = "x"
    model.tags.append("a")

    assert given(model) == {"inner": {"name": "x"}, "tags": ["a"]}
    assert given(Outer(rate=0.5)) == {"rate": 0.5}
    assert given(Outer(inner=Inner())) == {"inner": {}}


def test_given_keeps_extra_keys() -> None:
    """A model that allows extra keys keeps them."""

    class Open(BaseModel, extra="allow"):
        known: int = 1

    assert given(Open.model_validate({"other": [1]})) == {"other": [1]}


def test_paths_and_suggestions() -> None:
    """Indexes stand in brackets; without a near name all are listed."""
    assert join("export", ("filters", 1, "use")) == "export.filters[1].use"
    assert join("", ("source", "path")) == "source.path"
    assert suggest("tuneprot", ["tuneport", "trl"]) == 'did you mean "tuneport"?'
    assert suggest("zzz", ["b", "a"]) == "known: a, b"
    assert suggest("zzz", []) == ""
