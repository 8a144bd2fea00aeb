"""Exports for open trainers, read as those trainers read them: by load_dataset, told by what stands beside the rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import recipe, rows

from plugins.formats.samples import TOOL, chat
from tuneport import (
    Chat,
    Config,
    Context,
    Dataset,
    Message,
    PluginManager,
    Preference,
    Sample,
    ToolCall,
    export,
    hookimpl,
    validate,
)
from tuneport.dataset import DataFile, DatasetManifest, FormatInfo
from tuneport.options import FormatStats
from tuneport_formats import _axolotl_config, llama_factory, llama_factory_v1
from tuneport_formats._entries import entry_names

TALKS = ["trl", "axolotl", "llama_factory", "llama_factory_v1", "ms_swift", "sharegpt"]
INSTRUCTIONS = [*TALKS, "alpaca", "chatml", "huggingface"]
PAIRS = ["trl", "axolotl", "llama_factory", "ms_swift_rlhf"]


class Made:
    """A plugin whose style `made` makes tool calls, plain conversations, or pairs, as a record says."""

    @hookimpl
    def register_styles(self, register: Callable[..., None]) -> None:
        register("talks", _talks)
        register("pairs", _pairs)


def _talks(_config: Config, ctx: Context) -> Callable[..., Sample]:
    ctx.reads("n")
    ctx.makes(Chat, turns=["tool_calls", "tool_call_id", "name", "reasoning", "weight"], tools=True)
    return _talk


def _pairs(_config: Config, ctx: Context) -> Callable[..., Sample]:
    ctx.reads("n")
    ctx.makes(Preference)
    return _pair


def _talk(record: dict[str, Any]) -> Sample:
    number = record["n"]
    if number < 100:
        return chat("How are you?", f"Fine, thanks, for the {number}th time.")
    arguments = {"q": number} if number % 2 else {"name": f"n{number}", "deep": [{"x": None}]}
    return Chat(
        messages=[
            Message("user", f"Look {number} up."),
            Message("assistant", "", (ToolCall("find", arguments),), reasoning="Where?", weight=0.0),
            Message("tool", "2024-01-01", name="find"),
            Message("assistant", f"Number {number} is of the first of January.", weight=1.0),
        ],
        tools=[TOOL],
    )


def _pair(record: dict[str, Any]) -> Sample:
    number = record["n"]
    return Preference(
        prompt=[Message("user", f"Say {number}.")],
        chosen=[Message("assistant", f"{number}, with pleasure.")],
        rejected=[Message("assistant", f"Not {number}, nor any other.")],
    )


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    """Exports three hundred records by one of the styles, in shards of some kilobytes, and gives the folder."""

    def make(style: str, formats: list[Any], shard_size: int = 8_000, **more: Any) -> Path:
        source = tmp_path / "in.jsonl"
        lines = [
            {
                "n": n,
                "question": f"Question {n}?",
                "answer": f"The answer to {n}.",
                "importance": 1 if n < 200 else round(n / 7, 4),
            }
            for n in range(300)
        ]
        source.write_text("".join(json.dumps(line) + "\n" for line in lines))
        data = recipe(source, tmp_path / "out", export={"style": style, "formats": formats, **more})
        data["output"] |= {"shard_size": shard_size}
        manager = PluginManager()
        manager.register(Made(), "made")
        export(data, manager=manager)
        return tmp_path / "out"

    return make


@pytest.fixture
def load(needs: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`datasets.load_dataset`, offline, with a cache of its own."""
    needs("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    datasets.disable_progress_bars()
    return lambda path, *names, **more: datasets.load_dataset(
        str(path), *names, cache_dir=str(tmp_path / "cache"), **more
    )


def written(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a format, as the files have them."""
    return [row for file in sorted((folder / "data" / name / "train").iterdir()) for row in rows(file)]


def without_nulls(value: Any) -> Any:
    """A row as loaders see it: a key of a turn that is not there is null."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("style", "formats"),
    [("instruction_tuning", INSTRUCTIONS), ("made:talks", TALKS), ("made:pairs", PAIRS)],
)
def test_every_row_loads_as_it_was_written(
    style: str, formats: list[str], made: Callable[..., Path], load: Callable[..., Any]
) -> None:
    """Over several shards: plain turns before tool calls, arguments that differ, dates, and whole weights first."""
    # TRL wants the arguments of calls as objects, for which a test of its own stands below.
    trl = {"use": "trl", "arguments": "text"}
    folder = made(style, [trl if name == "trl" and style == "made:talks" else name for name in formats])
    for name in formats:
        loaded = [without_nulls(row) for row in load(folder, name)["train"]]
        assert len(loaded) > 250
        assert len(list((folder / "data" / name / "train").iterdir())) > 2
        assert loaded == [without_nulls(row) for row in written(folder, name)], name


def test_calls_reach_the_template_as_objects(made: Callable[..., Path], load: Callable[..., Any]) -> None:
    """TRL gives a chat template what it loads: arguments as they were said, and no key that does not apply.

    No card declares them. A loader settles what columns are on the first ten megabytes of the first file.
    """
    folder = made("made:talks", [{"use": "trl", "rows": "messages"}], shard_size=1_000_000)
    assert "json" not in (folder / "README.md").read_text().partition("\n---\n")[0].replace(".jsonl", "")
    assert Dataset.open(folder).formats["trl"].features is None
    report = validate(folder, load=True)
    assert (report.ok, report.problems, report.load and report.load.equal) == (True, [], True)
    loaded = load(folder, "trl")["train"]
    (plain,) = [row for row in loaded if row["messages"][1]["content"].endswith("the 7th time.")]
    (called,) = [row for row in loaded if row["messages"][0]["content"] == "Look 102 up."]
    assert [list(turn) for turn in plain["messages"]] == [["role", "content"]] * 2
    assert called["messages"][1]["tool_calls"][0]["function"]["arguments"] == {"name": "n102", "deep": [{"x": None}]}
    assert (plain["tools"], json.loads(called["tools"])) == (None, [TOOL])


@pytest.mark.parametrize(
    ("style", "layout"),
    [
        ("instruction_tuning", {"formatting": "alpaca"}),
        ("made:talks", {"formatting": "sharegpt"}),
        ("made:pairs", {"formatting": "sharegpt", "ranking": True}),
    ],
)
def test_llama_factory_finds_its_rows(
    style: str, layout: dict[str, Any], made: Callable[..., Path], load: Callable[..., Any]
) -> None:
    """An entry names a folder whose files are all rows of one split, and columns that the rows have."""
    folder = made(style, ["llama_factory"]) / "data/llama_factory"
    ((name, entry),) = json.loads((folder / "dataset_info.json").read_text()).items()
    assert name.startswith("out_")
    assert {key: entry[key] for key in layout} == layout
    files = [str(file) for file in (folder / entry["file_name"]).iterdir()]
    loaded = load("json", data_files=files, split="train")
    assert loaded.num_rows == len(written(folder.parents[1], "llama_factory"))
    assert set(entry["columns"].values()) == set(loaded.column_names)
    tags = entry.get("tags")
    if tags is not None:
        assert {turn[tags["role_tag"]] for row in loaded for turn in row["conversations"]} <= set(tags.values())


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (
            "instruction_tuning",
            {"type": "chat_template", "field_messages": "messages", "message_field_training": "weight"},
        ),
        ("made:pairs", {"type": "chat_template.default", "field_chosen": "chosen", "field_rejected": "rejected"}),
        ("text_completion", {"type": "completion", "field": "text"}),
    ],
)
def test_axolotl_finds_its_rows(
    style: str,
    expected: dict[str, Any],
    made: Callable[..., Path],
    load: Callable[..., Any],
    needs: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its configuration is valid YAML, and what it names loads from the folder above the dataset's."""
    needs("yaml")
    import yaml

    more = {"field_mapping": {"text_field": "answer"}} if style == "text_completion" else {}
    folder = made(style, ["axolotl"], **more)
    config = yaml.safe_load((folder / "data/axolotl/axolotl.yaml").read_text())
    (entry,) = config["datasets"]
    assert {key: entry[key] for key in expected} == expected
    assert config["dataset_prepared_path"] == f"prepared/axolotl-{Dataset.open(folder).digest[:16]}"
    assert config.get("rl") == ("dpo" if style == "made:pairs" else None)
    assert "test_datasets" not in config
    monkeypatch.chdir(folder.parent)
    loaded = load(entry["path"], name=entry["name"], split=entry["split"])
    assert list(loaded) == written(folder, "axolotl")


def dataset(features: dict[str, Any] | None, *splits: str) -> Dataset:
    """A dataset of one format whose folder has a name that means something to a trainer's command line."""
    file = DataFile("data/f/train/00000-of-00001.jsonl", 1, 1, 1, "00")
    info = FormatInfo("formats:f", features, {split: [file] for split in splits}, FormatStats())
    empty: dict[str, Any] = {"counts": {}, "rejects": {}, "weights": {}, "notes": {}, "plugins": [], "versions": {}}
    names: dict[str, Any] = {"name": 'a, "b"\n: c', "now": "", "seed": 0, "recipe": "", "source": ""}
    return Dataset(Path("x"), DatasetManifest(**names, **empty, formats={"f": info}, digest="0123456789abcdef" * 4))


def text_of(artifacts: Any) -> str:
    """The text of the only file."""
    (artifact,) = artifacts
    assert artifact.path.startswith("data/f/")
    return str(artifact.data.decode())


def test_splits_have_entries_of_their_own(needs: Callable[[str], None]) -> None:
    """No trainer reads validation as train, and names hold nothing that a command line or YAML takes apart."""
    needs("yaml")
    import yaml

    both = dataset({"messages": "string"}, "train", "validation")
    assert entry_names(both, "f") == {"train": "a_b_c_01234567", "validation": "a_b_c_01234567_validation"}
    told = json.loads(text_of(llama_factory.side_files(dataset({"text": "string"}, "train", "validation"), "f")))
    assert {name: entry["file_name"] for name, entry in told.items()} == {
        "a_b_c_01234567": "train",
        "a_b_c_01234567_validation": "validation",
    }
    engine = yaml.safe_load(text_of(llama_factory_v1.side_files(both, "f")))
    assert engine["a_b_c_01234567_validation"] == {"path": "validation", "source": "local", "split": "train"}
    config = yaml.safe_load(text_of(_axolotl_config.side_files(both, "f")))
    assert [entry["split"] for entry in config["datasets"] + config["test_datasets"]] == ["train", "validation"]


def test_nothing_is_told_of_rows_that_are_not_known() -> None:
    """A layout that cannot be told from the columns is not guessed."""
    for features in (None, {"q": "string"}):
        assert list(llama_factory.side_files(dataset(features, "train"), "f")) == []
        assert list(_axolotl_config.side_files(dataset(features, "train"), "f")) == []


def test_other_rows_have_another_name() -> None:
    """The digest is part of it: trainers keep what they prepared by name."""
    one, other = dataset({"text": "string"}, "train"), dataset({"text": "string"}, "train")
    other.manifest.digest = "f" * 64
    for make in (llama_factory.side_files, llama_factory_v1.side_files, _axolotl_config.side_files):
        assert text_of(make(one, "f")) != text_of(make(other, "f"))
