"""The published folder, read by the loader that trainers use."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, rows

from tuneport import PluginManager, export, hookimpl
from tuneport.dataset import Dataset
from tuneport.runs import execute, plan_export


@pytest.fixture
def load(needs: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`datasets.load_dataset` with a cache of its own, offline."""
    needs("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    datasets.disable_progress_bars()

    def load(path: Path, *arguments: str) -> Any:
        return datasets.load_dataset(str(path), *arguments, cache_dir=str(tmp_path / "cache"))

    return load


def test_the_demo_loads_row_by_row(load: Callable[..., Any], tmp_path: Path) -> None:
    """load_dataset on the demo's folder gives exactly our rows, types included."""
    from tuneport_sources.demo import demo

    demo(tmp_path / "demo", rows=1000)
    result = export(tmp_path / "demo/faq.toml")
    loaded = load(tmp_path / "demo/faq")

    assert list(loaded) == ["train"]
    assert loaded["train"].num_rows == result.stats.exported_entities
    assert list(loaded["train"]) == rows(tmp_path / "demo/faq")
    kinds = {name: str(feature) for name, feature in loaded["train"].features.items()}
    assert kinds["weight"] == "Value('float64')"
    assert "Value('timestamp" not in str(kinds)


STYLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "instruction_tuning": ({}, {"question": "Q {n}?", "answer": "The answer to {n}, at length."}),
    "chat_completion": (
        {},
        {"system_prompt": "Be kind.", "user_message": "Q {n}?", "assistant_response": "The answer to {n}."},
    ),
    "text_completion": ({}, {"content": "A text about {n}, at length."}),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_what_a_loader_would_guess_wrong_is_declared(
    style: str, compression: str, load: Callable[..., Any], tmp_path: Path
) -> None:
    """Nulls first, integers before fractions, empty lists and dates load as they were written, over shards."""
    _, fields = STYLES[style]
    lines = []
    for n in range(300):
        record: dict[str, Any] = {name: text.format(n=n) for name, text in fields.items()}
        record |= {"importance": 1 if n < 200 else n / 7, "category": None if n < 150 else "c"}
        record |= {"tags": [] if n < 100 else ["a"], "source": "2024-01-01", "year": 7 if n % 2 else None}
        if style == "chat_completion" and n % 3:
            del record["system_prompt"]
        lines.append(json.dumps(record))
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    data = recipe(
        tmp_path / "in.jsonl",
        tmp_path / "out",
        export={"style": style, "metadata_fields": ["source", "category", "tags", "year"]},
    )
    data["output"] |= {"shard_size": 6_000, "compression": compression}
    execute(plan_export(data))
    loaded = load(tmp_path / "out")["train"]

    assert len(Dataset.open(tmp_path / "out").formats["tuneport"].splits["train"]) > 3
    assert loaded.num_rows == 300
    assert loaded[299]["weight"] == 299 / 7
    assert loaded[299]["metadata"] == {
        "source": "2024-01-01T00:00:00.000Z",
        "category": "c",
        "tags": ["a"],
        "year": 7,
    }
    assert loaded[0]["metadata"] == {"source": "2024-01-01T00:00:00.000Z", "category": None, "tags": [], "year": None}


class Plain:
    """A third party's format that declares no columns."""

    @hookimpl
    def register_formats(self, register: Any) -> None:
        def write(sample: Any) -> dict[str, Any]:
            number = int(sample.messages[0].content)
            return {"q": sample.messages[0].content, "half": number / 2 if number % 2 else number // 2, "none": None}

        register("plain", lambda _config, _ctx: write)


def test_a_format_that_declares_nothing_loads_too(load: Callable[..., Any], tmp_path: Path) -> None:
    """The columns of a third party's format are seen in its rows: integers and fractions make a float."""
    manager = PluginManager()
    manager.register(Plain(), "thirdparty")
    lines = [json.dumps({"question": str(n), "answer": f"An answer to {n}."}) for n in range(50)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    data = recipe(tmp_path / "in.jsonl", tmp_path / "out", export={"formats": ["thirdparty:plain", "tuneport"]})
    data["output"]["shard_size"] = 200
    execute(plan_export(data, manager=manager))

    default, other = load(tmp_path / "out")["train"], load(tmp_path / "out", "tuneport")["train"]
    assert [default[n]["half"] for n in range(3)] == [0.0, 0.5, 1.0]
    assert default[0]["none"] is None
    assert other.num_rows == 50


def test_the_card_names_exact_counts_in_yaml(tmp_path: Path) -> None:
    """The card's front matter is YAML with one config per format, the first the default, and exact counts."""
    import yaml

    lines = [json.dumps({"question": f"Q{n}", "answer": f"An answer to {n}."}) for n in range(9)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    execute(plan_export(recipe(tmp_path / "in.jsonl", tmp_path / 'od"d')))
    text = (tmp_path / 'od"d/README.md').read_text()
    front = yaml.safe_load(text.split("---\n")[1])

    assert front["configs"] == [
        {
            "config_name": "tuneport",
            "data_files": [{"split": "train", "path": "data/tuneport/train/*"}],
            "default": True,
        }
    ]
    (info,) = front["dataset_info"]
    size = sum(file.stat().st_size for file in (tmp_path / 'od"d/data/tuneport/train').iterdir())
    assert info["splits"] == [{"name": "train", "num_bytes": size, "num_examples": 9}]
    assert [feature["name"] for feature in info["features"]] == list(rows(tmp_path / 'od"d')[0])


def test_sums_are_what_sha256sum_checks(faq: Path, tmp_path: Path) -> None:
    """`sha256sum -c` passes on the published folder, and names a file that was changed."""
    import subprocess

    execute(plan_export(recipe(faq, tmp_path / "out")))
    check = ["sha256sum", "-c", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path / "out", check=False).returncode == 0
    listed = {line.split("  ")[1] for line in (tmp_path / "out/SHA256SUMS").read_text().splitlines()}
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert files - listed == {"SHA256SUMS", "stats.json"}

    with (tmp_path / "out/README.md").open("a") as file:
        file.write("x")
    changed = subprocess.run(check, cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    assert changed.returncode == 1
    assert "README.md" in changed.stdout


SCHEMAS: list[dict[str, Any]] = [
    {},
    {"properties": {}, "items": {}},
    {"type": "object", "required": ["output"], "properties": {"output": {"type": ["string", "null"], "minLength": 3}}},
    {"description": "größer", "enum": [1, "a", None, {"b": {}}], "maximum": 1e300},
]


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("encoding", ["object", "string", "id"])
def test_rows_that_carry_a_schema_load(
    encoding: str, schema: dict[str, Any], load: Callable[..., Any], tmp_path: Path
) -> None:
    """As an object, as text and as an id; the object of every row is the schema itself."""
    lines = [json.dumps({"question": f"Q {n}?", "answer": f"The answer to {n}, at length."}) for n in range(20)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    asked = {"include_schema_in_output": True, "json_schema": json.dumps(schema), "schema_encoding": encoding}
    export(recipe(tmp_path / "in.jsonl", tmp_path / "out", export={"structured_gen": asked}))
    written, loaded = rows(tmp_path / "out"), load(tmp_path / "out")["train"]

    assert len(loaded) == len(written) == 20
    if encoding == "id":
        (file,) = (tmp_path / "out/schemas").iterdir()
        assert {row["schema_id"] for row in loaded} == {file.stem}
        assert json.loads(file.read_text()) == schema
    else:
        decode = json.loads if encoding == "string" else dict
        assert [decode(row["__schema__"]) for row in written] == [schema] * 20
        assert list(loaded)[:3] == written[:3]
