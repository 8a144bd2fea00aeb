"""Files of many frames, as others read them: a reader that stops after the first would lose rows without a word."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from tools import recipe

from consumers.children import READERS, ask
from tuneport import export
from tuneport.runs.publishing import cutting

VERSIONS = {"3.6": ("datasets36",), "4.4": ("datasets44",), "5.2": ()}
ROWS = 3000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One file with gzip and one with zstd, larger by far than what readers take at once."""
    base = tmp_path_factory.mktemp("frames")
    drawn = random.Random(7)  # noqa: S311  -- the same each time
    records = [{"content": f"Text {n}: {drawn.randbytes(500).hex()}"} for n in range(ROWS)]
    (base / "in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    made = [base / "out.jsonl.gz", base / "out.jsonl.zst"]
    for path in made:
        asked = recipe(base / "in.jsonl", path)
        export({**asked, "export": {"style": "text_completion"}})
        assert path.stat().st_size > 1_000_000
    assert 3 * cutting.FRAME > len(gzip.decompress(made[0].read_bytes())) > 2 * cutting.FRAME
    return made


@pytest.mark.parametrize("version", VERSIONS)
def test_datasets_and_pandas_read_all_frames(
    version: str, files: list[Path], tmp_path: Path, needs: Callable[[str], None]
) -> None:
    """Three versions of datasets, whole and streaming, and pandas."""
    for name in ("datasets", *VERSIONS[version]):
        needs(name)
    answer = ask(READERS / "read_frames.py", {"files": list(map(str, files))}, tmp_path, *VERSIONS[version])
    assert answer["version"].startswith(version)
    assert answer["rows"] == {name: [ROWS, ROWS] for name in ("datasets", "datasets, streaming", "pandas")}


def test_libraries_read_all_frames(files: list[Path]) -> None:
    """Python's gzip, and zstandard."""
    with gzip.open(files[0], "rt") as lines:
        assert sum(1 for _ in lines) == ROWS
    with zstandard.open(files[1], "rt") as lines:
        assert sum(1 for _ in lines) == ROWS


@pytest.mark.parametrize(("program", "place"), [("zcat", 0), ("zstd", 1)])
def test_programs_read_all_frames(program: str, place: int, files: list[Path], needs: Callable[[str], None]) -> None:
    """What stands on most machines."""
    needs(program)
    command = [program, *(["-dc"] if program == "zstd" else []), str(files[place])]
    assert subprocess.run(command, capture_output=True, check=True).stdout.count(b"\n") == ROWS
