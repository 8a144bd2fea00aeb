"""The format `llama_factory`: rows for LLaMA-Factory 0.9, and the dataset_info.json that it is told them by.

Instructions are written in its alpaca layout, conversations in its sharegpt layout, pairs of answers as that with
`chosen` and `rejected`, unpaired answers with `kto_tag`, and plain text as a prompt without a response. It has no place
for weights. What it cannot read it skips with a warning in its log; the check refuses it. It opens `.jsonl` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec.json

from tuneport import (
    Artifact,
    Config,
    Context,
    Dataset,
    Instruction,
    Message,
    Preference,
    Problem,
    Reject,
    Sample,
    Text,
    Unpaired,
)
from tuneport_formats import _rules as rules
from tuneport_formats import _tool_rules as tool_rules
from tuneport_formats import alpaca, sharegpt
from tuneport_formats._entries import entry_names
from tuneport_formats._features import Beside
from tuneport_formats._tags import said, thinks

_TURN = sharegpt.TURNS["list"]
_ALPACA = {"prompt": "instruction", "query": "input", "response": "output"}
_TAGS = {
    "role_tag": "from",
    "content_tag": "value",
    "user_tag": "human",
    "assistant_tag": "gpt",
    "observation_tag": "observation",
    "function_tag": "function_call",
    "system_tag": "system",
}
_TALK_KEYS = frozenset({"conversations", "chosen", "rejected", "kto_tag", "tools"})
_ALPACA_KEYS = frozenset({"instruction", "input", "output", "system", "history"})


class LlamaFactory:
    """Writes a sample in the layout of its kind; a run of several kinds has conversations only."""

    __slots__ = ("_beside", "_mixed", "features")

    def __init__(self, _config: Config, ctx: Context) -> None:
        kind = None if ctx.sample is None else ctx.sample.kind
        plain = kind is not None and issubclass(kind, Instruction | Text)
        self._mixed = kind is Sample
        self._beside = Beside(ctx, tools="no" if plain else "empty")
        self.features = None if kind is None else self._beside.features(_columns(kind))

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any] | Reject:
        """One sample's row."""
        if isinstance(sample, Instruction) and not self._mixed:
            asked = {"instruction": sample.instruction, "input": sample.input or ""}
            return {**asked, "output": said(sample.completion)}
        if isinstance(sample, Text) and not self._mixed:
            return {"text": sample.text}
        row = _pair(sample) if isinstance(sample, Preference) else _talk(sample)
        return row if isinstance(row, Reject) else self._beside.add(row, sample)


def _columns(kind: type[Sample]) -> dict[str, Any]:
    if issubclass(kind, Instruction):
        return dict.fromkeys(_ALPACA.values(), "string")
    if issubclass(kind, Text):
        return {"text": "string"}
    if issubclass(kind, Preference):
        return {"conversations": sharegpt.TURNS, "chosen": _TURN, "rejected": _TURN}
    return {"conversations": sharegpt.TURNS, **({"kto_tag": "bool"} if issubclass(kind, Unpaired) else {})}


def _talk(sample: Sample) -> dict[str, Any] | Reject:
    turns = sharegpt.conversation(sample.messages)
    if isinstance(turns, Reject):
        return turns
    label = {"kto_tag": sample.label} if isinstance(sample, Unpaired) else {}
    return {"conversations": turns, **label}


def _pair(sample: Preference) -> dict[str, Any] | Reject:
    turns = sharegpt.conversation(sample.prompt)
    chosen, rejected = _answer(sample.chosen), _answer(sample.rejected)
    for one in (turns, chosen, rejected):
        if isinstance(one, Reject):
            return one
    return {"conversations": turns, "chosen": chosen, "rejected": rejected}


def _answer(messages: Iterable[Message]) -> dict[str, str] | Reject:
    turns = sharegpt.conversation(list(messages))
    if isinstance(turns, Reject):
        return turns
    if len(turns) != 1:
        return Reject("not_one_answer", f"an answer of a pair is one turn here, not {len(turns)}")
    return turns[0]


def check(row: Any) -> list[Problem]:
    """What is wrong with a row."""
    found: list[Problem] = []
    if "conversations" in row:
        _check_talk(row, found)
    elif "instruction" in row:
        rules.keys(row, _ALPACA_KEYS, (), found)
        found += alpaca.check({name: row[name] for name in _ALPACA_KEYS.intersection(row)})
    elif "text" in row:
        rules.keys(row, frozenset({"text"}), (), found)
        rules.text(row["text"], "/text", found)
    else:
        hint = "write conversations; instruction, input and output; or text"
        if "messages" in row:
            hint = f'call "messages" "conversations"; {sharegpt.RENAMED}'
        found.append(Problem("", "none of LLaMA-Factory's layouts", hint, "no_layout"))
    return found


def _check_talk(row: Mapping[str, Any], found: list[Problem]) -> None:
    pair = "chosen" in row or "rejected" in row
    rules.keys(row, _TALK_KEYS, ("chosen", "rejected") if pair else (), found)
    sharegpt.turns_check(row["conversations"], "/conversations", found, asks=pair)
    for name in ("chosen", "rejected"):
        if name in row:
            sharegpt.turn_check(row[name], f"/{name}", found)
    if "kto_tag" in row:
        rules.label(row["kto_tag"], "/kto_tag", found)
    if row.get("tools"):
        tool_rules.tools(row["tools"], "/tools", found, written="text", strict=False)


def side_files(dataset: Dataset, name: str) -> Iterable[Artifact]:
    """`dataset_info.json`: an entry for each split, named after the dataset and its digest.

    An entry names the split's folder: LLaMA-Factory reads a local folder as files of one type, all of them.
    """
    layout = _layout(dataset.formats[name].features or {})
    entries = {entry: {"file_name": split, **layout} for split, entry in entry_names(dataset, name).items()}
    text = msgspec.json.format(msgspec.json.encode(entries), indent=2) + b"\n"
    return [Artifact(f"data/{name}/dataset_info.json", text)] if layout else []


def _layout(features: Mapping[str, Any]) -> dict[str, Any]:
    """How LLaMA-Factory is told the columns; what it is not told it does not read."""
    if "instruction" in features:
        return {"formatting": "alpaca", "columns": _ALPACA}
    if "text" in features:
        return {"formatting": "alpaca", "columns": {"prompt": "text"}}
    if "conversations" not in features:
        return {}
    columns = {"messages": "conversations"}
    columns |= {column: column for column in ("tools", "chosen", "rejected", "kto_tag") if column in features}
    ranking = {"ranking": True} if "chosen" in features else {}
    return {"formatting": "sharegpt", **ranking, "columns": columns, "tags": _TAGS}
