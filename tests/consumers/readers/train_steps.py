"""Train one step on each set of rows with the trainer of TRL that its columns are for.

In: {"model": where to make a tiny model, "sets": {name: {"folder": dataset folder, "config": format}}}.
Out: {name: {"trainer": ..., "rows": rows it kept, "of": rows there are, "loss": ..., "evaluated": ...,
"first": {column of token ids: text}, "learnt": the text of the first row that counts}}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import datasets
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer

from tuneport_training.tiny_model import build

TRAINERS = {"sft": (SFTTrainer, SFTConfig), "dpo": (DPOTrainer, DPOConfig), "kto": (KTOTrainer, KTOConfig)}


def trainer_for(columns: list[str]) -> str:
    """The trainer that rows with these columns are for."""
    if "chosen" in columns:
        return "dpo"
    return "kto" if "label" in columns else "sft"


def step(model: str, tokenizer: Any, place: str, config: str, options: dict[str, Any]) -> dict[str, Any]:
    """One step on the rows of a format, and an evaluation where there are rows for it."""
    found = datasets.load_dataset(place, config)
    name = trainer_for(found["train"].column_names)
    kind, arguments = TRAINERS[name]
    trainer = kind(
        model=AutoModelForCausalLM.from_pretrained(model),
        args=arguments(**options),
        train_dataset=found["train"],
        eval_dataset=found.get("validation"),
        processing_class=tokenizer,
    )
    loss = trainer.train().training_loss
    first = trainer.train_dataset[0]
    texts = {key: tokenizer.decode(value) for key, value in first.items() if key.endswith("ids") and value}
    labels = [label for label in first.get("labels") or [] if label >= 0]
    return {
        "trainer": name,
        "rows": len(trainer.train_dataset),
        "of": len(found["train"]),
        "loss": loss,
        "evaluated": trainer.evaluate()["eval_loss"] if "validation" in found else None,
        "first": texts,
        "learnt": tokenizer.decode(labels),
    }


def main() -> None:
    """Answer the question on stdin."""
    asked = json.load(sys.stdin)
    model = str(build(Path(asked["model"])))
    tokenizer = AutoTokenizer.from_pretrained(model)
    options = {
        "output_dir": f"{model}-trained",
        "max_steps": 1,
        "per_device_train_batch_size": 4,
        "use_cpu": True,
        "bf16": False,
        "report_to": [],
        "save_strategy": "no",
        "disable_tqdm": True,
    }
    seen = {}
    for name, one in asked["sets"].items():
        try:
            more = one.get("options", {})
            seen[name] = step(model, tokenizer, one["folder"], one["config"], {**options, **more})
        except Exception as error:
            seen[name] = {"error": f"{type(error).__name__}: {error}"}
    print()
    print(json.dumps(seen))


transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
datasets.disable_progress_bars()
main()
