"""Proof that nothing leaked: what stands on both sides of a split, counted after the fact."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator

from tuneport.runs.messages import DUPLICATE, PROMPT_BYTES, TRAIN
from tuneport.runs.splitting.before import Before
from tuneport.runs.splitting.units import SIDE_BITS, UNIT_BYTES

_DRAWERS = 16
"""Keys are looked at a sixteenth at a time, which is all that is ever in a set."""
_FIRST_BITS = 60
_SIDE = (1 << SIDE_BITS) - 1
_KEY = ~_SIDE
_MOVED = 1 << SIDE_BITS
"""In the tag of a prompt, which has a bit less of its key for it: the sample stood on another side."""
_NOTHING = dict.fromkeys(
    ("groups", "groups_on_both_sides", "prompts_on_both_sides", "stayed", "moved", "samples_moved"), 0
)


class Audit:
    """Keeps the unit and the prompt of every sample, 16 bytes altogether, and counts which of them stand where.

    It knows nothing of how samples were assigned. The order in which parts are added does not matter.

    Args:
        before: where units and samples stood in an earlier dataset.
    """

    def __init__(self, before: Before | None = None) -> None:
        self._before = before or Before()
        self._units = [array("Q") for _ in range(_DRAWERS)]
        self._prompts = [array("Q") for _ in range(_DRAWERS)]

    def add(self, prompts: bytes, units: bytes, splits: bytes, keys: bytes = b"") -> bytes:
        """Add the samples of a part, a byte of `splits` for each; duplicates are passed over.

        Args:
            prompts: PROMPT_BYTES of each.
            units: UNIT_BYTES of each.
            splits: a byte of each: DUPLICATE, or a key of SPLITS.
            keys: UNIT_BYTES of its identity; b"" where that is its unit, or does not matter.

        Returns:
            What `restore` takes to add the same again.
        """
        # Of a unit's two numbers the first is enough: see number_of.
        columns = array("Q", prompts), array("Q", units)[:: UNIT_BYTES // PROMPT_BYTES]
        tagged = [
            array("Q", [key & _KEY | side for key, side in zip(column, splits, strict=True) if side != DUPLICATE])
            for column in columns
        ]
        both = array("Q", bytes(2 * len(tagged[0]) * PROMPT_BYTES))
        both[0::2], both[1::2] = self._marked(tagged[0], keys, splits), tagged[1]
        self._take(both)
        return both.tobytes()

    def restore(self, added: bytes) -> None:
        """Add what `add` returned, of one part or of several one after the other."""
        self._take(array("Q", added))

    def result(self) -> dict[str, int]:
        """What was found, by the names that SplitInfo has for it."""
        counts: Counter[str] = Counter(_NOTHING)
        for tags in map(set, self._units):
            keys = {tag >> SIDE_BITS for tag in tags}
            counts["groups"] += len(keys)
            counts["groups_on_both_sides"] += _repeated(tags) if len(keys) < len(tags) else 0
            for stood, side in self._known(tags):
                counts["stayed" if stood == side else "moved"] += 1
        for prompts in self._prompts:
            counts["samples_moved"] += sum(tag & _MOVED != 0 for tag in prompts)
            tags = {tag & ~_MOVED for tag in prompts}
            trained = {tag >> SIDE_BITS for tag in tags if tag & _SIDE == TRAIN}
            kept = {tag >> SIDE_BITS for tag in tags if tag & _SIDE != TRAIN}
            counts["prompts_on_both_sides"] += len(trained & kept)
        return dict(counts)

    def _marked(self, tags: array[int], keys: bytes, splits: bytes) -> array[int]:
        """The tags of prompts, with a mark at those whose samples stood elsewhere."""
        if not keys:
            return array("Q", [tag & ~_MOVED for tag in tags])
        moved = [
            self._before.moved(keys[start : start + UNIT_BYTES], side)
            for start, side in zip(range(0, len(keys), UNIT_BYTES), splits, strict=True)
            if side != DUPLICATE
        ]
        return array("Q", [tag & ~_MOVED | _MOVED * one for tag, one in zip(tags, moved, strict=True)])

    def _take(self, tags: array[int]) -> None:
        for column, drawers in ((tags[0::2], self._prompts), (tags[1::2], self._units)):
            for tag in column:
                drawers[tag >> _FIRST_BITS].append(tag)

    def _known(self, tags: set[int]) -> Iterator[tuple[int, int]]:
        """Where units stood before, and where they stand now."""
        if self._before.units:
            for tag in tags:
                stood = self._before.units.get(tag >> SIDE_BITS)
                if stood is not None:
                    yield stood, tag & _SIDE


def _repeated(tags: set[int]) -> int:
    """How many keys stand there with several sides."""
    return sum(count > 1 for count in Counter(tag >> SIDE_BITS for tag in tags).values())
