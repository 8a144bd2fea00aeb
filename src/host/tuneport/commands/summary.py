"""What a run says when it is done, and what a plan says before: a count with its reason, never a bare percentage."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping
from itertools import islice

from tuneport.runs import ExportResult, Plan
from tuneport.runs.codes import is_error
from tuneport.runs.planning.facts import PlanFacts, plan_facts

_WIDTH = 100
_MOST_BLAMED = 3
_REPORTS = ("quality_report.json", "adapter_metadata.json")
_CARRIED = {
    "row": "weight column",
    "message": "a weight per message",
    "binary": "weights as 0 or 1",
    "none": "",
}


def result_lines(result: ExportResult) -> str:
    """The summary of a run."""
    stats = result.stats
    if result.status == "unchanged":
        count, digest = f"{stats.exported_entities:,} samples", result.digest[:8]
        return _one_line(f"unchanged: {count}, digest {digest}, same as {result.path}. Nothing written.")
    head = _one_line(f"{result.title}  ->  {'stdout' if result.path == '-' else result.path}")
    lines = [f"{head:<{_WIDTH - 8}}{_seconds(stats.duration_ms):>8}", "", _sum(result)]
    sources = result.dataset.manifest.sources
    if len(sources) > 1:
        lines += _row("sources", " · ".join(f"{one.read:,} {one.name}" for one in sources))
    filtered = {code: n for code, n in stats.rejects.items() if not is_error(code) and code != "duplicate"}
    errors = {code: n for code, n in stats.rejects.items() if is_error(code)}
    lines += _row("filtered", _counts(filtered)) + _row("errors", _counts(errors))
    if filtered or errors:
        kept = "kept in a folder only" + ("" if result.kind == "stdout" else "; --json lists the first ones")
        lines += _row("rejects", f"{result.path}/rejects" if result.kind == "folder" else kept)
        for number, text in enumerate(islice(_blamed(errors, stats.errors), _MOST_BLAMED)):
            lines += _row("" if number else "plugins", text)
    if result.weights:
        weights = result.weights
        text = f"{_short(weights['min'])} to {_short(weights['max'])}, mean {_short(weights['mean'])}"
        lines += _row("weights", text)
    for name, judged in result.dataset.manifest.validators.items():
        kept = f", {judged.flagged:,} kept with warnings" if judged.flagged else ""
        lines += _row("checked", f"{name}: {judged.judged:,} rows, {judged.refused:,} refused{kept}")
    lines += _row("counted", _counts(result.notes))
    lines += ["", *(f"  {name:<12}{ledger.rows:,} rows{_lost(result, name)}" for name, ledger in stats.formats.items())]
    return "\n".join([*lines, *_next(result)])


def _blamed(errors: Mapping[str, int], texts: list[str]) -> Iterator[str]:
    """What was refused of each plugin that broke its promises, as the first texts say: its author needs that."""
    for code, count in _by_size(errors):
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


def _row(name: str, text: str) -> list[str]:
    """A named line, or several where it is long; none where there is nothing to say."""
    margin = " " * 14
    wrapped = textwrap.wrap(text, _WIDTH - len(margin), break_long_words=False, break_on_hyphens=False)
    return [f"{f'  {name}' if index == 0 else '':<{len(margin)}}{line}" for index, line in enumerate(wrapped)]


def _counts(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{count:,} {name}" for name, count in _by_size(counts))


def _by_size(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _one_line(text: str) -> str:
    """A text that files and plugins have a part in, on one line: what would break it stands there escaped."""
    return text if text.isprintable() else repr(text)[1:-1]


def _lost(result: ExportResult, name: str) -> str:
    refused = result.stats.formats[name].refused
    lost = f", {refused:,} refused" if refused else ""
    carried = _CARRIED[result.carried[name]] if result.weights else ""
    return f"{lost}, {carried}" if carried else lost


def _next(result: ExportResult) -> list[str]:
    if result.status == "streamed":
        return []
    size = _bytes(result.stats.bytes_written)
    if result.kind == "file":
        return ["", f"next  {_first_line(result.path, result.compression)}   ({size})"]
    files = [file for info in result.dataset.formats.values() for split in info.splits.values() for file in split]
    if not files:
        return ["", f"next  nothing to load: {result.path} holds no rows"]
    look = _first_line(f"{result.path}/{files[0].path}", result.compression)
    lines = ["", f"next  load_dataset({result.path!r})   ({size})", f"      {look}"]
    beside = [name for name in _REPORTS if (result.dataset.path / name).exists()]
    return lines + ([f"see   {'   '.join(f'{result.path}/{name}' for name in beside)}"] if beside else [])


def _first_line(path: str, compression: str) -> str:
    """A command that shows the first row of a file."""
    quoted = shlex.quote(path)
    reader = {"gzip": f"zcat < {quoted} | head -1", "zstd": f"zstd -dc {quoted} | head -1"}
    return reader.get(compression, f"head -1 {quoted}")


def _short(weight: float) -> str:
    return f"{weight:.2f}" if weight == 0 or 0.1 <= weight < 1e6 else f"{weight:.2g}"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f} s"


def _bytes(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    power = min(4, (len(str(count)) - 1) // 3)
    return f"{count / 1000**power:.1f} {('kB', 'MB', 'GB', 'TB')[power - 1]}"


def plan_lines(plan: Plan) -> str:
    """The plan of a run, for a person."""
    facts = plan_facts(plan)
    head = _one_line(f"{title_line(facts)}  ->  {facts.target}")
    there = plan.target.on_exists == "fail" and plan.target.kind != "stdout" and plan.target.path.exists()
    exists = _row("exists", f"{facts.target} stands there already: --on-exists replace or version") if there else []
    return "\n".join([head, "", *plan_rows(facts), *exists, "", "nothing read or written"])


def title_line(facts: PlanFacts) -> str:
    """What is read, and about how much of it there is."""
    return _one_line(facts.title) + (f", about {facts.rows:,} records" if facts.rows is not None else "")


def plan_rows(facts: PlanFacts) -> list[str]:
    """What is done with it."""
    lines = _row("reads", "all fields" if facts.reads is None else ", ".join(facts.reads))
    if facts.whole:
        lines += _row("", f"because {', '.join(facts.whole)} did not say which it needs")
    lines += _row("where", " and ".join(f"({text})" for text in facts.where))
    lines += _row("style", ", ".join(dict.fromkeys(facts.styles)))
    lines += _row("filters", ", ".join(facts.filters))
    lines += _row("weightings", " x ".join(facts.weightings))
    lines += _row("duplicates", "left out, the first one wins" if facts.dedup else "kept")
    lines += _row("formats", ", ".join(facts.formats))
    lines += _row("validators", ", ".join(facts.validators))
    lines += _row("metrics", ", ".join(facts.metrics))
    lines += _row("waits", "; ".join(facts.waits))
    lines += _row("now", facts.now)
    lines += _row("resumable", "yes" if facts.resumable else "no: this source or target cannot be taken up again")
    return lines + _row("plan", (facts.digest or "")[:16])


def carried(facts: PlanFacts) -> str:
    """What becomes of a weight in each format."""
    return ", ".join(f"{name}: {_CARRIED[kind] or 'no weights'}" for name, kind in facts.carried.items())
