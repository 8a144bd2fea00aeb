"""Whatever a sample holds, a format of a hosted service writes a row that its own check takes, or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.formats.hosted import TURNS, context, offered
from plugins.formats.samples import KINDS, samples
from tuneport import Sample
from tuneport_formats._chat_rows import PAIR_KEYS

OFFERS = offered()
TAKERS = {
    kind: [name for name, offer in OFFERS.items() if kind in (offer.traits.kinds or ())]
    for kind in KINDS
    if kind != "unpaired"
}
UNTOOLED = {"anthropic", "bedrock", "bedrock_claude"}


@pytest.mark.parametrize("kind", TAKERS)
@given(data=st.data())
@settings(max_examples=60)
def test_what_is_written_is_right(kind: str, data: st.DataObject) -> None:
    """By every format that takes the kind, with tools where its target has a place for them."""
    rich, plain = data.draw(samples(kind)), data.draw(samples(kind, tools=False))
    for name in TAKERS[kind]:
        # A preference for Gemini is text only.
        tools = name not in UNTOOLED and (name, kind) != ("gemini", "preference")
        sample = rich if tools else plain
        row = OFFERS[name].row(sample, context(KINDS[kind], turns=TURNS, tools=tools))

        assert json.loads(json.dumps(row)) == row


@pytest.mark.parametrize("kind", TAKERS)
@given(data=st.data())
@settings(max_examples=60)
def test_the_card_names_every_column(kind: str, data: st.DataObject) -> None:
    """Where columns are declared, a row has no other, at any depth."""
    sample = data.draw(samples(kind, tools=False))
    for name in TAKERS[kind]:
        writer: Any = OFFERS[name].writer(context(KINDS[kind], turns=("reasoning", "weight")))
        row = writer(sample)

        assert isinstance(writer.features, dict)
        assert fits({"struct": writer.features}, row), (writer.features, row)


def fits(feature: Any, value: Any) -> bool:
    """Whether a value is of a type as the card has it; what is declared may be absent."""
    if isinstance(feature, Mapping) and "struct" in feature:
        known = feature["struct"]
        return isinstance(value, dict) and all(key in known and fits(known[key], one) for key, one in value.items())
    if isinstance(feature, Mapping):
        return isinstance(value, list) and all(fits(feature["list"], one) for one in value)
    return isinstance(value, {"string": str, "int64": int, "float64": float}[feature])


def test_pairs_stand_in_every_row_or_in_none() -> None:
    """Together takes one layout in a file."""
    assert OFFERS["together"].traits.constant >= {*PAIR_KEYS, "messages", "text", "prompt", "completion"}
    assert OFFERS["fireworks"].traits.constant == {"weight"}


@pytest.mark.parametrize("name", OFFERS)
def test_a_limit_that_is_hearsay_never_refuses(name: str) -> None:
    """And what has ended says so."""
    traits = OFFERS[name].traits
    assert traits.unverified <= {limit for limit in ("min_rows", "max_rows", "max_bytes") if getattr(traits, limit)}
    assert (traits.status == "active") or traits.note
    assert traits.compressions == {"none"}
    assert not traits.uniform


def test_a_run_without_a_style_that_speaks_declares_nothing() -> None:
    """Its rows are looked at instead."""
    for offer in OFFERS.values():
        ctx = context(Sample)
        ctx.sample = None
        writer: Any = offer.writer(ctx)
        assert writer.features is None
