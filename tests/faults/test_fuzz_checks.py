"""Rubbish in rows of others: each format's own rules say what is wrong with a row, and never fail at one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from faults.fuzz_lines import Mutator, spoil
from faults.fuzz_room import INPUTS
from faults.fuzz_runs import Pump
from tuneport import Problem, validate
from tuneport.plugin_manager import default_manager
from tuneport.validation.targets import target_of

FORMATS = (
    *("alpaca", "anthropic", "axolotl", "bedrock", "bedrock_claude", "chatml", "fireworks", "gemini", "huggingface"),
    *("llama_factory", "llama_factory_v1", "mistral", "ms_swift", "ms_swift_rlhf", "openai", "sharegpt", "together"),
    *("trl", "tuneport"),
)
STYLES = {
    "instruction_tuning": ("question", {"instruction_field": "question", "output_field": "answer"}),
    "chat_completion": ("messages", {"messages_field": "messages", "tools_field": "tools"}),
    "text_completion": ("text", {"text_field": "text"}),
    "preference": ("chosen", {}),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Format name to sound rows of it, of every style that it can hold."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in FORMATS}
    kinds: dict[str, Any] = {name: default_manager().resolve("formats", name).traits.kinds for name in FORMATS}
    samples = {"instruction_tuning": "instruction", "chat_completion": "chat", "text_completion": "text"}
    for style, (field, mapping) in STYLES.items():
        kind = samples.get(style, style)
        able = [name for name in FORMATS if kinds[name] is None or kind in kinds[name]]
        formats = [{"use": name, "weights": "ignore"} if name != "tuneport" else name for name in able]
        export = {"style": style, "field_mapping": mapping, "formats": formats, "weighting": {"enable_weights": False}}
        lines = [*Mutator(1, field).lines(600)]
        pump = Pump(tmp_path_factory.mktemp(style), export, lines)
        for name, data in pump.rows_of(lines).items():
            rows[name] += [json.loads(line) for line in data[:60]]
    return rows


@pytest.mark.parametrize("name", FORMATS)
def test_a_check_says_what_is_wrong_and_never_fails(
    name: str, written: dict[str, list[dict[str, Any]]], tmp_path: Path, figure: Callable[[str, object], None]
) -> None:
    """Whatever a row holds, a format's rules find problems in it, or none, each with a message; so does validate."""
    judge = target_of(name, default_manager()).judge
    assert judge is not None
    random = Random(name)  # noqa: S311  -- it draws rubbish
    sound, count = written[name], max(200, INPUTS // 3 // len(FORMATS))
    assert sound
    lines, found = [], 0
    for number in range(count):
        row = copy.deepcopy(random.choice(sound))
        for _ in range(random.choice((1, 1, 2, 4))):
            spoil(row, random)
        problems = [*judge(row)]
        for problem in problems:
            assert isinstance(problem, Problem)
            assert problem.message
            assert not problem.code.startswith("hook:"), f"{problem} at {row!r}"
        found += bool(problems)
        if number < 500:
            lines.append(json.dumps(row).encode())
    assert found > 0

    (tmp_path / "rows.jsonl").write_bytes(b"\n".join([*lines, *Mutator(2, "messages").lines(100), b""]))
    report = validate(tmp_path / "rows.jsonl", format=name)
    assert not report.ok
    assert all(not one.code.startswith("hook:") for one in report.problems)
    figure("rows of rubbish checked", count)
