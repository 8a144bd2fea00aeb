"""The filter `decontamination`: samples that have words in a row with an evaluation set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from xxhash import xxh3_64_intdigest

from tuneport import Context, Entity, Preference, Reject, Sample
from tuneport_quality.config import DecontaminationConfig
from tuneport_quality.evaluation import evaluation_texts
from tuneport_quality.words import spelt

_HASH_BYTES = 70
"""What a 64-bit number in a set takes, on average."""

_CONTAMINATED = Reject("contaminated", "Has words in a row with a text to evaluate with")


class Decontamination:
    """Knows the n-grams of evaluation texts by 64 bits each, some seventy bytes of memory.

    Attributes:
        ngrams: hashes of all of them.
        texts: how many texts they are of.
    """

    def __init__(self, config: DecontaminationConfig, texts: Iterable[str]) -> None:
        self._size, self._overlap = config.ngram, config.overlap
        self.ngrams: set[int] = set()
        self.texts = 0
        lengths: dict[str, set[int]] = {}
        for text in texts:
            words = spelt(text)
            if len(words) < config.min_words:
                continue
            self.texts += 1
            if len(words) < self._size:
                lengths.setdefault(words[0], set()).add(len(words))
            self.ngrams.update(_hashed(words, min(len(words), self._size)))
        # Shorter texts are looked for where their first word stands.
        self._shorter = {word: sorted(sizes) for word, sizes in lengths.items()}

    def __call__(self, _entity: Entity, sample: Sample) -> Reject | None:
        """The reject of a sample one of whose texts has too much in common with them."""
        return _CONTAMINATED if any(map(self._has, _texts(sample))) else None

    def _has(self, text: str) -> bool:
        words = spelt(text)
        if self._has_shorter(words):
            return True
        if len(words) < self._size:
            return False
        if not self._overlap:
            return not self.ngrams.isdisjoint(_hashed(words, self._size))
        found = sum(hashed in self.ngrams for hashed in _hashed(words, self._size))
        return found > 0 and found >= self._overlap * (len(words) - self._size + 1)

    def _has_shorter(self, words: Sequence[str]) -> bool:
        shorter = self._shorter
        if not shorter or shorter.keys().isdisjoint(words):
            return False
        return any(
            start + size <= len(words) and _hash(words[start : start + size]) in self.ngrams
            for start, word in enumerate(words)
            for size in shorter.get(word, ())
        )


def decontamination(config: DecontaminationConfig, ctx: Context) -> Callable[[Entity, Sample], Reject | None]:
    """Compile the filter.

    Raises:
        RecipeError: a file cannot be read, or holds nothing that could be looked for.
    """
    ctx.reads()
    judge = Decontamination(config, evaluation_texts(config, ctx))
    size = len(judge.ngrams) * _HASH_BYTES >> 20
    ctx.log.info("%d n-grams of %d texts to evaluate with, about %d MiB", len(judge.ngrams), judge.texts, size)
    return judge


def _texts(sample: Sample) -> Iterator[str]:
    """All that a sample says: prompt and answers, and what is thought before them."""
    turns = (*sample.messages, *(sample.rejected if isinstance(sample, Preference) else ()))
    for turn in turns:
        yield turn.content
        if turn.reasoning:
            yield turn.reasoning


def _hashed(words: Sequence[str], size: int) -> Iterator[int]:
    return (_hash(words[start : start + size]) for start in range(len(words) - size + 1))


def _hash(words: Sequence[str]) -> int:
    return xxh3_64_intdigest(" ".join(words).encode("utf-8", "surrogatepass"))
