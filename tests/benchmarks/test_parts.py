"""The other parts: each measures what it says, and parts measured later stand beside those measured before."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path


def test_overheads_growth_startup_and_pace(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Each thing on and off over the same rows, each size, both commands and a format; one page of two runs."""
    asked = ("--records", 200, "--runs", 1, "--formats", "trl", "--results", tmp_path)
    for parts in (["growth", "pace"], ["overheads", "startup"]):
        done = program("benchmarks", *parts, *asked)
        assert (done.returncode, done.stderr) == (0, "")
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    page = (tmp_path / "README.md").read_text(encoding="utf-8")

    assert [*results] == ["growth", "pace", "overheads", "startup"]
    assert results["growth"]["seed"] != results["overheads"]["seed"]
    assert {*results["overheads"]["pairs"]} == {"JSON Schema", "metrics", "third-party weighting", "crash safety"}
    assert all(f"| {what}, CPU | at most " in page for what in results["overheads"]["pairs"])
    rows = {name: [one["rows"] for one in sizes] for name, sizes in results["growth"]["cases"].items()}
    assert rows["dedup"] == rows["dedup, weights wait for all"] <= rows["nothing is remembered"]
    assert [one["records"] for one in results["growth"]["cases"]["dedup"]] == [20, 200]
    assert all(len(times) == 15 for times in results["startup"]["ms"].values())
    assert results["startup"]["ratio"] > 1
    assert {*results["pace"]["formats"]} == {"trl"}
    assert all(f"## {part.capitalize()}" in page for part in results)
