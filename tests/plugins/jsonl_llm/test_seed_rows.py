"""The rows of the mission's own examples, number for number and key for key."""

from __future__ import annotations

import json

from plugins.jsonl_llm.support import row

FRANCE = {
    "pk": "qa_001",
    "question": "What is the capital of France?",
    "context": "France is a country in Western Europe",
    "answer": "Paris is the capital of France.",
    "importance": 0.9,
}
QUANTUM = {
    "pk": "chat_001",
    "system_prompt": "You are a helpful assistant.",
    "user_message": "Explain quantum computing",
    "assistant_response": "Quantum computing uses quantum bits...",
    "importance": 1.2,
}


def test_the_instruction_example() -> None:
    """The capital of France comes out with the documented keys in the documented order."""
    assert json.dumps(row("instruction_tuning", {}, FRANCE)) == (
        '{"instruction": "What is the capital of France?", "input": "France is a country in Western Europe", '
        '"output": "Paris is the capital of France.", "weight": 0.9}'
    )


def test_the_chat_example() -> None:
    """The quantum conversation comes out with three messages, role before content, and weight 1.2."""
    assert json.dumps(row("chat_completion", {}, QUANTUM)) == (
        '{"messages": [{"role": "system", "content": "You are a helpful assistant."}, '
        '{"role": "user", "content": "Explain quantum computing"}, '
        '{"role": "assistant", "content": "Quantum computing uses quantum bits..."}], "weight": 1.2}'
    )


def test_the_text_example() -> None:
    """A text sample is its text and a weight, 1.0 where the record has none."""
    assert json.dumps(row("text_completion", {}, {"content": "Once upon a time"})) == (
        '{"text": "Once upon a time", "weight": 1.0}'
    )


def test_the_metadata_example() -> None:
    """Metadata comes last, with the tags as a list."""
    entity = {
        "question": "...",
        "answer": "...",
        "source": "wikipedia",
        "category": "science",
        "tags": ["physics", "quantum"],
    }
    fields = {**dict.fromkeys(entity, "string"), "tags": "list[string]"}
    config = {"metadata_fields": ["source", "category", "tags", "author"]}
    assert json.dumps(row("instruction_tuning", config, entity, fields)) == (
        '{"instruction": "...", "output": "...", "weight": 1.0, "metadata": {"source": "wikipedia", '
        '"category": "science", "tags": ["physics", "quantum"]}}'
    )


def test_importance_1_2_stays_1_2() -> None:
    """An explicit weight above 1 is not cut down to 1."""
    assert row("chat_completion", {}, QUANTUM)["weight"] == 1.2


def test_keys_are_not_sorted() -> None:
    """Rows have the documented order of keys, not the alphabet's."""
    assert list(row("instruction_tuning", {}, {**FRANCE, "source": "w"})) == [
        "instruction",
        "input",
        "output",
        "weight",
        "metadata",
    ]
