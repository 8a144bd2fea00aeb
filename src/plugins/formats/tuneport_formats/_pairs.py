"""Pairs of answers: the prompt that both have in common, and each of them."""

from __future__ import annotations

from typing import Any

from tuneport import Preference
from tuneport_formats._turns import Turns

Rows = list[dict[str, Any]]


def pair(turns: Turns, sample: Preference) -> tuple[Rows, Rows, Rows]:
    """The turns of the prompt, of the chosen answer, and of the rejected one.

    Each answer is written together with the prompt: it may answer a call that stands there.
    """
    length = len(sample.prompt)
    chosen = turns((*sample.prompt, *sample.chosen))
    rejected = turns((*sample.prompt, *sample.rejected))
    return chosen[:length], chosen[length:], rejected[length:]
