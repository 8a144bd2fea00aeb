"""admit: the reducer. It sees columns in part order, and answers with one verdict per part."""

from __future__ import annotations

from tuneport.runs.messages import DUPLICATE, KEY_BYTES, TRAIN, Candidates, Verdict


class Reducer:
    """First-wins deduplication over the whole run; later the split and the weights' scale.

    Args:
        dedup: leave out samples whose identity was seen before.
    """

    def __init__(self, *, dedup: bool) -> None:
        self._dedup = dedup
        self._seen: set[bytes] = set()
        self._new: list[bytes] = []
        self._base = 0

    def admit(self, candidates: Candidates) -> Verdict:
        """Decide one part. Parts come in order."""
        verdict = Verdict(candidates.part, self._base, self._splits(candidates.keys))
        self._base += candidates.end
        return verdict

    def _splits(self, keys: bytes) -> bytes:
        count = len(keys) // KEY_BYTES
        if not self._dedup:
            return bytes([TRAIN]) * count
        splits = bytearray(count)
        seen = self._seen
        for index in range(count):
            key = keys[index * KEY_BYTES : (index + 1) * KEY_BYTES]
            if key in seen:
                splits[index] = DUPLICATE
            else:
                seen.add(key)
                self._new.append(key)
                splits[index] = TRAIN
        return bytes(splits)

    def take_new(self) -> bytes:
        """The identities since the last call, in order: what a savepoint has to keep."""
        new, self._new = b"".join(self._new), []
        return new

    def restore(self, keys: bytes, end: int) -> None:
        """Take up the state of parts that were done before: their identities, and how far they reach."""
        self._seen.update(keys[start : start + KEY_BYTES] for start in range(0, len(keys), KEY_BYTES))
        self._base += end
