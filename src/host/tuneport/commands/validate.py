"""`tuneport validate`: is a file, or a dataset folder, what it should be?"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuneport.commands.terminal import Terminal, with_terminal
from tuneport.commands.wording import note

if TYPE_CHECKING:
    from tuneport.validation import Finding, Loads, Report

_FEW = 3
"""Configs whose rows are told one by one, where they are not as many in each."""

_TOLD = 2
"""Other messages of a rule that are told."""


@click.command()
@click.argument("path")
@click.option("--format", "format_", metavar="NAME", help="The format whose rules hold: trl, openai, ...")
@click.option("--schema", metavar="FILE", help="A JSON Schema that every row has to fit.")
@click.option("--no-load", is_flag=True, help="Do not load a dataset with load_dataset.")
@with_terminal
def validate(terminal: Terminal, path: str, format_: str | None, schema: str | None, no_load: bool) -> int:
    """Check a file line by line against a trainer's rules, or a dataset folder whole.

    PATH is a .jsonl[.gz|.zst] file, or what an export published; with --format also a folder of files.
    Exit code 0: all is right; 1: it is not.

    \b
    Examples
      tuneport validate rows.jsonl --format openai
      tuneport validate faq.jsonl.gz --schema row.schema.json
      tuneport validate out/faq
    """  # noqa: D301  -- the backspace tells click to leave the lines as they are
    from tuneport.validation import validate as validated

    terminal.listen()
    # What a file alone is checked for needs no plugin.
    manager = terminal.manager() if schema or format_ or _is_folder(path) else None
    with terminal.plugins_aside():
        report = validated(path, schema=schema, format=format_, manager=manager, load=not no_load)
    terminal.answer(report, lambda: report_lines(report))
    return 0 if report.ok else 1


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:
        # What is wrong with it is told by whoever reads it.
        return False


def report_lines(report: Report) -> str:
    """The verdict, what one should know, and below it what is wrong, file by file."""
    lines = [_verdict(report)]
    if report.load is not None:
        lines.append(f"  {_loaded(report.load)}")
    lines += [f"  {line}" for text in report.notes for line in note(text)]
    whole = "the file" if report.kind == "file" else "the folder"
    by_file = sorted(report.problems, key=lambda finding: finding.file)
    for file, findings in groupby(by_file, key=lambda finding: finding.file):
        lines += ["", *([f"  {file}"] if file else []), *_table(findings, whole)]
    told = sum(finding.count for finding in report.problems)
    left = report.problems_total + report.warnings_total - told
    return "\n".join([*lines, *(["", f"  and {_many(left, 'other')}, not listed"] if left else [])])


def _verdict(report: Report) -> str:
    what = _many(report.rows, "row")
    if report.kind == "dataset":
        what += f" in {_many(report.formats, 'format')}, {_many(report.files, 'file')}"
        what += f", digest {report.digest[:8]}" if report.digest else ""
    elif report.kind == "folder":
        what += f" in {_many(report.files, 'file')}"
    warned = _many(report.warnings_total, "warning") if report.warnings_total else ""
    if not report.ok:
        found = _many(report.problems_total, "problem") + (f" and {warned}" if warned else "")
        return f"{report.path}: {found} in {what}"
    verdict = "all as it was written" if report.kind == "dataset" else "all alike, strict JSON"
    verdict = f"strict JSON, as {report.format} wants them" if report.format else verdict
    return f"{report.path}: {what}: {verdict}" + (f"; {warned}" if warned else "")


def _loaded(load: Loads) -> str:
    """What load_dataset said, in one line."""
    called = f"load_dataset (datasets {load.version})" if load.version else "load_dataset"
    if load.note:
        return f"{called}: {load.note}"
    counts = {name: " + ".join(f"{rows:,}" for rows in splits.values()) for name, splits in load.configs.items()}
    if len(set(counts.values())) == 1:
        rows = next(iter(counts.values()))
    elif len(counts) <= _FEW:
        rows = ", ".join(f"{name} {held or 'no'}" for name, held in counts.items())
    else:
        rows = f"{sum(sum(splits.values()) for splits in load.configs.values()):,}"
    equal = "values equal" if load.equal else "not what the files hold"
    return f"{called}: {_many(len(counts), 'config')}, {rows or 'no'} rows, {equal}"


def _table(findings: Iterable[Finding], whole: str) -> Iterable[str]:
    """Where each was found, what it is, and under which code `explain` knows it; `whole` is what has no lines."""
    for finding in findings:
        kind = "warning: " if finding.severity == "warning" else ""
        first = f"   first: {', '.join(map(str, finding.lines))}" if finding.count > 1 and finding.lines else ""
        yield f"  {_where(finding, whole):>14}  {kind}{finding.message}{first}   [{finding.code}]"
        if finding.others:
            # Of three, one is known to be there, and no more was kept.
            told = [*finding.others[:_TOLD], *(["and more"] if len(finding.others) > _TOLD else [])]
            yield f"  {'':>14}  also: {'; '.join(told)}"
        if finding.hint:
            yield f"  {'':>14}  {finding.hint}"


def _where(finding: Finding, whole: str) -> str:
    if not finding.lines:
        # Below a file's name there is no need to say so.
        return "" if finding.file else whole
    return f"line {finding.lines[0]:,}" if finding.count == 1 else _many(finding.count, "line")


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
