"""The folder beside the target in which a run is made: segments, rejects, and what is durable of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec.json
from xxhash import xxh3_128_hexdigest

from tuneport.runs.messages import DoneRecord, PartResult, Segment
from tuneport.runs.plan import Plan
from tuneport.runs.storage import Storage


class Staging:
    """One run's staging folder. Everything in it may be lost but what a done record vouches for."""

    def __init__(self, path: Path, storage: Storage) -> None:
        self.path = path
        self.out = path / "out"
        self._storage = storage
        self._records = 0

    def plan(self) -> Mapping[str, Any] | None:
        """The plan of the work that stands here; None where there is none, or it is torn."""
        return read_staged(self.path)

    def begin(self, plan: Plan) -> None:
        """Throw away what stands here, and begin."""
        self._storage.remove(self.path)
        for name in ("segments", "rejects", "done"):
            self._storage.mkdir(self.path / name)
        self._storage.put(self.path / "plan.json", plan.document())

    def save(self, part: int, name: str, split: str, data: bytes, rows: int) -> Segment:
        """Keep the bytes of one part for one format and split."""
        file = f"segments/{part:06d}.{name}.{split}.jsonl"
        self._storage.write(self.path / file, data)
        return Segment(name, split, file, rows, len(data), xxh3_128_hexdigest(data))

    def save_rejects(self, part: int, entries: list[dict[str, Any]]) -> str:
        """Keep the rejects of one part."""
        file = f"rejects/{part:06d}.jsonl"
        self._storage.write(self.path / file, lines_of(entries))
        return file

    def savepoint(self, plan: Plan, results: list[PartResult], keys: bytes) -> None:
        """Make consecutive parts durable: their files first, then the record that vouches for them."""
        for result in results:
            for file in (*(segment.file for segment in result.segments), result.reject_file):
                if file:
                    self._storage.sync(self.path / file)
        self._storage.sync(self.path / "segments")
        self._storage.sync(self.path / "rejects")
        record = DoneRecord(plan.digest, results, xxh3_128_hexdigest(keys))
        self._storage.put(self.path / f"done/{self._records:05d}.keys", keys)
        self._storage.put(self.path / f"done/{self._records:05d}.json", msgspec.json.encode(record))
        self._records += 1

    def resume(self, plan: Plan) -> Iterator[tuple[DoneRecord, bytes]]:
        """The done records of this plan whose files are whole, from the first on without a gap."""
        self._records = 0
        while (done := self._done(plan)) is not None:
            self._records += 1
            yield done
        self._storage.remove(self.out)

    def _done(self, plan: Plan) -> tuple[DoneRecord, bytes] | None:
        stem = self.path / f"done/{self._records:05d}"
        try:
            record = msgspec.json.decode(stem.with_suffix(".json").read_bytes(), type=DoneRecord)
            keys = stem.with_suffix(".keys").read_bytes()
        except (OSError, msgspec.DecodeError):
            return None
        whole = record.plan == plan.digest and record.keys_digest == xxh3_128_hexdigest(keys)
        return (record, keys) if whole and all(self._whole(result) for result in record.results) else None

    def _whole(self, result: PartResult) -> bool:
        if result.reject_file and not (self.path / result.reject_file).is_file():
            return False
        return all(self._digest(segment.file) == segment.digest for segment in result.segments)

    def _digest(self, file: str) -> str:
        try:
            return xxh3_128_hexdigest((self.path / file).read_bytes())
        except OSError:
            return ""

    def seal(self, digest: str) -> None:
        """Note that `out` is complete: if the target has this digest after a crash, it was published."""
        self._storage.put(self.path / "sealed", digest.encode())

    def sealed(self) -> str:
        """What `seal` noted; "" where the run did not come so far."""
        try:
            return (self.path / "sealed").read_text()
        except OSError:
            return ""

    def remove(self) -> None:
        """Remove the folder; the note that all is published goes last, so that a crash leaves it to be found."""
        for path in sorted(self.path.glob("*")):
            if path.name != "sealed":
                self._storage.remove(path)
        self._storage.remove(self.path)


def read_staged(path: Path) -> Mapping[str, Any] | None:
    """The plan of the work in a staging folder; None where there is none, or it is torn."""
    try:
        plan = msgspec.json.decode((path / "plan.json").read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    return plan if isinstance(plan, dict) else None


def lines_of(entries: list[dict[str, Any]]) -> bytes:
    """JSON lines; a lone surrogate in a text becomes a question mark."""
    encode = msgspec.json.Encoder().encode
    lines = []
    for entry in entries:
        try:
            lines.append(encode(entry))
        except UnicodeEncodeError:
            lines.append(encode({name: sound(value) for name, value in entry.items()}))
    return b"\n".join([*lines, b""])


def sound(value: Any) -> Any:
    """A text that can be encoded."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
