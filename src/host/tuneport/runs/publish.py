"""publish: sealed files, artifacts, manifest and sums become visible in one rename."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import msgspec.json

from tuneport.dataset import DataFile, Dataset, DatasetManifest, FormatInfo, PluginInfo, rows_digest
from tuneport.errors import PluginError
from tuneport.model import Artifact
from tuneport.recipes.models import rfc3339
from tuneport.runs.features import declared_feature
from tuneport.runs.messages import SPLITS, Segment
from tuneport.runs.plan import Plan, versions
from tuneport.runs.seal import Shard, blocks, numbered, seal
from tuneport.runs.staging import Staging
from tuneport.runs.storage import Storage
from tuneport.runs.tally import Tally

OURS = {"manifest.json", "SHA256SUMS", "stats.json", "recipe.json", "data", "rejects"}


class Publisher:
    """Makes the output of one finished run from its segments."""

    def __init__(self, plan: Plan, tally: Tally, staging: Staging, storage: Storage) -> None:
        self._plan = plan
        self._tally = tally
        self._staging = staging
        self._storage = storage
        self._out = staging.out

    def seal_file(self) -> str:
        """Seal the one file of rows; its digest. It stands in staging as `out/<name>`."""
        self._storage.mkdir(self._out)
        shards = self._seal(self._tally.segments, self._out, shard_size=1 << 62)
        self._tally.sealed(self._plan.pipeline.format_names()[0], sum(shard.rows for shard in shards))
        name = self._out / self._plan.target.path.name
        if shards:
            self._storage.rename(shards[0].path, name)
        else:
            self._storage.write(name, b"")
        self._storage.sync(self._out)
        self._tally.stats.bytes_written = sum(shard.bytes for shard in shards)
        return shards[0].sha256 if shards else ""

    def seal_folder(self) -> Dataset:
        """Seal every format and split; what the folder will hold, without its artifacts."""
        self._storage.mkdir(self._out)
        formats: dict[str, FormatInfo] = {}
        names = self._plan.pipeline.format_names()
        for name, stage in zip(names, self._plan.pipeline.formats, strict=True):
            splits = {split: self._split(name, split) for split in SPLITS.values()}
            self._tally.sealed(name, sum(file.rows for files in splits.values() for file in files))
            formats[name] = FormatInfo(
                plugin=stage.ref.qualified,
                features=self._features(name),
                splits={split: files for split, files in splits.items() if files},
                ledger=self._tally.stats.formats[name],
            )
        files = [file for info in formats.values() for split in info.splits.values() for file in split]
        self._tally.stats.bytes_written = sum(file.bytes for file in files)
        return Dataset(self._out, self._manifest(formats, files))

    def _split(self, name: str, split: str) -> list[DataFile]:
        segments = [s for s in self._tally.segments if s.format == name and s.split == split]
        if not segments:
            return []
        folder = f"data/{name}/{split}"
        into = self._out / folder
        self._storage.mkdir(into)
        shards = self._seal(segments, into, int(self._plan.recipe.output.shard_size))
        return numbered(shards, folder, self._plan.target.suffix, into, self._storage)

    def _seal(self, segments: Sequence[Segment], into: Path, shard_size: int) -> list[Shard]:
        files = [self._staging.path / segment.file for segment in segments]
        return seal(files, into, shard_size, self._plan.target.compression, self._storage)

    def _features(self, name: str) -> dict[str, Any] | None:
        for format_name, _, write in self._plan.compiled.formats:
            declared = getattr(write, "features", None)
            if format_name == name and declared:
                return dict(declared)
        columns = {column: declared_feature(one) for column, one in self._tally.features.get(name, {}).items()}
        return None if not columns or None in columns.values() else columns

    def _manifest(self, formats: dict[str, FormatInfo], files: list[DataFile]) -> DatasetManifest:
        plan, stats = self._plan, self._tally.stats
        refs = [stage.ref for stage in (*plan.pipeline.stages(), *([plan.importer] if plan.importer else []))]
        plugins = {ref.plugin: PluginInfo(ref.plugin, ref.version, ref.digest) for ref in refs}
        return DatasetManifest(
            name=plan.target.path.name,
            now=rfc3339(plan.pinned.now),
            seed=plan.recipe.run.seed,
            recipe=sha256(self._recipe()).hexdigest(),
            source=plan.info.title,
            counts={
                "total": stats.total_entities,
                "exported": stats.exported_entities,
                "filtered": stats.filtered_entities,
                "duplicate": stats.duplicate_entities,
                "errored": stats.errored_entities,
            },
            rejects=dict(sorted(stats.rejects.items())),
            weights=self._tally.weights.summary() if plan.pipeline.weightings else {},
            notes=dict(sorted(self._tally.notes.items())),
            formats=formats,
            plugins=[plugins[name] for name in sorted(plugins)],
            versions=versions(),
            digest=rows_digest(files),
        )

    def side_files(self, dataset: Dataset) -> None:
        """Write everything that stands beside the rows, and sums over all of it but the clock's own file."""
        written: dict[str, str] = {}
        for artifact in self._artifacts(dataset):
            written[artifact.path] = self._write(artifact.path, artifact.data)
        if self._tally.reject_files:
            written["rejects/00000.jsonl"] = self._rejects("rejects/00000.jsonl")
        written["recipe.json"] = self._write("recipe.json", self._recipe())
        written["manifest.json"] = self._write("manifest.json", self._json(dataset.manifest))
        for info in dataset.formats.values():
            written |= {file.path: file.sha256 for files in info.splits.values() for file in files}
        sums = "".join(f"{digest}  {path}\n" for path, digest in sorted(written.items()))
        self._write("SHA256SUMS", sums.encode())
        self._write("stats.json", self._json(self._tally.stats))
        for folder in sorted({path.parent for path in self._out.rglob("*")}):
            self._storage.sync(folder)

    def _artifacts(self, dataset: Dataset) -> list[Artifact]:
        made: dict[str, Artifact] = {}
        for ref, maker in self._plan.compiled.artifacts:
            try:
                artifacts = list(maker(dataset))
            except Exception as error:
                raise PluginError(f"artifact {ref.qualified}: {type(error).__name__}: {error}") from error
            for artifact in artifacts:
                if not isinstance(artifact, Artifact) or not isinstance(artifact.data, bytes):
                    raise PluginError(f"artifact {ref.qualified} gave something else than an Artifact of bytes")
                if not _fits(artifact.path, made):
                    raise PluginError(f"artifact {ref.qualified} may not write {artifact.path!r}")
                made[artifact.path] = artifact
        return list(made.values())

    def _rejects(self, name: str) -> str:
        path = self._out / name
        digest = sha256()
        self._storage.mkdir(path.parent)
        with self._storage.writer(path) as file:
            for block in blocks(self._staging.path / reject for reject in self._tally.reject_files):
                digest.update(block)
                file.write(block)
        return digest.hexdigest()

    def _write(self, name: str, data: bytes) -> str:
        path = self._out / name
        if path.parent != self._out:
            self._storage.mkdir(path.parent)
        self._storage.write(path, data)
        self._storage.sync(path)
        return sha256(data).hexdigest()

    def _recipe(self) -> bytes:
        return self._json(self._plan.recipe.resolved(self._plan.pinned.now))

    def _json(self, data: Any) -> bytes:
        text = msgspec.json.encode(data)
        indent = 2 if self._plan.recipe.output.pretty_print else 0
        return msgspec.json.format(text, indent=indent) + b"\n"


def _fits(path: str, taken: Iterable[str]) -> bool:
    """Whether an artifact's path stays in the folder, and is nobody else's."""
    if any(f"{one}/".startswith(f"{path}/") or f"{path}/".startswith(f"{one}/") for one in taken):
        return False
    parts = PurePosixPath(path).parts
    inside = bool(parts) and str(PurePosixPath(path)) == path and parts[0] != "/" and ".." not in parts
    return inside and path.isprintable() and "\\" not in path and parts[0] not in OURS
