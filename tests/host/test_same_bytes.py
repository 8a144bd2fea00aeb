"""The published bytes are a function of source, recipe, seed, now and versions, and of nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, faq_lines, recipe, rows, tree

from tuneport import ExportOptions, PluginManager
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
