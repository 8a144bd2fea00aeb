"""What a recipe may ask a format to do with weights."""

from __future__ import annotations

from typing import Any

import pytest

from tuneport.model import Problem
from tuneport.runs.weights.policy import Carriage, carriage_for, carriage_of
from tuneport.traits import FormatTraits, WeightPlace

PATH = "export.formats[1]"


def asked(place: WeightPlace, **given: Any) -> tuple[Carriage, list[Problem]]:
    """What becomes of it, and what is wrong; the format's own settings are left alone."""
    problems: list[Problem] = []
    settings = {"own": 1, **given}
    carriage = carriage_of(settings, FormatTraits(weight=place), "acme", PATH, problems)
    assert settings == {"own": 1}
    return carriage, problems


@pytest.mark.parametrize(
    ("place", "given", "carriage"),
    [
        ("row", {}, Carriage("column")),
        ("message", {}, Carriage("column")),
        ("binary", {}, Carriage("replicate", 8)),
        ("none", {}, Carriage("replicate", 8)),
        ("row", {"weights": "replicate", "max_copies": 3}, Carriage("replicate", 3, asked=True)),
        ("none", {"max_copies": 1000}, Carriage("replicate", 1000)),
        ("message", {"weights": "ignore"}, Carriage("ignore", asked=True)),
        ("binary", {"weights": "refuse"}, Carriage("refuse", asked=True)),
    ],
)
def test_what_becomes_of_weights(place: WeightPlace, given: dict[str, Any], carriage: Carriage) -> None:
    """A column where there is a place for one, else copies; or what the recipe says."""
    assert asked(place, **given) == (carriage, [])


@pytest.mark.parametrize(
    ("place", "given", "path", "said", "hint"),
    [
        ("none", {"weights": "column"}, 'weights = "column"', "acme holds no weight", '"replicate" writes'),
        ("binary", {"weights": "column"}, 'weights = "column"', "0 or 1 for a turn", '"replicate" writes'),
        ("row", {"weights": "colum"}, 'weights = "colum"', "column, replicate, ignore", 'did you mean "column"?'),
        ("row", {"weights": 3}, "weights = 3", "not one of", ""),
        ("none", {"max_copies": 0}, "max_copies = 0", "from 1 to 1,000", ""),
        ("none", {"max_copies": 1001}, "max_copies = 1001", "from 1 to 1,000", ""),
        ("none", {"max_copies": True}, "max_copies = true", "a whole number", ""),
        ("none", {"max_copies": 2.0}, "max_copies = 2.0", "a whole number", ""),
        ("none", {"max_copies": [2]}, "max_copies = [2]", "a whole number", ""),
        ("row", {"max_copies": 4}, "max_copies = 4", "nothing is copied", 'weights = "replicate"'),
    ],
)
def test_what_cannot_be_asked(place: WeightPlace, given: dict[str, Any], path: str, said: str, hint: str) -> None:
    """One problem, that names the key, what is wrong, and what to write; the default goes on."""
    carriage, [problem] = asked(place, **given)

    assert problem.path == f"{PATH}.{path}"
    assert said in problem.message
    assert problem.hint.startswith(hint) or hint in problem.hint
    assert carriage == asked(place)[0]


def test_a_kind_without_a_place_is_copied() -> None:
    """Where a target weighs some kinds of samples only, the others are copied; a column for them is a problem."""
    traits, problems = FormatTraits(weight="row", weighs=frozenset({"chat"})), list[Problem]()

    assert carriage_for(Carriage(), ["chat"], traits, "acme", PATH, problems) == Carriage()
    assert carriage_for(Carriage(), ["preference"], traits, "acme", PATH, problems) == Carriage("replicate")
    assert carriage_for(Carriage("ignore"), ["preference"], traits, "acme", PATH, problems) == Carriage("ignore")
    assert problems == []
    carriage_for(Carriage(asked=True), ["chat", "preference"], traits, "acme", PATH, problems)
    assert [problem.message for problem in problems] == ["acme holds no weight of preference samples"]
