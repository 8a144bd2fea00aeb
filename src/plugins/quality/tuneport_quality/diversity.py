"""The metric `diversity_score`: how many word pairs are different, in a sample of fixed size."""

from __future__ import annotations

from itertools import pairwise
from typing import TypedDict

from xxhash import xxh3_64_hexdigest, xxh3_64_intdigest

from tuneport import Context, Metric, Sample
from tuneport_quality.config import DiversityScoreConfig
from tuneport_quality.trained import trained_text, whole_text

_LONGEST_WORD = 64
_EVERYTHING = 2**64 - 1


class Sketch(TypedDict):
    """The samples with the smallest keys.

    Attributes:
        cut: no sample with a larger key is kept.
        tokens: words of all samples kept, copies included.
        kept: a sample's key to its copies, its number of words, and its words, joined by a blank.
    """

    cut: int
    tokens: int
    kept: dict[int, tuple[int, int, str]]


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
    the cut down. So a sketch may forget what lies behind its cut, and a merged one all behind the lower cut.
    """

    def __init__(self, tokens: int, ctx: Context) -> None:
        self._budget = tokens
        self._trained = trained_text(ctx)
        self._whole = whole_text(ctx)

    def new(self) -> Sketch:
        """Nothing kept, nothing cut."""
        return {"cut": _EVERYTHING, "tokens": 0, "kept": {}}

    def add(self, state: Sketch, sample: Sample, split: str) -> None:  # noqa: ARG002  -- all splits count alike
        """Keep a sample whose key is below the cut. Only such a sample is cut into words."""
        key = xxh3_64_intdigest(self._whole(sample).encode())
        if key > state["cut"]:
            return
        known = state["kept"].get(key)
        if known is None:
            words = _words(self._trained(sample))
            # Without words it says nothing, and there may be any number of them.
            if not words:
                return
            known = (0, len(words), " ".join(words))
        copies, size, text = known
        state["kept"][key] = (copies + 1, size, text)
        state["tokens"] += size
        # Sorting at every sample would be dear; at twice the budget it is one sort per budget.
        if state["tokens"] > 2 * self._budget:
            self._trim(state)

    def merge(self, left: Sketch, right: Sketch) -> Sketch:
        """The samples of both that neither has cut off."""
        kept = dict(left["kept"])
        for key, (copies, size, text) in right["kept"].items():
            known = kept.get(key)
            kept[key] = (copies + known[0] if known else copies, size, text)
        merged: Sketch = {"cut": min(left["cut"], right["cut"]), "tokens": 0, "kept": kept}
        self._trim(merged)
        return merged

    def result(self, state: Sketch) -> float:
        """The score, from 0.0 to 1.0, to four digits."""
        within: Sketch = {**state}
        self._trim(within)
        distinct: set[tuple[str, str]] = set()
        total = 0
        for copies, size, text in within["kept"].values():
            distinct.update(pairwise(map(_shortened, text.split(" "))))
            total += copies * (size - 1)
        return round(len(distinct) / total, 4) if total else 0.0

    def _trim(self, state: Sketch) -> None:
        """Keep the samples with the smallest keys that reach the budget, the one that reaches it included."""
        kept: dict[int, tuple[int, int, str]] = {}
        tokens = 0
        for key in sorted(state["kept"]):
            kept[key] = copies, size, _ = state["kept"][key]
            tokens += copies * size
            if tokens >= self._budget:
                state["cut"] = key
                break
        state["tokens"], state["kept"] = tokens, kept


def diversity_score(config: DiversityScoreConfig, ctx: Context) -> Metric[Sketch]:
    """Compile the metric."""
    return DiversityScore(config.tokens, ctx)


def _words(text: str) -> list[str]:
    words = text.lower().split()
    # A budget of words bounds the memory only where words are short.
    return words if len(text) <= _LONGEST_WORD * len(words) else [_shortened(word) for word in words]


def _shortened(word: str) -> str:
    return word if len(word) <= _LONGEST_WORD else xxh3_64_hexdigest(word.encode())
