"""The folder beside the target in which a run is made: segments, rejects, and what is durable of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from secrets import randbits
from typing import Any

import msgspec.json
from xxhash import xxh3_128_hexdigest

from tuneport.errors import TargetExistsError
from tuneport.options import ExportStats
from tuneport.runs.failures import translated
from tuneport.runs.messages import DoneRecord, PartResult, Piece, Segment
from tuneport.runs.planning.plan import Plan
from tuneport.runs.storage import Storage
from tuneport.runs.summed import read_summed, read_whole, summed
from tuneport.runs.working.spool import Spool

_encode = msgspec.json.Encoder().encode

OURS = {"plan.json", "sealed.json", "spool", "segments", "done", "out", "gone", "probe"}
"""What a staging folder may hold."""


class Sealed(msgspec.Struct):
    """What a finished run answers, kept until its staging folder is gone.

    Attributes:
        plan: digest of its plan.
        out: name of the folder that it was made in.
        place: where it is published, below the target's folder: `faq`, or `faq/v0003`.
        proof: SHA-256 of the SHA256SUMS, or of the file, that will stand there.
    """

    plan: str
    out: str
    place: str
    proof: str
    digest: str
    stats: ExportStats
    weights: dict[str, Any]
    notes: dict[str, int]


class Staging:
    """One run's staging folder. Everything in it may be lost but what a done record vouches for.

    Attributes:
        path: of the folder.
        out: what a run makes its output in. Each has its own: one that was overtaken, for its lock was removed, finds
            nothing there that it could publish.
        begun: whether this run threw away what stood here, and began anew.
    """

    def __init__(self, path: Path, storage: Storage) -> None:
        self.path = path
        self._outs = path / "out"
        self.out = self._outs / str(randbits(64))
        self._storage = storage
        self._records = 0
        self.begun = False

    @property
    def is_real(self) -> bool:
        """Whether another process can keep its parts here."""
        return self._storage.is_real

    def must_be_ours(self) -> None:
        """Fail before anything here is touched where something of somebody else's stands here.

        Raises:
            TargetExistsError: something does.
        """
        strange = [path.name for path in self._entries() if path.name.removesuffix(".part") not in OURS]
        if strange or self.path.is_symlink() or (self.path.exists() and not self.path.is_dir()):
            named = f" ({strange[0]})" if strange else ""
            raise TargetExistsError(f"{self.path} is in the way: it holds what is not ours{named}", "move it away")

    def _entries(self) -> list[Path]:
        with translated("read", self.path):
            return sorted(self.path.glob("*"))

    def begin(self, plan: Plan) -> None:
        """Throw away what stands here, and begin. Once it returns, no power cut takes the folder away."""
        self.begun = True
        self._unseal()
        self._discard()
        self._storage.remove(self.path)
        self._folders()
        self._storage.put(self.path / "plan.json", summed(plan.noted()))
        self._storage.sync(self.path.parent)

    def _unseal(self) -> None:
        """Forget what was sealed, before any of it goes: nothing may answer for an output that is no longer whole."""
        self._storage.remove(self.path / "sealed.json")

    def _discard(self) -> None:
        """Remove what was made, or replaced, but first put it all out of reach, in one step.

        So no run publishes what is left of it, and none takes that for somebody's own.
        """
        gone = self.path / "gone"
        self._storage.remove(gone)
        if any(self._outs.glob("*/*")):
            self._storage.rename(self._outs, gone)
            self._storage.sync(self.path)
            self._storage.remove(gone)
        self._storage.remove(self._outs)

    def _folders(self) -> None:
        for name in ("spool", "segments", "done"):
            self._storage.mkdir(self.path / name)

    def save(self, part: int, name: str, split: str, data: bytes, rows: int) -> Segment:
        """Keep the bytes of one part for one format and split."""
        file = f"segments/{part:06d}.{name}.{split}.jsonl"
        self._storage.write(self.path / file, data)
        return Segment(file, xxh3_128_hexdigest(data), name, split, rows, len(data))

    def save_rejects(self, part: int, entries: list[dict[str, Any]]) -> Piece:
        """Keep the rejects of one part."""
        return self._save(f"segments/{part:06d}.rejects.jsonl", [_encode(entry) for entry in entries])

    def save_index(self, part: int, lines: list[bytes]) -> Piece:
        """Keep a part's lines of the index."""
        return self._save(f"segments/{part:06d}.index.jsonl", lines)

    def _save(self, file: str, lines: list[bytes]) -> Piece:
        data = b"\n".join([*lines, b""])
        self._storage.write(self.path / file, data)
        return Piece(file, xxh3_128_hexdigest(data))

    @property
    def unnamed(self) -> Path:
        """The folder for files without a name. Where a file system has none, one may have a name for a moment."""
        return self.path / "segments"

    def spool(self, plan: Plan) -> Spool:
        """The spool of a run whose samples wait until all are there."""
        return Spool(self.path / "spool", self._storage, plan.digest)

    def savepoint(self, plan: Plan, results: list[PartResult], keys: bytes) -> None:
        """Make consecutive parts durable: their files first, then the record that vouches for them."""
        for result in results:
            for piece in _pieces(result):
                self._storage.sync(self.path / piece.file)
        self._storage.sync(self.path / "segments")
        stem = self.path / f"done/{self._records:05d}"
        with self._storage.writer(stem.with_suffix(".keys")) as file:
            file.write(keys)
        record = _encode(DoneRecord(plan.digest, results, xxh3_128_hexdigest(keys)))
        self._storage.put(stem.with_suffix(".json"), summed(record))  # and the keys' entry beside it
        self._records += 1

    def resume(self, plan: Plan) -> Iterator[tuple[DoneRecord, bytes]]:
        """The done records of this plan whose files are whole, from the first on without a gap.

        Raises:
            TuneportError: a file that is there cannot be read now; all of them stay.
        """
        self._unseal()
        self._folders()  # a run that died while it tidied up has removed some of them
        for folder in (self.path, self.path.parent):  # it may have died before it did so, too
            self._storage.sync(folder)
        self._records = parts = 0
        while (done := self._done(plan, parts)) is not None:
            self._records += 1
            parts += len(done[0].results)
            yield done
        # What follows a gap belongs to a run that was overtaken, and would be taken for this one's later on.
        with translated("read", self.path / "done"):
            records = sorted((self.path / "done").iterdir())
        for path in records:
            if path.name >= f"{self._records:05d}":
                self._storage.remove(path)
        self._discard()

    def _done(self, plan: Plan, part: int) -> tuple[DoneRecord, bytes] | None:
        stem = self.path / f"done/{self._records:05d}"
        record = read_summed(stem.with_suffix(".json"), DoneRecord)
        if record is None or record.plan != plan.digest:
            return None
        if [result.part for result in record.results] != list(range(part, part + len(record.results))):
            return None
        keys = read_whole(stem.with_suffix(".keys"), record.keys_digest)
        pieces = (piece for result in record.results for piece in _pieces(result))
        if keys is None or any(read_whole(self.path / one.file, one.digest) is None for one in pieces):
            return None
        return record, keys

    def seal(self, result: Sealed) -> None:
        """Note that `out` is complete: where it is gone after a crash, it was published."""
        self._storage.put(self.path / "sealed.json", summed(_encode(result)))

    def sealed(self) -> Sealed | None:
        """What `seal` noted; None where the run did not come so far.

        Raises:
            TuneportError: it cannot be read now.
        """
        return read_summed(self.path / "sealed.json", Sealed)

    def out_of(self, sealed: Sealed) -> Path:
        """Where output was made that was sealed; once it was moved, what it has changed places with."""
        return self._outs / sealed.out

    def remove(self) -> None:
        """Remove the folder; what tells that all is published goes last, so that a crash leaves it to be found."""
        self._discard()
        for path in self._entries():
            if path.name not in {"plan.json", "sealed.json"}:
                self._storage.remove(path)
        if (self.path / "sealed.json").exists():
            self._storage.sync(self.path)
        self._storage.remove(self.path)


def _pieces(result: PartResult) -> list[Piece]:
    """All that a part left."""
    return [*result.segments, *(one for one in (result.reject_file, result.index_file) if one is not None)]
