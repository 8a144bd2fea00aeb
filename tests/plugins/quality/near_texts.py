"""Texts of which some are nearly the same, by edits of known kinds and rates; and how alike they really are."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations

WORDS = [f"w{number:x}" for number in range(4000)]
LENGTH = 90
RATES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08)


def planted(count: int, seed: int = 5) -> list[str]:
    """Texts in families of four: one as it was written, and three that were edited."""
    drawn = random.Random(seed)  # noqa: S311
    texts: list[str] = []
    while len(texts) < count:
        words = drawn.choices(WORDS, k=LENGTH)
        texts.append(" ".join(words))
        texts += [" ".join(edited(words, drawn)) for _ in range(3)]
    drawn.shuffle(texts)
    return texts[:count]


def edited(words: Sequence[str], drawn: random.Random) -> list[str]:
    """The same with some words changed, left out or put in, or with its sentences in another order."""
    made, kind = [*words], drawn.choice(("change", "delete", "insert", "reorder"))
    if kind == "reorder":
        cut = drawn.randrange(10, len(made) - 10)
        return made[cut:] + made[:cut]
    for _ in range(max(1, round(drawn.choice(RATES) * len(made)))):
        place = drawn.randrange(len(made))
        if kind == "delete":
            del made[place]
        else:
            made[place : place + (kind == "change")] = [drawn.choice(WORDS)]
    return made


def shingles(text: str, size: int = 5) -> set[tuple[str, ...]]:
    """Words in a row, by the book."""
    words = text.lower().split()
    return {tuple(words[start : start + size]) for start in range(max(1, len(words) - size + 1))}


def jaccard(texts: Sequence[str]) -> dict[tuple[int, int], float]:
    """How alike any two texts are; pairs that have nothing in common are left out."""
    every = [shingles(text) for text in texts]
    having: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, one in enumerate(every):
        for shingle in one:
            having[shingle].append(number)
    both = Counter(pair for numbers in having.values() for pair in combinations(numbers, 2))
    return {(a, b): count / (len(every[a]) + len(every[b]) - count) for (a, b), count in both.items()}


def components(pairs: Sequence[tuple[int, int]] | set[tuple[int, int]]) -> set[frozenset[int]]:
    """What pairs connect, the slow way."""
    groups: dict[int, set[int]] = {}
    for one, other in pairs:
        together = groups.get(one, {one}) | groups.get(other, {other})
        groups |= dict.fromkeys(together, together)
    return {frozenset(group) for group in groups.values()}
