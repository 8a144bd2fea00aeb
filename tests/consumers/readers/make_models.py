"""A child of the tests: makes tiny models, uses them, and prints what it saw as JSON.

In: {"folder": an empty folder, "messages": a conversation, "tools": its tools, "texts": texts to spell}.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tuneport_training.tiny_model import build


def digests(folder: Path) -> dict[str, str]:
    """File name to SHA-256."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def trained(tokenizer: Any, messages: Any, tools: Any) -> list[str]:
    """The stretches of a rendered conversation that the template marks as the assistant's."""
    rendered = tokenizer.apply_chat_template(
        messages, tools=tools, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    stretches: list[list[int]] = [[]]
    for token, marked in zip(rendered["input_ids"], rendered["assistant_masks"], strict=True):
        if marked:
            stretches[-1].append(token)
        elif stretches[-1]:
            stretches.append([])
    return [tokenizer.decode(tokens) for tokens in stretches if tokens]


def main() -> None:
    """Answer the question on stdin."""
    asked = json.load(sys.stdin)
    folder = Path(asked["folder"])
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, same, other = build(folder / "deep" / "one"), build(folder / "same"), build(str(folder / "other"), seed=1)
    undisturbed = torch.equal(torch.rand(3), expected)

    tokenizer, model = AutoTokenizer.from_pretrained(one), AutoModelForCausalLM.from_pretrained(one)
    text = tokenizer.apply_chat_template(asked["messages"], tools=asked["tools"], tokenize=False)
    batch = tokenizer([text, "short"], return_tensors="pt", padding=True)
    model(**batch, labels=batch["input_ids"]).loss.backward()
    gradients = [float(parameter.grad.norm()) for parameter in model.parameters()]
    said = model.generate(**tokenizer("What", return_tensors="pt"), max_new_tokens=4, do_sample=False)
    seen = {
        "returned": str(one),
        "digests": [digests(one), digests(same), digests(other)],
        "bytes": sum(file.stat().st_size for file in one.iterdir()),
        "undisturbed": undisturbed,
        "config": {key: getattr(model.config, key) for key in ("model_type", "num_hidden_layers", "hidden_size")},
        "special": [tokenizer.pad_token, tokenizer.eos_token],
        "ids": [model.config.pad_token_id, model.config.eos_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id],
        "spelt": [tokenizer.decode(tokenizer.encode(one)) for one in asked["texts"]],
        "rendered": text,
        "trained": trained(tokenizer, asked["messages"], asked["tools"]),
        "gradients": [min(gradients), max(gradients)],
        "new_tokens": int(said.shape[1]) - len(tokenizer.encode("What")),
        "left": sorted(path.name for path in folder.iterdir()),
    }
    print(json.dumps(seen))


main()
