"""Which samples are near-duplicates: decided after all candidates have been seen and exact duplicates left out."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from tuneport.dataset import NearInfo
from tuneport.errors import PluginError, told
from tuneport.runs.joined import Joined
from tuneport.runs.messages import DUPLICATE, KEY_BYTES, Bands, Candidates, Verdict
from tuneport.runs.planning.plan import Plan
from tuneport.runs.working.near.repeats import repeated
from tuneport.runs.working.near.second import Shared

ALONE = -1
"""The cluster of a sample that has no near-duplicates."""

_NOWHERE = bytes(KEY_BYTES)

Everything = Callable[[], Iterable[Candidates]]


class Clusters:
    """The near-duplicates of one run: eight bytes for each sample, and more for those that share a band.

    Samples are known by their number, in source order, exact duplicates among them: these have the same bands.

    Args:
        plan: the run's plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._stages = plan.compiled.fingerprints
        self._named = plan.indexed
        self._joined = Joined()
        self._sizes = array("I")
        self._bases: dict[int, int] = {}
        self._keys: dict[int, bytes] = {}
        self._keeps = not all(map(_drops, self._stages))
        self._info = NearInfo()

    def leave_out(self, everything: Everything, verdicts: Sequence[Verdict]) -> None:
        """Find the clusters; of those that are to be dropped, verdicts leave out all but the first.

        Raises:
            PluginError: what a fingerprint offers beside bands is broken.
        """
        ends = [*accumulate((len(one.splits) for one in verdicts), initial=0)]
        self._bases = {one.part: base for one, base in zip(verdicts, ends, strict=False)}
        dropped = Joined(ends[-1])
        for number in self._where(drops=True):
            self._connect(dropped, number, everything)
        self._joined = dropped.copy() if self._keeps else dropped
        for number in self._where(drops=False):
            self._connect(self._joined, number, everything)
        self._count(verdicts)
        left_out = _drop(dropped, verdicts, self._bases) if self._where(drops=True) else 0
        if self._named:
            self._name(everything)
        sizes = [size for size in self._sizes if size > 1]
        self._info = NearInfo(len(sizes), sum(sizes), max(sizes, default=0), left_out)

    def labels(self, verdicts: Iterable[Verdict]) -> Iterator[int] | None:
        """For each sample that is kept what cluster it belongs to, or ALONE; None where no two are left of any."""
        if not self._keeps:
            return None
        return (
            self._cluster(number)
            for one in verdicts
            for number, split in enumerate(one.splits, self._bases[one.part])
            if split != DUPLICATE
        )

    def sides(self, verdicts: Iterable[Verdict]) -> None:
        """Look at where samples were put in the end."""
        sides = bytearray(len(self._sizes))
        for one in verdicts:
            for number, split in enumerate(one.splits, self._bases[one.part]):
                if split != DUPLICATE:
                    sides[self._joined.first(number)] |= 1 << split
        torn = sum(side & (side - 1) != 0 for side in sides)
        info = self._info
        self._info = NearInfo(info.clusters, info.samples, info.largest, info.left_out, torn)

    def identities(self, verdict: Verdict) -> bytes:
        """For each sample of a part the identity of the first of its cluster, where that is written down."""
        if not self._named:
            return b""
        base = self._bases[verdict.part]
        numbers = range(base, base + len(verdict.splits))
        return b"".join(self._keys.get(self._cluster(number), _NOWHERE) for number in numbers)

    def info(self) -> NearInfo:
        """What was found."""
        return self._info

    def _where(self, *, drops: bool) -> list[int]:
        return [number for number, stage in enumerate(self._stages) if _drops(stage) == drops]

    def _connect(self, joined: Joined, number: int, everything: Everything) -> None:
        """Join the samples that one fingerprint takes for near-duplicates."""
        stage, fingerprint = self._stages[number]

        def parts() -> Iterator[tuple[int, int, Bands]]:
            for one in everything():
                yield self._bases[one.part], len(one.keys) // KEY_BYTES, one.bands[number]

        total = sum(len(bands.values) // 8 for _, _, bands in parts())
        buckets = repeated(parts, total)
        alike = getattr(fingerprint, "alike", None)
        if alike is None:
            for first, *others in buckets:
                for other in others:
                    joined.join(first, other)
            return
        try:
            for one, other in Shared(buckets).alike(parts, alike):
                joined.join(one, other)
        except (OSError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise PluginError(f"fingerprint {stage.qualified}: {told(error)}") from error

    def _count(self, verdicts: Iterable[Verdict]) -> None:
        """Count each cluster's samples that are no exact duplicates."""
        self._sizes = array("I", bytes(4 * len(self._joined)))
        for one in verdicts:
            for number, split in enumerate(one.splits, self._bases[one.part]):
                if split != DUPLICATE:
                    self._sizes[self._joined.first(number)] += 1

    def _cluster(self, number: int) -> int:
        first = self._joined.first(number)
        return first if self._sizes[first] > 1 else ALONE

    def _name(self, everything: Everything) -> None:
        """Take the identity of the first of each cluster."""
        for one in everything():
            base = self._bases[one.part]
            for place in range(len(one.keys) // KEY_BYTES):
                if self._sizes[base + place] > 1:
                    self._keys[base + place] = one.keys[place * KEY_BYTES : (place + 1) * KEY_BYTES]


def _drops(stage: tuple[object, object]) -> bool:
    return bool(getattr(stage[1], "drops", False))


def _drop(joined: Joined, verdicts: Iterable[Verdict], bases: dict[int, int]) -> int:
    """Let verdicts leave out all that have an earlier near-duplicate; how many that are."""
    count = 0
    for one in verdicts:
        numbers = enumerate(one.splits, bases[one.part])
        one.near = bytes(split != DUPLICATE and joined.first(number) != number for number, split in numbers)
        one.splits = bytes(DUPLICATE if near else split for near, split in zip(one.near, one.splits, strict=True))
        count += one.near.count(1)
    return count
