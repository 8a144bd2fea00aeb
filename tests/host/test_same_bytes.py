"""The published bytes are a function of source, recipe, seed, now and versions, and of nothing else."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, faq_lines, recipe, rows, tree

from tuneport import ExportOptions, PluginManager, Problem, Reject, hookimpl
from tuneport.runs import Sizes, execute, plan_export

SIZES = {
    "97 entities": Sizes(part_entities=97, seek=False),
    "500 entities": Sizes(part_entities=500, seek=False),
    "1333 entities": Sizes(part_entities=1333, seek=False),
    "all entities": Sizes(part_entities=None, seek=False),
    "ranges of 7 kB": Sizes(part_bytes=7_000),
    "ranges of 50 kB, a savepoint each": Sizes(part_bytes=50_000, savepoint_bytes=1),
    "one range": Sizes(part_bytes=1 << 30),
}


def sections(source: Path, **output: Any) -> dict[str, Any]:
    """A recipe with every kind of stage in play."""
    weighting = {"normalize": "log", "auto_weight_by_length": True}
    data = recipe(source, Path("out"), export={"weighting": weighting})
    data["output"] = {"path": "out", **output}
    return data


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_part_sizes_change_no_byte(
    compression: str, faq: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a source is cut into parts, every published file is the same."""
    monkeypatch.chdir(tmp_path)
    found = {}
    for name, sizes in SIZES.items():
        execute(plan_export(sections(faq, shard_size=90_000, compression=compression), sizes=sizes))
        found[name] = tree(Path("out"))
        shutil.rmtree("out")

    assert len(found["one range"]) > 6
    assert all(contents == found["one range"] for contents in found.values()), [
        name for name, contents in found.items() if contents != found["one range"]
    ]


def test_sqlite_ranges_change_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table read in ranges, or in one query, makes the same dataset."""
    from tuneport_sources.sample import write_sample

    monkeypatch.chdir(tmp_path)
    write_sample(tmp_path / "support.db", 600)
    found = []
    for sizes in (Sizes(part_bytes=5_000), Sizes(part_bytes=60_000), Sizes(seek=False, part_entities=97), Sizes()):
        execute(plan_export(sections(tmp_path / "support.db"), sizes=sizes))
        found.append(tree(Path("out")))
        shutil.rmtree("out")

    assert all(contents == found[0] for contents in found)


def test_entities_in_memory_make_the_same_rows(faq: Path, tmp_path: Path) -> None:
    """exportEntities over the records of a file writes the rows that an export of the file writes."""
    manager = PluginManager()
    source = manager.load("jsonl", {"path": faq})
    exporter = manager.load("jsonl_llm", {"weighting": {"normalize": "log"}})
    for interval in (97, 500, 1000, 1333):
        options = ExportOptions(output_path=tmp_path / f"{interval}.jsonl", progress_interval=interval)
        exporter.exportEntities(source.importEntities(), options)
    data = recipe(faq, tmp_path / "whole.jsonl", export={"weighting": {"normalize": "log"}})
    execute(plan_export(data))

    expected = (tmp_path / "whole.jsonl").read_bytes()
    assert expected.count(b"\n") > 1000
    for interval in (97, 500, 1000, 1333):
        assert (tmp_path / f"{interval}.jsonl").read_bytes() == expected


def test_hash_seed_locale_and_time_zone_change_no_byte(tmp_path: Path) -> None:
    """Two processes with other hash seeds, locales, time zones and source file times publish the same folder."""
    found = []
    for number, environment in enumerate(
        [{"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"}, {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}]
    ):
        place = tmp_path / str(number)
        place.mkdir()
        (place / "faq.jsonl").write_bytes(faq_lines(300))
        os.utime(place / "faq.jsonl", (1_000_000_000 * (number + 1),) * 2)
        command = [sys.executable, "-m", "tuneport", "export", "faq.jsonl", "--to", "out", "--now", NOW]
        subprocess.run(command, check=True, cwd=place, env={**os.environ, **environment}, capture_output=True)
        found.append(tree(place / "out"))

    assert found[0] == found[1]


def test_shards_are_cut_at_whole_rows(faq: Path, tmp_path: Path) -> None:
    """A shard holds as many whole rows as fit, and a row larger than a shard stands alone in its own."""
    data = recipe(faq, tmp_path / "out")
    execute(plan_export(data))
    whole = next((tmp_path / "out/data/tuneport/train").iterdir()).read_bytes()
    lines = whole.splitlines(keepends=True)
    for size in (1, 300, 5_000, len(whole) - 1, len(whole)):
        expected: list[bytes] = []
        for line in lines:
            if expected and len(expected[-1]) + len(line) <= size:
                expected[-1] += line
            else:
                expected.append(line)
        data = recipe(faq, tmp_path / f"out{size}")
        data["output"]["shard_size"] = size
        execute(plan_export(data, sizes=Sizes(part_bytes=9_000)))
        files = sorted((tmp_path / f"out{size}/data/tuneport/train").iterdir())

        assert [file.read_bytes() for file in files] == expected
        assert files[0].name == f"00000-of-{len(expected):05d}.jsonl"


@pytest.mark.parametrize(("suffix", "opener"), [(".gz", "gzip"), (".zst", "zstandard")])
def test_a_compressed_file_holds_the_same_rows(suffix: str, opener: str, faq: Path, tmp_path: Path) -> None:
    """`.jsonl.gz` really is gzip and `.jsonl.zst` really is zstd, and both hold the plain file's rows."""
    import importlib

    execute(plan_export(recipe(faq, tmp_path / "out.jsonl")))
    execute(plan_export(recipe(faq, tmp_path / f"out.jsonl{suffix}")))

    module = importlib.import_module(opener)
    with module.open(tmp_path / f"out.jsonl{suffix}", "rb") as file:
        assert file.read() == (tmp_path / "out.jsonl").read_bytes()
    assert len(rows(tmp_path / "out.jsonl")) > 1000


class Acme:
    """A third party's stages: each has something to say of some records."""

    @hookimpl
    def register_filters(self, register: Any) -> None:
        def odd(entity: dict[str, Any], _sample: Any) -> Reject | None:
            number = int(str(entity.get("pk", "x_0")).partition("_")[2] or 0)
            if number % 37 == 1:
                raise RuntimeError("of no interest")
            return Reject("dull", "Nobody wants it") if number % 31 == 2 else None

        register("odd", lambda _config, _ctx: odd)

    @hookimpl
    def register_formats(self, register: Any) -> None:
        def brief(sample: Any) -> Any:
            if len(sample.text) % 5 == 0:
                return Reject("no_fives", "Not of this length")
            return {"q": sample.prompt[0].content if sample.prompt else "", "a": sample.completion.content, "w": 1}

        register("brief", lambda _config, _ctx: brief)

    @hookimpl
    def register_validators(self, register: Any) -> None:
        def shy(row: dict[str, Any]) -> list[Problem]:
            length = len(json.dumps(row))
            severity: Any = "error" if length % 7 == 0 else "warning"
            return [Problem("$", f"{length} is a bad length", severity=severity)] if length % 3 == 0 else []

        register("shy", lambda _config, _ctx: shy)

    @hookimpl
    def register_metrics(self, register: Any) -> None:
        register("sizes", lambda _config, _ctx: SizesMetric())


class SizesMetric:
    """The sizes of all texts in order, and of each."""

    def new(self) -> list[int]:
        return []

    def add(self, state: list[int], sample: Any, _split: str) -> None:
        state.append(len(sample.text))

    def merge(self, left: list[int], right: list[int]) -> list[int]:
        return left + right

    def result(self, state: list[int]) -> Any:
        return {"first": state[:5], "last": state[-5:], "sum": sum(state), "in order": hash(tuple(state)) % 9973}

    def of(self, sample: Any) -> int:
        return len(sample.text)


def hostile(count: int) -> bytes:
    """Records of every outcome, and some that are hard to carry."""
    more = [
        {"pk": "s_1", "question": "A lone \ud800 one?", "answer": "It is not written anywhere."},
        {"pk": "s_2", "question": "Q in metadata?", "answer": "Metadata that is hard.", "category": "lone \udfff"},
        {"pk": "s_3", "question": "Q in metadata?", "answer": "Metadata that is hard.", "category": "c"},
        {"pk": "s_4", "question": "Tags?", "answer": "Tags that are no texts.", "tags": [1, 2**70, None]},
        {"pk": "s_5", "question": {"deep": ["er", 1, 2.5, None]}, "answer": {"an": "object", "n": 2**63}},
        {"pk": "s_6", "question": "NaN?", "answer": "Not a number, in text.", "importance": "nan"},
        {"pk": "s_7", "question": "Huge?", "answer": "Not representable at all.", "importance": 10**400},
        {"pk": "s_8", "question": "Less?", "answer": "A negative one counts as none.", "importance": -2},
        {"pk": 9, "question": True, "answer": 12345678901234567890123, "importance": None},
    ]
    lines = "".join(json.dumps(record) + "\n" for record in more)
    return faq_lines(count // 2) + lines.encode() + faq_lines(count - count // 2)


MAPPINGS: dict[str, dict[str, str]] = {
    "instruction_tuning": {},
    "chat_completion": {"system_field": "context", "user_field": "question", "assistant_field": "answer"},
    "text_completion": {"text_field": "{question}\n{answer}"},
}
FULL: dict[str, Any] = {
    "formats": ["tuneport", "acme:brief"],
    "filters": ["acme:odd"],
    "validators": ["acme:shy"],
    "metrics": ["acme:sizes"],
    "weighting": {"normalize": "log", "auto_weight_by_freshness": True, "auto_weight_by_length": True},
    "structured_gen": {
        "enable_schema_validation": True,
        "json_schema": {"type": "object", "properties": {"output": {"type": "string", "maxLength": 320}}},
    },
    "quality_metrics": {"enable_metrics": True, "track_per_sample": True},
}
CUTS = {
    "97 entities": Sizes(part_entities=97, seek=False, savepoint_bytes=1),
    "500 entities": Sizes(part_entities=500, seek=False),
    "1333 entities": Sizes(part_entities=1333, seek=False),
    "all entities": Sizes(part_entities=None, seek=False),
    "ranges of 7 kB": Sizes(part_bytes=7_000, savepoint_bytes=20_000),
    "one range": Sizes(part_bytes=1 << 30),
}


def waiting(sizes: Sizes) -> Sizes:
    """The same cut, with every sample waiting for the last one."""
    return Sizes(sizes.part_bytes, sizes.part_entities, sizes.savepoint_bytes, sizes.seek, defer=True)


@pytest.mark.parametrize("dedup", [True, False])
@pytest.mark.parametrize("style", MAPPINGS)
def test_waiting_for_the_last_sample_changes_no_byte(
    style: str, dedup: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verdicts part by part and verdicts after the last part make the same folder, however it is cut."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_bytes(hostile(560))
    manager = PluginManager()
    manager.register(Acme(), "acme")
    export = {"style": style, "field_mapping": MAPPINGS[style], "quality": {"skip_duplicates": dedup}}
    data = recipe(Path("in.jsonl"), Path("out"), export=export if not dedup else FULL | export)
    data["output"] |= {"shard_size": 30_000, "index": True, "compression": "gzip" if dedup else "none"}

    def made(sizes: Sizes) -> tuple[dict[str, str], Any]:
        result = execute(plan_export(data, manager=manager, sizes=sizes))
        contents = tree(Path("out"))
        shutil.rmtree("out")
        assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
        result.stats.duration_ms = 0
        return contents, result.stats

    expected, stats = made(CUTS["one range"])
    assert {"index/00000.jsonl.gz", "rejects/00000.jsonl"} <= expected.keys()
    assert len(expected) > 10
    assert {"bad_json", "bad_utf8", "bad_type"} <= stats.rejects.keys()
    assert ("duplicate" in stats.rejects) is dedup
    for name, sizes in CUTS.items():
        assert made(waiting(sizes)) == (expected, stats), name
    for name in ("97 entities", "ranges of 7 kB"):
        assert made(CUTS[name]) == (expected, stats), name


def _table(path: Path, records: list[dict[str, Any]]) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE faq (n INTEGER PRIMARY KEY, question TEXT, answer TEXT, importance REAL)")
        values = [[record.get(name) for name in ("question", "answer", "importance")] for record in records]
        database.executemany("INSERT INTO faq (question, answer, importance) VALUES (?, ?, ?)", values)
    database.close()


@pytest.mark.parametrize("normalize", ["minmax", "percentile"])
def test_every_kind_of_source_and_target_waits_alike(
    normalize: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines, a table, a query and a generator, to a folder, a file and stdout: the same rows with the same weights."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    records = [
        {"question": f"Q{n % 300}", "answer": f"The answer to {n % 300}.", "importance": n * 7 % 41 / 4}
        for n in range(420)
    ]
    records[5]["importance"] = -3.0
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    _table(tmp_path / "in.db", records)
    export = {"weighting": {"normalize": normalize, "auto_weight_by_length": True}}
    sources: dict[str, Any] = {
        "lines": {"path": str(tmp_path / "in.jsonl")},
        "table": {"path": str(tmp_path / "in.db"), "table": "faq"},
        "query": {"path": str(tmp_path / "in.db"), "query": "SELECT * FROM faq ORDER BY n"},
    }
    found: dict[str, bytes] = {}
    for name, source in sources.items():
        for cut, sizes in {"small": Sizes(part_bytes=4_000, part_entities=97), "whole": Sizes()}.items():
            data: dict[str, Any] = {"source": source, "export": export, "run": {"now": NOW}}
            place, stream = tmp_path / f"{name} {cut}", io.BytesIO()
            plan = plan_export({**data, "output": str(place)}, sizes=sizes)
            assert plan.deferred
            assert plan.waits == ("jsonl_llm:field needs the values of all samples",)
            execute(plan)
            (shard,) = place.glob("data/tuneport/train/*")
            found[f"{name} {cut} folder"] = shard.read_bytes()
            execute(plan_export({**data, "output": f"{place}.jsonl"}, sizes=sizes))
            found[f"{name} {cut} file"] = Path(f"{place}.jsonl").read_bytes()
            execute(plan_export({**data, "output": "-"}, sizes=sizes), stream=stream)
            found[f"{name} {cut} stdout"] = stream.getvalue()
    for interval in (97, 500, 1333):
        path = tmp_path / f"{interval}.jsonl"
        told: list[int] = []

        def tell(stats: Any, told: list[int] = told) -> None:
            told.append(stats.exported_entities)

        options = ExportOptions(output_path=path, progress_interval=interval, progress_callback=tell)
        entities = (dict(record) for record in records)
        PluginManager().load("jsonl_llm", export).exportEntities(entities, options)
        assert next(entities, None) is None
        assert told == sorted(told)
        assert told[-1] == 300
        assert len(told) == len({*range(interval, 300, interval)}) + 1
        found[f"generator {interval}"] = path.read_bytes()

    expected = found["lines whole file"]
    assert expected.count(b"\n") == 300
    assert [name for name, data in found.items() if data != expected] == []
    assert list(temporary.iterdir()) == []
