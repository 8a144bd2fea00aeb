"""The index: what became of each record, and where its rows stand."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import faq_lines, recipe, rows, tree

from tuneport import PluginManager, Reject, hookimpl
from tuneport.dataset import Dataset
from tuneport.errors import RecipeError
from tuneport.runs import ExportResult, Sizes, execute, plan_export
from tuneport.runs.planning.sizes import SIZES


class Acme:
    """A third party's formats: one that refuses some rows, and one that refuses others."""

    @hookimpl
    def register_formats(self, register: Any) -> None:
        def made(divisor: int) -> Callable[[Any], Any]:
            def write(sample: Any) -> Any:
                if len(sample.text) % divisor == 0:
                    return Reject("unlucky", "Not of this length")
                return {"asked": sample.prompt[0].content, "said": sample.completion.content}

            return write

        register("fives", lambda _config, _ctx: made(5))
        register("threes", lambda _config, _ctx: made(3))


def made(records: Path, place: Path, sizes: Sizes = SIZES, **sections: Any) -> ExportResult:
    """Export with the third party's formats at hand."""
    manager = PluginManager()
    manager.register(Acme(), "acme")
    data = recipe(records, place)
    for name, section in sections.items():
        data[name] = (
            {"path": data[name], **section} if isinstance(data.get(name), str) else data.get(name, {}) | section
        )
    return execute(plan_export(data, manager=manager, sizes=sizes))


def index(dataset: Path) -> list[dict[str, Any]]:
    """The index of a folder."""
    with gzip.open(dataset / "index/00000.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def shards(dataset: Path) -> dict[str, list[list[dict[str, Any]]]]:
    """Format name to its shards, each a list of rows."""
    openers = {".jsonl": "builtins", ".gz": "gzip", ".zst": "zstandard"}
    found: dict[str, list[list[dict[str, Any]]]] = {}
    for path in sorted(dataset.glob("data/*/train/*")):
        with importlib.import_module(openers[path.suffix]).open(path, "rb") as file:
            lines = file.read().split(b"\n")[:-1]
        found.setdefault(path.parts[-3], []).append([json.loads(line) for line in lines])
    return found


@pytest.mark.parametrize(
    ("source", "output", "export", "there"),
    [
        ({}, {}, {}, False),
        ({"key": "pk"}, {}, {}, True),
        ({"subject": "category"}, {}, {}, True),
        ({"key": "pk"}, {"index": False}, {}, False),
        ({}, {"index": True}, {}, True),
        ({}, {}, {"quality_metrics": {"enable_metrics": True, "track_per_sample": True}}, True),
        ({}, {}, {"quality_metrics": {"enable_metrics": True}}, False),
    ],
)
def test_it_is_there_where_it_is_asked_for(source: Any, output: Any, export: Any, there: bool, tmp_path: Path) -> None:
    """A named key or subject, a metric of each sample or output.index ask for it; index = false has the last word."""
    (tmp_path / "in.jsonl").write_bytes(faq_lines(40))
    made(tmp_path / "in.jsonl", tmp_path / "out", source=source, output=output, export=export)

    assert (tmp_path / "out/index").exists() is there
    assert bool(Dataset.open(tmp_path / "out").manifest.index) is there
    assert ("index/" in (tmp_path / "out/SHA256SUMS").read_text()) is there


@pytest.mark.parametrize(("name", "output"), [("out", {"index": False}), ("out.jsonl", {})])
def test_a_metric_of_each_sample_needs_one(name: str, output: Any, tmp_path: Path) -> None:
    """Where there is no index, nothing would be said of each sample: that is a problem before anything is read."""
    (tmp_path / "in.jsonl").write_bytes(faq_lines(40))
    export = {"quality_metrics": {"enable_metrics": True, "track_per_sample": True}}
    with pytest.raises(RecipeError, match="stands in the index"):
        made(tmp_path / "in.jsonl", tmp_path / name, output=output, export=export)


def test_a_single_file_has_none(tmp_path: Path) -> None:
    """Beside one file of rows nothing is written, index = true or not."""
    (tmp_path / "in.jsonl").write_bytes(faq_lines(40))
    made(tmp_path / "in.jsonl", tmp_path / "out.jsonl", output={"index": True})

    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("normalize", ["log", "percentile"])
def test_every_record_once_and_every_row_where_it_says(compression: str, normalize: str, tmp_path: Path) -> None:
    """In source order each record has its outcome, and `format:shard:line` is exactly where its row stands."""
    lines = faq_lines(330) + faq_lines(120)
    (tmp_path / "in.jsonl").write_bytes(lines)
    export = {
        "formats": ["acme:fives", "tuneport", "acme:threes"],
        "weighting": {"normalize": normalize},
        "quality_metrics": {"enable_metrics": True, "track_per_sample": True},
    }
    stats = made(
        tmp_path / "in.jsonl", tmp_path / "out", Sizes(part_bytes=5_000),
        source={"subject": "category"}, export=export, output={"shard_size": 1_700, "compression": compression},
    ).stats  # fmt: skip
    entries, written = index(tmp_path / "out"), shards(tmp_path / "out")
    records = [line for line in lines.split(b"\n") if line]

    assert list(entries[0]) == ["id", "key", "subject", "outcome", "split", "weight", "rows", "metrics"]
    assert len(entries) == len(records) == stats.total_entities == 450
    outcomes = Counter(entry["outcome"] for entry in entries)
    assert outcomes == {
        "exported": stats.exported_entities,
        "filtered": stats.filtered_entities,
        "duplicate": stats.duplicate_entities,
        "errored": stats.errored_entities,
    }
    assert min(outcomes.values()) > 5
    assert min(map(len, written.values())) > 10

    seen: list[str] = []
    first: dict[bytes, str] = {}
    numbers = [number for number, line in enumerate(lines.split(b"\n"), 1) if line.strip()]
    for entry, line, number in zip(entries, records, numbers, strict=True):
        try:
            record = json.loads(line)
        except ValueError:
            assert (entry["id"], entry["key"], entry["subject"], entry["outcome"]) == (
                None,
                f"in.jsonl:{number}",
                None,
                "errored",
            )
            continue
        assert (entry["key"], entry["subject"]) == (record["pk"], record["category"])
        if entry["outcome"] in {"exported", "duplicate"}:
            content = json.dumps([record["question"], record["context"], record["answer"]]).encode()
            assert (entry["outcome"] == "duplicate") is (content in first)
            assert entry["id"] == first.setdefault(content, entry["id"])
        if entry["outcome"] != "exported":
            assert (entry["split"], entry["weight"], entry["rows"]) == (None, None, [])
            continue
        assert entry["split"] == "train"
        assert entry["metrics"] == {"length_distribution": len(record["answer"])}
        places = [place.split(":") for place in entry["rows"]]
        assert "tuneport" in [name for name, _, _ in places]
        for name, shard, number in places:
            row = written[name][int(shard)][int(number)]
            if name == "tuneport":
                assert (row["instruction"], row["output"]) == (record["question"], record["answer"])
                assert row["weight"] == entry["weight"]
            else:
                assert row["said"] == record["answer"]
                assert record["question"] in row["asked"]
        seen.extend(entry["rows"])

    everything = {
        f"{name}:{shard}:{number}"
        for name, files in written.items()
        for shard, lines_ in enumerate(files)
        for number in range(len(lines_))
    }
    assert len(seen) == len(set(seen)) == sum(ledger.rows for ledger in stats.formats.values())
    assert set(seen) == everything
    assert len({*first.values()}) == len(first)


def test_it_is_the_same_however_the_source_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Part sizes, and waiting for the last sample, change no byte of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_bytes(faq_lines(300) + faq_lines(100))
    found = []
    for number, sizes in enumerate(
        [
            Sizes(),
            Sizes(part_bytes=3_000),
            Sizes(seek=False, part_entities=97),
            Sizes(part_bytes=9_000, defer=True),
            Sizes(seek=False, part_entities=33, defer=True, savepoint_bytes=1),
        ]
    ):
        export = {"formats": ["tuneport", "acme:fives"]}
        made(Path("in.jsonl"), Path("out"), sizes, source={"key": ["pk", "category"]}, export=export)
        found.append(tree(Path("out")))
        Path("out").rename(f"out{number}")

    assert "index/00000.jsonl.gz" in found[0]
    assert all(contents == found[0] for contents in found)
    assert index(Path("out0"))[1]["key"] == "qa_1/c1"


def test_sums_and_manifest_vouch_for_it_and_the_digest_does_not(tmp_path: Path) -> None:
    """It stands in SHA256SUMS and the manifest; the dataset's digest is of its rows alone."""
    (tmp_path / "in.jsonl").write_bytes(faq_lines(60))
    plain = made(tmp_path / "in.jsonl", tmp_path / "plain")
    indexed = made(tmp_path / "in.jsonl", tmp_path / "out", output={"index": True})
    (file,) = Dataset.open(tmp_path / "out").manifest.index
    data = (tmp_path / "out/index/00000.jsonl.gz").read_bytes()

    assert indexed.digest == plain.digest
    assert indexed.stats.bytes_written == plain.stats.bytes_written
    assert (file.path, file.rows, file.bytes) == ("index/00000.jsonl.gz", 60, len(data))
    assert file.size == len(gzip.decompress(data))
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert f"{file.sha256}  index/00000.jsonl.gz\n" in (tmp_path / "out/SHA256SUMS").read_text()
    assert "index" not in (tmp_path / "out/README.md").read_text().split("---")[1]


def test_nothing_read_has_no_index(tmp_path: Path) -> None:
    """An empty source makes a folder without rows, and without an index."""
    (tmp_path / "in.jsonl").write_bytes(b"")
    stats = made(tmp_path / "in.jsonl", tmp_path / "out", output={"index": True, "min_rows": 0}).stats

    assert stats.total_entities == 0
    assert not (tmp_path / "out/index").exists()


def test_only_rejects_have_an_index_all_the_same(tmp_path: Path) -> None:
    """Where no record was exported, each is still accounted for."""
    (tmp_path / "in.jsonl").write_text('{"id": 1, "question": "Q", "answer": "no"}\n\n{torn\n5\n')
    made(tmp_path / "in.jsonl", tmp_path / "out", source={"key": "id"}, output={"min_rows": 0})

    told = [(entry["id"], entry["key"], entry["outcome"], entry["rows"]) for entry in index(tmp_path / "out")]
    assert told == [
        (None, "1", "filtered", []),
        (None, "in.jsonl:3", "errored", []),
        (None, "in.jsonl:4", "errored", []),
    ]


def test_a_loader_does_not_see_it(
    needs: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """load_dataset on a folder with an index reads the rows, and nothing else."""
    needs("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    datasets.disable_progress_bars()
    (tmp_path / "in.jsonl").write_bytes(faq_lines(120))
    made(tmp_path / "in.jsonl", tmp_path / "out", output={"index": True, "shard_size": 3_000})
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))

    assert list(loaded) == ["train"]
    assert list(loaded["train"]) == rows(tmp_path / "out")


def test_it_says_which_rows_were_kept_with_problems(tmp_path: Path) -> None:
    """A row that does not fit and is written all the same has every problem beside its place."""
    answers = ["A long enough answer to that.", "Too short, it is."]
    records = [{"id": n, "question": "Why is it so?", "answer": answer} for n, answer in enumerate(answers)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    schema = {"properties": {"output": {"minLength": 20}, "instruction": {"maxLength": 5}}}
    export = {
        "structured_gen": {
            "enable_schema_validation": True,
            "reject_invalid_samples": False,
            "json_schema": json.dumps(schema),
        }
    }
    made(tmp_path / "in.jsonl", tmp_path / "out", source={"key": "id"}, export=export)
    said = {entry["key"]: entry.get("problems") for entry in index(tmp_path / "out")}

    assert said["0"] == ["Field 'instruction' too long (max 5 chars) (at /instruction)"]
    assert sorted(said["1"] or []) == [
        "Field 'instruction' too long (max 5 chars) (at /instruction)",
        "Field 'output' too short (min 20 chars) (at /output)",
    ]
