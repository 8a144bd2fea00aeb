"""What becomes of a weight in one format: what the recipe asks for, or what its target can."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

import msgspec

from tuneport.config import closest
from tuneport.model import Problem
from tuneport.phrases import shown
from tuneport.traits import FormatTraits

Way = Literal["column", "replicate", "ignore", "refuse"]
WAYS: tuple[str, ...] = get_args(Way)
SETTINGS = ("weights", "max_copies")
"""What the host takes from a format's table in a recipe; the rest is the format's own."""
_HAS_PLACE = ("row", "message")
_COPIES = range(1, 1001)


class Carriage(msgspec.Struct, frozen=True):
    """What becomes of weights in one format.

    Attributes:
        weights: they are written as a `column` or one number per message, stood for by rows that `replicate` a sample,
            or left out (`ignore`); or samples whose weight is not 1 are refused (`refuse`).
        max_copies: rows that stand for one sample, at most.
        asked: whether the recipe says so; else it is what the target can.
    """

    weights: Way = "column"
    max_copies: int = 8
    asked: bool = False


def carriage_of(given: dict[str, Any], traits: FormatTraits, name: str, path: str, problems: list[Problem]) -> Carriage:
    """Take `weights` and `max_copies` out of a format's settings.

    Args:
        given: the format's settings as the recipe has them; the two keys are taken out.
        traits: what the format's target can express.
        name: the format's.
        path: where its settings stand.
        problems: what is wrong is added here, and the default holds then.
    """
    asked, most = given.pop("weights", None), given.pop("max_copies", None)
    default: Way = "column" if traits.weight in _HAS_PLACE else "replicate"
    chosen = None if asked is None else _way(asked, traits, name, path, problems)
    way = chosen or default
    if most is None or not _sound(most, way, path, problems):
        return Carriage(way, asked=chosen is not None)
    return Carriage(way, most, chosen is not None)


def carriage_for(
    carriage: Carriage, kinds: Iterable[str], traits: FormatTraits, name: str, path: str, problems: list[Problem]
) -> Carriage:
    """How a format carries the weights of these kinds of samples; what it cannot is added to `problems`."""
    without = sorted(set(kinds) - traits.weighs) if traits.weighs is not None else []
    if carriage.weights != "column" or not without:
        return carriage
    if carriage.asked:
        text = f"{name} holds no weight of {' or '.join(without)} samples"
        problems.append(Problem(f'{path}.weights = "column"', text, "leave it out: copies stand for it then"))
    return Carriage("replicate", carriage.max_copies)


def _way(asked: Any, traits: FormatTraits, name: str, path: str, problems: list[Problem]) -> Way | None:
    place = f"{path}.weights = {shown(asked)}"
    if asked not in WAYS:
        hint = closest(asked, WAYS) if isinstance(asked, str) else ""
        problems.append(Problem(place, f"not one of {', '.join(WAYS)}", hint))
        return None
    if asked == "column" and traits.weight not in _HAS_PLACE:
        what = "holds 0 or 1 for a turn, and no weight of a sample" if traits.weight == "binary" else "holds no weight"
        hint = '"replicate" writes a sample as often as it weighs, "ignore" once, "refuse" refuses weights other than 1'
        problems.append(Problem(place, f"{name} {what}", hint))
        return None
    way: Way = asked
    return way


def _sound(most: Any, way: Way, path: str, problems: list[Problem]) -> bool:
    place = f"{path}.max_copies = {shown(most)}"
    if not isinstance(most, int) or isinstance(most, bool) or most not in _COPIES:
        wanted = f"a whole number from {_COPIES[0]:,} to {_COPIES[-1]:,} is wanted"
        problems.append(Problem(place, wanted))
    elif way != "replicate":
        problems.append(Problem(place, f'nothing is copied where weights = "{way}"', 'write weights = "replicate"'))
    else:
        return True
    return False
