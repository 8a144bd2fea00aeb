"""publish: sealed files, the index, artifacts, manifest and sums become visible in one rename."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from hashlib import sha256
from logging import getLogger
from pathlib import Path
from typing import Any

from tuneport.dataset import DataFile, Dataset, rows_digest
from tuneport.errors import DataError, PluginError, told
from tuneport.problems import errors_in, problems_of, sentence
from tuneport.runs.messages import SPLITS, Piece, Segment
from tuneport.runs.planning.plan import Plan
from tuneport.runs.publishing.again import place_of
from tuneport.runs.publishing.artifacts import artifacts_of
from tuneport.runs.publishing.cutting import Cut
from tuneport.runs.publishing.helpers import Helpers
from tuneport.runs.publishing.index import Places, placed
from tuneport.runs.publishing.limits import beyond
from tuneport.runs.publishing.manifest import as_json, format_infos, manifest_of, resolved_recipe
from tuneport.runs.publishing.seal import Shard, blocks, numbered, seal, whole
from tuneport.runs.publishing.staging import Staging
from tuneport.runs.storage import Storage
from tuneport.runs.tally import Tally

log = getLogger("tuneport")

_MUCH = 8 << 20
"""Bytes of rows from which on it is worth to seal with several threads."""


class Publisher:
    """Makes the output of one finished run from its segments.

    Attributes:
        place: where it will be published.
        recipe: what makes it again, from inside its folder.
    """

    def __init__(self, plan: Plan, tally: Tally, staging: Staging, storage: Storage, workers: int) -> None:
        self._plan = plan
        self._tally = tally
        self._staging = staging
        self._storage = storage
        # Little is sealed before threads have begun.
        enough = sum(segment.size for segment in tally.segments) > _MUCH
        self._helpers = Helpers(workers if enough else 1)
        self._out = staging.out
        self.place = place_of(plan.target)
        self.recipe = resolved_recipe(plan, self.place if plan.target.kind == "folder" else self.place.parent)

    def seal_file(self) -> Dataset:
        """Seal the one file of rows, `out/<name>` in staging. The dataset has no folder, only a manifest."""
        self._storage.mkdir(self._out)
        with self._helpers:
            shards = self._seal(self._tally.segments, self._out, Cut())
        self._tally.sealed(self._plan.pipeline.format_names()[0], sum(shard.rows for shard in shards))
        name = self._out / self._plan.target.path.name
        if shards:
            self._storage.rename(shards[0].path, name)
        else:
            self._durable(name, b"")
        self._tally.stats.bytes_written = sum(shard.bytes for shard in shards)
        digest = shards[0].sha256 if shards else sha256().hexdigest()
        return Dataset(self.place, self._manifest({}, digest, []))

    def seal_folder(self) -> Dataset:
        """Seal every format and split, and the index; what the folder will hold, without its artifacts."""
        self._storage.mkdir(self._out)
        with self._helpers:
            return self._sealed_folder()

    def _sealed_folder(self) -> Dataset:
        files: dict[str, dict[str, list[DataFile]]] = {}
        for name in self._plan.pipeline.format_names():
            files[name] = {split: self._split(name, split) for split in SPLITS.values()}
            self._tally.sealed(name, sum(file.rows for shards in files[name].values() for file in shards))
        every = [file for splits in files.values() for shards in splits.values() for file in shards]
        self._tally.stats.bytes_written = sum(file.bytes for file in every)
        return Dataset(self._out, self._manifest(files, rows_digest(every), self._index(files)))

    def _manifest(self, files: dict[str, dict[str, list[DataFile]]], digest: str, index: list[DataFile]) -> Any:
        formats = format_infos(self._plan, self._tally, files)
        recipe = as_json(self._plan, self.recipe)
        return manifest_of(self._plan, self._tally, digest, formats, index, recipe)

    def _split(self, name: str, split: str) -> list[DataFile]:
        segments = [s for s in self._tally.segments if s.format == name and s.split == split]
        if not segments:
            return []
        folder = f"data/{name}/{split}"
        into = self._out / folder
        self._storage.mkdir(into)
        shards = self._seal(segments, into, self._plan.cut(name))
        return numbered(shards, folder, self._plan.target.suffix, into, self._storage)

    def _seal(self, segments: Sequence[Segment], into: Path, cut: Cut) -> list[Shard]:
        compression = self._plan.target.compression
        return seal(self._blocks(segments), into, cut, compression, self._storage, self._helpers)

    def _blocks(self, pieces: Sequence[Piece]) -> Iterator[bytes]:
        return blocks(self._staging.path, pieces, self._storage)

    def _index(self, files: dict[str, dict[str, list[DataFile]]]) -> list[DataFile]:
        """Write what became of each record, now that it is known where rows stand."""
        if not self._tally.index_files:
            return []
        into = self._out / "index"
        self._storage.mkdir(into)
        places = Places({(name, split): shards for name, splits in files.items() for split, shards in splits.items()})
        lines = placed(whole(self._staging.path, self._tally.index_files, self._storage), places)
        (shard,) = seal(lines, into, Cut(), "gzip", self._storage, self._helpers)
        self._storage.rename(shard.path, into / "00000.jsonl.gz")
        return [DataFile("index/00000.jsonl.gz", shard.rows, shard.size, shard.bytes, shard.sha256)]

    def judge(self, dataset: Dataset) -> None:
        """Let validators look at the finished dataset.

        Raises:
            DataError: one of them refuses it; nothing is published.
            PluginError: one of them failed.
        """
        for ref, validate in self._plan.compiled.dataset_validators:
            try:
                problems = problems_of(validate, copy.deepcopy(dataset))
            except (Exception, SystemExit) as error:
                raise PluginError(f"validator {ref.qualified}: {told(error)}") from error
            errors = errors_in(problems)
            for problem in problems:
                if problem not in errors:
                    log.warning("%s: %s", ref.qualified, sentence(problem))
                    self._tally.notes[f"warning of {ref.qualified}"] += 1
            dataset.manifest.notes = dict(sorted(self._tally.notes.items()))
            if errors:
                reasons = "; ".join(map(sentence, errors[:3]))
                raise DataError(f"{ref.qualified} refuses the dataset: {reasons}; nothing published", errors[0].hint)

    def warn(self, dataset: Dataset) -> None:
        """Say which formats have fewer or more rows, or larger files, than their targets take."""
        for one in self._plan.compiled.formats:
            for text in beyond(one.name, dataset.formats[one.name], one.traits):
                log.warning("%s", text)

    def side_files(self, dataset: Dataset) -> None:
        """Write everything that stands beside the rows, and sums over all of it but the clock's own file."""
        written: dict[str, str] = {}
        for artifact in artifacts_of(self._plan, dataset):
            written[artifact.path] = self._write(artifact.path, artifact.data)
        if self._tally.reject_files:
            written["rejects/00000.jsonl"] = self._rejects("rejects/00000.jsonl")
        written["recipe.json"] = self._write("recipe.json", as_json(self._plan, self.recipe))
        written["manifest.json"] = self._write("manifest.json", as_json(self._plan, dataset.manifest))
        written |= {file.path: file.sha256 for file in dataset.files()}
        sums = "".join(f"{digest}  {path}\n" for path, digest in sorted(written.items()))
        self._write("SHA256SUMS", sums.encode())
        self._write("stats.json", as_json(self._plan, self._tally.stats))
        for folder in sorted({path.parent for path in self._out.rglob("*")}):
            self._storage.sync(folder)

    def _rejects(self, name: str) -> str:
        path = self._out / name
        digest = sha256()
        self._storage.mkdir(path.parent)
        with self._storage.writer(path) as file:
            for block in self._blocks(self._tally.reject_files):
                digest.update(block)
                file.write(block)
        return digest.hexdigest()

    def _write(self, name: str, data: bytes) -> str:
        path = self._out / name
        if path.parent != self._out:
            self._storage.mkdir(path.parent)
        self._durable(path, data)
        return sha256(data).hexdigest()

    def _durable(self, path: Path, data: bytes) -> None:
        with self._storage.writer(path) as file:
            file.write(data)
