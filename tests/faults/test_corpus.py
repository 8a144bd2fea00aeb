"""A corpus of JSON, right and wrong: each case is a row or a reject by its code, and harms no other."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import rows

from faults.corpus import DEEP, cases
from faults.corpus_encodings import ENCODED
from tuneport import Context, ExportStats, PluginManager, Stages, Text, hookimpl, inspect, nesting, preview
from tuneport.errors import SourceError
from tuneport.runs import execute, plan_export
from tuneport.validation.strict import FaultError, parsed
from tuneport_sources.json_document import JsonSource

ALL = list(cases())
FIELDS = ("n", "v", "w")


class Plain:
    """Writes each record as the JSON text of three of its fields."""

    def __init__(self, *, declares: bool) -> None:
        self._declares = declares

    @hookimpl
    def register_styles(self, register: Any) -> None:
        register("style", self._style)

    @hookimpl
    def register_formats(self, register: Any) -> None:
        register("write", lambda _config, _ctx: lambda sample: {"text": sample.text})

    @hookimpl
    def register_exporters(self, register: Any) -> None:
        register("exporter", lambda _config: Stages(style="plain:style", formats=["plain:write"], dedup=False))

    def _style(self, _config: object, ctx: Context) -> Callable[[dict[str, Any]], Text]:
        if self._declares:
            ctx.reads(*FIELDS)
        return lambda record: Text(text=json.dumps({name: record[name] for name in FIELDS if name in record}))


def manager(*, declares: bool) -> PluginManager:
    """Ours, and what writes records as they are."""
    found = PluginManager()
    found.register(Plain(declares=declares), "plain")
    return found


def recipe(path: Path, output: Path) -> dict[str, Any]:
    """An export of a file by it."""
    return {"source": str(path), "export": {"use": "plain:exporter"}, "output": {"path": str(output)}}


def beside(number: int) -> bytes:
    """A record between two cases."""
    return b'{"n":"beside %d"}\n' % number


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases in one file, each between two records that are right."""
    path = tmp_path_factory.mktemp("corpus") / "corpus.jsonl"
    path.write_bytes(b"".join(beside(number) + case.line + b"\n" for number, case in enumerate(ALL)))
    return path


def expected() -> tuple[list[str], dict[int, str]]:
    """Of every line its row, as Python's reader has its value; and code by number of the line for all others."""
    written, refused = [], {}
    for number, case in enumerate(ALL):
        written.append(json.dumps({"n": f"beside {number}"}))
        if case.code:
            refused[2 * number + 2] = case.code
        else:
            record = json.loads(case.line)
            written.append(json.dumps({name: record[name] for name in FIELDS if name in record}))
    return written, refused


def rejects(folder: Path) -> dict[int, str]:
    """Number of the line to code."""
    lines = [row for file in sorted((folder / "rejects").iterdir()) for row in rows(file)]
    return {int(line["locator"].rpartition(":")[2]): line["code"] for line in lines}


def test_the_corpus_is_what_it_says() -> None:
    """No line is there twice, Python's reader takes what is sound, and refuses what is no JSON at all."""
    assert len({case.line for case in ALL}) == len(ALL) > 800
    assert not any(b"\n" in case.line for case in ALL)
    for case in ALL:
        if not case.code:
            assert isinstance(json.loads(case.line), dict)


@pytest.mark.parametrize("declares", [True, False], ids=["fields", "whole"])
def test_every_case_is_a_row_or_a_reject(
    corpus: Path, declares: bool, tmp_path: Path, figure: Callable[[str, object], None]
) -> None:
    """Rows have the values that Python reads, and codes and places of rejects are exact; the sums add up."""
    written, refused = expected()
    stats = execute(plan_export(recipe(corpus, tmp_path / "out"), manager=manager(declares=declares))).stats

    assert [row["text"] for row in rows(tmp_path / "out")] == written
    assert rejects(tmp_path / "out") == refused
    assert stats.total_entities == 2 * len(ALL) == stats.exported_entities + stats.errored_entities
    figure(f"cases of JSON, {len(refused):,} of them wrong", len(ALL))


def test_the_other_commands_see_the_same(corpus: Path) -> None:
    """`inspect` counts what cannot be read, `preview` shows what it is, and neither fails at it."""
    _, refused = expected()
    found = inspect(corpus)
    assert (found.looked_at, found.unreadable) == (2 * len(ALL), len(refused))
    shown = preview(recipe(corpus, Path("-")), count=2 * len(ALL), manager=manager(declares=True))
    told = {int(item.locator.rpartition(":")[2]): item.reject.code for item in shown.items if item.reject}
    assert (told, len(shown.items)) == (refused, 2 * len(ALL))
    assert shown.to_json()


def test_validate_agrees() -> None:
    """What `validate` says of a line is never that it is right where it is not one record of JSON.

    It is stricter in what it takes: each key once, and something in every object.
    """
    for case in ALL:
        row, fault = _validated(case.line + b"\n")
        if row is None:
            assert case.code or fault in {"duplicate_key", "empty_object"}, case
        else:
            assert not case.code or _beyond(case.line), case
            assert repr(row) == repr(json.loads(case.line)), case


def _validated(line: bytes) -> tuple[dict[str, Any] | None, str]:
    try:
        return parsed(line), ""
    except FaultError as fault:
        return None, fault.code


def _beyond(line: bytes) -> bool:
    """Numbers that are too large for a float, which the next step of `validate` refuses."""
    return "inf" in repr(json.loads(line))


def test_in_a_document_a_case_is_an_element_or_ends_it(tmp_path: Path) -> None:
    """Each in an array of its own: read with its value, malformed alone, or an error that names file and byte."""
    path = tmp_path / "corpus.json"
    ends: Counter[str] = Counter()
    for case in ALL:
        path.write_bytes(b'[{"n": 1},\n' + case.line + b'\n, {"n": 2}]')
        read, end = _in_document(path)
        ends[end] += 1
        if end == "read":
            assert repr(read) == repr([{"n": 1}, json.loads(case.line), {"n": 2}])
        else:
            assert case.code
            assert end != "malformed" or read == [{"n": 1}, {"n": 2}]
    assert ends["read"] == sum(not case.code for case in ALL)
    assert ends["malformed"] > 100
    assert set(ends) <= {"read", "malformed", str(path)}


def _in_document(path: Path) -> tuple[list[Any], str]:
    """The elements that were read, and how that ended: for an error, the path that it begins with."""
    try:
        batches = list(JsonSource(path).read(None, None))
    except SourceError as error:
        return [], str(error).partition(",")[0]
    read = [entity for batch in batches for entity in batch.entities]
    return read, "malformed" if any(batch.malformed for batch in batches) else "read"


@pytest.mark.parametrize("name", ENCODED)
def test_a_file_in_another_encoding(name: str, tmp_path: Path) -> None:
    """It is refused line by line, by a code that says so, but for the mark that a file may begin with."""
    data, code = ENCODED[name]
    (tmp_path / "a.jsonl").write_bytes(data)
    made = recipe(tmp_path / "a.jsonl", tmp_path / "out")
    made["output"]["min_rows"] = 0
    stats: ExportStats = execute(plan_export(made, manager=manager(declares=True))).stats

    assert stats.rejects == ({code: 1} if code else {})
    assert stats.exported_entities == (not code)


def test_the_limit_is_what_the_corpus_says() -> None:
    """A record may be so deep, and no deeper."""
    assert nesting.DEEPEST == DEEP
