"""The formats of hosted services as a run has them, without a run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tuneport import Chat, Config, Context, FormatTraits, Instruction, Message, Preference, Sample, Text, ToolCall
from tuneport.traits import NO_TRAITS
from tuneport_formats._hosted import HOSTED

if TYPE_CHECKING:
    from tuneport.hookspecs import Check, Format, SideFiles


@dataclass
class Offer:
    """What a format was offered with."""

    factory: Any
    config: type[Config]
    traits: FormatTraits
    check: Check

    def writer(self, ctx: Context, **config: Any) -> Format:
        """The callable that writes rows."""
        made: Format = self.factory(self.config.model_validate(config), ctx)
        return made

    def row(self, sample: Sample, ctx: Context | None = None, **config: Any) -> dict[str, Any]:
        """A sample's row, which its own check finds right."""
        row = self.writer(ctx or context(sample), **config)(sample)
        assert isinstance(row, Mapping), row
        assert wrong(self.check, row) == []
        return dict(row)


def offered() -> dict[str, Offer]:
    """Name to offer, of all formats of hosted services."""
    offers: dict[str, Offer] = {}

    def register(
        name: str,
        factory: Any,
        *,
        config: Any = None,
        doc: str = "",
        traits: FormatTraits = NO_TRAITS,
        check: Check | None = None,
        side_files: SideFiles | None = None,
    ) -> None:
        assert doc
        assert check is not None
        assert side_files is None
        offers[name] = Offer(factory, config, traits, check)

    for offer in HOSTED:
        offer.to(register)
    return offers


def context(sample: Sample | type[Sample], *, weighted: bool = False, **shape: Any) -> Context:
    """A context whose style makes samples like this one."""
    kind = sample if isinstance(sample, type) else type(sample)
    made = Context(now=datetime(2026, 11, 22, tzinfo=UTC), seed=0, log=logging.getLogger("tuneport.test"), fields={})
    made.weighted = weighted
    made.makes(kind, **shape)
    return made


def wrong(check: Check, row: Any) -> list[tuple[str, str]]:
    """Path and code of what refuses a row, each with a sentence and a way to mend it."""
    return _told(check(row), "error")


def doubtful(check: Check, row: Any) -> list[tuple[str, str]]:
    """Path and code of what is only said about a row."""
    return _told(check(row), "warning")


def _told(problems: Iterable[Any], severity: str) -> list[tuple[str, str]]:
    found = list(problems)
    assert all(one.message and one.hint and one.code for one in found), found
    return [(one.path, one.code) for one in found if one.severity == severity]


def said(*turns: str) -> list[dict[str, Any]]:
    """Messages: `user: Hi`."""
    return [{"role": role, "content": text} for role, _, text in (turn.partition(": ") for turn in turns)]


TOOL: dict[str, Any] = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
CALLED = ToolCall("look_up", {"word": "fjord"}, id="call_7")
CALL: dict[str, Any] = {
    "id": "call_7",
    "type": "function",
    "function": {"name": "look_up", "arguments": '{"word":"fjord"}'},
}
QUESTION = Instruction(instruction="What is a fjord?", input="Norway", output="A bay.", weight=2.0)
TALK = Chat(
    messages=[
        Message("system", "Be brief."),
        Message("user", "Hi"),
        Message("assistant", "Yes?", weight=0.0),
        Message("user", "Thanks"),
        Message("assistant", "Bye.", reasoning="They leave."),
    ]
)
AGENT = Chat(
    messages=[
        Message("user", "What is a fjord?"),
        Message("assistant", "", tool_calls=(CALLED,)),
        Message("tool", "A bay.", tool_call_id="call_7"),
        Message("assistant", "It is a bay."),
    ],
    tools=[TOOL],
)
PAIR = Preference(
    prompt=[Message("system", "Be brief."), Message("user", "Hi")],
    chosen=[Message("assistant", "Hello.")],
    rejected=[Message("assistant", "What?")],
)
PLAIN = Text(text="It was a dark night.")
TURNS = ("tool_calls", "tool_call_id", "reasoning", "weight", "name")
