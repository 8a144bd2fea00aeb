"""Read rows as LLaMA-Factory does: dataset_info.json, its loader, its converters, and the engine of its version 1.

It imports torchaudio for sounds, which rows of text never touch; an empty module stands in its place.

In: {"classic": {name: folder with dataset_info.json}, "v1": {name: file of rows}, "model": where to make a tiny model}.
Out: {"classic": {name: {entry: rows as the trainer has them}}, "v1": {name: rows with the text that is learnt}}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import datasets
import peft  # noqa: F401  -- before torchaudio is there: it would use it
from transformers import AutoTokenizer

from tuneport_training.tiny_model import build

sys.modules["torchaudio"] = ModuleType("torchaudio")

from llamafactory.data.loader import _load_single_dataset  # noqa: E402
from llamafactory.data.parser import get_dataset_list  # noqa: E402
from llamafactory.v1.core.data_engine import DataEngine  # noqa: E402
from llamafactory.v1.core.utils.rendering import Renderer  # noqa: E402


def classic(place: str) -> dict[str, Any]:
    """Every entry of a folder's dataset_info.json, loaded and converted."""
    model = SimpleNamespace(cache_dir=None, hf_hub_token=None)
    data = SimpleNamespace(
        dataset_dir=place, media_dir=place, streaming=False, overwrite_cache=True, max_samples=None,
        preprocessing_num_workers=None,
    )  # fmt: skip
    training = SimpleNamespace(local_process_index=0, dataloader_num_workers=0)
    names = list(json.loads((Path(place) / "dataset_info.json").read_text("utf-8")))
    entries = get_dataset_list(names, place)
    return {
        name: {"ranking": bool(entry.ranking), "rows": list(_load_single_dataset(entry, model, data, training))}
        for name, entry in zip(names, entries, strict=True)
    }


def version_1(place: str, tokenizer: Any) -> list[dict[str, Any]]:
    """The rows of a file as the engine of version 1 renders them: what is learnt, and the weights of it."""
    engine = DataEngine(place)
    rendered = Renderer("qwen3", tokenizer).process_samples([engine[number] for number in range(len(engine))])
    return [
        {
            "learnt": tokenizer.decode([label for label in one["labels"] if label >= 0]),
            "weights": sorted({weight for weight in one["loss_weights"] if weight > 0}),
        }
        for one in rendered
    ]


def main() -> None:
    """Answer the question on stdin."""
    asked = json.load(sys.stdin)
    seen: dict[str, Any] = {"classic": {}, "v1": {}}
    for name, place in asked["classic"].items():
        try:
            seen["classic"][name] = classic(place)
        except Exception as error:
            seen["classic"][name] = f"{type(error).__name__}: {error}"
    tokenizer = AutoTokenizer.from_pretrained(build(asked["model"]))
    for name, place in asked["v1"].items():
        try:
            seen["v1"][name] = version_1(place, tokenizer)
        except Exception as error:
            seen["v1"][name] = f"{type(error).__name__}: {error}"
    print()
    print(json.dumps(seen))


datasets.disable_progress_bars()
main()
