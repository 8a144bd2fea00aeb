"""Exports that know duplicates by more than memory holds: the same bytes, and nothing left behind."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from tools import recipe, tree

from tuneport.errors import TryAgainError
from tuneport.recipes import parse_recipe
from tuneport.runs import Sizes, execute, plan_export
from tuneport.runs.storage import Storage

SMALL = Sizes(part_bytes=20_000, part_entities=100, savepoint_bytes=60_000)
WAITING = {"weighting": {"normalize": "percentile"}}
NOT_EVEN_ONE, SOME = 1, 32 * 300


def asked(faq: Path, target: Path, memory: Any = None, **export: Any) -> dict[str, Any]:
    """A recipe that may say how much memory there is."""
    data = recipe(faq, target, export=export)
    data["run"] = {**data["run"], **({"memory": memory} if memory is not None else {})}
    return data


@pytest.mark.parametrize("export", [{}, WAITING])
def test_memory_changes_no_byte(export: dict[str, Any], faq: Path, tmp_path: Path) -> None:
    """However little of it there is, every published file is the same, the resolved recipe among them."""
    found = {}
    for memory in (None, SOME, NOT_EVEN_ONE):
        result = execute(plan_export(asked(faq, tmp_path / "out", memory, **export), sizes=SMALL))
        assert result.stats.duplicate_entities > 100
        found[memory] = tree(tmp_path / "out")
        (tmp_path / "out").rename(tmp_path / f"out{memory}")

    assert found[SOME] == found[NOT_EVEN_ONE] == found[None]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_stream_is_the_same(faq: Path) -> None:
    """Rows that go to a stream have no folder beside them."""
    found = []
    for memory in (None, NOT_EVEN_ONE):
        stream = io.BytesIO()
        execute(plan_export(asked(faq, Path("-"), memory), sizes=SMALL), stream=stream)
        found.append(stream.getvalue())
    assert found[0] == found[1]
    assert found[0].count(b"\n") > 1000


class Full(Storage):
    """No disk that a file without a name could stand on."""

    @contextlib.contextmanager
    def unnamed(self, folder: Path | None = None) -> Iterator[IO[bytes]]:  # noqa: ARG002
        """One that takes nothing."""
        with Path("/dev/full").open("r+b", buffering=0) as file:
            yield file


def test_a_disk_that_is_full(faq: Path, tmp_path: Path) -> None:
    """The run says so and keeps what was done; with more memory the same run goes on, to the same bytes."""
    if not Path("/dev/full").exists():
        pytest.skip("no device that is always full")
    execute(plan_export(asked(faq, tmp_path / "out"), sizes=SMALL))
    (tmp_path / "out").rename(tmp_path / "whole")
    with pytest.raises(TryAgainError, match=r"no space left after (\d+) of 38 parts; nothing published") as caught:
        execute(plan_export(asked(faq, tmp_path / "out", SOME), sizes=SMALL), storage=Full())
    assert "Free some, then run the same command." in caught.value.hint

    seen: list[int] = []
    plan = plan_export(asked(faq, tmp_path / "out"), sizes=SMALL)
    execute(plan, on_progress=lambda now: seen.append(now.parts))
    assert seen[0] > 2
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


@pytest.mark.parametrize(("text", "size"), [("512 MiB", 512 << 20), ("2GB", 2_000_000_000), (7, 7)])
def test_memory_is_a_size(text: object, size: int) -> None:
    """A number of bytes, or text with a unit."""
    parsed = parse_recipe({"source": "faq.jsonl", "output": "out", "run": {"memory": text}})
    assert (parsed.run.memory, parsed.problems) == (size, [])


@pytest.mark.parametrize("text", ["lots", 0, -1])
def test_memory_that_is_none(text: object) -> None:
    """Anything else is refused where it stands."""
    parsed = parse_recipe({"source": "faq.jsonl", "output": "out", "run": {"memory": text}})
    assert [problem.path.partition(" = ")[0] for problem in parsed.problems] == ["run.memory"]
