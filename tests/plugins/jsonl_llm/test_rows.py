"""The format `tuneport`: keys, their order, and the columns it announces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plugins.jsonl_llm.support import context, shape
from tuneport import Chat, Context, Instruction, Message, Sample, Text
from tuneport_jsonl_llm import rows
from tuneport_jsonl_llm.config import RowConfig


class Duel(Sample, kw_only=True):
    """Another plugin's kind of sample."""

    answer: str

    @property
    def messages(self) -> Sequence[Message]:
        """One turn."""
        return (Message("assistant", self.answer),)


def row(sample: Sample, ctx: Context, **config: Any) -> dict[str, Any]:
    """One sample's row."""
    return rows.tuneport(RowConfig(**config), ctx)(sample)


def test_a_weight_is_always_a_float() -> None:
    """A weight of 1 is written 1.0, so that a later 0.5 does not break the column."""
    weight = row(Text(text="T", weight=1), context())["weight"]
    assert (weight, type(weight)) == (1.0, float)


def test_a_run_without_weights_writes_none() -> None:
    """Where no weighting takes part there is no weight column."""
    ctx = context(weighted=False, sample=shape(Text))
    written = rows.tuneport(RowConfig(), ctx)
    assert written(Text(text="T")) == {"text": "T"}
    assert written.features == {"text": "string"}


def test_input_is_there_on_all_rows_or_on_none() -> None:
    """A run with an input writes it on every row, one without on no row."""
    with_input = context(sample=shape(Instruction, has_input=True))
    assert row(Instruction(instruction="I", output="O"), with_input)["input"] == ""
    assert "input" not in row(Instruction(instruction="I", output="O"), context(sample=shape(Instruction)))


def test_metadata_is_there_where_samples_carry_any() -> None:
    """The declared shape decides; where the style declared none, the sample does."""
    sample = Text(text="T", metadata={"source": None})
    assert list(row(sample, context(sample=shape(Text, source="string")))) == ["text", "weight", "metadata"]
    assert list(row(sample, context(sample=None))) == ["text", "weight", "metadata"]
    assert list(row(Text(text="T"), context(sample=None))) == ["text", "weight"]
    assert list(row(Text(text="T"), context(sample=shape(Text)))) == ["text", "weight"]


def test_metadata_may_be_one_string_of_json() -> None:
    """`metadata_encoding = "json"` writes text that no loader takes apart, and announces it."""
    sample = Text(text="T", metadata={"s": "ü", "n": 1.0, "tags": ["a"], "none": None})
    ctx = context(sample=shape(Text, s="string", n="number", tags="list[string]", none="string"))
    written = rows.tuneport(RowConfig(metadata_encoding="json"), ctx)
    assert written(sample)["metadata"] == '{"s":"ü","n":1.0,"tags":["a"],"none":null}'
    assert written.features is not None
    assert written.features["metadata"] == "string"


def test_any_other_kind_of_sample_is_written_as_messages() -> None:
    """Every sample has messages, so another plugin's style can be written too."""
    written = rows.tuneport(RowConfig(), context(sample=shape(Duel)))
    assert written(Duel(answer="A")) == {"messages": [{"role": "assistant", "content": "A"}], "weight": 1.0}
    assert written.features is None


def test_a_run_of_several_kinds_writes_messages_for_all_of_them() -> None:
    """The row follows what the run's samples have in common, not the one sample."""
    written = rows.tuneport(RowConfig(), context(sample=shape(Sample)))
    turns = [
        written(Instruction(instruction="I", input="N", output="O")),
        written(Chat(messages=[Message("user", "U"), Message("assistant", "A")])),
        written(Text(text="T")),
    ]
    assert [list(row) for row in turns] == [["messages", "weight"]] * 3
    assert [[turn["content"] for turn in row["messages"]] for row in turns] == [["I\n\nN", "O"], ["U", "A"], ["T"]]
    assert written.features == rows.tuneport(RowConfig(), context(sample=shape(Chat))).features


def test_the_columns_of_an_instruction_run() -> None:
    """The announced columns are those of the rows, in their order, with the metadata's types."""
    ctx = context(
        sample=shape(Instruction, has_input=True, s="string", i="integer", n="number", b="bool", t="list[integer]")
    )
    features = rows.tuneport(RowConfig(), ctx).features
    assert features == {
        "instruction": "string",
        "input": "string",
        "output": "string",
        "weight": "float64",
        "metadata": {"struct": {"s": "string", "i": "int64", "n": "float64", "b": "bool", "t": {"list": "int64"}}},
    }
    sample = Instruction(instruction="I", input="N", output="O", metadata={"s": "x"})
    assert list(row(sample, ctx)) == list(features)


def test_the_columns_of_a_chat_run() -> None:
    """Messages are a list of role and content."""
    assert rows.tuneport(RowConfig(), context(sample=shape(Chat))).features == {
        "messages": {"list": {"struct": {"role": "string", "content": "string"}}},
        "weight": "float64",
    }


def test_no_columns_are_announced_where_the_style_did_not_say() -> None:
    """What is not known is not guessed: the host looks at the rows then."""
    assert rows.tuneport(RowConfig(), context(sample=None)).features is None
    assert rows.tuneport(RowConfig(), context(sample=shape(Text, odd="json"))).features is None
