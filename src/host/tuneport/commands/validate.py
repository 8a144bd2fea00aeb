"""`tuneport validate`: is a file, or a dataset folder, what it should be?"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

import click

from tuneport.commands.terminal import Terminal, with_terminal

if TYPE_CHECKING:
    from tuneport.validation import Finding, Report


@click.command()
@click.argument("path")
@click.option("--schema", metavar="FILE", help="A JSON Schema that every row has to fit.")
@with_terminal
def validate(terminal: Terminal, path: str, schema: str | None) -> int:
    """Check a file line by line, or a dataset folder whole.

    PATH is a .jsonl[.gz|.zst] file or what an export published. Exit code 0: all is right; 1: it is not.

    \b
    Examples
      tuneport validate faq.jsonl
      tuneport validate faq.jsonl.gz --schema row.schema.json
      tuneport validate out/faq
    """  # noqa: D301  -- the backspace tells click to leave the lines as they are
    from tuneport.validation import validate as validated

    terminal.listen()
    manager = terminal.manager() if schema is not None else None
    report = validated(path, schema=schema, manager=manager)
    terminal.answer(report, lambda: report_lines(report))
    return 0 if report.ok else 1


def report_lines(report: Report) -> str:
    """The verdict, and below it what is wrong, file by file."""
    lines = [_verdict(report)]
    by_file = sorted(report.problems, key=lambda finding: finding.file)
    for file, findings in groupby(by_file, key=lambda finding: finding.file):
        lines += ["", *([f"  {file}"] if file else []), *_table(findings)]
    told = sum(finding.count for finding in report.problems)
    left = report.problems_total + report.warnings_total - told
    return "\n".join([*lines, *(["", f"  and {_many(left, 'other')}, not listed"] if left else [])])


def _verdict(report: Report) -> str:
    what = _many(report.rows, "row")
    if report.kind == "dataset":
        what += f" in {_many(report.formats, 'format')}, {_many(report.files, 'file')}"
        what += f", digest {report.digest[:8]}" if report.digest else ""
    warned = _many(report.warnings_total, "warning") if report.warnings_total else ""
    if not report.ok:
        found = _many(report.problems_total, "problem") + (f" and {warned}" if warned else "")
        return f"{report.path}: {found} in {what}"
    verdict = "all as it was written" if report.kind == "dataset" else "all alike, strict JSON"
    return f"{report.path}: {what}: {verdict}" + (f"; {warned}" if warned else "")


def _table(findings: Iterable[Finding]) -> Iterable[str]:
    for finding in findings:
        count = _many(finding.count, "line") if finding.lines else ""
        note = "warning: " if finding.severity == "warning" else ""
        first = f"   first: {', '.join(map(str, finding.lines))}" if finding.count > 1 else ""
        if finding.lines and not first:
            count = f"line {finding.lines[0]:,}"
        yield f"  {count:>14}  {note}{finding.message}{first}"
        if finding.hint:
            yield f"  {'':>14}  {finding.hint}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
