"""The metric `diversity_score`: how many word pairs are different, in a sample of fixed size."""

from __future__ import annotations

from itertools import pairwise
from typing import TypedDict

from xxhash import xxh3_64_hexdigest, xxh3_64_intdigest

from tuneport import Context, Metric, Sample
from tuneport_quality.config import DiversityScoreConfig
from tuneport_quality.trained import trained_text, whole_text

_LONGEST_WORD = 64
_ROOM = 16  # bytes a word of the budget, so that what is kept is trimmed once it is twice or three times too much
_ENTRY = 64
_EVERYTHING = 2**64 - 1


class Sketch(TypedDict):
    """The samples with the smallest keys, and some more that the next trim leaves out.

    Attributes:
        cut: no sample with a larger key is kept.
        held: roughly the bytes of all that is kept.
        full: what may be held before it is trimmed.
        kept: a sample's key to its copies, its number of words (None until it is counted), and its trained text.
    """

    cut: int
    held: int
    full: int
    kept: dict[int, tuple[int, int | None, str]]


class DiversityScore:
    """Distinct bigrams divided by bigrams, from 0 to 1: 1.0 where no pair of words comes twice, 0.0 without pairs.

    After distinct-n in Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models",
    there with the number of words as the divisor. A bigram is two neighbouring words of one trained text; words
    are separated by white space and compared in lower case, so that scripts written without blanks have none.

    Such a ratio falls as more text is looked at, so it is taken over a fixed budget of words: samples in the
    order of the xxh3 hash of their texts, until `tokens` words are reached. That order is as good as chance,
    so the samples stand for all of them; it does not depend on how or in which order they were measured, so
    merging is exact. Duplicates of a sample have its key, and count.

    Where samples before it reach the budget, a sample is out of the sketch for good: more samples can only move
    the cut down. So a sketch may forget what lies behind its cut, a merged one all behind the lower cut, and the
    next one of a run starts with the cut of those that were merged.
    """

    def __init__(self, tokens: int, ctx: Context) -> None:
        self._budget = tokens
        self._trained = trained_text(ctx)
        self._whole = whole_text(ctx)
        self._cut = _EVERYTHING

    def new(self) -> Sketch:
        """Nothing kept, and nothing cut but what other parts have cut already."""
        return {"cut": self._cut, "held": 0, "full": _ROOM * self._budget, "kept": {}}

    def add(self, state: Sketch, sample: Sample, split: str) -> None:  # noqa: ARG002  -- all splits count alike
        """Keep a sample whose key is below the cut. Words are counted later, of those alone that may stay."""
        key = xxh3_64_intdigest(self._whole(sample).encode())
        if key > state["cut"]:
            return
        known = state["kept"].get(key)
        if known is not None:
            state["kept"][key] = (known[0] + 1, known[1], known[2])
            return
        text = self._trained(sample)
        state["kept"][key] = (1, None, text)
        state["held"] += len(text) + _ENTRY
        if state["held"] > state["full"]:
            self._trim(state)

    def merge(self, left: Sketch, right: Sketch) -> Sketch:
        """The samples of both that neither has cut off."""
        kept = dict(left["kept"])
        for key, (copies, size, text) in right["kept"].items():
            known = kept.get(key)
            kept[key] = (copies + known[0] if known else copies, size, text)
        merged: Sketch = {"cut": min(left["cut"], right["cut"]), "held": 0, "full": 0, "kept": kept}
        self._trim(merged)
        # Not of a part by itself: what it measured may have to be rendered again, and be less then.
        self._cut = min(self._cut, merged["cut"])
        return merged

    def result(self, state: Sketch) -> float:
        """The score, from 0.0 to 1.0, to four digits."""
        within: Sketch = {**state}
        self._trim(within)
        distinct: set[tuple[str, str]] = set()
        total = 0
        for copies, _, text in within["kept"].values():
            words = [_shortened(word) for word in text.lower().split()]
            distinct.update(pairwise(words))
            total += copies * (len(words) - 1)
        return round(len(distinct) / total, 4) if total else 0.0

    def _trim(self, state: Sketch) -> None:
        """Keep the samples with the smallest keys that reach the budget, the one that reaches it included."""
        kept: dict[int, tuple[int, int | None, str]] = {}
        tokens = held = 0
        for key in sorted(state["kept"]):
            copies, size, text = state["kept"][key]
            if size is None:
                size, text = _counted(text)
            # Without words it says nothing, and there may be any number of them.
            if not size:
                continue
            kept[key] = (copies, size, text)
            held += len(text) + _ENTRY
            tokens += copies * size
            if tokens >= self._budget:
                state["cut"] = key
                break
        # Twice what is left, or a trim would follow on the next sample where words are long.
        state["held"], state["full"], state["kept"] = held, max(_ROOM * self._budget, 2 * held), kept


def diversity_score(config: DiversityScoreConfig, ctx: Context) -> Metric[Sketch]:
    """Compile the metric."""
    return DiversityScore(config.tokens, ctx)


def _counted(text: str) -> tuple[int, str]:
    """The number of words of a text, and the text, its words shortened where they are long."""
    words = text.split()
    # A budget of words bounds the memory only where words are short.
    if len(text) > _LONGEST_WORD * len(words):
        text = " ".join([_shortened(word) for word in text.lower().split()])
    return len(words), text


def _shortened(word: str) -> str:
    return word if len(word) <= _LONGEST_WORD else xxh3_64_hexdigest(word.encode())
