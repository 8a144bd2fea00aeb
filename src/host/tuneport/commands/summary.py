"""What a run says when it is done: a count with its reason, never a bare percentage."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice

from tuneport.commands.exported import format_rows, remarks, split_rows, weight_row
from tuneport.commands.wording import WIDTH, by_size, counts, note, one_line, row, seconds
from tuneport.dataset import NearInfo
from tuneport.runs import ExportResult
from tuneport.runs.amounts import size
from tuneport.runs.codes import is_error

_MOST_BLAMED = 3
_REPORTS = ("quality_report.json", "adapter_metadata.json")


def result_lines(result: ExportResult) -> str:
    """The summary of a run."""
    stats, manifest = result.stats, result.dataset.manifest
    if result.status == "unchanged":
        count, digest = f"{stats.exported_entities:,} samples", result.digest[:8]
        return one_line(f"unchanged: {count}, digest {digest}, same as {result.path}. Nothing written.")
    head = one_line(f"{result.title}  ->  {'stdout' if result.path == '-' else result.path}")
    lines = [f"{head:<{WIDTH - 8}}{seconds(stats.duration_ms):>8}", "", _sum(result)]
    if len(manifest.sources) > 1:
        lines += row("sources", " · ".join(f"{one.read:,} {one.name}" for one in manifest.sources))
    lines += (
        _left_out(result) + _near(manifest.near_duplicates) + split_rows(manifest.split) + weight_row(result.weights)
    )
    for name, judged in manifest.validators.items():
        kept = f", {judged.flagged:,} kept with warnings" if judged.flagged else ""
        lines += row("checked", f"{name}: {judged.judged:,} rows, {judged.refused:,} refused{kept}")
    lines += [*row("counted", counts(result.notes)), ""]
    for name, info in manifest.formats.items():
        nowhere = manifest.rejects.get("left_out_by_weight", 0)
        lines += format_rows(name, info, result.traits[name], result.weights, nowhere)
    noted = [line for text in notes_of(result) for line in note(text)]
    return "\n".join([*lines, *([""] if noted else []), *noted, *_next(result)])


def notes_of(result: ExportResult) -> list[str]:
    """What a person should know of a run beside its numbers."""
    manifest = result.dataset.manifest
    return [*remarks(manifest.formats, result.traits, result.weights, date.fromisoformat(manifest.now[:10]))]


def _left_out(result: ExportResult) -> list[str]:
    """Why records were left out, and where they stand."""
    stats = result.stats
    filtered = {code: n for code, n in stats.rejects.items() if not is_error(code) and code != "duplicate"}
    errors = {code: n for code, n in stats.rejects.items() if is_error(code)}
    lines = row("filtered", counts(filtered)) + row("errors", counts(errors))
    if filtered or errors:
        kept = "kept in a folder only" + ("" if result.kind == "stdout" else "; --json lists the first ones")
        lines += row("rejects", f"{result.path}/rejects" if result.kind == "folder" else kept)
        for number, text in enumerate(islice(_blamed(errors, stats.errors), _MOST_BLAMED)):
            lines += row("" if number else "plugins", text)
    return lines


def _near(near: NearInfo | None) -> list[str]:
    """Which samples are near-duplicates; that none is, is as good to know."""
    if near is None:
        return []
    if not near.clusters:
        return row("near", "no two samples are near-duplicates")
    clusters = f"{near.clusters:,} cluster{'' if near.clusters == 1 else 's'}"
    left_out = f"{near.left_out:,} left out" if near.left_out else "all kept"
    return row("near", f"{clusters} of {near.samples:,} samples, the largest of {near.largest:,}: {left_out}")


def _blamed(errors: Mapping[str, int], texts: list[str]) -> Iterator[str]:
    """What was refused of each plugin that broke its promises, as the first texts say: its author needs that."""
    for code, count in by_size(errors):
        plugin = code.removeprefix("hook:")
        # Anchored: another plugin's reason, or a record's key, may hold such words as well.
        reason = re.compile(
            rf"Entity [^:]*(?::\d+)?: ({re.escape(plugin)}:[^ :]+ (?:raised |gave a negative factor).*)"
        )
        first = next(filter(None, map(reason.match, texts)), None) if plugin != code else None
        if first is not None:
            yield f"{count:,} {code}, the first: {first[1]}"


def _sum(result: ExportResult) -> str:
    stats = result.stats
    return (
        f"{stats.total_entities:,} read = {stats.exported_entities:,} exported + {stats.filtered_entities:,} filtered"
        f" + {stats.duplicate_entities:,} duplicate + {stats.errored_entities:,} errors"
    )


def _next(result: ExportResult) -> list[str]:
    if result.status == "streamed":
        return []
    written = size(result.stats.bytes_written)
    if result.kind == "file":
        return ["", f"next  {_first_line(result.path, result.compression)}   ({written})"]
    files = [file for info in result.dataset.formats.values() for split in info.splits.values() for file in split]
    if not files:
        return ["", f"next  nothing to load: {result.path} holds no rows"]
    look = _first_line(f"{result.path}/{files[0].path}", result.compression)
    lines = ["", f"next  load_dataset({result.path!r})   ({written})", f"      {look}"]
    beside = [name for name in _REPORTS if (result.dataset.path / name).exists()]
    return lines + ([f"see   {'   '.join(f'{result.path}/{name}' for name in beside)}"] if beside else [])


def _first_line(path: str, compression: str) -> str:
    """A command that shows the first row of a file."""
    quoted = shlex.quote(path)
    reader = {"gzip": f"zcat < {quoted} | head -1", "zstd": f"zstd -dc {quoted} | head -1"}
    return reader.get(compression, f"head -1 {quoted}")
