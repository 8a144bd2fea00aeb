"""What holds for every format of an open trainer: its rows fit its own rules, its card, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec.json
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.formats.samples import ALL_TURNS, KINDS, PLAIN, context, samples
from tuneport import PluginManager, Problem, Reject
from tuneport.traits import ASPECTS

NAMES = (
    "trl",
    "axolotl",
    "llama_factory",
    "llama_factory_v1",
    "ms_swift",
    "ms_swift_rlhf",
    "alpaca",
    "sharegpt",
    "chatml",
    "huggingface",
)
WAYS: dict[str, list[dict[str, Any]]] = {
    "trl": [
        {},
        {"rows": "messages", "reasoning": "thinking"},
        {"rows": "strings"},
        {"rows": "text"},
        {"arguments": "text"},
    ],
    "axolotl": [{}, {"reasoning": "inline"}],
    "alpaca": [{"columns": ["system", "history"]}, {"instruction": "Do it."}],
}
"""Other configurations than the default that are tried."""
REFUSED = {"not_alpaca", "calls_in_text", "said_and_called"}
"""Rejects that a made-up sample may get from a format that has no place for it."""

COLUMNS = (
    *("messages", "text", "prompt", "completion", "chosen", "rejected", "conversations", "instruction", "output"),
    *("input", "tools", "weight", "label", "kto_tag", "rejected_messages", "rejected_response", "metadata", "history"),
)
INNER = (
    *("role", "content", "from", "value", "tool_calls", "function", "name", "arguments", "type"),
    *("loss", "loss_scale", "loss_weight", "weight"),
)
SAID = ["user", "assistant", "human", "gpt", "function_call", "tool_call", "text", "[", "{}"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.sampled_from(SAID),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER), inner, max_size=3),
    max_leaves=12,
)

_manager = PluginManager()


def offer(name: str) -> Any:
    """A format as it is registered."""
    return _manager.resolve("formats", f"formats:{name}")


def cases() -> Iterator[Any]:
    """Each format with each kind of sample that it takes, and each configuration."""
    for name in NAMES:
        for kind in sorted(offer(name).traits.kinds):
            for number, config in enumerate(WAYS.get(name, [{}])):
                yield pytest.param(name, kind, config, id=f"{name}-{kind}-{number}")


def read_back(row: Any) -> Any:
    """A row as a file of JSON lines gives it back."""
    return msgspec.json.decode(msgspec.json.encode(row))


def fits(value: Any, feature: Any) -> bool:
    """Whether a value is of a type that a card declares."""
    if value is None or feature == "json":
        return True
    if isinstance(feature, str):
        wanted = {"string": str, "bool": bool, "float64": float, "int64": int}[feature]
        return type(value) is wanted
    if "list" in feature:
        return isinstance(value, list) and all(fits(one, feature["list"]) for one in value)
    # A key that does not apply to a turn may be left out: every loader reads it as null.
    known = [name for name in feature["struct"] if name in value]
    return list(value) == known and all(fits(value[name], feature["struct"][name]) for name in known)


@pytest.mark.parametrize(("name", "kind", "config"), list(cases()))
@settings(max_examples=25)
@given(data=st.data())
def test_a_row_passes_the_rules_of_its_target_and_has_the_declared_columns(
    name: str, kind: str, config: dict[str, Any], data: st.DataObject
) -> None:
    """Whatever the sample says: read back from JSON, each row is right, and has the columns and types of the card."""
    offered = offer(name)
    tools = kind == "chat" or (kind in ("preference", "unpaired") and name != "axolotl")
    sample = data.draw(samples(kind, tools=tools))
    turns = ALL_TURNS if tools else ("reasoning", "weight", "reasoning_weight")
    write = offered.factory(offered.config(**config), context(KINDS[kind], turns, tools=tools))
    row = write(sample)
    if isinstance(row, Reject):
        assert row.code in REFUSED
        return
    row = read_back(row)
    assert [problem for problem in offered.check(row) if problem.severity == "error"] == []
    assert write.features is not None
    assert list(row) == list(write.features)
    assert all(fits(row[column], feature) for column, feature in write.features.items())


@pytest.mark.parametrize("name", NAMES)
def test_what_a_style_did_not_say_is_taken_from_each_sample(name: str) -> None:
    """A run whose style declared nothing is written too, without promises for the card."""
    offered = offer(name)
    write = offered.factory(offered.config(), context(None))
    for kind in sorted(offered.traits.kinds):
        row = write(PLAIN[kind])
        assert [problem for problem in offered.check(read_back(row)) if problem.severity == "error"] == []
    assert write.features is None


@pytest.mark.parametrize("name", NAMES)
def test_the_traits_are_of_the_known_ones(name: str) -> None:
    """Kinds and aspects are spelt as the host spells them, and each format has a check."""
    offered = offer(name)
    assert offered.traits.kinds <= KINDS.keys()
    assert offered.traits.carries <= ASPECTS.keys()
    assert getattr(offered.factory(offered.config(), context(None)), "carries", frozenset()) <= ASPECTS.keys()
    assert offered.check is not None
    assert offered.doc


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(row=st.dictionaries(st.sampled_from(COLUMNS), VALUES, max_size=4))
def test_a_check_takes_any_row(name: str, row: dict[str, Any]) -> None:
    """No row that somebody else wrote is too odd to be judged."""
    problems = list(offer(name).check(row))
    assert all(isinstance(one, Problem) and one.code and one.message for one in problems)
    assert all(one.path == "" or one.path.startswith("/") for one in problems)
