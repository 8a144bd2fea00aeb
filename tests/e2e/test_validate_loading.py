"""What validate says of files is what the loader does with them; and load_dataset gives back what was published."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from tools import recipe

from tuneport import FormatTraits, PluginManager, export, hookimpl, validate
from tuneport.lines import FIRST_BLOCK
from tuneport.validation import loading
from tuneport.validation.dates import is_date
from tuneport.validation.loader import same


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], list[Any]]]:
    """Reads JSON lines as trainers do: with `load_dataset`."""
    pytest.importorskip("datasets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        import datasets

        datasets.disable_progress_bars()
        cache = str(tmp_path_factory.mktemp("cache"))
        yield lambda path: list(datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=cache))


PAD = "x" * 5000


def late(first: Any, then: Any) -> list[Any]:
    """Rows of the first kind until the loader has settled types, and one of the other."""
    return [{**first, "pad": PAD}] * (FIRST_BLOCK // 5000 + 10) + [{**then, "pad": PAD}]


FAILS: dict[str, tuple[list[Any] | bytes, str]] = {
    "integers, and a float later": (late({"weight": 1}, {"weight": 0.5}), "float_after_integers"),
    "null, and a text later": (late({"a": None}, {"a": "x"}), "late_type"),
    "empty lists, and a text in one later": (late({"a": []}, {"a": ["x"]}), "late_type"),
    "null, and an object later": (late({"a": None}, {"a": {"b": 1}}), "object_after_null"),
    "a column more later": (late({}, {"a": 1}), "extra_key"),
    "a key more later": (late({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}), "keys_differ"),
    "dates, and a text later": (late({"a": "2024-11-21"}, {"a": "x"}), "dates"),
    "half of a pair": (b'{"a": "\\ud83d"}\n', "lone_surrogate"),
    "a key twice": (b'{"a": 1, "a": 1}\n', "duplicate_key"),
    "cut off": (b'{"a": 1}\n{"a": ', "bad_json"),
    "nothing": (b"", "no_rows"),
}


@pytest.mark.parametrize("case", FAILS)
def test_what_the_loader_fails_on_is_told(case: str, load: Callable[[Path], list[Any]], tmp_path: Path) -> None:
    """Files as scripts write them, on which load_dataset fails: each is told as what it is."""
    rows, code = FAILS[case]
    path = tmp_path / "a.jsonl"
    path.write_bytes(rows if isinstance(rows, bytes) else b"".join(json.dumps(row).encode() + b"\n" for row in rows))

    assert code in {one.code for one in validate(path).problems}
    with pytest.raises(Exception):  # noqa: B017, PT011  -- the loader raises what its libraries do
        load(path)


CHANGES: dict[str, tuple[list[Any], str]] = {
    "dates": ([{"a": "2024-11-21"}, {"a": "2024-11-22T08:30:00Z"}], "dates"),
    "dates in a conversation": ([{"m": [{"content": "2024-11-21"}]}, {"m": []}], "dates"),
    "large integers": ([{"a": 2**63 + 1}, {"a": 1}], "int_range"),
    "a text after integers": (late({"a": "1"}, {"a": 1}), "type_changed"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_the_loader_changes_is_told(case: str, load: Callable[[Path], list[Any]], tmp_path: Path) -> None:
    """Files that load, and give something else back: each is told."""
    rows, code = CHANGES[case]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert code in {one.code for one in validate(path).problems}
    assert load(path) != rows


def test_dates_are_what_the_loader_takes_for_timestamps(load: Callable[[Path], list[Any]], tmp_path: Path) -> None:
    """Each spelling of a date is one for us exactly where it is one for the loader."""
    days = ["2024-11-21", "2024-1-1", "20241121", "2024-13-01", "2024-02-30", "2023-02-29", "2024-02-29", " 2024-11-21"]
    times = [
        " 08:30:00",
        "T08:30:00",
        "T08:30",
        "T08",
        "T8",
        "T24:00:00",
        "T08:30:60",
        "T083000",
        "t08:30:00",
        "T",
        " ",
    ]
    zones = ["Z", "+00:00", "-0230", "+02", "+2", "z", "+24:00", "+02:60", ".5Z", ".000Z", " Z"]
    spelled = [*days, "9999-12-31", "1500-01-01", "-2024-11-21", "2024-11-21Z", "2024-11-21+02:00", "08:30:00", ""]
    spelled += [f"2024-11-21{time}" for time in times]
    spelled += [f"2024-11-21{time}{zone}" for time in ("T08", "T08:30", " 08:30:00") for zone in zones]
    (tmp_path / "a.jsonl").write_text(json.dumps({f"c{n}": text for n, text in enumerate(spelled)}) + "\n")
    (row,) = load(tmp_path / "a.jsonl")

    assert {text for text in spelled if is_date(text)} == {
        text for text, loaded in zip(spelled, row.values(), strict=True) if isinstance(loaded, datetime)
    }


def test_dates_are_told_for_each_block_that_loaders_read(tmp_path: Path) -> None:
    """A column with a text among its dates is right; a later block of dates alone is told with its line."""
    path = tmp_path / "a.jsonl"
    date, text = ({"a": value, "pad": PAD} for value in ("2024-11-21", "x"))
    path.write_text("".join(json.dumps(row) + "\n" for row in (date, text, date)))
    assert validate(path).problems == []

    rows = [text, *[date] * 2200]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (found,) = validate(path).problems
    sizes = accumulate(len(json.dumps(row)) + 1 for row in rows)
    first = next(number for number, size in enumerate(sizes, 1) if size > FIRST_BLOCK) + 1
    assert (found.code, found.path, found.severity, found.count) == ("dates", "a", "warning", 1)
    assert f"from line {first:,} on" in found.message


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go, for this test alone."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


class Formats:
    """A plugin with a format for rows one by one, and one that writes answers as they are."""

    @hookimpl
    def register_formats(self, register: Any) -> None:
        """Offer them."""

        def one_by_one(sample: Any) -> dict[str, Any]:
            number = int(sample.prompt[0].content)
            return {"n": "last" if number == 2199 else number, "pad": PAD}

        register("service", lambda _config, _ctx: one_by_one, traits=FormatTraits(uniform=False))
        register("answers", lambda _config, _ctx: lambda sample: {"a": sample.completion.content, "k": {"x": None}})


@pytest.fixture
def manager() -> PluginManager:
    """A manager that has that plugin as well."""
    manager = PluginManager()
    manager.register(Formats(), "house")
    return manager


def published(place: Path, formats: list[str], records: list[Any], manager: PluginManager | None = None) -> Path:
    """A dataset of these records."""
    (place / "in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    asked = recipe(place / "in.jsonl", place / "out", export={"formats": formats, "quality": {"min_text_length": 1}})
    export(asked, manager=manager)
    return place / "out"


RECORDS = [{"question": f"{n}", "answer": f"The answer to {n}.", "tags": ["a"] * (n % 2)} for n in range(30)]


def test_a_published_dataset_loads(
    needs: Callable[[str], None], manager: PluginManager, tmp_path: Path, temporary: Path
) -> None:
    """Every config and split is loaded, its rows are those of the files, and nothing is left behind."""
    needs("datasets")
    folder = published(tmp_path, ["answers", "tuneport"], RECORDS, manager)
    report = validate(folder, manager=manager, load=True)

    assert report.problems == []
    assert report.load is not None
    assert report.load.configs == {"answers": {"train": 30}, "tuneport": {"train": 30}}
    assert (report.load.version, report.load.equal, report.load.note) == (metadata.version("datasets"), True, "")
    assert list(temporary.iterdir()) == []


def test_values_that_come_back_as_others_are_told(
    needs: Callable[[str], None], manager: PluginManager, tmp_path: Path
) -> None:
    """Answers that are all dates: a warning of the file, and what load_dataset makes of them, with both values."""
    needs("datasets")
    records = [{"question": f"{n}", "answer": f"2024-11-{n:02}T08:30:00Z"} for n in range(1, 20)]
    folder = published(tmp_path, ["answers"], records, manager)
    report = validate(folder, manager=manager, load=True)
    found = {one.code: one for one in report.problems}

    assert found.keys() == {"dates", "load_differs"}
    assert (found["load_differs"].file, found["load_differs"].lines) == ("data/answers/train/00000-of-00001.jsonl", [1])
    assert found["load_differs"].message == (
        "load_dataset gives '2024-11-01 08:30:00' for a, and the file has '2024-11-01T08:30:00Z'"
    )
    assert report.load is not None
    assert (report.ok, report.load.equal) == (False, False)


def test_rows_for_a_service_may_fail_to_load(
    needs: Callable[[str], None], manager: PluginManager, tmp_path: Path
) -> None:
    """Rows that are read one by one may differ more than a loader bears: a warning, with what the loader said."""
    needs("datasets")
    records = [{"question": f"{n}", "answer": f"The answer to {n}."} for n in range(2200)]
    folder = published(tmp_path, ["service"], records, manager)
    report = validate(folder, manager=manager, load=True)

    assert report.ok
    assert [(one.code, one.path) for one in report.problems] == [("load_failed", "service")]
    assert "load_dataset fails on service: " in report.problems[0].message


def test_where_nothing_is_loaded_the_report_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With problems, without `datasets`, and where it takes too long; each is no problem in itself."""
    folder = published(tmp_path, ["tuneport"], RECORDS)

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    with monkeypatch.context() as patch:
        patch.setattr(metadata, "version", missing)
        report = validate(folder, load=True)
        assert report.load is not None
        assert (report.ok, report.load.note) == (True, "datasets is not installed: not tried")
    with monkeypatch.context() as patch:
        patch.setattr(metadata, "version", lambda _name: "1")
        patch.setattr(loading, "_SECONDS", 0.0)
        report = validate(folder, load=True)
        assert report.load is not None
        assert (report.ok, report.load.note) == (True, "it took more than 0 seconds: stopped")
    (folder / "stats.json").unlink()
    report = validate(folder, load=True)
    assert report.load is not None
    assert (report.ok, report.load.note) == (False, "not tried, for there are problems")


def test_loading_happens_elsewhere(needs: Callable[[str], None], tmp_path: Path) -> None:
    """The process that asks never imports datasets; a folder of that name where it stands is not taken for it."""
    needs("datasets")
    published(tmp_path, ["tuneport"], RECORDS)
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/__init__.py").write_text("raise SystemExit(3)")
    code = """
import sys
from tuneport import validate
report = validate("out", load=True)
print(report.load.configs, report.load.equal, "datasets" in sys.modules)
"""
    environment = {**os.environ, "HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("{'tuneport': {'train': 30}} True False\n", "")
    assert not (tmp_path / "home").exists()


def test_the_command_says_what_was_loaded(needs: Callable[[str], None], tmp_path: Path) -> None:
    """One line below the verdict; none with --no-load."""
    needs("datasets")
    published(tmp_path, ["tuneport"], RECORDS)

    def said(*options: str) -> str:
        command = [sys.executable, "-m", "tuneport", "validate", "out", *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    version = metadata.version("datasets")
    assert f"\n  load_dataset (datasets {version}): 1 config, 30 rows, values equal\n" in said()
    assert "load_dataset" not in said("--no-load")


NOW = datetime(2024, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "loaded", "equal"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": None}}, True),
        ({"a": {}}, {"a": {"c": None}}, True),
        ([{"a": 1}, {}], [{"a": 1.0}, {"a": None}], True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": []}, {"a": None}, False),
        ({"a": [1]}, {"a": [1, None]}, False),
        ("2024-11-21", NOW, False),
        (True, 1, False),
        (0, False, False),
        (1, 1.0, True),
    ],
)
def test_when_values_are_the_same(written: Any, loaded: Any, equal: bool) -> None:
    """Absent keys inside a value are null, and numbers are equal; anything else is not."""
    assert same(written, loaded) == equal
