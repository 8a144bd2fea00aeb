"""The format `alpaca`: `instruction`, `input`, `output`, as Stanford Alpaca has it, and metadata.

Trainers read `input` as what the instruction is about: most put it after the instruction and a line break.
LLaMA-Factory and ms-swift read `system` as well, and LLaMA-Factory `history`, earlier turns as pairs; both are written
on request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuneport import Context, Instruction, Message, Problem, Reject, Sample
from tuneport_formats import _rules as rules
from tuneport_formats._features import Beside
from tuneport_formats._open_targets import ALPACA as TRAITS
from tuneport_formats._open_targets import AlpacaConfig
from tuneport_formats._tags import said, thinks

_KEYS = frozenset({"instruction", "input", "output", "system", "history", "metadata"})


class Alpaca:
    """Writes `{"instruction", "input", "output"}`, and `system`, `history` and `metadata` where there are any."""

    __slots__ = ("_beside", "_fixed", "_history", "_system", "carries", "features")

    def __init__(self, config: AlpacaConfig, ctx: Context) -> None:
        self._beside = Beside(ctx, metadata=True)
        self._fixed = config.instruction
        self._system, self._history = "system" in config.columns, "history" in config.columns
        self.carries = TRAITS.carries | {"turns"} if TRAITS.carries and self._history else TRAITS.carries
        texts: dict[str, Any] = dict.fromkeys(("instruction", "input", "output"), "string")
        if self._system:
            texts["system"] = "string"
        if self._history:
            texts["history"] = {"list": {"list": "string"}}
        self.features = self._beside.features(texts)

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any] | Reject:
        """One sample's row."""
        if isinstance(sample, Instruction):
            row = self._row(sample.instruction, sample.input or "", said(sample.completion), "", [])
        else:
            talk = _pairs(sample.messages)
            if isinstance(talk, Reject):
                return talk
            system, pairs = talk
            if len(pairs) > 1 and not self._history:
                return Reject(
                    "not_alpaca", f'{len(pairs)} questions and answers: only columns = ["history"] holds them'
                )
            asked, answer = pairs[-1]
            row = self._row(asked, "", answer, system, [list(one) for one in pairs[:-1]])
        return self._beside.add(row, sample)

    def _row(self, asked: str, about: str, answer: str, system: str, history: list[list[str]]) -> dict[str, Any]:
        if system and not self._system:
            asked = f"{system}\n\n{asked}"
        if self._fixed:
            asked, about = self._fixed, f"{asked}\n\n{about}" if about else asked
        row: dict[str, Any] = {"instruction": asked, "input": about, "output": answer}
        if self._system:
            row["system"] = system
        if self._history:
            row["history"] = history
        return row


def _pairs(messages: Sequence[Message]) -> tuple[str, list[tuple[str, str]]] | Reject:
    """The system message, and each question with its answer."""
    turns = list(messages)
    head = turns.pop(0).content if turns and turns[0].role in ("system", "developer") else ""
    roles = [turn.role for turn in turns]
    if not turns or roles != ["user", "assistant"] * (len(roles) // 2) or any(turn.tool_calls for turn in turns):
        return Reject("not_alpaca", "it is not questions of the user and answers of the assistant by turns")
    return head, [(turns[place].content, said(turns[place + 1])) for place in range(0, len(turns), 2)]


def check(row: Any) -> list[Problem]:
    """What is wrong with a row."""
    found: list[Problem] = []
    rules.keys(row, _KEYS, ("instruction", "output"), found)
    for name in ("instruction", "output", "input", "system"):
        if name in row and (row[name] is not None or name in ("instruction", "output")):
            rules.text(row[name], f"/{name}", found, empty=name != "output")
    if not found and not row["instruction"] and not row.get("input"):
        found.append(Problem("/instruction", "nothing is asked", "write an instruction or an input", "empty_text"))
    if row.get("history") is not None:
        _history(row["history"], found)
    if row.get("metadata") is not None:
        rules.is_object(row["metadata"], "/metadata", found, "metadata")
    return found


def _history(history: Any, found: list[Problem]) -> None:
    pairs = history if isinstance(history, list) else [None]
    for index, one in enumerate(pairs):
        if not (isinstance(one, list) and len(one) == 2 and all(isinstance(text, str) for text in one)):
            hint = 'write [["question", "answer"], ...]'
            found.append(Problem(f"/history/{index}", "earlier turns are pairs of texts", hint, "bad_history"))
