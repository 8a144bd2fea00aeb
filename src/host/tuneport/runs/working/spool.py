"""The spool: what was prepared of each part waits here until all candidates have been seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec.json
import msgspec.msgpack
from xxhash import xxh3_128_hexdigest

from tuneport.errors import PluginError
from tuneport.runs.failures import damaged, translated
from tuneport.runs.messages import Candidates, Prepared, Rejected, SpooledPart, SpoolRecord
from tuneport.runs.storage import Storage
from tuneport.runs.summed import read_summed, read_whole, summed
from tuneport.sample import Sample

_encode = msgspec.msgpack.Encoder().encode
_candidates = msgspec.msgpack.Decoder(Candidates).decode

_json = msgspec.json.Encoder().encode


def packed(sample: Sample) -> bytes:
    """A sample as it waits in the spool: its kind, and JSON, which carries integers of any size."""
    kind = type(sample)
    return b"%b %b" % (f"{kind.__module__}:{kind.__qualname__}".encode(), _json(sample))


def unpacked(data: bytes) -> Sample:
    """The sample again.

    Raises:
        PluginError: its kind is not there any more.
    """
    kind, _, body = data.partition(b" ")
    sample: Sample = _decoder(kind.decode())(body)
    return sample


@cache
def _decoder(kind: str) -> Callable[[bytes], Any]:
    module, _, name = kind.partition(":")
    for one in _kinds(Sample):
        if (one.__module__, one.__qualname__) == (module, name):
            return msgspec.json.Decoder(one).decode
    raise PluginError(f"the kind of sample {kind} is not there any more", "was its plugin removed meanwhile?")


def _kinds(kind: type[Sample]) -> Iterator[type[Sample]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _kinds(one)


class _Spooled(msgspec.Struct):
    """`Prepared` as its file holds it: every sample is bytes."""

    samples: list[bytes]
    ordinals: list[int]
    keys: list[str | None]
    subjects: list[str | None]
    rejected: list[Rejected]
    notes: dict[str, int]


_spooled = msgspec.msgpack.Decoder(_Spooled).decode


class Spool:
    """A folder with two files for each part: its candidates, and its samples.

    Args:
        path: the folder.
        storage: what writes it.
        plan: digest of the plan that it belongs to.
    """

    def __init__(self, path: Path, storage: Storage, plan: str) -> None:
        self._path = path
        self._storage = storage
        self._plan = plan
        self._parts: list[SpooledPart] = []
        self._saved = 0
        self._records = 0
        self.complete = False

    @property
    def parts(self) -> int:
        """How many parts are here."""
        return len(self._parts)

    def done(self) -> Iterator[tuple[int, int]]:
        """The stream and the number of records of each part that is here."""
        return ((part.stream, part.read) for part in self._parts)

    def write(self, candidates: Candidates, prepared: Prepared) -> tuple[SpooledPart, int]:
        """Write a part, in whatever order they come; what to `add` when it is its turn, and its size in bytes."""
        columns, samples = _encode(candidates), _encode(prepared)
        self._storage.write(self._file(candidates.part, "candidates"), columns)
        self._storage.write(self._file(candidates.part, "samples"), samples)
        digests = xxh3_128_hexdigest(columns), xxh3_128_hexdigest(samples)
        part = SpooledPart(candidates.part, candidates.stream, candidates.read, *digests)
        return part, len(columns) + len(samples)

    def add(self, part: SpooledPart) -> None:
        """Add the next part, which has been written."""
        self._parts.append(part)

    def part(self, number: int) -> SpooledPart:
        """What was added as this part."""
        return self._parts[number]

    def candidates(self) -> Iterator[Candidates]:
        """What every part offers the reducer, in part order.

        Raises:
            StorageError: it cannot be read, or is not what was written.
        """
        for part in self._parts:
            yield _candidates(self._read(part, "candidates"))

    def take(self, part: SpooledPart) -> tuple[Candidates, Prepared]:
        """What was written for one part.

        Raises:
            StorageError: it cannot be read, or is not what was written.
        """
        columns = _candidates(self._read(part, "candidates"))
        kept = _spooled(self._read(part, "samples"))
        return columns, Prepared([*kept.samples], kept.ordinals, kept.keys, kept.subjects, kept.rejected, kept.notes)

    def savepoint(self, *, last: bool = False) -> None:
        """Make the parts since the last savepoint durable. `last` says that there will be no more."""
        fresh = self._parts[self._saved :]
        for part in fresh:
            self._storage.sync(self._file(part.part, "candidates"))
            self._storage.sync(self._file(part.part, "samples"))
        record = SpoolRecord(self._plan, fresh, last)
        # Putting it makes the parts' entries in the same folder durable, too.
        self._storage.put(self._path / f"record-{self._records:05d}.json", summed(_json(record)))
        self._records += 1
        self._saved = len(self._parts)
        self.complete = last

    def resume(self) -> None:
        """Take up the parts that records of this plan vouch for, from the first on without a gap.

        Raises:
            TuneportError: a file that is there cannot be read now; all of them stay.
        """
        while (record := self._record()) is not None:
            self._parts.extend(record.parts)
            self._records += 1
            self.complete = record.last
        self._saved = len(self._parts)
        with translated("read", self._path):
            records = sorted(self._path.glob("record-*"))
        for path in records:
            if path.name >= f"record-{self._records:05d}":
                self._storage.remove(path)

    def _record(self) -> SpoolRecord | None:
        record = read_summed(self._path / f"record-{self._records:05d}.json", SpoolRecord)
        if record is None or record.plan != self._plan or self.complete:
            return None
        first = len(self._parts)
        follows = [part.part for part in record.parts] == list(range(first, first + len(record.parts)))
        return record if follows and all(self._whole(part) for part in record.parts) else None

    def _whole(self, part: SpooledPart) -> bool:
        files = (("candidates", part.candidates), ("samples", part.samples))
        return all(read_whole(self._file(part.part, kind), digest) is not None for kind, digest in files)

    def _read(self, part: SpooledPart, kind: Literal["candidates", "samples"]) -> bytes:
        path = self._file(part.part, kind)
        data = self._storage.read(path)
        if xxh3_128_hexdigest(data) != getattr(part, kind):
            raise damaged(path)
        return data

    def _file(self, part: int, kind: str) -> Path:
        return self._path / f"{part:06d}.{kind}"
