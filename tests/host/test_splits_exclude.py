"""Rows to evaluate with, in any layout, and the samples that have to be left out for them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tuneport import Chat, Instruction, Message, Preference, Sample, Text, ToolCall
from tuneport.errors import RecipeError
from tuneport.runs.splitting.exclude import HeldOut, read_held_out

ASKED = "How do I move\n a note?"
TOLD = "Open the menu."
USER, ANSWER = {"role": "user", "content": ASKED}, {"role": "assistant", "content": TOLD}
CALL = ToolCall("search", {"query": "note"}, "c1")

LAYOUTS: dict[str, dict[str, Any]] = {
    "messages": {"messages": [{"role": "system", "content": "Be brief."}, USER, ANSWER]},
    "without an answer": {"messages": [USER]},
    "with tools": {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": []}], "tools": []},
    "content in parts": {"messages": [{"role": "user", "content": [{"type": "text", "text": ASKED}]}, ANSWER]},
    "content in values": {"messages": [{"role": "user", "content": [{"type": "text", "value": ASKED}]}, ANSWER]},
    "sharegpt": {"conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": TOLD}]},
    "contents": {
        "contents": [{"role": "user", "parts": [{"text": ASKED}]}, {"role": "model", "parts": [{"text": "x"}]}]
    },
    "prompt and completion": {"prompt": ASKED, "completion": TOLD},
    "prompt in turns": {"prompt": [USER], "completion": [ANSWER]},
    "preference": {"prompt": [USER], "chosen": [ANSWER], "rejected": [ANSWER]},
    "preference without a prompt": {"chosen": [USER, ANSWER], "rejected": [USER, ANSWER]},
    "preference of a service": {"input": {"messages": [USER]}, "preferred_output": [ANSWER]},
    "alpaca": {"instruction": ASKED, "input": "", "output": TOLD, "text": "### Instruction: ..."},
    "alpaca with an input": {"instruction": "How do I", "input": "move a note?", "output": TOLD},
    "question": {"question": ASKED, "context": "Drift 2.8", "answer": TOLD},
    "query": {"query": ASKED, "ideal": TOLD},
    "problem": {"problem": ASKED, "solution": TOLD},
    "input": {"input": ASKED, "expected": TOLD},
    "input in turns": {"input": [USER], "ideal": TOLD},
    "inputs": {"inputs": {"question": ASKED}, "outputs": {"answer": TOLD}},
    "text": {"text": ASKED},
    "chatml": {
        "text": f"<|im_start|>system\nx<|im_end|>\n<|im_start|>user\n{ASKED}<|im_end|>\n<|im_start|>assistant\n"
    },
    "an instruction beside it": {"instruction": "Answer in one sentence.", "input": ASKED, "output": TOLD},
    "a conversation": {"messages": [USER, ANSWER, {"role": "user", "content": "And two?"}, ANSWER]},
    "tools on the way": {
        "conversations": [
            {"from": "human", "value": ASKED},
            {"from": "function_call", "value": "{}"},
            {"from": "observation", "value": "[]"},
            {"from": "gpt", "value": TOLD},
        ]
    },
}

HELD: list[Sample] = [
    Instruction(instruction="how do i MOVE a note?", output="Another answer"),
    Instruction(instruction=ASKED, input="Drift 2.8 on macOS", output="Another answer"),
    Instruction(instruction="How do I", input="move a note?", output="Another answer"),
    Chat(messages=[Message("system", "x"), Message("user", ASKED), Message("assistant", "y")]),
    Chat(messages=[Message(*one) for one in (("user", ASKED), ("assistant", "y"), ("user", "?"), ("assistant", "z"))]),
    Preference(
        prompt=[Message("user", ASKED)], chosen=[Message("assistant", "y")], rejected=[Message("assistant", "z")]
    ),
    Text(text=ASKED),
    Chat(
        messages=[
            Message("user", ASKED),
            Message("assistant", "", tool_calls=(CALL,)),
            Message("tool", "[]", tool_call_id="c1"),
            Message("assistant", "y"),
        ]
    ),
]

FREE: list[Sample] = [
    Instruction(instruction="How do I move two notes?", output=TOLD),
    Instruction(instruction="How do I", output=TOLD),
    Chat(messages=[Message(*one) for one in (("user", "?"), ("assistant", "y"), ("user", ASKED), ("assistant", "z"))]),
    Chat(messages=[Message("user", f"{ASKED} Or two?"), Message("assistant", "y")]),
    Text(text=f"{ASKED} {TOLD}"),
]


def held_out(path: Path, *rows: Any) -> HeldOut:
    """What a file of these rows holds out."""
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return read_held_out(path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_are_understood_in_any_layout(tmp_path: Path, layout: str) -> None:
    """A row holds out every sample that asks the same, of whatever kind it is, and no other."""
    held = held_out(tmp_path / "golden.jsonl", LAYOUTS[layout])
    found = [held(sample) for sample in HELD]
    assert [reject.code for reject in found if reject is not None] == ["held_out"] * len(HELD)
    assert [held(sample) for sample in FREE] == [None] * len(FREE)


def test_all_layouts_are_one_prompt(tmp_path: Path) -> None:
    """Order and layout of the rows change nothing that a plan is bound to."""
    parts = {"chatml", "an instruction beside it", "a conversation", "alpaca with an input"}
    held = held_out(tmp_path / "golden.jsonl", *(row for name, row in LAYOUTS.items() if name not in parts))
    assert (len(held.keys), held.prompts) == (1, 1)
    assert held_out(tmp_path / "all.jsonl", *LAYOUTS.values()).prompts == 3
    other = held_out(tmp_path / "other.jsonl", {"question": ASKED.upper()})
    assert held.digest == other.digest
    assert held_out(tmp_path / "more.jsonl", {"text": ASKED}, {"text": "More"}).digest != held.digest


@pytest.mark.parametrize("name", ["golden.jsonl", "golden.jsonl.gz", "golden.jsonl.zst", "golden.ndjson"])
def test_files_may_be_compressed(tmp_path: Path, name: str) -> None:
    """As the name says; blank lines and a byte order mark do no harm."""
    data = b"\xef\xbb\xbf" + json.dumps({"question": ASKED}).encode() + b"\n\n"
    pack = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}
    path = tmp_path / name
    path.write_bytes(pack.get(path.suffix, bytes)(data))
    assert len(read_held_out(path).keys) == 1


ROW = '{"question": "?"}\n'
WRONG = {
    "another key": (
        f'{ROW}{{"frage": "?"}}\n',
        "golden.jsonl, line 2: nothing that a row asks",
        "it is looked for in mess",
    ),
    "no text": (
        f'{ROW}\n{{"question": " ", "answer": "x"}}',
        "line 3: nothing that a row asks",
        "instruction (and input)",
    ),
    "turns of no kind": ('{"messages": ["hello"]}', "line 1: nothing that a row asks", "messages"),
    "an answer alone": ('{"messages": [{"role": "assistant", "content": "x"}]}', "line 1: nothing that a row asks", ""),
    "a list": ('["a"]', "line 1: no JSON object", "write one {...} on each line"),
    "no JSON": (f"{ROW}{{question}}", "line 2: no JSON object", "write one {...} on each line"),
    "nothing": ("\n", "golden.jsonl holds no rows", "name a .jsonl[.gz|.zst] file"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_row_that_is_not_understood_is_an_error(tmp_path: Path, case: str) -> None:
    """It names the line and the layouts: a row that was passed over would be trained on."""
    text, message, hint = WRONG[case]
    path = tmp_path / "golden.jsonl"
    path.write_text(text)
    with pytest.raises(RecipeError) as raised:
        read_held_out(path)
    (problem,) = raised.value.problems
    assert problem.path == "output.split.exclude"
    assert message in problem.message
    assert hint in problem.hint


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """Not there, a folder, of another kind, or cut off: each says what it is."""
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(ROW.encode() * 100)[:-10])
    (tmp_path / "golden.csv").write_text("question\n?\n")
    said = []
    for path in (tmp_path / "gone.jsonl", tmp_path, tmp_path / "golden.csv", cut):
        with pytest.raises(RecipeError) as raised:
            read_held_out(path)
        said.append(raised.value.problems[0].message)
    assert "No such file" in said[0]
    assert "is no file" in said[1]
    assert "cannot tell from its name" in said[2]
    assert "ends in the middle" in said[3]
