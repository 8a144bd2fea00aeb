"""The comparison of rows: it lets spelling pass, and the last bits of numbers, and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[..., subprocess.CompletedProcess[str]]

A, B, C = '{"a": 1, "weight": 0.1}', '{"a": 2, "weight": 0.2}', '{"a": 3, "weight": 0.3}'


def compared(program: Program, folder: Path, one: list[str], other: list[str], *how: str) -> str:
    """What is said first of two files with these rows."""
    for name, rows in (("one", one), ("other", other)):
        (folder / name).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    done = program("benchmarks.same_rows", folder / "one", folder / "other", *how)
    assert done.returncode == (not done.stdout.startswith("the same rows")), done.stderr
    return done.stdout.splitlines()[0].rstrip(":")


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (['{"a": "\\u00fc", "w": 1}'], ['{"w":1.0,"a":"ü"}'], "the same rows; numbers differ by 0.0e+00"),
        ([A], ['{"a": 1, "weight": 0.1000000000005}'], "the same rows; numbers differ by 5.0e-12"),
        ([A, B], [A, '{"a": 2, "weight": 0.2000001}'], "row 2 differs"),
        ([A, B], [A, '{"a": "2", "weight": 0.2}'], "row 2 differs"),
        ([A, B], [A, '{"a": 2}'], "row 2 differs"),
        (['{"a": [{"b": "x"}]}'], ['{"a": [{"b": "y"}]}'], "row 1 differs"),
        (['{"a": [1]}'], ['{"a": [1, 1]}'], "row 1 differs"),
        (['{"a": true}'], ['{"a": 1}'], "row 1 differs"),
        ([A, B], [B, A], "row 1 differs"),
        ([A, B, C], [A, C], "row 2 differs"),
        ([A, B], [A], "row 2 stands in one alone"),
        ([A], [A, B], "row 2 stands in other alone"),
    ],
)
def test_what_counts_as_the_same_in_order(
    program: Program, tmp_path: Path, one: list[str], other: list[str], said: str
) -> None:
    """A wrong row, a wrong order, a row too few and a row too many are told."""
    assert compared(program, tmp_path, one, other).startswith(said)


AGAIN = '{"a": 1, "weight": 0.7}'


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ([A, B], [B, A, AGAIN], "the same rows; numbers differ by 0.0e+00 of their size at most; 1 rows again"),
        ([A, B], [B, AGAIN], "1 rows have other weights"),
        ([A, B], [B, A, C], "row 3 stands in other alone"),
        ([A, B, C], [B, A], "1 rows stand in one alone"),
    ],
)
def test_what_counts_as_the_same_with_repeats(
    program: Program, tmp_path: Path, one: list[str], other: list[str], said: str
) -> None:
    """Only texts that stand in both may stand there again, and each weight has to be there."""
    assert compared(program, tmp_path, one, other, "--repeats") == said
